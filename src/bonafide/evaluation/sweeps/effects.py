"""What each choice does: means by its values, and its share of the variance."""

from collections.abc import Sequence
from itertools import product
from typing import Final, NamedTuple

import numpy as np

from bonafide.evaluation import words
from bonafide.evaluation.cells import (
    Cell,
    Column,
    Row,
    Table,
    bounds,
    count,
    measured,
    percent,
    word,
)
from bonafide.evaluation.sweeps.bootstrap import Drawn
from bonafide.evaluation.sweeps.sweep import SEED, Axis, Run, Sweep, shown
from bonafide.evaluation.sweeps.tables import MEAN, RANGE, spread

_HOLES: Final = "With every combination of choices and seeds, it would also say what part each choice has."


class Effect(NamedTuple):
    """One value of an axis.

    Args:
        axis: option.
        value: of it.
        configurations: the cells with this value, by what else was chosen.
        means: `[configurations]` mean EER over seeds.
        interval: of the mean of `means`; None if it is not known.
    """

    axis: Axis
    value: str
    configurations: Sequence[Sequence[Run]]
    means: Sequence[float]
    interval: tuple[float, float] | None

    @property
    def mean(self) -> float:
        """Mean EER."""
        return float(np.mean(self.means))


def effects(sweep: Sweep, group: str, drawn: Drawn) -> list[Effect]:
    """Every value of every axis; those of the seed too, if there are several."""
    found = []
    for axis in _axes(sweep):
        for value in axis.values:
            runs = [run for run in _runs(sweep, group) if run.choices.get(axis.option) == value]
            parts = list(by(runs, [each for each in sweep.axes if each != axis]).values())
            if parts:
                means = [float(np.mean([run.groups[group].eer for run in part])) for part in parts]
                interval = None if axis.option == SEED else drawn.interval(group, parts)
                found.append(Effect(axis, value, parts, means, interval))
    return found


def effects_table(found: Sequence[Effect], sweep: Sweep, group: str) -> Table | None:
    """A line for each value; None where the table of configurations says the same."""
    if len(sweep.axes) < 2:
        return None
    columns = (
        Column("Choice", ("option",), text=True),
        Column("Value", ("value",), text=True),
        Column("Others", ("configurations",)),
        Column(MEAN, ("mean", "deviation"), over="EER %"),
        Column(RANGE, ("min", "max"), over="EER %"),
        Column(words.INTERVAL, ("low", "high"), over="EER %"),
    )
    rows = tuple(
        Row(
            (
                *_value(one.axis, one.value),
                count(len(one.means)),
                *spread(one.means, several=True),
                bounds(one.interval, percent),
            )
        )
        for one in found
    )
    note = (
        "Mean and spread over all other choices, each at its mean over seeds. The interval is of redrawn "
        "seeds and trials, for these other choices."
    )
    if not _complete(sweep, group):
        note += (
            " Not every combination is there, so means also differ by what else was chosen: trust the pairs."
        )
    return Table("effects", "Effect of each choice", columns, rows, note, group=group)


def axes_table(found: Sequence[Effect], sweep: Sweep, group: str) -> Table | None:
    """How much each choice matters; None where nothing varies."""
    if not found:
        return None
    shares = shares_of_variance(sweep, group)
    columns = [
        Column("Choice", ("option",), text=True),
        Column("Values", ("values",)),
        Column("value", ("lowest",), text=True, over="Lowest mean"),
        Column("EER %", ("lowest_eer",), over="Lowest mean"),
        Column("value", ("highest",), text=True, over="Highest mean"),
        Column("EER %", ("highest_eer",), over="Highest mean"),
        *([Column("Share of variance %", ("share",))] if shares else []),
    ]
    rows = []
    for axis in dict.fromkeys(one.axis for one in found):
        own = sorted((one for one in found if one.axis == axis), key=lambda one: one.mean)
        ends = [cell for one in (own[0], own[-1]) for cell in (_word(one.value), measured(one.mean, percent))]
        share = [_share(shares[axis.option])] if shares else []
        rows.append(Row((Cell(axis.title, (axis.option,)), count(len(own)), *ends, *share)))
    if shares and len(rows) > 1:
        rest = max(0.0, 1 - sum(shares.values()))
        blanks = [Cell("", ("",))] * 5
        rows.append(Row((word("their interplay"), *blanks, _share(rest)), total=True))
    note = "" if shares else _HOLES
    return Table("choices", "How much each choice matters", tuple(columns), tuple(rows), note, group=group)


def shares_of_variance(sweep: Sweep, group: str) -> dict[str, float]:
    """Part of the variance of the EER over all cells that each axis alone explains, by option.

    The sum of squares between the means of its values over that of all cells (η²); nothing where a
    combination is missing or all cells are alike.
    """
    axes, runs = _axes(sweep), _runs(sweep, group)
    there = {tuple(run.choices.get(axis.option) for axis in axes) for run in runs}
    values = np.array([run.groups[group].eer for run in runs])
    if not axes or there != set(product(*(axis.values for axis in axes))) or np.ptp(values) == 0:
        return {}
    shares = {}
    for axis in axes:
        means = {
            value: np.mean([run.groups[group].eer for run in runs if run.choices[axis.option] == value])
            for value in axis.values
        }
        shares[axis.option] = float(np.var(list(means.values())) / np.var(values))
    return shares


def _axes(sweep: Sweep) -> list[Axis]:
    return [*sweep.axes, *([sweep.seeds] if len(sweep.seeds.values) > 1 else [])]


def _runs(sweep: Sweep, group: str) -> list[Run]:
    return [run for runs in sweep.configurations.values() for run in runs if group in run.groups]


def by(runs: Sequence[Run], others: Sequence[Axis]) -> dict[tuple[str | None, ...], list[Run]]:
    """Runs by all choices but one."""
    made: dict[tuple[str | None, ...], list[Run]] = {}
    for run in runs:
        made.setdefault(tuple(run.choices.get(axis.option) for axis in others), []).append(run)
    return made


def _complete(sweep: Sweep, group: str) -> bool:
    there = {sweep.values(run) for run in _runs(sweep, group)}
    return there == set(product(*(axis.values for axis in sweep.axes)))


def _value(axis: Axis, value: str) -> tuple[Cell, Cell]:
    return Cell(axis.title, (axis.option,)), _word(value)


def _word(value: str) -> Cell:
    return Cell(shown(value), (value,))


def _share(share: float) -> Cell:
    return Cell(f"{100 * share:.1f}", (share,))
