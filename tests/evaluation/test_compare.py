"""Comparisons, carried thresholds and tandem costs are those of the measures, and fit into their tables."""

from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation import example
from tests.evaluation.example import draw, group

from bonafide.evaluation import breakdown, compare, sections
from bonafide.evaluation.carried import carried_table, thresholds
from bonafide.evaluation.cells import Table
from bonafide.evaluation.compare_tables import differences_table, measures_table, trial_tests_table
from bonafide.evaluation.scores import Trials
from bonafide.evaluation.summary import Summary
from bonafide.evaluation.tandem import tandem, tandem_table
from bonafide.metrics.calibration.application import Application
from bonafide.metrics.eer import eer
from bonafide.metrics.tdcf import ASVSPOOF2019_EVALUATION, min_tdcf_2019
from bonafide.metrics.trial_tests import delong


@pytest.fixture(scope="module")
def trials() -> Trials:
    parts = ("c", "-", draw(1, 90, 0)), ("c", "A07", draw(-1, 40, 1)), ("c", "A08", draw(-1, 50, 2))
    return group(*parts)


@pytest.fixture(scope="module")
def detectors(trials: Trials) -> dict[str, Trials]:
    noise = np.random.default_rng(3).normal(size=len(trials))
    return {
        "plain": trials,
        "noisy": replace(trials, score=trials.score + noise),
        "worse": replace(trials, score=trials.score + 3 * noise),
    }


def fits(table: Table) -> bool:
    widths = [len(column.keys) for column in table.columns]
    return all([len(cell.values) for cell in row.cells] == widths for row in table.rows)


@pytest.mark.parametrize("count", [2, 3])
def test_a_difference_is_that_of_the_measures(detectors: dict[str, Trials], count: int) -> None:
    chosen = dict(list(detectors.items())[:count])
    found = compare.differences(chosen, replicates=50)
    assert list(found) == ["trials"]  # all have one speaker
    rates = {name: eer(each.bonafide, each.spoof) for name, each in chosen.items()}
    for one in found["trials"]:
        assert one.p_holm >= one.found.p
        if one.measure == "eer":
            assert one.found.difference == pytest.approx(rates[one.found.first] - rates[one.found.second])
    table = differences_table(found["trials"], "trials", "eval")
    assert fits(table)
    assert len(table.rows) == 4 * count * (count - 1) // 2
    assert [cell.values[:3] for cell in table.rows[0].cells[:1]] == (
        [("plain", "noisy", "eer")] if count == 2 else [("plain", "noisy")]
    )


def test_speakers_and_systems_are_redrawn_where_they_are_known(detectors: dict[str, Trials]) -> None:
    speaker = np.array(["anna", "ben", "cleo"] * 60, dtype=object)
    spoken = {name: replace(each, speaker=speaker) for name, each in detectors.items()}
    assert list(compare.differences(spoken, replicates=20)) == ["trials", "speakers × systems"]


def test_trial_level_tests_of_every_pair(detectors: dict[str, Trials]) -> None:
    at = dict.fromkeys(detectors, 0.0)
    found = compare.trial_tests(detectors, at)
    assert len(found) == 3 * 4
    sides = [(detectors[name].bonafide, detectors[name].spoof) for name in ("plain", "noisy")]
    assert found[0].p == delong(sides[0], sides[1]).p
    assert fits(trial_tests_table(found, at, "eval"))
    assert fits(trial_tests_table(found[:4], at, "eval"))


def test_a_test_that_cannot_be_made_says_why(trials: Trials) -> None:
    """A perfect detector and its opposite differ in AUC without any variance."""
    truth = np.where(trials.label == "bonafide", 1.0, -1.0)
    pair = {"right": replace(trials, score=truth), "wrong": replace(trials, score=-truth)}
    table = trial_tests_table(
        compare.trial_tests(pair, {"right": 0.0, "wrong": 0.0}), {"right": 0.0, "wrong": 0.0}, "x"
    )
    assert table.rows[0].cells[1].text == "–"
    assert "a test has no scale" in table.note


def test_carried_thresholds_cost_what_the_best_would_have_spared(detectors: dict[str, Trials]) -> None:
    development = {name: replace(each, score=each.score + 0.5) for name, each in detectors.items()}
    found = thresholds(development, detectors, Application(), calibrated="plain")
    assert [rule.rule for rule, _ in found["plain"]] == ["equal error rate", "least cost", "Bayes"]
    assert len(found["noisy"]) == 2
    assert all(on.hter_loss >= 0 and on.cost_loss >= 0 for each in found.values() for _, on in each)
    assert fits(carried_table(found, "x"))
    own = thresholds(detectors, detectors, Application(), calibrated=None)
    assert all(each[1][1].cost_loss == pytest.approx(0) for each in own.values())


def test_tandem_costs_are_those_of_the_metric(detectors: dict[str, Trials]) -> None:
    found = tandem(detectors, ASVSPOOF2019_EVALUATION)
    plain = detectors["plain"]
    assert found["plain"].min_tdcf_2019 == min_tdcf_2019(plain.bonafide, plain.spoof, ASVSPOOF2019_EVALUATION)
    assert all(cost.floor <= cost.min_tdcf_2021 for cost in found.values())
    assert fits(tandem_table(found, ASVSPOOF2019_EVALUATION))


def test_detectors_of_a_group_have_one_part_together(detectors: dict[str, Trials]) -> None:
    measured = {
        name: breakdown.measure(each, 0.0, group=name, replicates=10) for name, each in detectors.items()
    }
    remarked = {name: {**found, "remarks": ["Ties."]} for name, found in measured.items()}
    table = measures_table(measured, "eval")
    assert fits(table)
    summary = Summary("x", {}, remarked, tables=[table], detailed=False, lines="Detector")  # type: ignore[arg-type]
    first, second = sections.sections(summary)
    assert first.remarks == ["plain, noisy, worse: Ties."]
    assert first.tables[0].columns[0].title == "Detector"
    assert (second.title, list(second.tables)) == ("eval", [table])
    detailed = summary._replace(detailed=True)
    assert [part.title for part in sections.sections(detailed)] == ["All test groups", *measured, "eval"]


def test_a_further_table_stands_in_its_group() -> None:
    summary = Summary("x", {}, {"test": example.measured()})
    tables = [Table("t", "Further", (), (), group=name) for name in ("", "test")]
    together, own = sections.sections(summary._replace(tables=tables))
    assert together.tables[-1] == tables[0]
    assert own.tables[-1] == tables[1]
