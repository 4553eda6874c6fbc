"""What a sweep chooses on validation, and how much better the best on test looks: the optimism of that."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from bonafide.evaluation.cells import Cell, Column, Row, Table, measured, percent, word
from bonafide.evaluation.compare_tables import signed
from bonafide.evaluation.sweeps.sweep import Run, Sweep, shown
from bonafide.evaluation.sweeps.tables import chosen
from bonafide.validated import Validated, titles

_SAME = 1e-12


class Candidate(NamedTuple):
    """A cell, or a configuration with means over its seeds.

    Args:
        name: its choices.
        validation: what its weights were chosen by, the mean over its cells.
        test: EER of a test group.
        runs: its cells.
    """

    name: str
    validation: Validated
    test: float
    runs: Sequence[Run]


class Choice(NamedTuple):
    """What is chosen for a test group.

    Args:
        group: test group.
        among: what there is to choose from.
        kept: best on validation; several if they are equal.
        best: lowest on test.
        better: candidates with a lower test EER than the mean of `kept`.
        candidates: how many there are.
    """

    group: str
    among: str
    kept: Sequence[Candidate]
    best: Candidate
    better: int
    candidates: int

    @property
    def test(self) -> float:
        """Test EER of what validation chose; the mean where it chose several."""
        return float(np.mean([one.test for one in self.kept]))

    @property
    def optimism(self) -> float:
        """How much lower the EER is that is chosen on test."""
        return self.test - self.best.test


def choose(sweep: Sweep, group: str) -> list[Choice]:
    """Among configurations by their means over seeds, and among cells.

    Nothing where there is no choice, or where cells were chosen by different measures.
    """
    if len(sweep.measures) > 1:
        return []
    configurations = list(_configurations(sweep, group))
    cells = [
        Candidate(chosen(sweep, run), run.validation, run.groups[group].eer, [run])
        for run in sweep.runs
        if group in run.groups and run.validation is not None
    ]
    made = [_choice(group, "configurations", configurations)] if len(configurations) > 1 else []
    if len(cells) > max(1, len(configurations)):
        made.append(_choice(group, "cells", cells))
    return made


def selection_table(found: Sequence[Choice], sweep: Sweep) -> Table | None:
    """A line for each choice; None where there are none."""
    if not found:
        return None
    head, key = titles(candidate.validation for one in found for candidate in one.kept)
    columns = (
        Column("Test group", ("test_group",), text=True),
        Column("Chosen among", ("candidates", "among"), text=True),
        Column("choice", ("on_validation",), text=True, over="Best on validation"),
        Column(f"validation {head}".strip(), (f"validation_{key}".strip("_"),), over="Best on validation"),
        Column("test EER %", ("test_eer",), over="Best on validation"),
        Column("rank", ("rank",), over="Best on validation"),
        Column("choice", ("on_test",), text=True, over="Lowest on test"),
        Column("test EER %", ("lowest_test_eer",), over="Lowest on test"),
        Column("Optimism", ("optimism",)),
    )
    rows = tuple(
        Row(
            (
                word(one.group),
                Cell(f"{one.candidates} {one.among}", (one.candidates, one.among)),
                word(_names(one.kept)),
                Cell(one.kept[0].validation.text, (one.kept[0].validation.value,)),
                measured(one.test, percent, strong=True),
                Cell(f"{one.better + 1}", (one.better + 1,)),
                word(one.best.name),
                measured(one.best.test, percent),
                Cell(signed(one.optimism, "eer"), (one.optimism,)),
            )
        )
        for one in found
    )
    return Table("selection", "Chosen on validation, and on test", columns, rows, _note(found, sweep))


def _note(found: Sequence[Choice], sweep: Sweep) -> str:
    note = (
        "Quote the test EER of what validation chose. The lowest on test was chosen by its own trials; "
        "optimism is what that would spare, in percentage points. Configurations count by their means over "
        "seeds."
    )
    if any(len(one.kept) > 1 for one in found):
        note += " Where several are equal on validation, the test EER is their mean."
    if len({run.trained for run in sweep.runs}) > 1:
        note += (
            " Training sets differ, and validation trials with them: a good value on validation may also "
            "mean easy systems to train on."
        )
    unknown = sum(run.validation is None for run in sweep.runs)
    if unknown:
        note += f" {unknown} cells say nothing of validation and cannot be chosen."
    return note


def _configurations(sweep: Sweep, group: str) -> Iterator[Candidate]:
    for values, runs in sweep.configurations.items():
        own = [run for run in runs if group in run.groups]
        validations = [run.validation for run in own if run.validation is not None]
        if own and len(validations) == len(own):
            test = float(np.mean([run.groups[group].eer for run in own]))
            name = " · ".join(map(shown, values)) or runs[0].name
            value = float(np.mean([one.value for one in validations]))
            yield Candidate(name, validations[0]._replace(value=value), test, own)


def _choice(group: str, among: str, candidates: Sequence[Candidate]) -> Choice:
    lowest = min(one.validation.cost for one in candidates)
    kept = [one for one in candidates if one.validation.cost <= lowest + _SAME]
    test = float(np.mean([one.test for one in kept]))
    better = sum(one.test < test - _SAME for one in candidates)
    return Choice(group, among, kept, min(candidates, key=lambda one: one.test), better, len(candidates))


def _names(kept: Sequence[Candidate]) -> str:
    more = f" and {len(kept) - 1} more" if len(kept) > 1 else ""
    return f"{kept[0].name}{more}"
