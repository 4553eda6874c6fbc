import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.audio import clip
from bonafide.types import InputError


@given(st.integers(1, 300), st.integers(1, 1000))
def test_repeating_is_as_published(time, length):
    waveform = np.random.default_rng(0).standard_normal(time).astype(np.float32)
    published = np.tile(waveform, int(length / time) + 1)[:length]
    np.testing.assert_array_equal(clip.repeat(waveform, length), published)


def test_repeating_works_along_the_last_axis():
    waveform = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert clip.repeat(waveform, 7).tolist() == [[0, 1, 2, 0, 1, 2, 0], [3, 4, 5, 3, 4, 5, 3]]


def test_nothing_cannot_be_repeated():
    with pytest.raises(InputError, match="empty"):
        clip.repeat(np.zeros(0, np.float32), 4)


def test_every_place_is_equally_likely_the_last_included():
    draws = np.random.default_rng(0).integers(2**62, size=20_000)
    places = np.bincount([clip.crop_start(104, 100, int(draw)) for draw in draws])
    assert len(places) == 5
    assert abs(places / 20_000 - 0.2).max() < 0.015


@given(st.integers(1, 100), st.integers(1, 100), st.integers(0, 2**63))
def test_a_crop_lies_inside(total, length, draw):
    start = clip.crop_start(total, length, draw)
    assert start == 0 if total <= length else 0 <= start <= total - length


@given(st.integers(1, 500), st.integers(1, 60), st.data())
def test_windows_cover_all_and_the_last_is_flush(total, length, data):
    hop = data.draw(st.integers(1, length))
    starts = clip.starts(total, length, hop)
    covered = np.zeros(max(total, length), dtype=int)
    for start in starts:
        covered[start : start + length] += 1
    assert (covered[:total] > 0).all()
    assert starts[-1] == max(0, total - length)
    assert (np.diff(starts) > 0).all()
    assert (np.diff(starts)[:-1] == hop).all()


def test_a_hop_that_misses_samples_is_refused():
    for hop in (0, 5):
        with pytest.raises(InputError, match="hop"):
            clip.starts(100, 4, hop)
