"""Laws that hold for any scores, tied or not, and scikit-learn as the independent reference."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from scipy.stats import norm
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score, roc_curve

from bonafide.metrics.accuracy import (
    accuracy,
    accuracy_at_eer,
    balanced_accuracy,
    balanced_accuracy_at_eer,
)
from bonafide.metrics.auc import auc
from bonafide.metrics.cllr import cllr, cllr_min
from bonafide.metrics.curve import curve
from bonafide.metrics.dcf import act_dcf, min_dcf
from bonafide.metrics.ece import brier, ece, ece_at_prior, mce
from bonafide.metrics.eer import eer, eer_official, eer_rocch, eer_threshold
from bonafide.metrics.fixed_points import far_at_frr, frr_at_far
from bonafide.metrics.hard_eer import eer_hard
from bonafide.metrics.summary import summary
from bonafide.types import InputError

Scores = NDArray[np.float64]

RANKING = (
    eer,
    eer_official,
    eer_rocch,
    auc,
    min_dcf,
    cllr_min,
    accuracy_at_eer,
    balanced_accuracy_at_eer,
    frr_at_far,
    far_at_frr,
)
ALL = (*RANKING, cllr, act_dcf, ece, ece_at_prior, mce, brier, eer_hard)
ERRORS = (eer, eer_official, eer_rocch, min_dcf, cllr_min, frr_at_far, far_at_frr)

# Few distinct values, so that most sets have ties within and between the classes.
tied = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=30).map(np.array)
untied = st.lists(st.floats(-50, 50), min_size=1, max_size=30).map(np.array)
scores = tied | untied
few = settings(max_examples=60, deadline=None)


def labelled(bonafide: Scores, spoof: Scores) -> tuple[NDArray[np.int64], Scores]:
    return np.repeat([1, 0], [bonafide.size, spoof.size]), np.concatenate((bonafide, spoof))


@few
@given(scores, scores)
def test_eer_is_the_interpolated_crossing_of_the_roc(bonafide: Scores, spoof: Scores) -> None:
    fpr, tpr, _ = roc_curve(*labelled(bonafide, spoof), drop_intermediate=False)
    # The line is vertical where several points share a rate; the root is then that rate.
    reference = brentq(lambda x: 1 - x - interp1d(fpr, tpr)(x), 0.0, 1.0, xtol=1e-12)
    assert eer(bonafide, spoof) == pytest.approx(reference, abs=1e-9)


@few
@given(scores, scores)
def test_auc_and_accuracy_are_those_of_scikit_learn(bonafide: Scores, spoof: Scores) -> None:
    target, score = labelled(bonafide, spoof)
    assert auc(bonafide, spoof) == pytest.approx(roc_auc_score(target, score), abs=1e-12)
    decided = score >= 0.5
    assert accuracy(bonafide, spoof, 0.5) == pytest.approx(accuracy_score(target, decided))
    assert balanced_accuracy(bonafide, spoof, 0.5) == pytest.approx(balanced_accuracy_score(target, decided))


@few
@given(tied, tied)
def test_increasing_maps_row_order_and_duplication_change_nothing(bonafide: Scores, spoof: Scores) -> None:
    for measure in RANKING:
        value = measure(bonafide, spoof)
        assert measure(np.exp(bonafide), np.exp(spoof)) == pytest.approx(value, abs=1e-12)
        assert measure(bonafide[::-1], spoof[::-1]) == pytest.approx(value, abs=1e-12)
    for measure in set(ALL) - {eer_official}:
        value = measure(bonafide, spoof)
        assert measure(np.tile(bonafide, 3), np.tile(spoof, 3)) == pytest.approx(value, abs=1e-12)


@few
@given(scores, scores)
def test_negation_mirrors_eer_and_auc(bonafide: Scores, spoof: Scores) -> None:
    assert eer(-bonafide, -spoof) == pytest.approx(1 - eer(bonafide, spoof), abs=1e-12)
    assert auc(-bonafide, -spoof) == pytest.approx(1 - auc(bonafide, spoof), abs=1e-12)


@few
@given(scores, scores)
def test_swapping_the_classes_of_negated_scores_changes_nothing(bonafide: Scores, spoof: Scores) -> None:
    for measure in (eer, eer_rocch, auc, cllr, cllr_min):
        assert measure(-spoof, -bonafide) == pytest.approx(measure(bonafide, spoof), abs=1e-12)
    swapped = min_dcf(-spoof, -bonafide, prior=0.95, miss=10.0, false_alarm=1.0)
    assert swapped == pytest.approx(min_dcf(bonafide, spoof), abs=1e-12)


@few
@given(scores, scores)
def test_separable_scores_have_no_error(bonafide: Scores, spoof: Scores) -> None:
    bonafide = bonafide - bonafide.min() + spoof.max() + 1
    assert [measure(bonafide, spoof) for measure in ERRORS] == [0] * len(ERRORS)
    assert auc(bonafide, spoof) == accuracy_at_eer(bonafide, spoof) == 1


@few
@given(st.floats(-1e6, 1e6), st.integers(1, 9), st.integers(1, 9))
def test_constant_scores_say_nothing(score: float, bonafide: int, spoof: int) -> None:
    constant = np.full(bonafide, score), np.full(spoof, score)
    assert [measure(*constant) for measure in (eer, eer_rocch, auc)] == [0.5] * 3
    assert [measure(*constant) for measure in (min_dcf, cllr_min, eer_official)] == [1, 1, 1]
    assert [measure(*constant) for measure in (frr_at_far, far_at_frr)] == [1, 1]


def test_one_trial_a_class() -> None:
    assert [measure([1], [0]) for measure in ERRORS] == [0] * len(ERRORS)
    assert [measure([0], [1]) for measure in ERRORS] == [1, 1, 0.5, 1, 1, 1, 1]
    assert [measure([0], [0]) for measure in ERRORS] == [0.5, 1, 0.5, 1, 1, 1, 1]
    assert (auc([1], [0]), auc([0], [1]), auc([0], [0])) == (1, 0, 0.5)


def test_a_million_trials_are_those_of_the_normal_distribution() -> None:
    # Quantiles instead of draws: no noise beyond half a trial. Means ±1, so the score s has 2 s as log-odds.
    genuine = 2 * (norm.ppf((np.arange(100_000) + 0.5) / 100_000) + 1)
    fake = 2 * (norm.ppf((np.arange(900_000) + 0.5) / 900_000) - 1)
    every = summary(genuine, fake)
    assert every.eer == pytest.approx(norm.cdf(-1), abs=1e-5)
    assert every.eer_official == pytest.approx(norm.cdf(-1), abs=1e-5)
    assert every.auc == pytest.approx(norm.cdf(np.sqrt(2)), abs=1e-5)
    assert every.frr_at_far_1 == pytest.approx(norm.cdf(norm.ppf(0.99) - 2), abs=3e-5)
    assert every.min_dcf == pytest.approx(every.act_dcf, abs=1e-4)
    assert every.cllr_min == pytest.approx(every.cllr, abs=1e-3)
    assert every.ece_at_prior < 1e-4
    assert every.remarks == ()


@few
@given(scores, scores)
def test_the_hull_is_the_worst_prior_of_the_best_threshold(bonafide: Scores, spoof: Scores) -> None:
    points = curve(bonafide, spoof)
    prior = np.linspace(0, 1, 2001)[:, None]
    game = (prior * points.frr + (1 - prior) * points.far).min(axis=1).max()
    hull = eer_rocch(bonafide, spoof)
    assert game <= hull + 1e-12
    assert hull == pytest.approx(game, abs=6e-4)
    assert hull <= min(0.5, eer(bonafide, spoof)) + 1e-12


@few
@given(scores, scores)
def test_bounds(bonafide: Scores, spoof: Scores) -> None:
    assert 0 <= eer(bonafide, spoof) <= 1
    assert 0 <= min_dcf(bonafide, spoof) <= min(1, act_dcf(bonafide, spoof) + 1e-12)
    assert -1e-12 <= cllr_min(bonafide, spoof) <= min(1, cllr(bonafide, spoof)) + 1e-12


@few
@given(scores, scores)
def test_every_threshold_of_the_curve_gives_its_own_rates(bonafide: Scores, spoof: Scores) -> None:
    points = curve(bonafide, spoof)
    frr = [np.mean(bonafide < threshold) for threshold in points.threshold]
    far = [np.mean(spoof >= threshold) for threshold in points.threshold]
    assert frr == pytest.approx(points.frr)
    assert far == pytest.approx(points.far)


def test_a_threshold_between_neighbouring_floats_still_separates() -> None:
    low = np.float64(1.0)
    high = np.nextafter(low, 2)
    assert eer_threshold([high], [low]) == high
    assert accuracy_at_eer([high], [low]) == 1.0


@few
@given(scores, scores)
def test_the_eer_threshold_is_finite_and_the_best_balanced(bonafide: Scores, spoof: Scores) -> None:
    threshold = eer_threshold(bonafide, spoof)
    points = curve(bonafide, spoof)
    assert np.isfinite(threshold)
    gap = abs(np.mean(bonafide < threshold) - np.mean(spoof >= threshold))
    assert gap == pytest.approx(np.abs(points.frr - points.far).min())


@few
@given(tied, tied, st.data())
def test_a_weight_is_a_repetition(bonafide: Scores, spoof: Scores, data: st.DataObject) -> None:
    genuine, fake = (
        data.draw(st.lists(st.integers(1, 3), min_size=side.size, max_size=side.size))
        for side in (bonafide, spoof)
    )
    weighted = curve(bonafide, spoof, weights=(genuine, fake))
    repeated = curve(np.repeat(bonafide, genuine), np.repeat(spoof, fake))
    for weighted_column, repeated_column in zip(weighted, repeated, strict=True):
        assert weighted_column == pytest.approx(repeated_column)


@few
@given(scores, scores)
def test_without_ties_official_is_within_a_quarter_trial(bonafide: Scores, spoof: Scores) -> None:
    ranks = np.concatenate((bonafide, spoof)).argsort().argsort().astype(float)
    bonafide, spoof = ranks[: bonafide.size], ranks[bonafide.size :]
    gap = abs(eer(bonafide, spoof) - eer_official(bonafide, spoof))
    assert gap <= 1 / (4 * min(bonafide.size, spoof.size)) + 1e-12


@pytest.mark.parametrize("measure", ALL)
def test_what_cannot_be_computed_is_refused_with_the_reason(measure: Callable[..., float]) -> None:
    with pytest.raises(InputError, match="No bona fide trials"):
        measure([], [1.0])
    with pytest.raises(InputError, match="No spoof trials"):
        measure([1.0], [])
    with pytest.raises(InputError, match="1 of 2 bona fide scores are NaN or infinite"):
        measure([1.0, np.nan], [0.0])
    for infinity in (np.inf, -np.inf):
        with pytest.raises(InputError, match="1 of 1 spoof scores are NaN or infinite"):
            measure([1.0], [infinity])
        with pytest.raises(InputError, match="2 of 2 bona fide scores are NaN or infinite"):
            measure([infinity, infinity], [0.0])


def test_a_senseless_cost_or_weight_is_refused() -> None:
    with pytest.raises(InputError, match="prior=0"):
        min_dcf([1], [0], prior=0)
    with pytest.raises(InputError, match="miss=-1"):
        act_dcf([1], [0], miss=-1)
    with pytest.raises(InputError, match="weights of a class are zero"):
        curve([1], [0], weights=([0], [1]))
