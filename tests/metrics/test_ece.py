"""Calibration errors: worked examples, plain loops as the reference, and what calibration means."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss

from bonafide.metrics.ece import brier, ece, ece_at_prior, mce, reliability
from bonafide.types import InputError

Scores = NDArray[np.float64]

TOY = (2, 0.5, -1), (-2, -0.3, 1, -4)
scores = st.lists(st.floats(-30, 30), min_size=1, max_size=25).map(np.array)
priors = st.floats(0.01, 0.99)
few = settings(max_examples=80, deadline=None)


def test_the_worked_example() -> None:
    assert ece(*TOY, bins=10) == pytest.approx(0.360230, abs=1e-6)
    assert ece_at_prior(*TOY, bins=10) == pytest.approx(0.366359, abs=1e-6)
    assert brier(*TOY) == pytest.approx(0.203039, abs=1e-6)


@pytest.mark.parametrize("bins", [5, 10])
def test_six_probabilities(bins: int) -> None:
    # A little above, since the logit and back may fall short of an edge such as 0.3.
    bonafide, spoof = (logit(np.array(p)) + 1e-9 for p in ((0.35, 0.7, 0.9, 0.95), (0.1, 0.3)))
    assert ece(bonafide, spoof, bins=bins) == pytest.approx(0.15, abs=1e-6)


@few
@given(scores, scores, priors, st.integers(1, 20))
def test_sums_over_bins_trial_by_trial(bonafide: Scores, spoof: Scores, prior: float, bins: int) -> None:
    probability = expit(np.concatenate((bonafide, spoof)) + np.log(prior / (1 - prior)))
    genuine = np.repeat([1, 0], [bonafide.size, spoof.size])
    share = np.repeat([prior / bonafide.size, (1 - prior) / spoof.size], [bonafide.size, spoof.size])
    place = np.array([min(int(p * bins), bins - 1) for p in probability])
    plain, weighted, worst = 0.0, 0.0, 0.0
    for m in set(place):
        held = place == m
        plain += held.mean() * abs(probability[held].mean() - genuine[held].mean())
        gap = abs((share * (probability - genuine))[held].sum())
        weighted, worst = weighted + gap, max(worst, gap / share[held].sum())
    assert ece(bonafide, spoof, prior=prior, bins=bins) == pytest.approx(plain, abs=1e-12)
    assert ece_at_prior(bonafide, spoof, prior=prior, bins=bins) == pytest.approx(weighted, abs=1e-12)
    assert mce(bonafide, spoof, prior=prior, bins=bins) == pytest.approx(worst, abs=1e-12)
    reference = brier_score_loss(genuine, probability, pos_label=1)
    assert brier(bonafide, spoof, prior=prior) == pytest.approx(reference, abs=1e-12)


@few
@given(scores, scores, st.integers(1, 8), st.sampled_from(("trials", "prior")))
def test_bins_of_equal_mass_are_ordered_and_keep_ties_together(
    bonafide: Scores, spoof: Scores, bins: int, weighting: str
) -> None:
    bonafide, spoof = bonafide.round(), spoof.round()
    found = reliability(bonafide, spoof, bins=bins, weighting=weighting, binning="mass")
    assert found.trials.sum() == bonafide.size + spoof.size
    assert found.weight.sum() == pytest.approx(1)
    assert np.all(found.upper[:-1] < found.lower[1:])
    assert np.all((found.lower <= found.probability + 1e-12) & (found.probability <= found.upper + 1e-12))
    assert found.trials.size <= bins


def test_bins_of_equal_mass_hold_equally_many() -> None:
    bonafide, spoof = np.arange(0, 60.0, 2) / 10, np.arange(1, 60.0, 2) / 10 - 3
    found = reliability(bonafide, spoof, bins=6, weighting="trials", binning="mass")
    assert found.trials.tolist() == [10] * 6
    assert found.weight == pytest.approx(np.full(6, 1 / 6))


def test_calibrated_scores_have_no_error_at_any_prior_and_any_class_mix() -> None:
    generator = np.random.default_rng(0)
    # Gaussians of equal variance v whose means are ±v/2: the score is its own log-likelihood ratio.
    bonafide, spoof = generator.normal(2, 2, 20_000), generator.normal(-2, 2, 200_000)
    for prior in (0.1, 0.5, 0.9):
        for binning in ("width", "mass"):
            assert reliability(bonafide, spoof, prior=prior, binning=binning).ece < 0.01
    assert ece_at_prior(2 * bonafide, 2 * spoof) > 0.02
    assert ece(bonafide, spoof) > 5 * ece_at_prior(bonafide, spoof), "ten to one is not one to one"


def test_swapping_the_classes_mirrors_the_diagram() -> None:
    # Edges belong to the bin above, so no probability may lie on one.
    assert ece_at_prior(*TOY, prior=0.3) == pytest.approx(
        ece_at_prior(*(-np.array(side) for side in TOY[::-1]), prior=0.7), abs=1e-12
    )
    assert brier(*TOY, prior=0.3) == pytest.approx(
        brier(*(-np.array(side) for side in TOY[::-1]), prior=0.7), abs=1e-12
    )


def test_certainty_right_and_wrong() -> None:
    for measure in (ece, ece_at_prior, mce, brier):
        assert measure([1000.0, 900.0], [-1000.0]) == pytest.approx(0, abs=1e-12)
        assert measure([-1000.0, -900.0], [1000.0]) == pytest.approx(1, abs=1e-12)
    assert reliability([1000.0], [-1000.0]).upper[-1] == 1


def test_what_cannot_be_computed_is_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match=r"prior=0\.0 and bins=15"):
        ece([1], [0], prior=0.0)
    with pytest.raises(InputError, match="bins=0"):
        reliability([1], [0], bins=0)
    with pytest.raises(InputError, match="Brier"):
        brier([1], [0], prior=1.0)
    with pytest.raises(InputError, match="No spoof trials"):
        mce([1], [])
    with pytest.raises(InputError, match="NaN or infinite"):
        ece_at_prior([np.inf], [0])
