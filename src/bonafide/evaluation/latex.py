r"""The tables of a report for LaTeX, to be read in with `\input{report.tex}`; they need booktabs."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from bonafide.evaluation.cells import Table
from bonafide.evaluation.sections import sections
from bonafide.evaluation.summary import Summary

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
_SPECIAL: Final = re.compile("|".join(re.escape(sign) for sign in _ESCAPED))


def report(summary: Summary) -> str:
    """All tables, one float each."""
    head = "% In the preamble: \\usepackage[T1]{fontenc} \\usepackage{booktabs} \\usepackage{graphicx}"
    made = [
        table(each)
        for section in sections(summary)
        for each in [*section.tables, *([] if section.mistakes is None else [section.mistakes])]
    ]
    return "\n\n".join([head, *made]) + "\n"


def escape(text: str) -> str:
    r"""A text that LaTeX prints as it is.

    >>> print(escape("a_b & 5 %"))
    a\_b \& 5 \%
    """
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], " ".join(text.split()))


def table(made: Table) -> str:
    """A float with a caption above a table without vertical rules."""
    return "\n".join(_lines(made))


def _lines(made: Table) -> Iterator[str]:
    about = f" of {made.group}" if made.group else ""
    note = f" {made.note}" if made.note else ""
    yield r"\begin{table}"
    yield r"\centering\small"
    yield f"\\caption{{{escape(f'{made.title}{about}.{note}')}}}"
    wide = len(made.columns) > _FITTING
    if wide:
        yield r"\resizebox{\linewidth}{!}{%"
    yield f"\\begin{{tabular}}{{{''.join('l' if column.text else 'r' for column in made.columns)}}}"
    yield r"\toprule"
    yield _line(column.title for column in made.columns)
    yield r"\midrule"
    for row in made.rows:
        if row.total:
            yield r"\midrule"
        yield _line(cell.text for cell in row.cells)
    yield r"\bottomrule"
    yield r"\end{tabular}" + "}" * wide
    yield r"\end{table}"


def _line(texts: Iterable[str]) -> str:
    return " & ".join(escape(text) for text in texts) + r" \\"
