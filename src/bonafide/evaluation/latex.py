r"""The tables of a report for LaTeX, to be read in with `\input{report.tex}`; they need booktabs."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from bonafide.evaluation.cells import Cell, Table
from bonafide.evaluation.document import Document

_ESCAPED: Final = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "×": r"$\times$",
    "–": "--",
    "−": "$-$",
    "…": r"\ldots{}",
}  # fmt: skip
_FITTING: Final = 6
"""Columns that the width of a page holds; wider tables are shrunk to it."""
_LETTERS: Final = 90
"""Letters of a line that the width of a page holds."""
_TALLEST: Final = 60
"""Rows of a table that a page may hold, were it shrunk."""
_SPECIAL: Final = re.compile("|".join(re.escape(sign) for sign in _ESCAPED))


def report(document: Document) -> str:
    """All tables, one float each."""
    head = "% In the preamble: \\usepackage[T1]{fontenc} \\usepackage{booktabs} \\usepackage{graphicx}"
    return "\n\n".join([head, *(_fitting(each) for each in document.tables)]) + "\n"


def escape(text: str) -> str:
    r"""A text that LaTeX prints as it is.

    >>> print(escape("a_b & 5 %"))
    a\_b \& 5 \%
    """
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], " ".join(text.split()))


def table(made: Table) -> str:
    """A float with a caption above a table without vertical rules."""
    return "\n".join(_lines(made))


def _fitting(made: Table) -> str:
    if len(made.rows) > _TALLEST:
        return f"% {made.title}: {len(made.rows)} rows, too many for a page; see tables/{made.key}.csv"
    return table(made)


def _lines(made: Table) -> Iterator[str]:
    about = f" of {made.group}" if made.group else ""
    note = f" {made.note}" if made.note else ""
    yield r"\begin{table}"
    yield r"\centering\small"
    yield f"\\caption{{{escape(f'{made.title}{about}.{note}')}}}"
    wide = len(made.columns) > _FITTING or _longest(made) > _LETTERS
    if wide:
        yield r"\resizebox{\linewidth}{!}{%"
    yield f"\\begin{{tabular}}{{{''.join('l' if column.text else 'r' for column in made.columns)}}}"
    yield r"\toprule"
    if made.headings:
        spans = (f"\\multicolumn{{{width}}}{{c}}{{{escape(over)}}}" for over, width in made.headings)
        yield " & ".join(spans) + r" \\"
        yield "".join(_rules(made.headings))
    yield _line(escape(column.title) for column in made.columns)
    yield r"\midrule"
    for row in made.rows:
        if row.total:
            yield r"\midrule"
        yield _line(map(_shown, row.cells))
    yield r"\bottomrule"
    yield r"\end{tabular}" + "}" * wide
    yield r"\end{table}"


def _line(texts: Iterable[str]) -> str:
    return " & ".join(texts) + r" \\"


def _longest(made: Table) -> int:
    """Letters of the longest line, were every column as wide as its longest text."""
    lines = [
        [column.title for column in made.columns],
        *([cell.text for cell in row.cells] for row in made.rows),
    ]
    return sum(max(map(len, texts)) for texts in zip(*lines, strict=True))


def _rules(headings: Iterable[tuple[str, int]]) -> Iterator[str]:
    """Below every heading that is there."""
    first = 1
    for over, width in headings:
        if over:
            yield f"\\cmidrule(lr){{{first}-{first + width - 1}}}"
        first += width


def _shown(cell: Cell) -> str:
    return f"\\textbf{{{escape(cell.text)}}}" if cell.best else escape(cell.text)
