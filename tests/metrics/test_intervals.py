"""The bootstrap: weights against repeated trials, and how often the interval holds the truth."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy.stats import norm
from tests.metrics import published
from tests.metrics.test_official import RAWGAT, Scores, read

from bonafide.metrics import bootstrap
from bonafide.metrics.accuracy import balanced_accuracy_at_eer
from bonafide.metrics.auc import auc
from bonafide.metrics.bootstrap import replicate
from bonafide.metrics.cllr import cllr
from bonafide.metrics.curve import Measure
from bonafide.metrics.dcf import act_dcf, min_dcf
from bonafide.metrics.eer import eer
from bonafide.metrics.fixed_points import far_at_frr, frr_at_far
from bonafide.metrics.intervals import interval, intervals
from bonafide.metrics.schemes import (
    by_group,
    by_speaker,
    by_system,
    stratified,
)
from bonafide.metrics.weighted import WEIGHTED, Ranking, Resampled
from bonafide.types import InputError

MEASURES: list[Measure] = [
    *WEIGHTED,
    partial(min_dcf, prior=0.5, false_alarm=1.0),
    partial(act_dcf, miss=3.0),
    partial(frr_at_far, limit=0.2),
    partial(far_at_frr, limit=0.3),
    balanced_accuracy_at_eer,
]

# Few distinct values, so that most sets have ties within and between the classes.
scores = (
    st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=25)
    | st.lists(st.floats(-50, 50), min_size=1, max_size=25)
).map(np.array)


def plain(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """The same measure, resampled trial by trial."""
    return eer(bonafide, spoof)


@settings(max_examples=120, deadline=None)
@given(scores, scores, st.randoms(use_true_random=False))
def test_a_weight_is_a_repetition(bonafide: Scores, spoof: Scores, random: np.random.Generator) -> None:
    generator = np.random.default_rng(int(random.random() * 2**32))
    genuine, fake = (generator.integers(0, 4, size=(5, side.size)) for side in (bonafide, spoof))
    genuine[:, 0] += genuine.sum(axis=1) == 0
    fake[:, -1] += fake.sum(axis=1) == 0
    sets = Resampled(Ranking(bonafide, spoof), genuine, fake)
    for measure in MEASURES:
        repeated = [
            measure(np.repeat(bonafide, one), np.repeat(spoof, other))
            for one, other in zip(genuine, fake, strict=True)
        ]
        assert sets.measured(measure) == pytest.approx(repeated, abs=1e-12)


def test_measures_and_detectors_share_their_draws() -> None:
    generator = np.random.default_rng(1)
    bonafide, spoof = generator.normal(1, 1, 60), generator.normal(0, 1, 70)
    shuffled = bonafide[::-1] * 2, np.roll(spoof, 3) * 2
    drawn = replicate([eer, plain], [(bonafide, spoof), shuffled, (bonafide * 2, spoof * 2)], replicates=50)
    assert drawn.values[0] == pytest.approx(drawn.values[1], abs=1e-12)
    assert drawn.values[:, 0] == pytest.approx(
        drawn.values[:, 2], abs=1e-12
    )  # another scale, the same trials
    assert (drawn.values[0, 0] != drawn.values[0, 1]).any()  # other trials


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(2)
    bonafide, spoof = generator.normal(1, 1, 60), generator.normal(0, 1, 70)
    monkeypatch.setattr(bootstrap, "_CELLS", 1000)
    one, *others = (
        replicate([eer, cllr, plain], [(bonafide, spoof)], replicates=100, seed=3, threads=threads).values
        for threads in (1, 2, 5, None)
    )
    for other in others:
        assert (one == other).all()
    assert len(np.unique(one[1])) == 100  # blocks do not repeat each other


@pytest.mark.parametrize("cells", [1, 120, 1 << 19])
def test_a_seed_repeats_itself(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_CELLS", cells)
    bonafide, spoof = np.arange(20.0), np.arange(-10.0, 10.0)
    first = interval(eer, bonafide, spoof, replicates=50, seed=5)
    assert interval(eer, bonafide, spoof, replicates=50, seed=5) == first
    assert interval(eer, bonafide, spoof, replicates=50, seed=6) != first
    assert 0 <= first[0] <= eer(bonafide, spoof) <= first[1] <= 1


def test_the_result_says_what_was_done() -> None:
    generator = np.random.default_rng(4)
    bonafide, spoof = generator.normal(1, 1, 100), generator.normal(0, 1, 200)
    found = intervals({"EER": eer, "Cllr": cllr}, bonafide, spoof, replicates=400, level=0.9, seed=7)
    drawn = replicate([eer, cllr], [(bonafide, spoof)], replicates=400, seed=7).values[:, 0]
    for measured, measure, values in zip(found.values(), (eer, cllr), drawn, strict=True):
        assert measured.estimate == measure(bonafide, spoof)
        assert (measured.low, measured.high) == pytest.approx(np.quantile(values, [0.05, 0.95]), abs=1e-15)
        assert measured.standard_error == pytest.approx(np.sqrt(((values - values.mean()) ** 2).sum() / 399))
        assert measured[4:] == (0.9, 400, 0, "stratified", 7)
    assert interval(cllr, bonafide, spoof, replicates=400, level=0.9, seed=7) == found["Cllr"][1:3]


@pytest.mark.parametrize(("measure", "truth"), [(eer, norm.cdf(-1)), (auc, norm.cdf(np.sqrt(2)))])
def test_nine_of_ten_intervals_hold_the_truth(measure: Measure, truth: float) -> None:
    generator = np.random.default_rng(3)
    bounds = [
        interval(
            measure,
            generator.normal(1, 1, 300),
            generator.normal(-1, 1, 600),
            replicates=200,
            level=0.9,
            seed=trial,
        )
        for trial in range(200)
    ]
    # Binomial error of 200 sets: 0.02.
    assert 0.84 <= np.mean([low <= truth <= high for low, high in bounds]) <= 0.96


def test_new_systems_are_held_by_the_interval_of_systems_alone() -> None:
    generator = np.random.default_rng(5)
    truth = norm.cdf(-1 / np.sqrt(1 + 0.5))  # AUC of bona fide N(1, .5) against spoofs N(0, 1) is 1 - this
    held: dict[str, list[bool]] = {"stratified": [], "system": []}
    for trial in range(60):
        systems = np.repeat(np.arange(20), 50)
        bonafide = generator.normal(1, np.sqrt(0.5), 500)
        spoof = generator.normal(0, np.sqrt(0.7), 20)[systems] + generator.normal(0, np.sqrt(0.3), 1000)
        for scheme in (stratified(500, 1000), by_system(systems.astype(str))):
            low, high = interval(auc, bonafide, spoof, scheme=scheme, replicates=100, level=0.9, seed=trial)
            held[scheme.name].append(low <= 1 - truth <= high)
    assert np.mean(held["stratified"]) < 0.5
    assert np.mean(held["system"]) > 0.78


def test_wider_level_wider_interval_around_the_measure() -> None:
    generator = np.random.default_rng(1)
    bonafide, spoof = generator.normal(1, 1, 80), generator.normal(0, 1, 80)
    narrow = interval(auc, bonafide, spoof, replicates=300, level=0.5)
    wide = interval(auc, bonafide, spoof, replicates=300, level=0.95)
    assert wide[0] < narrow[0] < auc(bonafide, spoof) < narrow[1] < wide[1]


def test_constant_scores_have_no_spread() -> None:
    assert interval(eer, [0, 0, 0], [0, 0]) == (0.5, 0.5)


@published.there
@pytest.mark.parametrize(
    ("name", "bounds", "error", "tolerance"),
    [
        ("stratified", (0.931, 1.237), 0.080, 0.05),
        ("speaker", (0.709, 1.505), 0.198, 0.05),
        ("system", (0.367, 1.645), 0.324, 0.2),
        ("speaker x system", (0.328, 1.797), 0.381, 0.2),
    ],
)
def test_intervals_of_a_published_system(
    name: str, bounds: tuple[float, float], error: float, tolerance: float
) -> None:
    found = intervals({"EER": eer}, *read(RAWGAT), scheme=published.schemes(RAWGAT)[name], replicates=400)[
        "EER"
    ]
    assert 100 * found.estimate == pytest.approx(1.060503, abs=1e-6)
    assert (100 * found.low, 100 * found.high) == pytest.approx(bounds, abs=tolerance)
    assert 100 * found.standard_error == pytest.approx(error, rel=0.12)


@pytest.mark.parametrize("senseless", [{"replicates": 1}, {"level": 1.0}, {"level": 0.0}])
def test_senseless_settings_are_refused(senseless: dict[str, float]) -> None:
    with pytest.raises(InputError, match="bootstrap"):
        interval(eer, [1], [0], **senseless)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda: interval(eer, [1, 2], []), "No spoof trials"),
        (lambda: by_speaker(["anna", "-"], ["ben", ""]), "2 of 4 trials have no speaker"),
        (lambda: by_system(["A07", "-"]), "1 of 2 trials have no system"),
        (lambda: by_group(["clip"], ["clip"]), "All trials have the same clip group"),
        (
            lambda: interval(eer, [1, 2], [0, 1], scheme=by_speaker(["a", "b", "c"], ["a", "b"])),
            "by speaker names 3 bona fide trials, but 2 have a score",
        ),
        (lambda: interval(partial(min_dcf, prior=2.0), [1, 2], [0, 1]), "prior=2"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(broken: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        broken()
