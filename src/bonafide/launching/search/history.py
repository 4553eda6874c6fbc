"""What a search has tried, as a table on the screen."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bonafide import cell
from bonafide.choices import shortened
from bonafide.launching.search.study import Tried
from bonafide.types import InputError
from bonafide.validated import Validated, titles

_LONGEST: Final = 60


def show(
    tried: Sequence[Tried], best: Tried | None, options: Sequence[str], folder: Path, storage: str
) -> None:
    """A line a trial, the best one bold, and where the study and the cells lie.

    Args:
        tried: in the order in which they were proposed.
        best: of them.
        options: that were searched.
        folder: of the cells.
        storage: of the study.
    """
    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table(title=Text(f"Search in {folder}"), title_justify="left")
    kept = [_validated(folder / trial.cell) if trial.cell else None for trial in tried]
    head, _ = titles(kept)
    for title in ("Trial", "Cell", f"Validation {head}".strip()):
        table.add_column(title, justify="right")
    names = shortened(options)
    for name in options:
        table.add_column(names[name], overflow="fold")
    if any(trial.value is None for trial in tried):
        table.add_column("Without a value", overflow="fold")
    for trial, found in zip(tried, kept, strict=True):
        value = found.text if found is not None and head else _short(trial.value)
        cells = [str(trial.number), trial.cell, "" if trial.value is None else value]
        cells += [_short(trial.chosen.get(name, "")) for name in options]
        if trial.value is None:
            cells.append((trial.error or "unfinished")[:_LONGEST])
        table.add_row(*map(Text, cells), style="bold" if trial == best else None)
    console.print(table)
    if best is not None:
        console.print(f"best: {folder / best.cell}", soft_wrap=True, markup=False)
    console.print(f"study: {storage}", soft_wrap=True, markup=False)


def _validated(folder: Path) -> Validated | None:
    try:
        found = cell.read(folder)
    except InputError:  # damaged since; the study still knows what came of it
        return None
    return None if found is None else found.validated


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
