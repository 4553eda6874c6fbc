"""Grounders, selectors and splicers."""

import numpy as np
import pytest

from bonafide.manipulation.enhancers.identity import Identity
from bonafide.manipulation.grounder import Grounded
from bonafide.manipulation.grounders.energy import Energy
from bonafide.manipulation.grounders.whole_clip import WholeClip
from bonafide.manipulation.selectors.key_region import KeyRegion
from bonafide.manipulation.splicer import Splicer
from bonafide.manipulation.splicers.cross_fade import CrossFade
from bonafide.manipulation.splicers.hard import Hard
from bonafide.manipulation.splicers.vocode_both import VocodeBoth
from bonafide.types import InputError, Segment

RATE = 16_000
RNG = np.random.default_rng


def noise(seconds: float, level: float, seed: int = 0) -> np.ndarray:
    return (level * RNG(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def bursts(*stretches: tuple[float, float], seconds: float = 10.0) -> np.ndarray:
    clip = noise(seconds, 0.001)
    for start, end in stretches:
        clip[round(start * RATE) : round(end * RATE)] += noise(end - start, 0.1, 1)
    return clip


def test_energy_finds_what_is_loud() -> None:
    wanted = [(1.0, 2.5), (4.0, 4.8), (7.0, 9.5)]
    found = Energy().ground(bursts(*wanted), RATE, "")
    assert len(found) == 3
    for (start, end), stretch in zip(wanted, found, strict=True):
        assert stretch.start == pytest.approx(start, abs=0.05)
        assert stretch.end == pytest.approx(end, abs=0.05)
        assert 0.7 < stretch.probability <= 1


def test_energy_bridges_pauses_as_short_as_it_is_told() -> None:
    clip = bursts((1.0, 2.0), (2.15, 3.0))
    assert len(Energy(bridge=0.3, divide=None).ground(clip, RATE, "")) == 1
    assert len(Energy(bridge=0.05, divide=None).ground(clip, RATE, "")) == 2


def test_energy_divides_where_something_new_begins() -> None:
    clip = bursts((1.0, 4.0)) + bursts((2.5, 4.0)) * np.float32(5)
    found = Energy().ground(clip, RATE, "")
    assert [round(stretch.start, 1) for stretch in found] == [1.0, 2.5]
    assert len(Energy(divide=None).ground(clip, RATE, "")) == 1


def test_energy_does_not_depend_on_the_level() -> None:
    clip = bursts((1.0, 2.5), (4.0, 4.8))
    loud, soft = (Energy().ground(gain * clip, RATE, "") for gain in (np.float32(1), np.float32(0.1)))
    np.testing.assert_allclose(loud, soft, atol=1e-3)


def test_energy_of_what_is_the_same_everywhere() -> None:
    assert Energy().ground(noise(5.0, 0.1), RATE, "") == [Grounded(0.0, 5.0, 0.5)]
    assert Energy().ground(np.zeros(RATE, np.float32), RATE, "") == []
    assert Energy().ground(np.zeros(10, np.float32), RATE, "") == []


def test_the_whole_clip() -> None:
    assert WholeClip().ground(noise(2.5, 0.1), RATE, "") == [Grounded(0.0, 2.5, 1.0)]


def test_the_best_stretch_that_fits_is_the_region() -> None:
    stretches = [Grounded(0, 0.5, 0.99), Grounded(1.01, 3.03, 0.6), Grounded(5.0, 7.0, 0.8)]
    assert KeyRegion().select(stretches, 10.0, RNG(0)) == Segment(5.0, 7.0)
    assert KeyRegion().select(stretches[:2], 10.0, RNG(0)) == Segment(1.0, 3.04)


@pytest.mark.parametrize("seed", range(30))
def test_every_region_is_on_the_grid_and_of_a_length_allowed(seed: int) -> None:
    rng = RNG(seed)
    start = rng.uniform(0, 5)
    stretch = Grounded(start, start + rng.uniform(1.1, 5), 0.5)
    region = KeyRegion().select([stretch], 10.0, rng)
    assert region is not None
    for edge in region:
        assert round(edge / 0.04) * 0.04 == pytest.approx(edge, abs=1e-9)
    assert 1.0 <= round(region.end - region.start, 6) <= 4.0
    assert stretch.start - 0.02 <= region.start < region.end <= stretch.end + 0.02


def test_a_long_stretch_is_cut_or_left() -> None:
    stretch = [Grounded(0.0, 10.0, 1.0)]
    drawn = {KeyRegion().select(stretch, 10.0, RNG(seed)) for seed in range(200)}
    lengths = [round(region.end - region.start, 6) for region in drawn if region is not None]
    assert min(lengths) < 1.2
    assert max(lengths) > 3.8
    assert KeyRegion(longer="leave").select(stretch, 10.0, RNG(0)) is None
    assert KeyRegion(0.04, None).select(stretch, 10.0, RNG(0)) == Segment(0.0, 10.0)


def test_a_short_stretch_grows_or_is_left() -> None:
    stretches = [Grounded(2.0, 2.4, 0.9), Grounded(5.0, 5.4, 0.5)]
    region = KeyRegion().select(stretches, 10.0, RNG(0))
    assert region is not None
    assert region.end - region.start == pytest.approx(1.0)
    assert region.start < 2.0
    assert region.end > 2.4
    assert KeyRegion(shorter="leave").select(stretches, 10.0, RNG(0)) is None
    assert KeyRegion().select([Grounded(0.0, 0.2, 1.0)], 10.0, RNG(0)) == Segment(0.0, 1.0)
    assert KeyRegion().select([Grounded(0.0, 0.2, 1.0)], 0.9, RNG(0)) is None
    assert KeyRegion().select([], 10.0, RNG(0)) is None


def test_a_region_does_not_reach_beyond_the_clip() -> None:
    assert KeyRegion(0.04, None).select([Grounded(0.0, 9.99, 1.0)], 9.99, RNG(0)) == Segment(0.0, 9.96)


@pytest.mark.parametrize(
    "settings",
    [
        {"shortest": 5.0},
        {"grid": 0.0},
        {"shorter": "x"},
        {"longer": "x"},
        {"choose": "x"},
        {"shortest": -1.0},
    ],
)
def test_a_selector_without_meaning_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(InputError, match="selector:"):
        KeyRegion(**settings)  # type: ignore[arg-type]


ORIGINAL, NEW = noise(2.0, 0.1), noise(2.0, 0.1, 5)


@pytest.mark.parametrize("splicer", [Hard(), CrossFade(), VocodeBoth()])
def test_nothing_outside_the_region_is_touched_by_a_splice(splicer: Splicer) -> None:
    for start, end in ((8000, 16_000), (0, 100), (31_900, 32_000), (5, 6)):
        made = splicer.splice(ORIGINAL, NEW, start, end, RATE)
        np.testing.assert_array_equal(made[:start], ORIGINAL[:start])
        np.testing.assert_array_equal(made[end:], ORIGINAL[end:])
        assert np.any(made[start:end] != ORIGINAL[start:end])
        assert made.dtype == np.float32


def test_a_hard_splice_copies_the_region_to_the_bit() -> None:
    np.testing.assert_array_equal(Hard().splice(ORIGINAL, NEW, 50, 99, RATE)[50:99], NEW[50:99])


def test_a_cross_fade_goes_from_the_one_to_the_other_without_a_step() -> None:
    zeros, ones = np.zeros(RATE, np.float32), np.ones(RATE, np.float32)
    made = CrossFade(0.01).splice(zeros, ones, 4000, 8000, RATE)
    assert np.abs(np.diff(made)).max() < 0.011
    assert (made[4160:7840] == 1).all()
    np.testing.assert_allclose(made[4000:8000], made[4000:8000][::-1], atol=1e-7)
    edge = CrossFade(0.01).splice(zeros, ones, 0, 8000, RATE)
    assert (edge[:7840] == 1).all()
    np.testing.assert_array_equal(CrossFade().splice(ORIGINAL, ORIGINAL, 100, 900, RATE), ORIGINAL)


def test_vocode_both_changes_both_sides_alike_far_from_the_region() -> None:
    splicer = VocodeBoth()
    fake = splicer.finish(splicer.splice(ORIGINAL, NEW, 12_000, 20_000, RATE), RATE)
    twin = splicer.finish(ORIGINAL, RATE)
    assert not splicer.untouched
    assert fake.shape == twin.shape == ORIGINAL.shape
    assert np.abs(twin - ORIGINAL).max() > 0.01
    np.testing.assert_allclose(fake[:9000], twin[:9000], atol=1e-5)
    assert np.abs(fake - twin)[13_000:19_000].max() > 0.05


def test_settings_without_meaning_are_refused() -> None:
    with pytest.raises(InputError, match=r"splicer\.vocoder=x"):
        VocodeBoth("x")
    with pytest.raises(InputError, match=r"splicer\.seconds=0"):
        CrossFade(0)
    with pytest.raises(InputError, match="share=2"):
        Energy(share=2)


def test_identity_is_one() -> None:
    np.testing.assert_array_equal(Identity().enhance(ORIGINAL, RATE, 0), ORIGINAL)
