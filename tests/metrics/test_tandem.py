"""The tandem's measures: published operating points, laws, and plain loops as the reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from bonafide.metrics.dcf import min_dcf
from bonafide.metrics.eer import eer, official
from bonafide.metrics.tdcf import (
    ASVSPOOF5,
    ASVSPOOF2019_DEVELOPMENT,
    ASVSPOOF2019_EVALUATION,
    Constants,
    Costs2019,
    Costs2021,
    OperatingPoint,
    min_tdcf,
    min_tdcf_2019,
    min_tdcf_2021,
)
from bonafide.metrics.teer import t_eer
from bonafide.metrics.verification import verification_curve
from bonafide.types import InputError

Scores = NDArray[np.float64]

UNTIED = (0.9, 0.8, 0.7, 0.35), (0.6, 0.4, 0.3, 0.2, 0.1)
DEMO = OperatingPoint(0.0445326279, 0.0443722944, 0.6916264090)

scores = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=12).map(np.array)
rich = scores.filter(lambda drawn: np.unique(drawn).size >= 3)
few = settings(max_examples=60, deadline=None)


@pytest.mark.parametrize(
    ("asv", "expected", "floor"),
    [
        (ASVSPOOF2019_EVALUATION, (0.0254558799, 0.9150441201, 0.3803262265), 0.0627328792),
        (ASVSPOOF2019_DEVELOPMENT, (0.0251376593, 0.9153623407, 0.3801354503), 0.0620264674),
        (ASVSPOOF5, (0.0194696919, 0.9210303081, 0.2303541454), 0.0779336838),
        (DEMO, (0.0459627425, 0.8945372575, 0.3458132045), 0.1173189494),
    ],
)
def test_published_operating_points(asv: OperatingPoint, expected: tuple[float, ...], floor: float) -> None:
    constants = Costs2021().constants(asv)
    assert tuple(constants) == pytest.approx(expected, abs=1e-9)
    assert constants.floor == pytest.approx(floor, abs=1e-9)
    assert Costs2019().constants(asv) == pytest.approx((0, *expected[1:]), abs=1e-9)


def test_the_worked_example() -> None:
    assert min_tdcf_2019(*UNTIED, ASVSPOOF2019_EVALUATION) == pytest.approx(0.4, abs=1e-6)
    assert min_tdcf_2021(*UNTIED, ASVSPOOF2019_EVALUATION) == pytest.approx(0.437640, abs=1e-6)


@few
@given(rich, scores, scores)
def test_the_operating_point_counts_at_the_official_threshold(
    target: Scores, nontarget: Scores, spoof: Scores
) -> None:
    """The organisers' order: stable sort with targets first, one point a trial."""
    merged = np.concatenate((target, nontarget))
    order = np.argsort(merged, kind="stable")
    mine = np.concatenate(([0], np.cumsum(order < target.size)))
    theirs = np.arange(merged.size + 1) - mine
    frr, far = mine / target.size, (nontarget.size - theirs) / nontarget.size
    nearest = np.argmin(np.abs(frr - far))
    threshold = np.concatenate(([merged.min() - 0.001], merged[order]))[nearest]
    assert official(target, nontarget) == ((frr[nearest] + far[nearest]) / 2, threshold)
    expected = (np.mean(nontarget >= threshold), np.mean(target < threshold), np.mean(spoof >= threshold))
    assert OperatingPoint.of(target, nontarget, spoof) == expected


@few
@given(rich, scores)
def test_the_least_cost_over_every_threshold(bonafide: Scores, spoof: Scores) -> None:
    c0, c1, c2 = constants = Constants(0.1, 0.7, 0.4)
    thresholds = [*np.concatenate((bonafide, spoof)), np.inf]
    reference = min(
        c0 + c1 * np.mean(bonafide < threshold) + c2 * np.mean(spoof >= threshold) for threshold in thresholds
    ) / (c0 + 0.4)
    assert min_tdcf(bonafide, spoof, constants) == pytest.approx(reference, abs=1e-12)


@few
@given(rich, scores)
def test_the_two_forms_are_one_at_equal_costs(bonafide: Scores, spoof: Scores) -> None:
    floor = Costs2021().constants(ASVSPOOF5).floor
    legacy = min_tdcf_2019(bonafide, spoof, ASVSPOOF5)
    constrained = min_tdcf_2021(bonafide, spoof, ASVSPOOF5)
    assert constrained == pytest.approx(floor + (1 - floor) * legacy, abs=1e-12)
    assert 0 <= legacy <= 1


@few
@given(rich, scores)
def test_an_asv_that_only_spoofs_deceive_leaves_the_plain_cost(bonafide: Scores, spoof: Scores) -> None:
    asv = OperatingPoint(0.0, 0.0, 1.0)
    costs = Costs2019(target=0.95, nontarget=0.0)
    assert min_tdcf_2019(bonafide, spoof, asv, costs) == pytest.approx(min_dcf(bonafide, spoof), abs=1e-12)


def test_a_perfect_and_a_useless_countermeasure() -> None:
    floor = Costs2021().constants(ASVSPOOF5).floor
    assert min_tdcf_2021([3, 4], [1, 2], ASVSPOOF5) == pytest.approx(floor, abs=1e-12)
    assert min_tdcf_2019([3, 4], [1, 2], ASVSPOOF5) == 0
    assert min_tdcf_2021([1, 2], [3, 4], ASVSPOOF5) == 1
    assert min_tdcf_2019([1, 2], [3, 4], ASVSPOOF5) == 1


def test_unequal_costs_of_asv_and_countermeasure() -> None:
    asv = OperatingPoint(0.1, 0.2, 0.5)
    costs = Costs2019(0.5, 0.2, 0.3, miss_asv=2, false_alarm_asv=3, miss_cm=4, false_alarm_cm=5)
    assert costs.constants(asv) == pytest.approx((0, 0.5 * (4 - 2 * 0.2) - 0.2 * 3 * 0.1, 5 * 0.3 * 0.5))
    costs_2021 = Costs2021(0.5, 0.2, 0.3, miss=4, false_alarm=3, spoof_false_alarm=5)
    c0 = 0.5 * 4 * 0.2 + 0.2 * 3 * 0.1
    assert costs_2021.constants(asv) == pytest.approx((c0, 2 - c0, 0.3 * 5 * 0.5))


def test_what_cannot_be_computed_is_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match="Only 2 distinct scores"):
        min_tdcf_2019([1, 1], [0], ASVSPOOF5)
    with pytest.raises(InputError, match="constant C1 is -"):
        min_tdcf_2019(*UNTIED, OperatingPoint(0.5, 0.96, 0.5))
    with pytest.raises(InputError, match="constant C2 is -1"):
        min_tdcf(*UNTIED, Constants(0.1, 0.5, -1))
    with pytest.raises(InputError, match="constant C0 is nan"):
        min_tdcf(*UNTIED, Constants(np.nan, 0.5, 1))
    with pytest.raises(InputError, match="cannot be normalised"):
        min_tdcf_2019(*UNTIED, OperatingPoint(0.0, 0.0, 0.0))
    with pytest.raises(InputError, match="do not sum to 1"):
        min_tdcf_2021(*UNTIED, ASVSPOOF5, Costs2021(spoof=0.06))
    with pytest.raises(InputError, match="not all positive"):
        min_tdcf_2021(*UNTIED, ASVSPOOF5, Costs2021(miss=0))
    with pytest.raises(InputError, match="not all fractions"):
        min_tdcf_2021(*UNTIED, OperatingPoint(2.4, 2.4, 76))
    with pytest.raises(InputError, match="No nontarget trials"):
        OperatingPoint.of([1], [], [0])
    with pytest.raises(InputError, match="1 of 1 spoof scores are NaN"):
        OperatingPoint.of([1], [0], [np.nan])


def published(bonafide: Scores, spoof: Scores, asv: tuple[Scores, Scores, Scores]) -> float | None:
    """Concurrent t-EER with all pairs of thresholds looked at; None where it is undefined."""
    target, nontarget, spoof_asv = asv
    steps = [-np.inf, *np.unique(np.concatenate((bonafide, spoof)))]
    best, value = np.inf, None
    for threshold in [-np.inf, *np.unique(np.concatenate(asv))]:
        miss, other, fake = (
            (target <= threshold).mean(),
            (nontarget > threshold).mean(),
            np.mean(spoof_asv > threshold),
        )
        if miss >= (other + fake) / 2:
            continue
        rates = [(np.mean(bonafide <= step), np.mean(spoof > step)) for step in steps]
        gaps = [abs(frr + (1 - frr) * miss - ((1 - frr) * other + far * fake) / 2) for frr, far in rates]
        frr, far = rates[int(np.argmin(gaps))]
        if frr < 1 and fake > 0 and abs(other / fake - far / (1 - frr)) < best:
            best, value = abs(other / fake - far / (1 - frr)), fake * far
    return value


# Small sets have many equally good pairs: powers of two as class sizes keep equal rates exactly equal.
eight = st.lists(st.integers(-9, 9).map(float), min_size=8, max_size=8).map(np.array)


@settings(max_examples=100, deadline=None)
@given(eight, eight, eight, eight, eight)
def test_t_eer_is_that_of_all_pairs(
    bonafide: Scores, spoof: Scores, target: Scores, nontarget: Scores, spoof_asv: Scores
) -> None:
    reference = published(bonafide, spoof, (target, nontarget, spoof_asv))
    if reference is None:
        with pytest.raises(InputError, match="t-EER is undefined"):
            t_eer(bonafide, spoof, target, nontarget, spoof_asv)
    else:
        assert t_eer(bonafide, spoof, target, nontarget, spoof_asv) == pytest.approx(reference, abs=1e-12)


def test_at_the_concurrent_point_all_three_errors_are_equal() -> None:
    grid = norm.ppf((np.arange(4000) + 0.5) / 4000)
    bonafide, spoof, target, nontarget, fake = grid + 1.5, grid - 1.5, grid + 2, grid - 2, grid + 1
    value = t_eer(bonafide, spoof, target, nontarget, fake)
    # Solved by hand for Gaussians: choose tau, t with Pmiss = (1 - Pmiss_cm) Pfa_non = Pfa_cm Pfa_spf.
    cm, asv = np.meshgrid(np.linspace(-3, 3, 1501), np.linspace(-3, 3, 1501))
    frr, far = norm.cdf(cm - 1.5), norm.sf(cm + 1.5)
    miss = frr + (1 - frr) * norm.cdf(asv - 2)
    other, spoofed = (1 - frr) * norm.sf(asv + 2), far * norm.sf(asv - 1)
    solution = np.argmin(np.maximum(np.abs(miss - other), np.abs(miss - spoofed)))
    assert value == pytest.approx(spoofed.reshape(-1)[solution], abs=1e-3)


def test_behind_a_perfect_countermeasure_t_eer_is_no_worse_than_the_asv() -> None:
    generator = np.random.default_rng(0)
    target, nontarget = generator.normal(1, 1, 500), generator.normal(-1, 1, 500)
    assert t_eer([3, 4], [1, 2], target, nontarget, target) <= eer(target, nontarget)


def test_an_inverted_countermeasure_has_no_t_eer() -> None:
    with pytest.raises(InputError, match="high for genuine audio"):
        t_eer([0.0], [1.0], [0.0], [1.0], [1.0])


def test_a_large_set_takes_seconds() -> None:
    generator = np.random.default_rng(0)
    sides = [generator.normal(mean, 1, 40_000) for mean in (1.5, -1.5, 2, -2, 1)]
    assert 0 < t_eer(*sides) < 0.5
    assert verification_curve(*sides[2:]).miss.size == 120_001
