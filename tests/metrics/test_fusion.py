"""Fusions against scipy's optimizer and the field's check values."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from bonafide.metrics.calibration.affine import Affine
from bonafide.metrics.calibration.fitted import Fitted
from bonafide.metrics.cllr import cllr, cllr_min
from bonafide.metrics.dcf import act_dcf, min_dcf
from bonafide.metrics.eer import eer, eer_official
from bonafide.metrics.fusion import LinearFusion, MinMaxMean, ZScoreMean, tandem
from bonafide.types import InputError

ROOT = Path(os.environ.get("BONAFIDE_REAL_AUDIO", Path(__file__).parents[3] / "shared" / "data"))
published = pytest.mark.skipif(
    not (ROOT / "scores" / "asvspoof2019_la").is_dir(),
    reason="no published score files here: set BONAFIDE_REAL_AUDIO to the folder that holds scores/",
)

Scores = NDArray[np.float64]


def systems(seed: int = 0) -> tuple[Scores, Scores]:
    """Three systems of different strength and scale, partly of one mind."""
    generator = np.random.default_rng(seed)
    shared = generator.normal(size=(700, 1))
    noise = generator.normal(size=(700, 3)) + shared
    truth = np.repeat([1.0, 0.0], [200, 500])[:, None]
    scores = (noise + truth * [1.5, 1.0, 2.0]) * [1.0, 40.0, 0.1] + [0.0, 7.0, -3.0]
    return scores[:200], scores[200:]


def cost(bonafide: Scores, spoof: Scores, prior: float, parameters: Scores) -> float:
    shift = parameters[-1] + math.log(prior / (1 - prior))
    genuine = np.logaddexp(0, -(bonafide @ parameters[:-1] + shift)).mean()
    fake = np.logaddexp(0, spoof @ parameters[:-1] + shift).mean()
    return float(prior * genuine + (1 - prior) * fake)


@published
def test_two_published_systems() -> None:
    folder = ROOT / "scores/asvspoof2019_la"
    files = [
        [line.split() for line in (folder / name).read_text().splitlines()]
        for name in ("RawGAT_ST_mul.txt", "AIR_ocsoftmax.txt")
    ]
    assert [row[0] for row in files[0]] == [row[0] for row in files[1]]
    scores = np.array([[row[3] for row in file] for file in files], dtype=np.float64).T * [1, -1]
    genuine = np.array([row[2] == "bonafide" for row in files[0]])
    dev, test = (slice(start, None, 2) for start in (0, 1))
    fitted = LinearFusion.fit(scores[dev][genuine[dev]], scores[dev][~genuine[dev]], prior=0.5)
    assert (*fitted.weights, fitted.offset) == pytest.approx((1.175403, 2.934127, -2.530216), rel=1e-6)
    assert fitted.objective == pytest.approx(0.01925429, abs=1e-8)
    assert not fitted.cautions
    fused = fitted.apply(scores[test])
    sides = fused[genuine[test]], fused[~genuine[test]]
    expected = (0.00510060, 0.00514522, 0.028277, 0.022569, 0.012930, 0.016322)
    measures = (eer, eer_official, cllr, cllr_min, min_dcf, act_dcf)
    assert [measure(*sides) for measure in measures] == pytest.approx(expected, abs=1e-6)

    mean = ZScoreMean.fit(scores[dev]).apply(scores[test])
    sides = mean[genuine[test]], mean[~genuine[test]]
    assert (eer(*sides), min_dcf(*sides)) == pytest.approx((0.00682874, 0.018519), abs=1e-6)
    # The check value of Cllr belongs to the sum of the two z-scores.
    assert cllr(2 * sides[0], 2 * sides[1]) == pytest.approx(0.413962, abs=1e-6)


@pytest.mark.parametrize("prior", [0.05, 0.5, 0.655])
def test_no_other_weights_cost_less(prior: float) -> None:
    bonafide, spoof = systems()
    fitted = LinearFusion.fit(bonafide, spoof, prior=prior)
    found = np.array((*fitted.weights, fitted.offset))
    assert fitted.objective == pytest.approx(cost(bonafide, spoof, prior, found), abs=1e-12)
    scale = np.array([1, 40, 0.1, 1])  # for BFGS, which standardizes nothing
    best = minimize(lambda at: cost(bonafide, spoof, prior, at / scale), np.zeros(4), tol=1e-10)
    assert fitted.objective == pytest.approx(best.fun, abs=1e-9)
    alone = [Affine.fit(bonafide[:, at], spoof[:, at], prior=prior).objective for at in range(3)]
    assert fitted.objective < min(alone)


def test_one_system_is_calibrated_and_twins_share() -> None:
    bonafide, spoof = systems()
    alone = Affine.fit(bonafide[:, 0], spoof[:, 0])
    single = LinearFusion.fit(bonafide[:, :1], spoof[:, :1])
    assert (single.weights[0], single.offset) == pytest.approx((alone.slope, alone.offset))
    twins = LinearFusion.fit(bonafide[:, [0, 0]], spoof[:, [0, 0]])
    assert twins.weights == pytest.approx((alone.slope / 2, alone.slope / 2))


def test_what_is_odd_is_said() -> None:
    bonafide, spoof = systems()
    inverted = LinearFusion.fit(bonafide * [1, -1, 1], spoof * [1, -1, 1])
    assert [weight < 0 for weight in inverted.weights] == [False, True, False]
    assert "negative weight: 2;" in inverted.cautions[0]
    separable = LinearFusion.fit([[5, 0], [6, 1]], [[0, 5], [1, 6]])
    assert separable.separable
    assert "separate" in separable.cautions[0]


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 50), st.floats(-50, 50))
def test_means_forget_each_systems_scale(scale: float, shift: float) -> None:
    scores = np.concatenate(systems())
    moved = scores * [1, scale, 1] + [0, shift, 0]
    for fusion in (ZScoreMean, MinMaxMean):
        plain = fusion.fit(scores).apply(scores)
        assert fusion.fit(moved).apply(moved) == pytest.approx(plain, abs=1e-8)
    assert ZScoreMean.fit(scores).apply(scores).mean() == pytest.approx(0, abs=1e-10)
    spanned = MinMaxMean.fit(scores[:, :1]).apply(scores[:, :1])
    assert (spanned.min(), spanned.max()) == (0, 1)


@pytest.mark.parametrize("columns", [1, 3])
def test_a_fusion_comes_back_from_json(columns: int) -> None:
    bonafide, spoof = (side[:, :columns] for side in systems())
    fitted: Fitted
    for fitted in (LinearFusion.fit(bonafide, spoof), ZScoreMean.fit(spoof), MinMaxMean.fit(spoof)):
        back = type(fitted).of(json.loads(json.dumps(fitted.plain(), allow_nan=False)))
        assert back == fitted
        assert np.array_equal(back.apply(spoof), fitted.apply(spoof))


def test_the_tandem_is_the_mean_of_two_alarms() -> None:
    speaker, genuine = np.random.default_rng(0).normal(0, 5, size=(2, 100))
    plain = -np.log(0.7 * np.exp(-speaker) + 0.3 * np.exp(-genuine))
    assert tandem(speaker, genuine, share=0.3) == pytest.approx(plain)
    assert np.isfinite(tandem([-1e4, 1e4], [1e4, 1e4])).all()
    with pytest.raises(InputError, match="share of spoofs of 1"):
        tandem([1], [1], share=1)
    with pytest.raises(InputError, match="2 verification and 1 countermeasure"):
        tandem([1, 2], [1])


def test_what_cannot_be_fused_is_refused() -> None:
    bonafide, spoof = systems()
    fitted = LinearFusion.fit(bonafide, spoof)
    with pytest.raises(InputError, match="3 systems score the bona fide trials and 2 the spoofs"):
        LinearFusion.fit(bonafide, spoof[:, :2])
    with pytest.raises(
        InputError, match=r"shape \[200\] cannot be fused: give a row a trial, a column a system"
    ):
        LinearFusion.fit(bonafide[:, 0], spoof)
    with pytest.raises(InputError, match="3 columns, a system each"):
        fitted.apply(spoof[:, :2])
    with pytest.raises(InputError, match="System 2 of 3 gives all trials the score 1"):
        LinearFusion.fit(np.where([0, 1, 0], 1.0, bonafide), np.where([0, 1, 0], 1.0, spoof))
    with pytest.raises(InputError, match="NaN"):
        fitted.apply(np.full((1, 3), np.nan))
    for fusion in (ZScoreMean, MinMaxMean):
        with pytest.raises(InputError, match="System 2 of 3 has no spread"):
            fusion.fit(np.where([0, 1, 0], 1.0, spoof))
        with pytest.raises(InputError, match="3 columns"):
            fusion.fit(spoof).apply(spoof[:, :1])
    with pytest.raises(InputError, match="gives no score"):
        LinearFusion((), 0, 0.5, 0.1, separable=False)
