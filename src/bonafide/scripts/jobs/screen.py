"""What a run says on the screen when it is done."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bonafide.evaluation import cells, tables
from bonafide.evaluation.summary import Summary


def show(summary: Summary, folder: Path, shown: Sequence[cells.Table] | None = None) -> None:
    """Some tables, what must be known of them, and where the report lies.

    Args:
        summary: of the report.
        folder: that it lies in.
        shown: tables; that of groups and their systems if None.
    """
    tell([tables.screen(summary)] if shown is None else shown, summary.note, folder / "report.html")


def tell(shown: Sequence[cells.Table], note: str, page: Path) -> None:
    """Tables, a note if there is one, and where the page lies."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    for made in shown:
        console.print(_drawn(made))
    if note:
        console.print(note, style="italic", markup=False)
    console.print(f"report: {page}", soft_wrap=True, markup=False)


def _drawn(made: cells.Table) -> Table:
    title = ", ".join(filter(None, (made.title, made.group)))
    table = Table(title=Text(title) if title else None, title_justify="left")
    # What only a trained run knows leaves columns empty.
    filled = [place for place in range(len(made.columns)) if any(row.cells[place].text for row in made.rows)]
    for column in (made.columns[place] for place in filled):
        table.add_column(column.name, justify="left" if column.text else "right")
    for row in made.rows:
        if row.total and table.row_count:
            table.add_section()
        line = (row.cells[place] for place in filled)
        table.add_row(
            *(Text(cell.text, "bold" if cell.best else "") for cell in line),
            style="bold" if row.total else None,
        )
    return table
