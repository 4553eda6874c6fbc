"""The tables that papers print of a sweep: a line for each configuration, over its seeds; and all cells."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from bonafide.evaluation import words
from bonafide.evaluation.cells import (
    DASH,
    Cell,
    Column,
    Row,
    Table,
    bounds,
    count,
    measured,
    missing,
    percent,
    word,
)
from bonafide.evaluation.sweeps.bootstrap import Drawn
from bonafide.evaluation.sweeps.sweep import Absent, Axis, Run, Sweep, shown
from bonafide.metrics.aggregate import over_seeds
from bonafide.validated import titles

MEAN: Final = "mean ± std"
RANGE: Final = "min – max"
AEER: Final = "aEER %"


def overview(sweep: Sweep) -> Table:
    """A line for each configuration, test groups side by side, then their mean."""
    made = sweep.configurations
    several = any(len(runs) > 1 for runs in made.values())
    columns = [*leading(sweep), *([Column("Seeds", ("seeds",))] if several else [])]
    for group in sweep.groups:
        columns += _spread_columns(group, group, several=several)
    together = len(sweep.groups) > 1
    if together:
        columns += _spread_columns("aeer", AEER, several=several)
    best = {group: _lowest([_eers(runs, group) for runs in made.values()]) for group in sweep.groups}
    best_of_all = _lowest([_averages(sweep, runs) for runs in made.values()])
    rows = []
    for values, runs in made.items():
        line = [*named(sweep, values, runs), *([count(len(runs))] if several else [])]
        for group in sweep.groups:
            line += spread(_eers(runs, group), several=several, best=_mean(_eers(runs, group)) == best[group])
        if together:
            averages = _averages(sweep, runs)
            line += spread(averages, several=several, best=_mean(averages) == best_of_all)
        rows.append(Row(tuple(line)))
    return Table(
        "sweep",
        "EER % of each configuration",
        tuple(columns),
        tuple(rows),
        _overview_note(sweep, several=several),
    )


def detail(sweep: Sweep, group: str, drawn: Drawn) -> Table:
    """One test group: EER with its interval, and accuracies."""
    made = {values: _with(runs, group) for values, runs in sweep.configurations.items()}
    several = any(len(runs) > 1 for runs in made.values())
    columns = [*leading(sweep), *([Column("Seeds", ("seeds",))] if several else [])]
    if several:
        columns += [Column("min", ("eer_min",), over="EER %")]
    columns += _spread_columns("eer", "EER %", several=several)[:1]
    if several:
        columns += [Column("max", ("eer_max",), over="EER %")]
    columns += [Column(words.INTERVAL, ("eer_low", "eer_high"), over="EER %" if several else "")]
    for key, title in (("accuracy", "Accuracy %"), ("balanced_accuracy", "Balanced accuracy %")):
        if several:
            columns.append(Column("max", (f"{key}_max",), over=title))
        columns += _spread_columns(key, title, several=several)[:1]
    lowest = _lowest([_eers(runs, group) for runs in made.values()])
    rows = []
    for values, runs in made.items():
        if not runs:
            continue
        eers = _eers(runs, group)
        line = [*named(sweep, values, runs), *([count(len(runs))] if several else [])]
        line += [measured(min(eers), percent)] * several
        line += spread(eers, several=several, best=_mean(eers) == lowest)[:1]
        line += [measured(max(eers), percent)] * several
        line.append(bounds(drawn.interval(group, [runs]), percent))
        for key in ("accuracy", "balanced_accuracy"):
            accuracies = [float(getattr(run.groups[group], key)) for run in runs]
            line += [measured(max(accuracies), percent)] * several
            line += spread(accuracies, several=several)[:1]
        rows.append(Row(tuple(line)))
    return Table("configurations", "Configurations", tuple(columns), tuple(rows), group=group)


def every_cell(sweep: Sweep) -> Table:
    """Each finished cell: choices, cost, and error rates."""
    titled = [Column("Cell", ("folder",), text=True)]
    axes = [*sweep.axes, *([sweep.seeds] if sweep.seeds.values != (DASH,) else [])]
    head, key = titles(run.validation for run in sweep.runs)
    columns = [
        *titled,
        *(Column(axis.title, (axis.option,), text=True) for axis in axes),
        Column("Parameters", ("parameters",)),
        Column("Seconds", ("seconds",)),
        Column("Validation", (f"validation_{key}".strip("_"),), over=head),
        *(Column(group, (f"{group}_eer",), over="EER %") for group in sweep.groups),
    ]
    rows = []
    for runs in sweep.configurations.values():
        for run in runs:
            line = [Cell(run.name, (str(run.folder),)), *(_choice(run, axis) for axis in axes)]
            line.append(missing() if run.parameters is None else count(run.parameters))
            line.append(missing() if run.seconds is None else Cell(f"{run.seconds:,.0f}", (run.seconds,)))
            line.append(_validation(run, alone=bool(head)))
            line += [_eer(run, group) for group in sweep.groups]
            rows.append(Row(tuple(line)))
    return Table("cells", "Finished cells", tuple(columns), tuple(rows))


def _validation(run: Run, *, alone: bool) -> Cell:
    """What the weights were chosen by, named where cells differ in that."""
    found = run.validation
    if found is None:
        return missing()
    return Cell(found.text if alone else found.named, (found.value,))


def absent(sweep: Sweep) -> Table | None:
    """Cells that are not in the other tables, and why; None if all are."""
    if not sweep.absent:
        return None
    columns = (
        Column("Cell", ("cell",), text=True),
        Column("Choices", ("choices",), text=True),
        Column("State", ("state",), text=True),
        Column("Why", ("why",), text=True),
    )
    rows = tuple(
        Row((word(each.name or DASH), word(chosen(sweep, each)), word(each.state), word(each.why)))
        for each in sweep.absent
    )
    return Table("absent", "Cells that are not in these tables", columns, rows)


def chosen(sweep: Sweep, of: Run | Absent) -> str:
    """The choices of a cell in a few words, its seed included."""
    parts = [shown(of.choices[axis.option]) for axis in sweep.axes if axis.option in of.choices]
    parts += [f"seed {of.choices['seed']}"] if "seed" in of.choices else []
    return " · ".join(parts) or ("not known" if isinstance(of, Absent) else of.name)


def leading(sweep: Sweep) -> list[Column]:
    """The columns of the axes; one that names the cell where nothing varies."""
    if not sweep.axes:
        return [Column("Cells", ("cells",), text=True)]
    return [Column(axis.title, (axis.option,), text=True) for axis in sweep.axes]


def named(sweep: Sweep, values: Sequence[str], runs: Sequence[Run]) -> list[Cell]:
    """The cells of `leading`."""
    if not sweep.axes:
        return [word(", ".join(run.name for run in runs))]
    return [_value(value) for value in values]


def spread(values: Sequence[float], *, several: bool, best: bool = False) -> list[Cell]:
    """Mean ± population deviation, then smallest to largest; the value alone where nothing has more."""
    if not values:
        return [missing(2 if several else 1), missing(2)][: 1 + several]
    found = over_seeds(values, ddof=0)
    if not several:
        return [Cell(percent(found.mean), (found.mean,), best=best)]
    if len(values) == 1:
        return [Cell(percent(found.mean), (found.mean, ""), best=best), missing(2)]
    text = f"{percent(found.mean)} ± {100 * found.deviation:.2f}"
    mean = Cell(text, (found.mean, found.deviation), best=best)
    return [mean, bounds((found.low, found.high), percent)]


def _spread_columns(key: str, over: str, *, several: bool) -> list[Column]:
    if not several:
        return [Column(over, (f"{key}_mean",))]
    return [
        Column(MEAN, (f"{key}_mean", f"{key}_deviation"), over=over),
        Column(RANGE, (f"{key}_min", f"{key}_max"), over=over),
    ]


def _overview_note(sweep: Sweep, *, several: bool) -> str:
    said = [
        "Bold is the lowest mean of a column, chosen on the test set itself: see what that is worth below."
    ]
    said = said if len(sweep.configurations) > 1 else []
    if several:
        said.append("± is the population standard deviation over seeds, as papers print it.")
    return " ".join(said)


def _eers(runs: Sequence[Run], group: str) -> list[float]:
    return [run.groups[group].eer for run in _with(runs, group)]


def _with(runs: Sequence[Run], group: str) -> list[Run]:
    return [run for run in runs if group in run.groups]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _lowest(lines: Sequence[Sequence[float]]) -> float:
    """Lowest mean of a column; no number equals it where there is one line only."""
    means = [float(np.mean(values)) for values in lines if values]
    return min(means) if len(means) > 1 else float("nan")


def _averages(sweep: Sweep, runs: Sequence[Run]) -> list[float]:
    """The aEER of each run that has every test group."""
    whole = [run for run in runs if run.groups.keys() == set(sweep.groups)]
    return [float(np.mean([found.eer for found in run.groups.values()])) for run in whole]


def _eer(run: Run, group: str) -> Cell:
    return measured(run.groups[group].eer, percent) if group in run.groups else missing()


def _choice(run: Run, axis: Axis) -> Cell:
    return _value(run.choices.get(axis.option, DASH))


def _value(value: str) -> Cell:
    return Cell(shown(value), (value,))
