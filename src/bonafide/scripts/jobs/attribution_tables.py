"""Tables about attributions."""

from collections.abc import Mapping

import numpy as np

from bonafide.evaluation.cells import Cell, Column, Row, Table, bounds, count, measured, number, word
from bonafide.explain.detector.faithfulness import Faithfulness
from bonafide.explain.detector.means import Maps
from bonafide.frontends.legend import Legend


def systems(found: Mapping[str, Maps], axes: Legend) -> Table:
    """What each system's clips get, and where most of it."""
    columns = [
        Column("System", ("system",), text=True),
        Column("Clips", ("clips",)),
        Column("Sum of attributions", ("sum",)),
    ]
    if axes.hertz is not None:
        columns.append(Column("Most attributed at, kHz", ("khz",)))
    rows = []
    for name, maps in found.items():
        cells = [
            word("bona fide" if name == "-" else name),
            count(maps.clips),
            measured(float(maps.rows.sum()), number),
        ]
        if axes.hertz is not None:
            peak = float(axes.hertz[int(np.abs(maps.rows).argmax())]) / 1000
            cells.append(Cell(f"{peak:.2f}", (peak,)))
        rows.append(Row(tuple(cells)))
    return Table("attribution_systems", "Systems", tuple(columns), tuple(rows))


def trust(measures: Mapping[str, Faithfulness]) -> Table:
    """Areas over chance."""
    columns = (
        Column("Parts", ("parts",), text=True),
        Column("Area", ("deletion",), over="taken away"),
        Column("95 %", ("deletion_low", "deletion_high"), over="taken away"),
        Column("Area", ("insertion",), over="put back"),
        Column("95 %", ("insertion_low", "insertion_high"), over="put back"),
        Column("A random order", ("chance",)),
        Column("Clips", ("clips",)),
    )
    rows = tuple(
        Row(
            (
                word(unit),
                measured(found.deletion, number, strong=True),
                bounds(found.deletion_interval, number),
                measured(found.insertion, number),
                bounds(found.insertion_interval, number),
                Cell(f"± {found.chance:.4f}", (found.chance,)),
                count(found.clips),
            )
        )
        for unit, found in measures.items()
    )
    return Table("attribution_faithfulness", "Area over chance", columns, rows)
