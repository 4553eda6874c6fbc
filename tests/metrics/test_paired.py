"""Detectors against each other: figures of published systems, brute force, and how often equals differ."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, kstest, norm
from tests.metrics import published
from tests.metrics.test_official import AIR, RAWGAT, Scores, read

from bonafide.metrics.auc import auc
from bonafide.metrics.bootstrap import replicate
from bonafide.metrics.cllr import cllr
from bonafide.metrics.dcf import min_dcf
from bonafide.metrics.eer import eer, official
from bonafide.metrics.paired import compare, holm, simultaneous_band, two_sided
from bonafide.metrics.trial_tests import delong, hter_dependent, hter_independent, mcnemar
from bonafide.types import InputError

Pair = tuple[Scores, Scores]

tied = st.lists(st.integers(-3, 3).map(float), min_size=2, max_size=15).map(np.array)


def detectors(
    generator: np.random.Generator, bonafide: int = 200, spoof: int = 300, gain: float = 0.0
) -> tuple[Pair, Pair]:
    """Two that share half of their noise; the first is better by `gain`."""
    shared = generator.normal(1, 1, bonafide), generator.normal(-1, 1, spoof)
    one, other = (tuple(side + generator.normal(0, 1, side.size) for side in shared) for _ in range(2))
    return (one[0] + gain, one[1]), (other[0], other[1])


@published.there
@pytest.mark.parametrize(
    ("name", "bounds", "p", "tolerance"),
    [
        ("stratified", (-1.299, -0.887), 0.005, 0.05),
        ("speaker", (-1.535, -0.606), 0.005, 0.05),
        ("system", (-2.964, 0.741), 0.44, 0.2),
        ("speaker x system", (-3.018, 0.857), 0.46, 0.2),
    ],
)
def test_two_published_systems(name: str, bounds: tuple[float, float], p: float, tolerance: float) -> None:
    ids = [[utterance for utterance, *_ in published.trials(name)] for name in (RAWGAT, AIR)]
    assert ids[0] == ids[1]
    scored = {"RawGAT-ST": read(RAWGAT), "AIR": read(AIR)}
    (pair,) = compare({"EER": eer}, scored, scheme=published.schemes(RAWGAT)[name], replicates=400)["EER"]
    assert 100 * pair.difference == pytest.approx(1.060503 - 2.180583, abs=2e-6)
    assert (100 * pair.low, 100 * pair.high) == pytest.approx(bounds, abs=tolerance)
    # 2 / 401 is the least that 400 replicates can say; the standard error of the others is 0.05.
    assert pair.p == pytest.approx(p, abs=1e-4 if p < 0.01 else 0.1)


@published.there
def test_trial_level_figures_of_two_published_systems() -> None:
    one, other = read(RAWGAT), read(AIR)
    assert hter_independent(one, other).z == pytest.approx(10.185, abs=5e-4)
    assert hter_dependent(one, other).z == pytest.approx(10.399, abs=5e-4)
    areas = delong(one, other)
    assert (areas.first, areas.second) == pytest.approx((0.998954, 0.995471), abs=1e-6)
    assert areas.z == pytest.approx(9.878, abs=5e-4)
    found = mcnemar(one, other, (official(*one).threshold, official(*other).threshold))
    assert found["all"][:2] == (1494, 696)
    assert found["all"].chi_squared == pytest.approx(290.05, abs=5e-3)
    assert found["bonafide"].first_right + found["spoof"].first_right == 1494


def test_pairs_of_three_detectors_in_one_pass() -> None:
    generator = np.random.default_rng(0)
    one, other = detectors(generator, gain=1.0)
    scored = {"A": one, "B": other, "C": one}
    found = compare({"EER": eer, "minDCF": min_dcf, "Cllr": cllr}, scored, replicates=200, seed=2)
    assert list(found) == ["EER", "minDCF", "Cllr"]
    ab, ac, bc = found["EER"]
    assert [(pair.first, pair.second) for pair in (ab, ac, bc)] == [("A", "B"), ("A", "C"), ("B", "C")]
    assert ab.difference == eer(*one) - eer(*other) < 0
    assert (bc.low, bc.high) == pytest.approx((-ab.high, -ab.low))
    assert (ac.difference, ac.low, ac.high, ac.standard_error, ac.p, *ac.band) == (0, 0, 0, 0, 1, 0, 0)
    drawn = replicate([eer], [one, other], replicates=200, seed=2).values[0]
    assert (ab.low, ab.high) == pytest.approx(np.quantile(drawn[0] - drawn[1], [0.025, 0.975]))
    assert ab.p == pytest.approx(2 / 201)
    assert [pair.p_holm for pair in (ab, ac, bc)] == pytest.approx(holm([ab.p, ac.p, bc.p]))
    assert np.mean(ab.band) == pytest.approx(ab.difference)
    assert ab.band[1] - ab.band[0] > 2 * 1.96 * ab.standard_error


def test_what_detectors_share_cancels() -> None:
    one, other = detectors(np.random.default_rng(1), 2000, 2000)
    (pair,) = compare({"AUC": auc}, {"A": one, "B": other}, replicates=400)["AUC"]
    apart = (
        replicate([auc], [one], replicates=400, seed=5).values
        - replicate([auc], [other], replicates=400, seed=6).values
    )
    assert pair.standard_error < 0.85 * apart.std()
    # DeLong's is another way to the same error.
    assert pair.standard_error == pytest.approx(error_of(delong(one, other).covariance), rel=0.12)


def error_of(covariance: NDArray[np.float64]) -> float:
    return float(np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]))


def test_equal_detectors_differ_as_often_as_they_should() -> None:
    generator = np.random.default_rng(2)
    pairs = [detectors(generator) for _ in range(300)]
    for test in (hter_dependent, delong):
        p = [test(*pair).p for pair in pairs]
        assert 0.02 <= np.mean(np.array(p) <= 0.05) <= 0.085
    areas = [delong(*pair).z for pair in pairs]
    assert kstest(areas, norm.cdf).pvalue > 0.01
    half = np.array([hter_dependent(*pair).z for pair in pairs])
    assert np.mean(half**2) == pytest.approx(1, abs=0.25)  # without the ½ it would be 4
    p = [compare({"": auc}, dict(enumerate(pair)), replicates=99)[""][0].p for pair in pairs[:100]]  # type: ignore[arg-type]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.08)


def test_p_counts_replicates_on_the_far_side_of_none() -> None:
    assert two_sided(np.array([[1.0] * 99, [-1.0] * 99, [0.0] * 99])) == pytest.approx([0.02, 0.02, 1])
    assert two_sided(np.array([-1.0] * 4 + [2.0] * 95)) == pytest.approx(0.1)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.5))
def test_holm_rejects_step_by_step(values: list[float], alpha: float) -> None:
    rejected = set()
    for step, place in enumerate(sorted(range(len(values)), key=lambda place: values[place])):
        if values[place] * (len(values) - step) > alpha:
            break
        rejected.add(place)
    assert set(np.flatnonzero(holm(values) <= alpha).tolist()) == rejected


def test_a_band_holds_all_pairs_at_once() -> None:
    generator = np.random.default_rng(3)
    differences = generator.multivariate_normal([0, 1, 2], np.diag([1, 4, 9]) + 0.5, size=5000).T
    bands = simultaneous_band([0, 1, 2], differences, level=0.9)
    centred = differences - differences.mean(axis=1, keepdims=True) + np.array([[0], [1], [2]])
    inside = (centred >= bands[:, :1]) & (centred <= bands[:, 1:])
    assert inside.all(axis=0).mean() == pytest.approx(0.9, abs=1e-3)
    assert (inside.mean(axis=1) > 0.95).all()


@settings(max_examples=60, deadline=None)
@given(tied, tied, st.randoms(use_true_random=False))
def test_delong_from_placements_pair_by_pair(
    bonafide: Scores, spoof: Scores, random: np.random.Generator
) -> None:
    generator = np.random.default_rng(int(random.random() * 2**32))
    others = bonafide + generator.normal(size=bonafide.size), spoof + generator.normal(size=spoof.size)
    placements = []
    for genuine, fake in ((bonafide, spoof), others):
        won = np.array([[(b > s) + 0.5 * (b == s) for s in fake] for b in genuine])
        placements.append((won.mean(axis=1), won.mean(axis=0)))
    assume(sum(np.ptp(one - other) for one, other in zip(*placements, strict=True)) > 1e-9)
    found = delong((bonafide, spoof), others)
    for one, other in product((0, 1), repeat=2):
        expected = sum(
            np.cov(placements[one][side], placements[other][side])[0, 1] / placements[0][side].size
            for side in (0, 1)
        )
        assert found.covariance[one, other] == pytest.approx(expected, abs=1e-12)
    assert (found.first, found.second) == pytest.approx((auc(bonafide, spoof), auc(*others)))
    expected = (found.first - found.second) / error_of(found.covariance)
    assert found.z == pytest.approx(expected, abs=1e-6)


def test_delong_by_hand() -> None:
    # Placements of A: bona fide 1 and ½, spoofs 1 and ½; of B: bona fide 1 and 1, spoofs 1 and 1.
    found = delong(([3, 2], [1, 2.5]), ([3, 4], [1, 2.5]))
    assert (found.first, found.second) == (0.75, 1.0)
    assert found.covariance.tolist() == [[0.125, 0], [0, 0]]
    assert found.z == pytest.approx(-0.25 / np.sqrt(0.125))
    assert found.p == pytest.approx(2 * norm.cdf(found.z))


def test_hter_by_hand() -> None:
    # A, at 1.5, errs on its first bona fide trial and its last spoof; B, at 0.5, on its last bona fide trial.
    one = [1, 2, 3, 4], [0, 0, 0, 5]
    other = [1, 2, 3, 0], [0, 0, 0, 0]
    far_ba = frr_ab = frr_ba = 0.25
    dependent = 0.5 * abs(frr_ab - far_ba - frr_ba) / np.sqrt(far_ba / 16 + (frr_ab + frr_ba) / 16)
    assert hter_dependent(one, other).z == pytest.approx(dependent)
    assert hter_independent(one, other).z == pytest.approx((0.25 - 0.125) / np.sqrt(3 * 0.1875 / 16))


@pytest.mark.parametrize(
    ("first_right", "second_right"), [(0, 0), (3, 9), (12, 12), (20, 5), (60, 31), (30, 30)]
)
def test_mcnemar_by_counts(first_right: int, second_right: int) -> None:
    one = np.repeat([1.0, 0.0, 1.0, 0.0], [first_right, second_right, 7, 4])
    other = np.repeat([0.0, 1.0, 1.0, 0.0], [first_right, second_right, 7, 4])
    found = mcnemar((one, [0.0]), (other, [0.0]), (0.5, 0.5))
    total, away = first_right + second_right, abs(first_right - second_right)
    assert found["all"] == found["bonafide"]
    assert found["spoof"] == (0, 0, 1.0, None)
    assert found["all"][:2] == (first_right, second_right)
    if total < 25:
        assert found["all"].chi_squared is None
        expected = min(1.0, 2 * binom.cdf(min(first_right, second_right), total, 0.5))
    else:
        statistic = max(0, away - 1) ** 2 / total
        assert found["all"].chi_squared == pytest.approx(statistic)
        expected = 2 * norm.sf(np.sqrt(statistic))
    assert found["all"].p == pytest.approx(expected)


def test_the_same_detector_twice_does_not_differ() -> None:
    one, _ = detectors(np.random.default_rng(5))
    assert hter_independent(one, one) == (0, 1)
    assert hter_dependent(one, one) == (0, 1)
    assert delong(one, one)[3:] == (0, 1)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda: compare({"EER": eer}, {"A": ([1], [0])}), "1 detectors make no comparison"),
        (
            lambda: compare({"EER": eer}, {"A": ([1], [0]), "B": ([1, 2], [0])}),
            "Detector 1 scored 1 bona fide and 1 spoof trials, detector 2 2 and 1",
        ),
        (lambda: delong(([1, 2], [0, 1]), ([1, 2, 3], [0, 1])), "second 3 and 2"),
        (lambda: delong(([1], [0, 1]), ([1], [0, 1])), "needs two of each"),
        (lambda: delong(([1, 1], [0, 0]), ([0, 0], [1, 1])), "none of them varies"),
        (lambda: mcnemar(([1], []), ([1], []), (0, 0)), "No spoof trials"),
        (lambda: holm([0.1, 1.5]), "no probability"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(
    broken: Callable[[], object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        broken()
