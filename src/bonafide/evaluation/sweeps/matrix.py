"""Trained on these, tested on those: the EER of every system under every training set."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.evaluation.cells import Cell, Column, Row, Table, count, measured, missing, percent, word
from bonafide.evaluation.sweeps.sweep import Run, Sweep, shown

TRAINED: Final = "Trained on"


class Matrix(NamedTuple):
    """EER by training set and system; means over all cells of a training set.

    Args:
        lines: names of the training sets; of configurations where there is one training set only.
        systems: tested.
        eer: `[lines, systems]`, NaN where no cell tested the system.
        trained: `[lines, systems]` whether the system was in the training data.
        cells: `[lines]` how many cells a line is the mean of.
        of: what a line is.
    """

    lines: Sequence[str]
    systems: Sequence[str]
    eer: NDArray[np.float64]
    trained: NDArray[np.bool_]
    cells: Sequence[int]
    of: str

    def mean(self, line: int, *, seen: bool) -> float | None:
        """Mean over the systems trained on, or over the others; None if there are none."""
        values = self.eer[line][self.trained[line] == seen]
        there = values[~np.isnan(values)]
        return float(there.mean()) if there.size else None


def matrix(sweep: Sweep) -> Matrix | None:
    """The matrix; None where it would have a single line or no system."""
    lines, of = _lines(sweep)
    if len(lines) < 2:
        return None
    tested = {run.name: _by_system(run) for runs in lines.values() for run in runs}
    systems = sorted({system for found in tested.values() for system in found})
    eer = np.full((len(lines), len(systems)), np.nan)
    trained = np.zeros(eer.shape, dtype=bool)
    for place, runs in enumerate(lines.values()):
        for at, system in enumerate(systems):
            values = [tested[run.name][system] for run in runs if system in tested[run.name]]
            eer[place, at] = np.mean(values) if values else np.nan
            trained[place, at] = all(_plain(system) in run.trained for run in runs)
    return Matrix(list(lines), systems, eer, trained, [len(runs) for runs in lines.values()], of)


def matrix_table(found: Matrix, sweep: Sweep) -> Table:
    """The matrix with the means over systems trained on and over others."""
    columns = [
        Column(found.of, ("trained_on",), text=True),
        Column("Cells", ("cells",)),
        *(Column(system, (system,), over="Tested on") for system in found.systems),
        Column("seen", ("mean_seen",), over="Mean"),
        Column("unseen", ("mean_unseen",), over="Mean"),
    ]
    rows = []
    for place, line in enumerate(found.lines):
        cells = [word(line), count(found.cells[place])]
        cells += [_rate(found, place, at) for at in range(len(found.systems))]
        for seen in (True, False):
            mean = found.mean(place, seen=seen)
            cells.append(missing() if mean is None else measured(mean, percent))
        rows.append(Row(tuple(cells)))
    title = f"{'Training set' if found.of == TRAINED else found.of} × system, EER %"
    return Table("matrix", title, tuple(columns), tuple(rows), _note(found, sweep))


def training_sets(sweep: Sweep) -> dict[str, list[Run]]:
    """Runs by what they were trained on, as short as it can be said; those that do not know are left out."""
    known: dict[tuple[str, ...], list[Run]] = {}
    for runs in sweep.configurations.values():
        for run in runs:
            if run.trained:
                known.setdefault(run.trained, []).append(run)
    every = {system for trained in known for system in trained}
    return {_name(trained, every): runs for trained, runs in known.items()}


def _lines(sweep: Sweep) -> tuple[Mapping[str, Sequence[Run]], str]:
    sets = training_sets(sweep)
    if len(sets) > 1:
        return sets, TRAINED
    made = sweep.configurations
    return {" · ".join(map(shown, values)): runs for values, runs in made.items()}, "Configuration"


def _name(trained: Sequence[str], every: set[str]) -> str:
    left = sorted(every - set(trained))
    if not left and len(trained) > 1:
        return "all"
    said = ", ".join(trained)
    return f"all but {', '.join(left)}" if 0 < len(left) < len(trained) else said


def _by_system(run: Run) -> dict[str, float]:
    """EER by system; another one of the same system in a further test group stands beside it."""
    found: dict[str, float] = {}
    for group, each in run.groups.items():
        for system, eer in each.systems.items():
            if system not in found:
                found[system] = eer
            elif not np.isclose(found[system], eer, rtol=0, atol=1e-12):
                found[f"{system} in {group}"] = eer
    return found


def _plain(column: str) -> str:
    return column.partition(" in ")[0]


def _rate(found: Matrix, line: int, at: int) -> Cell:
    value = float(found.eer[line, at])
    if np.isnan(value):
        return missing()
    mark = "*" if found.trained[line, at] else ""
    return Cell(f"{percent(value)}{mark}", (value,), share=value)


def _note(found: Matrix, sweep: Sweep) -> str:
    said = ["* in the training data."] if found.trained.any() else []
    over = [
        axis.title for axis in sweep.axes if "generators" not in axis.option and "leave" not in axis.option
    ]
    if found.of == TRAINED:
        means = ["seeds", *over] if len(sweep.seeds.values) > 1 else over
        said += [f"Means over {' and '.join(means)}."] if means else []
        unknown = sum(not run.trained for run in sweep.runs)
        said += [f"{unknown} cells do not say what they were trained on."] if unknown else []
    elif len(sweep.seeds.values) > 1:
        said.append("Means over seeds.")
    said.append("Each system's spoofs against the bona fide trials of their own corpora.")
    return " ".join(said)
