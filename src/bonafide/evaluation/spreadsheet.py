"""The tables of a report as CSV, one file a kind, with values in full: rates are fractions."""

import csv
import io
from collections.abc import Sequence

from bonafide.evaluation.cells import Table
from bonafide.evaluation.document import Document


def files(document: Document) -> dict[str, str]:
    """Name → content of each file; tables of one kind share a file, whose first column is their group."""
    kinds: dict[str, list[Table]] = {}
    for each in document.tables:
        kinds.setdefault(each.key, []).append(each)
    return {f"{key}.csv": text(made) for key, made in kinds.items()}


def text(made: Sequence[Table]) -> str:
    """Tables of one kind below each other; sums over lines are left out."""
    file = io.StringIO()
    # Every field is quoted that a reader might take for something else, carriage returns included.
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    grouped = bool(made[0].group)
    keys = [key for column in made[0].columns for key in column.keys]
    writer.writerow(["group", *keys] if grouped else keys)
    for each in made:
        lead = [each.group] if grouped else []
        for row in each.rows:
            if not row.total:
                writer.writerow([*lead, *(value for cell in row.cells for value in cell.values)])
    return file.getvalue()
