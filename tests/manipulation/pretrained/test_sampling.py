"""The arithmetic of gaps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.manipulation.pretrained.sampling import Sampling, gap
from bonafide.types import InputError


@given(st.data())
def test_an_exact_gap_covers_the_region_and_no_latent_more(data: st.DataObject) -> None:
    samples = data.draw(st.integers(1, 400_000))
    start = data.draw(st.integers(0, samples - 1))
    end = data.draw(st.integers(start + 1, samples))
    count, first, behind = gap(samples, start, end, 640, "exact")
    assert (count - 1) * 640 < samples <= count * 640
    assert first * 640 <= start < (first + 1) * 640
    assert (behind - 1) * 640 < end <= behind * 640


@pytest.mark.parametrize("region", [(0.0, 1.0), (6.12, 7.4), (3.04, 3.08), (0.0, 10.0)])
def test_a_published_gap_lies_at_fractions_of_256_latents(region: tuple[float, float]) -> None:
    start, end = (round(16_000 * each) for each in region)
    count, first, behind = gap(160_000, start, end, 640, "published")
    assert count == 256  # 25.6 a second
    assert first == int(region[0] / 10 * 256)
    assert behind == max(int(region[1] / 10 * 256), first + 1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"steps": 0}, "steps=0 must be 1 or more"),
        ({"candidates": 0}, "candidates=0"),
        ({"eta": 1.5}, "eta=1.5 from 0 to 1"),
        ({"grid": "coarse"}, "use exact or published"),
    ],
)
def test_settings_without_a_meaning_are_refused(wrong: dict[str, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Sampling(**wrong).check()
