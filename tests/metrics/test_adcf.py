"""a-DCF: a plain loop over thresholds as the reference, and its limits."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bonafide.metrics.adcf import ASVSPOOF5, DEFAULT, Parameters, min_adcf, min_adcf_threshold
from bonafide.metrics.dcf import min_dcf
from bonafide.metrics.verification import verification_curve
from bonafide.types import InputError

Scores = NDArray[np.float64]
scores = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=15).map(np.array)
parameters = st.sampled_from((DEFAULT, ASVSPOOF5, Parameters(0.2, 0.5, 0.3, 3.0, 1.0, 0.5)))
few = settings(max_examples=80, deadline=None)


def cost(sides: tuple[Scores, Scores, Scores], chosen: Parameters, threshold: float) -> float:
    target, nontarget, spoof = sides
    missed, accepted, spoofed = (
        chosen.miss * chosen.target,
        chosen.false_alarm * chosen.nontarget,
        chosen.spoof_false_alarm * chosen.spoof,
    )
    raw = (
        missed * np.mean(target < threshold)
        + accepted * np.mean(nontarget >= threshold)
        + spoofed * np.mean(spoof >= threshold)
    )
    return float(raw / min(missed, accepted + spoofed))


@few
@given(scores, scores, scores, parameters)
def test_the_least_cost_over_every_threshold(
    target: Scores, nontarget: Scores, spoof: Scores, chosen: Parameters
) -> None:
    sides = (target, nontarget, spoof)
    reference = min(cost(sides, chosen, threshold) for threshold in [*np.concatenate(sides), np.inf])
    least = min_adcf(*sides, chosen)
    assert least == pytest.approx(reference, abs=1e-12)
    assert cost(sides, chosen, min_adcf_threshold(*sides, chosen)) == pytest.approx(least, abs=1e-12)
    assert least <= 1 + 1e-12


@few
@given(scores, scores, scores)
def test_every_threshold_of_the_curve_gives_its_own_rates(
    target: Scores, nontarget: Scores, spoof: Scores
) -> None:
    points = verification_curve(target, nontarget, spoof)
    assert points.miss == pytest.approx([np.mean(target < threshold) for threshold in points.threshold])
    assert points.false_alarm == pytest.approx([np.mean(nontarget >= t) for t in points.threshold])
    assert points.spoof_false_alarm == pytest.approx([np.mean(spoof >= t) for t in points.threshold])
    assert all(low < high for low, high in pairwise(points.threshold))


@few
@given(scores, scores)
def test_with_one_kind_of_impostor_it_is_the_detection_cost(target: Scores, impostor: Scores) -> None:
    halves = Parameters(0.95, 0.025, 0.025, 1.0, 10.0, 10.0)
    assert min_adcf(target, impostor, impostor, halves) == pytest.approx(min_dcf(target, impostor), abs=1e-12)


@few
@given(scores, scores, scores)
def test_increasing_maps_and_duplication_change_nothing(
    target: Scores, nontarget: Scores, spoof: Scores
) -> None:
    least = min_adcf(target, nontarget, spoof)
    assert min_adcf(np.exp(target), np.exp(nontarget), np.exp(spoof)) == pytest.approx(least, abs=1e-12)
    assert min_adcf(np.tile(target, 2), nontarget, np.tile(spoof, 3)) == pytest.approx(least, abs=1e-12)


def test_by_hand() -> None:
    # Dear errors: one target rejected, .9 / 2 of min(.9, .5 + 1). Cheaper ones: the upper nontarget and spoof
    # accepted, (.095 + .5) / 2 of min(.9405, .095 + .5).
    sides = [1.0, 4.0], [0.0, 2.0], [-1.0, 3.0]
    assert min_adcf(*sides, DEFAULT) == pytest.approx(0.5, abs=1e-12)
    assert min_adcf_threshold(*sides, DEFAULT) == 3.5
    assert min_adcf(*sides, ASVSPOOF5) == pytest.approx(0.5, abs=1e-12)
    assert min_adcf_threshold(*sides, ASVSPOOF5) == 0.5


def test_perfect_and_constant_scores() -> None:
    assert min_adcf([2, 3], [0, 1], [-1]) == 0
    assert min_adcf_threshold([2, 3], [0, 1], [-1]) == 1.5
    assert min_adcf([0, 0], [0], [0, 0, 0]) == 1
    assert min_adcf([0, 0], [0], [0, 0, 0], DEFAULT) == 1
    assert min_adcf_threshold([0, 0], [0], [0, 0, 0], DEFAULT) == np.inf


def test_what_cannot_be_computed_is_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match="No spoof trials"):
        min_adcf([1], [0], [])
    with pytest.raises(InputError, match="1 of 2 nontarget scores are NaN or infinite"):
        min_adcf([1], [0, np.inf], [0])
    for senseless in (
        ASVSPOOF5._replace(target=0.5),
        ASVSPOOF5._replace(miss=0.0),
        ASVSPOOF5._replace(false_alarm=np.nan),
    ):
        with pytest.raises(InputError, match="a-DCF with priors"):
            min_adcf([1], [0], [0], senseless)
