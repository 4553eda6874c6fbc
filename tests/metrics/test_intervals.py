"""The bootstrap: the fast path against the plain one, and how often the interval holds the truth."""

import numpy as np
import pytest
from scipy.stats import norm

from bonafide.metrics import intervals
from bonafide.metrics.auc import auc
from bonafide.metrics.eer import eer
from bonafide.metrics.intervals import interval
from bonafide.types import InputError


def plain(bonafide: list[float], spoof: list[float]) -> float:
    """The same measure, resampled trial by trial."""
    return eer(bonafide, spoof)


def test_weights_on_a_sorted_list_are_resampled_trials() -> None:
    generator = np.random.default_rng(0)
    bonafide, spoof = generator.normal(1, 1, 150).round(1), generator.normal(-1, 1, 400).round(1)
    fast = interval(eer, bonafide, spoof, replicates=4000, seed=1)
    slow = interval(plain, bonafide, spoof, replicates=4000, seed=2)
    assert fast == pytest.approx(slow, abs=0.008)


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    generator = np.random.default_rng(3)
    truth = norm.cdf(-1)
    bounds = [
        interval(eer, generator.normal(1, 1, 300), generator.normal(-1, 1, 600), replicates=200, seed=trial)
        for trial in range(200)
    ]
    held = np.mean([low <= truth <= high for low, high in bounds])
    # Binomial error of 200 sets: 0.015; the percentile bootstrap itself is a little too narrow.
    assert 0.88 <= held <= 0.995


def test_a_seed_repeats_itself_whatever_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    bonafide, spoof = np.arange(20.0), np.arange(-10.0, 10.0)
    first = interval(eer, bonafide, spoof, replicates=50, seed=5)
    assert interval(eer, bonafide, spoof, replicates=50, seed=5) == first
    assert interval(eer, bonafide, spoof, replicates=50, seed=6) != first
    monkeypatch.setattr(intervals, "_CELLS", 120)
    low, high = interval(eer, bonafide, spoof, replicates=50, seed=5)
    assert 0 <= low <= eer(bonafide, spoof) <= high <= 1


def test_wider_level_wider_interval_around_the_measure() -> None:
    generator = np.random.default_rng(1)
    bonafide, spoof = generator.normal(1, 1, 80), generator.normal(0, 1, 80)
    narrow = interval(auc, bonafide, spoof, replicates=300, level=0.5)
    wide = interval(auc, bonafide, spoof, replicates=300, level=0.95)
    assert wide[0] < narrow[0] < auc(bonafide, spoof) < narrow[1] < wide[1]


def test_constant_scores_have_no_spread() -> None:
    assert interval(eer, [0, 0, 0], [0, 0]) == (0.5, 0.5)


@pytest.mark.parametrize("senseless", [{"replicates": 0}, {"level": 1.0}, {"level": 0.0}])
def test_senseless_settings_are_refused(senseless: dict[str, float]) -> None:
    with pytest.raises(InputError, match="bootstrap"):
        interval(eer, [1], [0], **senseless)


def test_one_class_is_refused() -> None:
    with pytest.raises(InputError, match="No spoof trials"):
        interval(eer, [1, 2], [])
