"""What a run says on the screen when it is done."""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bonafide.evaluation import tables
from bonafide.evaluation.summary import Summary


def show(summary: Summary, folder: Path) -> None:
    """The EER table, and where the report lies."""
    made = tables.screen(summary)
    table = Table()
    for column in made.columns:
        table.add_column(column.title, justify="left" if column.text else "right")
    for row in made.rows:
        if row.total and table.row_count:
            table.add_section()
        table.add_row(*(Text(cell.text) for cell in row.cells), style="bold" if row.total else None)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    if summary.note:
        console.print(summary.note, style="italic", markup=False)
    console.print(f"report: {folder / 'report.html'}", soft_wrap=True, markup=False)
