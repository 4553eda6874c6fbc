"""Rates at a limit and at a threshold, against plain loops and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support

from bonafide.metrics.accuracy import accuracy, balanced_accuracy
from bonafide.metrics.decisions import Decisions, decide
from bonafide.metrics.fixed_points import far_at_frr, frr_at_far, resolution_limited
from bonafide.types import InputError

Scores = NDArray[np.float64]

scores = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=20).map(np.array)
limits = st.sampled_from((0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0)) | st.floats(0, 1)
few = settings(max_examples=80, deadline=None)


@few
@given(scores, scores, limits)
def test_the_best_of_all_thresholds_that_keep_the_limit(
    bonafide: Scores, spoof: Scores, limit: float
) -> None:
    rates = [
        (np.mean(bonafide < threshold), np.mean(spoof >= threshold))
        for threshold in [*np.concatenate((bonafide, spoof)), np.inf]
    ]
    assert frr_at_far(bonafide, spoof, limit=limit) == min(frr for frr, far in rates if far <= limit)
    assert far_at_frr(bonafide, spoof, limit=limit) == min(far for frr, far in rates if frr <= limit)


@few
@given(scores, scores, limits)
def test_swapping_the_classes_with_negated_scores_swaps_the_two(
    bonafide: Scores, spoof: Scores, limit: float
) -> None:
    assert frr_at_far(bonafide, spoof, limit=limit) == far_at_frr(-spoof, -bonafide, limit=limit)


def test_a_limit_is_reached_not_neared() -> None:
    spoof = np.arange(100.0)
    assert frr_at_far([97.5, 98.5, 99.5], spoof) == pytest.approx(1 / 3)  # one spoof of a hundred
    assert frr_at_far([97.5, 98.5, 99.5], spoof, limit=0.0099) == pytest.approx(2 / 3)
    assert frr_at_far([97.5, 98.5, 99.5], spoof, limit=0.02) == 0


def test_extremes() -> None:
    for measure in (frr_at_far, far_at_frr):
        assert measure([2, 3], [0, 1]) == 0
        assert measure([0, 0], [0, 0]) == 1
        assert measure([1], [0]) == 0
        assert measure([0], [1]) == 1
        assert measure([0], [1], limit=1.0) == 0


@pytest.mark.parametrize(
    ("trials", "limit", "limited"),
    [(99, 0.01, True), (100, 0.01, False), (19, 0.05, True), (20, 0.05, False), (10, 0.0, True)],
)
def test_a_limit_below_one_trial_is_said(trials: int, limit: float, limited: bool) -> None:
    assert resolution_limited(trials, limit=limit) is limited


@few
@given(scores, scores, st.integers(-5, 5).map(float))
def test_decisions_are_those_of_scikit_learn(bonafide: Scores, spoof: Scores, threshold: float) -> None:
    found = decide(bonafide, spoof, threshold)
    target = np.repeat([1, 0], [bonafide.size, spoof.size])
    decided = (np.concatenate((bonafide, spoof)) >= threshold).astype(int)
    precision, recall, f1, _ = precision_recall_fscore_support(
        target, decided, labels=[0, 1], zero_division=0
    )
    assert (found.recall_spoof, found.recall_bonafide) == pytest.approx(tuple(recall))
    assert (found.f1_spoof, found.f1_bonafide) == pytest.approx(tuple(f1))
    if found.spoof_rejected + found.bonafide_rejected:
        assert found.precision_spoof == pytest.approx(precision[0])
    if found.spoof_accepted + found.bonafide_accepted:
        assert found.precision_bonafide == pytest.approx(precision[1])
    assert found.frr == pytest.approx(np.mean(bonafide < threshold))
    assert found.far == pytest.approx(np.mean(spoof >= threshold))
    assert found.hter == pytest.approx((found.frr + found.far) / 2)
    assert found.balanced_accuracy == pytest.approx(1 - found.hter)
    assert accuracy(bonafide, spoof, threshold) == found.accuracy == pytest.approx(np.mean(target == decided))
    assert balanced_accuracy(bonafide, spoof, threshold) == found.balanced_accuracy


def test_a_score_on_the_threshold_is_accepted() -> None:
    assert decide([1.0], [1.0], 1.0) == Decisions(1, 0, 1, 0)
    assert decide([1.0], [1.0], np.nextafter(1.0, 2)) == Decisions(0, 1, 0, 1)


def test_an_infinite_threshold_accepts_or_rejects_all() -> None:
    assert decide([1, 2], [0], -np.inf) == Decisions(2, 0, 1, 0)
    assert decide([1, 2], [0], np.inf) == Decisions(0, 2, 0, 1)


def test_what_cannot_be_computed_is_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match="No trial was rejected"):
        _ = decide([1], [0], -np.inf).precision_spoof
    with pytest.raises(InputError, match="No trial was accepted"):
        _ = decide([1], [0], np.inf).precision_bonafide
    with pytest.raises(InputError, match="threshold that is NaN"):
        decide([1], [0], np.nan)
    with pytest.raises(InputError, match="limit of 5 is no error rate"):
        frr_at_far([1], [0], limit=5)
    with pytest.raises(InputError, match="limit of nan"):
        far_at_frr([1], [0], limit=np.nan)
    with pytest.raises(InputError, match="No bona fide trials"):
        frr_at_far([], [0])
    with pytest.raises(InputError, match="NaN or infinite"):
        far_at_frr([1], [-np.inf])
