"""A report as Markdown: tables with pipes, figures as files beside it, the same words as the page."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bonafide.evaluation.cells import Cell, Column, Table
from bonafide.evaluation.document import Document, Section

_SPECIAL: Final = re.compile(r"([\\`*_\[\]|~$#])")


def report(document: Document, folder: Path) -> str:
    """The whole report.

    Args:
        document: what it tells.
        folder: that it lies in; figures are named from there.
    """
    return "\n\n".join(_blocks(document, folder)) + "\n"


def escape(text: str) -> str:
    r"""A text that Markdown shows as it is, on one line.

    >>> print(escape("a_b | <c> & d"))
    a\_b \| &lt;c&gt; &amp; d
    """
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", plain)


def table(made: Table) -> str:
    """A table with pipes; numbers stand on the right."""
    head = _line(escape(column.name) for column in made.columns)
    rule = "|" + "|".join(" :-- " if column.text else " --: " for column in made.columns) + "|"
    lines = (_line(map(_shown, row.cells, made.columns)) for row in made.rows)
    return "\n".join([head, rule, *lines])


def _blocks(document: Document, folder: Path) -> Iterator[str]:
    yield f"# {escape(document.title)}"
    if document.note:
        yield f"> {escape(document.note)}"
    if document.facts:
        yield "\n".join(f"- {escape(name)}: {escape(value)}" for name, value in document.facts.items())
    for section in document.sections:
        yield f"## {escape(section.title)}"
        yield from (f"> {escape(remark)}" for remark in section.remarks)
        yield from _section(section, folder)
    yield "## What the numbers mean"
    yield "\n".join(f"- **{escape(name)}**: {escape(meaning)}" for name, meaning in document.glossary)


def _section(section: Section, folder: Path) -> Iterator[str]:
    for each in section.written:
        yield f"### {escape(each.title)}"
        yield table(each)
        if each.note:
            yield escape(each.note)
    yield from (escape(sentence) for sentence in section.silent)
    for file, caption in section.figures:
        place = quote(Path(os.path.relpath(file, folder)).as_posix())
        yield f"![{escape(caption)}]({place})"


def _line(texts: Iterable[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def _shown(cell: Cell, column: Column) -> str:
    if column.code and cell.text and "`" not in cell.text:
        plain = " ".join(cell.text.split()).replace("|", r"\|")
        return f"`{plain}`"
    return f"**{escape(cell.text)}**" if cell.best else escape(cell.text)
