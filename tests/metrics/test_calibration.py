"""Calibrations against scipy's optimizer, the field's check values, and the laws that they must keep."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from bonafide.metrics.auc import auc
from bonafide.metrics.calibration.affine import Affine
from bonafide.metrics.calibration.application import Application, training_log_odds
from bonafide.metrics.calibration.fitted import Fitted
from bonafide.metrics.calibration.isotonic import Isotonic
from bonafide.metrics.calibration.log_odds import GRAIN, log_odds
from bonafide.metrics.calibration.temperature import Temperature
from bonafide.metrics.calibration.threshold import Threshold
from bonafide.metrics.cllr import cllr, cllr_min
from bonafide.metrics.dcf import act_dcf, min_dcf
from bonafide.metrics.eer import eer, eer_rocch
from bonafide.types import InputError

ROOT = Path(os.environ.get("BONAFIDE_REAL_AUDIO", Path(__file__).parents[3] / "shared" / "data"))
published = pytest.mark.skipif(
    not (ROOT / "scores" / "asvspoof2019_la").is_dir(),
    reason="no published score files here: set BONAFIDE_REAL_AUDIO to the folder that holds scores/",
)

Scores = NDArray[np.float64]

# Few distinct values, so that most sets have ties and few separate.
tied = st.lists(st.integers(-4, 4).map(float), min_size=2, max_size=30).map(np.array)
priors = st.floats(0.01, 0.99)
few = settings(max_examples=60, deadline=None)


def normal(seed: int = 0, shift: float = 2.0) -> tuple[Scores, Scores]:
    generator = np.random.default_rng(seed)
    return generator.normal(shift, 1, 300), generator.normal(0, 1.5, 900)


def cost(bonafide: Scores, spoof: Scores, prior: float, slope: float, offset: float) -> float:
    shift = math.log(prior / (1 - prior))
    genuine = np.logaddexp(0, -(slope * bonafide + offset + shift)).mean()
    fake = np.logaddexp(0, slope * spoof + offset + shift).mean()
    return float(prior * genuine + (1 - prior) * fake)


def halves(name: str) -> list[Scores]:
    """Bona fide and spoof scores of a published file's even rows, then of its odd ones; high when genuine."""
    sign = -1 if name.startswith("AIR") else 1
    rows = [line.split() for line in (ROOT / "scores/asvspoof2019_la" / name).read_text().splitlines()]
    score = np.array([row[3] for row in rows], dtype=np.float64) * sign
    genuine = np.array([row[2] == "bonafide" for row in rows])
    return [score[start::2][side[start::2]] for start in (0, 1) for side in (genuine, ~genuine)]


@published
@pytest.mark.parametrize(
    ("name", "prior", "fitted", "before", "after"),
    [
        (
            "RawGAT_ST_mul.txt",
            0.5,
            (1.389447, -1.552951, 0.03545167),
            (0.066718, 0.044297),
            (0.052611, 0.046430, 0.031137, 0.029646, 0.01063930),
        ),
        (
            "RawGAT_ST_mul.txt",
            Application().effective_prior,
            (1.315749, -1.439316, 0.03458351),
            (0.066718, 0.044297),
            (0.052723, 0.046430, 0.031606, 0.029646, 0.01063930),
        ),
        (
            "AIR_ocsoftmax.txt",
            0.5,
            (5.452397, -2.466920, 0.10855509),
            (0.503541, 0.077858),
            (0.157759, 0.088418, 0.064084, 0.053177, 0.02262415),
        ),
    ],
)
def test_published_systems(
    name: str, prior: float, fitted: tuple[float, ...], before: tuple[float, ...], after: tuple[float, ...]
) -> None:
    bonafide, spoof, *test = halves(name)
    found = Affine.fit(bonafide, spoof, prior=prior)
    assert (found.slope, found.offset) == pytest.approx(fitted[:2], rel=1e-6)
    assert found.objective == pytest.approx(fitted[2], abs=1e-8)
    assert not found.separable
    assert (cllr(*test), act_dcf(*test)) == pytest.approx(before, abs=1e-6)
    calibrated = [found.apply(side) for side in test]
    measured = [measure(*calibrated) for measure in (cllr, cllr_min, act_dcf, min_dcf, eer)]
    assert measured == pytest.approx(after, abs=1e-6)
    for measure in (eer, eer_rocch, auc, min_dcf, cllr_min):
        assert measure(*calibrated) == pytest.approx(measure(*test), abs=1e-12)


@few
@given(tied, tied, priors)
def test_no_other_line_costs_less(bonafide: Scores, spoof: Scores, prior: float) -> None:
    assume(bonafide.min() < spoof.max())
    assume(bonafide.mean() > spoof.mean() + 0.1)
    found = Affine.fit(bonafide, spoof, prior=prior)
    assert found.objective == pytest.approx(
        cost(bonafide, spoof, prior, found.slope, found.offset), abs=1e-12
    )
    best = minimize(
        lambda line: cost(bonafide, spoof, prior, line[0], line[1]), (1.0, 0.0), method="BFGS", tol=1e-10
    )
    assert found.objective <= best.fun + 1e-12
    assert found.objective == pytest.approx(best.fun, abs=1e-7)


@few
@given(st.floats(0.01, 100), st.floats(-50, 50), priors)
def test_the_scale_of_the_scores_does_not_matter(slope: float, offset: float, prior: float) -> None:
    bonafide, spoof = normal()
    plain = Affine.fit(bonafide, spoof, prior=prior)
    moved = Affine.fit(slope * bonafide + offset, slope * spoof + offset, prior=prior)
    assert moved.objective == pytest.approx(plain.objective, abs=1e-10)
    assert moved.apply(slope * bonafide + offset) == pytest.approx(plain.apply(bonafide), abs=1e-5)


def test_a_calibrated_score_needs_no_calibration() -> None:
    # Normal classes with means ±m/2 and variance m have the score itself as log-likelihood ratio.
    generator = np.random.default_rng(0)
    bonafide, spoof = generator.normal(2, 2, 200_000), generator.normal(-2, 2, 200_000)
    found = Affine.fit(bonafide, spoof)
    assert (found.slope, found.offset) == pytest.approx((1, 0), abs=0.02)
    assert Temperature.fit(bonafide, spoof).temperature == pytest.approx(1, abs=0.02)
    assert Threshold.bayes().carried(bonafide, spoof).cost_loss < 0.005


def test_an_outlier_does_not_stop_the_fit() -> None:
    bonafide, spoof = normal()
    plain = Affine.fit(bonafide, spoof)
    found = Affine.fit(np.append(bonafide, 1e9), spoof)
    assert not found.separable
    assert found.slope == pytest.approx(plain.slope, rel=0.01)


@pytest.mark.parametrize("gap", [1.0, 1e-6, 0.0])
def test_classes_that_separate_are_flagged(gap: float) -> None:
    bonafide, spoof = np.array([1.0, 2, 3]) + gap, np.array([1.0, 0, -1])
    found = Affine.fit(bonafide, spoof)
    assert found.separable
    assert math.isfinite(found.slope)
    assert "separate" in found.cautions[0]
    assert eer(found.apply(bonafide), found.apply(spoof)) == eer(bonafide, spoof)
    assert Temperature.fit(bonafide - 1, spoof - 1).separable
    assert not Temperature.fit(bonafide + 5, spoof + 5).separable
    assert not Affine.fit(*normal()).cautions


@few
@given(tied, tied, priors)
def test_no_other_temperature_costs_less(bonafide: Scores, spoof: Scores, prior: float) -> None:
    assume(np.abs(bonafide).max() + np.abs(spoof).max() > 0)
    assume(np.ptp(np.append(bonafide, spoof)) > 0)
    try:
        found = Temperature.fit(bonafide, spoof, prior=prior)
    except InputError:
        # No cooling helps: the cost falls towards infinite temperature, or beyond.
        assert cost(bonafide, spoof, prior, 1e-4, 0) >= cost(bonafide, spoof, prior, 0, 0) - 1e-9
        return
    for other in (0.9, 0.999, 1.001, 1.1):
        slope = other / found.temperature
        # Where classes separate the cost only ever falls; the fit stops when it has all but ended.
        tolerance = 1e-7 if found.separable else 1e-9
        assert found.objective <= cost(bonafide, spoof, prior, slope, 0) + tolerance


@few
@given(tied, tied)
def test_isotonic_reaches_the_least_cllr(bonafide: Scores, spoof: Scores) -> None:
    found = Isotonic.fit(bonafide, spoof)
    genuine, fake = found.apply(bonafide), found.apply(spoof)
    held = math.log1p(1 / (10 * max(bonafide.size, spoof.size))) / math.log(2) + 1e-12
    assert cllr_min(bonafide, spoof) - 1e-12 <= cllr(genuine, fake) <= cllr_min(bonafide, spoof) + held
    assert cllr_min(genuine, fake) == pytest.approx(cllr_min(bonafide, spoof), abs=1e-12)
    assert eer_rocch(genuine, fake) == pytest.approx(eer_rocch(bonafide, spoof), abs=1e-12)
    between = found.apply(np.linspace(-6, 6, 200))
    assert (np.diff(between) >= 0).all()
    assert np.abs(between).max() <= math.log(10 * max(bonafide.size, spoof.size))


@pytest.mark.parametrize(
    "fitted",
    [
        Affine.fit(*normal(), prior=0.3),
        Temperature.fit(*normal()),
        Isotonic.fit(*normal()),
        Threshold.least_cost(*normal()),
    ],
)
def test_a_fit_comes_back_from_json(fitted: Fitted) -> None:
    plain = json.loads(json.dumps(fitted.plain(), allow_nan=False))
    back = type(fitted).of(plain)
    assert back == fitted
    assert np.array_equal(back.apply([-1.0, 0.3, 7.0]), fitted.apply([-1.0, 0.3, 7.0]))
    with pytest.raises(InputError, match=f"Not a stored {fitted.kind}"):
        type(fitted).of(plain | {"kind": "other"})
    with pytest.raises(InputError, match=f"Not a stored {fitted.kind}"):
        type(fitted).of({"kind": fitted.kind})
    with pytest.raises(InputError, match="wrong kind"):
        type(fitted).of(dict.fromkeys(plain, "x") | {"kind": fitted.kind})


def test_stored_nonsense_is_refused() -> None:
    with pytest.raises(InputError, match="slope -1"):
        Affine(-1, 0, 0.5, 0.1, separable=False)
    with pytest.raises(InputError, match="temperature of inf"):
        Temperature(math.inf, 0.5, 0.1, separable=False)
    with pytest.raises(InputError, match="do not rise"):
        Isotonic((0.0, 1.0), (1.0, 0.0))
    with pytest.raises(InputError, match="threshold of inf"):
        Threshold(math.inf, "mine")


def test_inverted_constant_and_broken_scores_are_refused() -> None:
    bonafide, spoof = normal()
    for calibration in (Affine, Temperature):
        with pytest.raises(InputError, match="inverted"):
            calibration.fit(-bonafide, -spoof)
        with pytest.raises(InputError, match="gives all trials the score 1,"):
            calibration.fit([1, 1], [1])
        with pytest.raises(InputError, match="No spoof trials"):
            calibration.fit(bonafide, [])
        with pytest.raises(InputError, match="prior of bona fide trials of 1"):
            calibration.fit(bonafide, spoof, prior=1)
        with pytest.raises(InputError, match="1 of 1 spoof scores are NaN"):
            calibration.fit(bonafide, [math.nan])
        with pytest.raises(InputError, match="1 of 2 scores are NaN or infinite"):
            calibration.fit(bonafide, spoof).apply([0, math.inf])


def test_probabilities_become_log_odds() -> None:
    found = log_odds([0, 1e-9, GRAIN, 0.5, 1 - GRAIN, 1])
    assert found.clipped == 3
    assert found.scores == pytest.approx(np.array([-1, -1, -1, 0, 1, 1]) * math.log(1 / GRAIN - 1))
    score = np.linspace(-16, 16, 99)
    assert log_odds(1 / (1 + np.exp(-score))).scores == pytest.approx(score, abs=1e-7)
    with pytest.raises(InputError, match=r"2 of 3 scores lie outside \[0, 1\]"):
        log_odds([-0.1, 0.5, 1.1])
    with pytest.raises(InputError, match="NaN"):
        log_odds([math.nan])


def test_the_challenge_as_an_application() -> None:
    application = Application(prior=0.05, miss=1, false_alarm=10)
    assert application.threshold == pytest.approx(-0.641853886, abs=1e-9)
    prior = application.effective_prior
    assert prior == pytest.approx(0.655172, abs=1e-6)
    assert math.log(prior / (1 - prior)) == pytest.approx(-application.threshold)
    with pytest.raises(InputError, match="prior=0"):
        Application(prior=0)
    with pytest.raises(InputError, match="miss=-1"):
        Application(miss=-1)


@few
@given(st.floats(0.01, 0.99), st.floats(0.1, 20), st.floats(0.1, 20), st.floats(-20, 20))
def test_bayes_decides_for_the_cheaper_error(prior: float, miss: float, alarm: float, llr: float) -> None:
    application = Application(prior, miss, alarm)
    assume(abs(llr - application.threshold) > 1e-6)
    spoof = float(application.spoof_probability(llr))
    assert bool(Threshold.bayes(application).apply(llr)) == (alarm * spoof < miss * (1 - spoof))


@pytest.mark.parametrize(
    ("counts", "weights", "expected"),
    [((2580, 22800), (0.9, 0.1), 0.018253), ((2580, 22800), (1, 1), -2.178971), ((1, 6), (10, 1), 0.510826)],
)
def test_what_networks_learn_as_prior(
    counts: tuple[float, float], weights: tuple[float, float], expected: float
) -> None:
    found = training_log_odds(*counts, bonafide_weight=weights[0], spoof_weight=weights[1])
    assert found == pytest.approx(expected, abs=1e-6)
    with pytest.raises(InputError, match="0 bona fide"):
        training_log_odds(0, 1)


@few
@given(tied, tied, tied, tied)
def test_a_carried_threshold_never_beats_the_best(
    bonafide: Scores, spoof: Scores, other_bonafide: Scores, other_spoof: Scores
) -> None:
    for threshold in (
        Threshold.equal_error(bonafide, spoof), Threshold.least_cost(bonafide, spoof), Threshold.bayes()
    ):  # fmt: skip
        carried = threshold.carried(other_bonafide, other_spoof)
        assert carried.frr == np.mean(~threshold.apply(other_bonafide))
        assert carried.far == np.mean(threshold.apply(other_spoof))
        assert carried.hter_loss >= -1e-12
        assert carried.cost_loss >= -1e-12
        assert carried.best_cost == pytest.approx(min_dcf(other_bonafide, other_spoof), abs=1e-12)
    assert Threshold.least_cost(bonafide, spoof).carried(bonafide, spoof).cost_loss == pytest.approx(0)
    assert Threshold.bayes().carried(bonafide, spoof).cost == pytest.approx(act_dcf(bonafide, spoof))
