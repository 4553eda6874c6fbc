"""Values of a choice against each other, over cells that are alike in all else."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np

from bonafide.evaluation import words
from bonafide.evaluation.cells import Cell, Column, Row, Table, bounds, count, missing
from bonafide.evaluation.compare_tables import probability, signed
from bonafide.evaluation.sweeps.bootstrap import Drawn
from bonafide.evaluation.sweeps.effects import Effect, by
from bonafide.evaluation.sweeps.sweep import Axis, Run, Sweep, shown
from bonafide.metrics.paired import holm

_ALL: Final = 4
"""Values of an axis that are all compared with each other; of more, each with the best."""


class Pair(NamedTuple):
    """Two values of an axis, over cells that are alike in all else, the seed included.

    Args:
        axis: option.
        first: value.
        second: value that is subtracted.
        blocks: for each choice of all else, the two cells of every seed.
        difference: of the EER.
        drawn: bounds and p of the difference; None if they are not known.
    """

    axis: Axis
    first: str
    second: str
    blocks: Sequence[Sequence[tuple[Run, Run]]]
    difference: float
    drawn: tuple[float, float, float] | None


def pairs(found: Sequence[Effect], sweep: Sweep, group: str, drawn: Drawn) -> list[Pair]:
    """Values against each other; against the one of lowest mean where there are many."""
    made = []
    for axis in sweep.axes:
        own = [one for one in found if one.axis == axis]
        best = min(own, key=lambda one: one.mean) if own else None
        some = len(own) > _ALL
        wanted = [(one, best) for one in own if one != best] if some else list(combinations(own, 2))
        for first, second in wanted:
            if second is not None:
                blocks = _blocks(axis, first, second, sweep)
                if blocks:
                    made.append(_pair(axis, (first.value, second.value), blocks, group, drawn))
    return made


def pairs_table(found: Sequence[Pair], sweep: Sweep, group: str) -> Table | None:
    """What `pairs` found; None where there are none."""
    if not found:
        return None
    columns = (
        Column("Choice", ("option",), text=True),
        Column("EER of", ("first", "second"), text=True),
        Column("Pairs", ("pairs",)),
        Column("First lower", ("first_lower",)),
        Column("Difference", ("difference",), over="EER, percentage points"),
        Column(words.INTERVAL, ("low", "high"), over="EER, percentage points"),
        Column("p", ("p",)),
        Column("Holm's p", ("p_holm",)),
    )
    adjusted = _adjusted(found)
    rows = tuple(
        Row(
            (
                Cell(one.axis.title, (one.axis.option,)),
                Cell(f"{shown(one.first)} less {shown(one.second)}", (one.first, one.second)),
                count(sum(map(len, one.blocks))),
                count(_lower(one, group)),
                Cell(signed(one.difference, "eer"), (one.difference,)),
                *_drawn(one, adjusted.get(place)),
            )
        )
        for place, one in enumerate(found)
    )
    note = (
        "Cells that are alike in all other choices and in their seed. Seeds and trials are redrawn, the same "
        "trials for both; the other choices stay. Holm's p is adjusted for all pairs of the choice."
    )
    if not sweep.alike(group):
        note += " Here not all cells scored the same trials, and the difference is also one of these."
    if any(len(block) < 2 for one in found for block in one.blocks):
        note += " Where there is one seed, the interval knows nothing of other seeds."
    many = {one.axis.title for one in found if len(one.axis.values) > _ALL}
    if many:
        note += (
            f" {', '.join(sorted(many))}: each value against that of lowest mean, which these very trials "
            "chose, so it looks a little too good."
        )
    return Table("pairs", "Pairs alike in all else", columns, rows, note, group=group)


def _blocks(axis: Axis, first: Effect, second: Effect, sweep: Sweep) -> list[list[tuple[Run, Run]]]:
    others = [each for each in sweep.axes if each != axis]
    ones, twos = (by([run for part in one.configurations for run in part], others) for one in (first, second))
    made = []
    for choices in ones:
        seeds = {run.seed: run for run in twos.get(choices, ())}
        block = [(run, seeds[run.seed]) for run in ones[choices] if run.seed in seeds]
        made += [block] if block else []
    return made


def _pair(
    axis: Axis,
    values: tuple[str, str],
    blocks: Sequence[Sequence[tuple[Run, Run]]],
    group: str,
    drawn: Drawn,
) -> Pair:
    means = [
        np.mean([one.groups[group].eer - two.groups[group].eer for one, two in block]) for block in blocks
    ]
    return Pair(axis, *values, blocks, float(np.mean(means)), drawn.difference(group, blocks))


def _adjusted(found: Sequence[Pair]) -> Mapping[int, float]:
    """Holm's p by place, for the pairs of each axis together."""
    result: dict[int, float] = {}
    for axis in dict.fromkeys(one.axis for one in found):
        known = {
            place: one.drawn[2]
            for place, one in enumerate(found)
            if one.axis == axis and one.drawn is not None
        }
        result |= dict(zip(known, map(float, holm(list(known.values()))), strict=True)) if known else {}
    return result


def _lower(pair: Pair, group: str) -> int:
    return sum(one.groups[group].eer < two.groups[group].eer for block in pair.blocks for one, two in block)


def _drawn(pair: Pair, p_holm: float | None) -> Iterator[Cell]:
    if pair.drawn is None or p_holm is None:
        yield from (missing(2), missing(), missing())
        return
    low, high, p = pair.drawn
    yield bounds((low, high), lambda value: signed(value, "eer"))
    yield probability(p)
    yield probability(p_holm)
