"""Numbers from numbers: figures of published systems, brute force over all divisions, error messages."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from tests.metrics import published
from tests.metrics.test_official import RAWGAT, read

from bonafide.metrics.aggregate import over_seeds, over_sets, seeds_differ, transfer
from bonafide.metrics.auc import auc
from bonafide.metrics.eer import eer, eer_official
from bonafide.types import InputError

ATTACKS = {
    "A07": 0.3429, "A08": 0.5297, "A09": 0.0815, "A10": 0.3905, "A11": 0.2852, "A12": 0.3429, "A13": 0.3022,
    "A14": 0.2852, "A15": 0.2682, "A16": 0.8149, "A17": 1.7452, "A18": 3.0898, "A19": 0.7096,
}  # fmt: skip


@published.there
def test_attacks_of_a_published_system() -> None:
    bonafide, spoof = read(RAWGAT)
    systems = np.array([system for _, system, key in published.trials(RAWGAT) if key != "bonafide"])
    found = over_sets(eer_official, {name: (bonafide, spoof[systems == name]) for name in ATTACKS})
    assert {name: round(100 * value, 4) for name, value in found.each.items()} == ATTACKS
    assert 100 * found.mean == pytest.approx(0.706755, abs=1e-6)
    assert (round(100 * found.worst, 4), found.worst_set) == (3.0898, "A18")


def test_sets_have_their_own_thresholds_and_the_pool_has_one() -> None:
    sets = {"near": ([2, 3], [0, 1]), "far": ([12, 13], [10, 11])}
    found = over_sets(eer, sets)
    assert (found.mean, found.worst, found.one_class) == (0, 0, ())
    assert found.pooled == eer([2, 3, 12, 13], [0, 1, 10, 11]) == 0.5
    with_fakes = over_sets(eer, {**sets, "fakes": ([], [0, 1, 20])})
    assert (with_fakes.each, with_fakes.one_class) == (found.each, ("fakes",))
    assert with_fakes.pooled == eer([2, 3, 12, 13], [0, 1, 10, 11, 0, 1, 20])


def test_the_worst_area_is_the_smallest() -> None:
    sets = {"good": ([2, 3], [0, 1]), "bad": ([0, 3], [1, 2])}
    found = over_sets(auc, sets, higher_is_better=True)
    assert (found.mean, found.worst, found.worst_set) == (0.75, 0.5, "bad")
    assert over_sets(auc, sets).worst_set == "good"


def test_seeds() -> None:
    found = over_seeds([0.03, 0.01, 0.05, 0.03])
    assert (found.mean, found.low, found.high) == pytest.approx((0.03, 0.01, 0.05))
    assert found.deviation == pytest.approx(np.sqrt(0.0008 / 3))
    assert found.values == (0.03, 0.01, 0.05, 0.03)
    assert over_seeds([0.03, 0.01, 0.05, 0.03], ddof=0).deviation == pytest.approx(np.sqrt(0.0008 / 4))
    assert over_seeds([0.5], ddof=0).deviation == 0


def test_the_mean_over_sets_comes_before_the_deviation_over_seeds() -> None:
    cells = np.array([[0.1, 0.4], [0.2, 0.3], [0.3, 0.2]])  # [seeds, sets]
    assert over_seeds(cells.mean(axis=1)).deviation == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("gain", [0.0, 0.5, 1.5])
def test_recipes_differ_by_the_share_of_divisions(gain: float) -> None:
    generator = np.random.default_rng(0)
    one, other = generator.normal(0, 1, 5), generator.normal(gain, 1, 6)
    pooled = np.concatenate((one, other))
    away = [
        abs(pooled[list(first)].mean() - np.delete(pooled, first).mean())
        for first in combinations(range(11), 5)
    ]
    expected = np.mean(np.array(away) >= abs(one.mean() - other.mean()) - 1e-12)
    assert seeds_differ(one, other) == pytest.approx(expected)
    assert seeds_differ(one, other) == seeds_differ(other, one)


def test_transfer() -> None:
    found = transfer([[0.01, 0.2, 0.4], [0.3, 0.02, 0.1], [0.5, 0.5, 0.03]])
    assert found.inside == pytest.approx([0.01, 0.02, 0.03])
    assert found.outside == pytest.approx([0.3, 0.2, 0.5])
    assert found.worst == pytest.approx([0.4, 0.3, 0.5])
    assert found.drop == pytest.approx([0.29, 0.18, 0.47])


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda: over_seeds([0.1]), "1 seeds with ddof=1"),
        (lambda: over_seeds([]), "0 seeds"),
        (lambda: over_seeds([0.1, np.nan]), "1 of 2 values over seeds are NaN"),
        (lambda: seeds_differ([1, 2, 3, 4], [1, 2, 3, 4, 5]), "4 seeds are too few"),
        (lambda: over_sets(eer, {"fakes": ([], [1.0])}), "None of the 1 sets has both classes"),
        (lambda: over_sets(eer, {"set": ([np.nan], [1.0])}), "NaN or infinite"),
        (lambda: transfer([[0.1, 0.2]]), r"shape \(1, 2\)"),
        (lambda: transfer([[0.1]]), "at least two"),
    ],
)
def test_what_has_no_aggregate_is_refused_with_the_reason(broken: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        broken()
