"""The tables of a comparison of detectors: measures side by side, differences, tests."""

from collections.abc import Mapping, Sequence
from typing import Final

from bonafide.evaluation import words
from bonafide.evaluation.breakdown import Group
from bonafide.evaluation.cells import (
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
from bonafide.evaluation.compare import TRIALS, Difference, TrialTest
from bonafide.evaluation.words import FORMS, MEASURES, TITLES

_P: Final = Column("p", ("p",))
_SPEAK: Final = {
    TRIALS: "It speaks of these speakers and systems alone.",
    words.CROSSED: "It speaks of new speakers and systems too: the one to rest a claim on.",
}


def measures_table(groups: Mapping[str, Group], group: str, *, note: str = "") -> Table:
    """Every measure, the detectors side by side, then their intervals."""
    columns = [Column("Measure", ("measure",), text=True)]
    columns += [Column(name, (name,)) for name in groups]
    columns += [Column(f"{words.INTERVAL} {name}", (f"{name}_low", f"{name}_high")) for name in groups]
    rows = []
    for measure in MEASURES:
        values: list[float] = [found[measure.key] for found in groups.values()]  # type: ignore[literal-required]
        line = [Cell(measure.title, (measure.key,))]
        line += [measured(value, measure.form, strong=measure.key == "eer") for value in values]
        line += [bounds(found["intervals"].get(measure.key), measure.form) for found in groups.values()]
        rows.append(Row(tuple(line)))
    return Table("detectors", "Measures", tuple(columns), tuple(rows), note, group=group)


def differences_table(found: Sequence[Difference], drawn: str, group: str) -> Table:
    """What `differences` found for one way of drawing, a line for each pair and measure."""
    pairs = list(dict.fromkeys((one.found.first, one.found.second) for one in found))
    several = len(pairs) > 1
    whose = "" if several else f"; {pairs[0][0]} less {pairs[0][1]}"
    columns = (
        *_named(Column("Measure", ("measure", "redrawn"), text=True), several=several),
        Column("Difference", ("difference",)),
        Column(words.INTERVAL, ("low", "high")),
        _P,
        Column("Holm's p", ("p_holm",)),
    )
    rows = []
    for measure, pair, p in found:
        low, high = signed(pair.low, measure), signed(pair.high, measure)
        line = [
            *_of(pair.first, pair.second, Cell(TITLES[measure], (measure, drawn)), several=several),
            Cell(signed(pair.difference, measure), (pair.difference,), strong=True),
            Cell(f"{low} to {high}", (pair.low, pair.high)),
            probability(pair.p),
            probability(p),
        ]
        rows.append(Row(tuple(line)))
    replicates = found[0].found.replicates
    note = (
        f"Paired bootstrap, {replicates:,} times the same draws for all detectors; no p is below "
        f"2 / {replicates + 1:,}. {_SPEAK[drawn]} Holm's p is adjusted for all lines of this table."
    )
    title = f"Differences ({drawn} redrawn{whose})"
    return Table("differences", title, columns, tuple(rows), note, group=group)


def trial_tests_table(found: Sequence[TrialTest], thresholds: Mapping[str, float], group: str) -> Table:
    """What `trial_tests` found."""
    several = len({(test.first, test.second) for test in found}) > 1
    first, second = ("first", "second") if several else (found[0].first, found[0].second)
    columns = (
        *_named(Column("Test", ("test",), text=True), several=several),
        _P,
        Column("Statistic", ("statistic",)),
        Column(f"Only {first} right", ("first_right",)),
        Column(f"Only {second} right", ("second_right",)),
    )
    rows = tuple(
        Row(
            (
                *_of(test.first, test.second, word(test.test), several=several),
                missing() if test.p is None else probability(test.p),
                missing()
                if test.statistic is None
                else measured(test.statistic, lambda value: f"{value:.2f}"),
                missing() if test.first_right is None else count(test.first_right),
                missing() if test.second_right is None else count(test.second_right),
            )
        )
        for test in found
    )
    at = ", ".join(f"{FORMS['threshold'](value)} of {name}" for name, value in thresholds.items())
    note = " ".join(
        [
            "These tests take trials for independent, so they speak of these speakers and systems alone, and "
            "far too surely of others. The statistic is z of DeLong's test and chi-squared of McNemar's, "
            "which is exact, without one, where few decisions differ. "
            f"McNemar's decisions are made at the thresholds {at}.",
            *dict.fromkeys(test.problem for test in found if test.problem),
        ]
    )
    return Table("trial_level_tests", "Trial-level tests", columns, rows, note, group=group)


def signed(value: float, measure: str) -> str:
    """A difference of a measure with its sign; of rates in percentage points.

    >>> signed(-0.0112, "eer"), signed(0.0035, "auc")
    ('−1.12', '+0.0035')
    """
    text = f"{100 * value:+.2f}" if FORMS[measure] is percent else f"{value:+.4f}"
    return text.replace("-", "−")


def probability(p: float) -> Cell:
    """A p; what is below one in a thousand is not told apart.

    >>> probability(0.0421).text, probability(1e-9).text
    ('0.042', '< 0.001')
    """
    return Cell("< 0.001" if p < 0.001 else f"{p:.3f}", (p,))


def _named(column: Column, *, several: bool) -> list[Column]:
    """A column with the pair before it; a single pair stands in CSV alone."""
    if several:
        return [Column("Detectors", ("first", "second"), text=True), column]
    return [column._replace(keys=("first", "second", *column.keys))]


def _of(first: str, second: str, cell: Cell, *, several: bool) -> list[Cell]:
    """The cells of `_named`."""
    if several:
        return [Cell(f"{first} less {second}", (first, second)), cell]
    return [cell._replace(values=(first, second, *cell.values))]
