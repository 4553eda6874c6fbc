"""Overlapping windows, joined, are one timeline: what all say is said, and edges of windows have no say."""

import numpy as np
import pytest

from bonafide.audio import clip
from bonafide.evaluation.localization.joining import joined
from bonafide.metrics.localization.crossfade import Crossfade

RATE, STEP, UNIT = 16_000, 0.02, 320
SAMPLES = 16_000


def windows(total: int, hop: int, *, samples: int = SAMPLES) -> tuple[np.ndarray, np.ndarray]:
    start = clip.starts(total, samples, hop)
    return start, np.minimum(samples, total - start)


def join(
    start: np.ndarray,
    length: np.ndarray,
    frames: np.ndarray,
    hop: int,
    *,
    samples: int = SAMPLES,
    batch: int = 999,
) -> np.ndarray:
    timeline = Crossfade(samples, hop, RATE, STEP)
    found = []
    for first in range(0, len(start), batch):
        rows = slice(first, first + batch)
        last = first + batch >= len(start)
        found.append(timeline.add(start[rows], length[rows], frames[rows], last=last))
    return np.concatenate(found)


@pytest.mark.parametrize("hop", [UNIT, 3 * UNIT, 8_000, 11_200, SAMPLES])
@pytest.mark.parametrize("total", [100, 15_999, 16_000, 16_001, 24_000, 100_000, 160_000])
def test_what_all_windows_agree_on_is_the_timeline(hop: int, total: int) -> None:
    start, length = windows(total, hop)
    count = -(-total // UNIT)
    truth = np.random.default_rng(0).normal(size=count + 2)
    # A window begins anywhere on the last stretch; its frames are those that hold the middles of the grid's.
    place = np.clip(np.ceil(start[:, None] / UNIT - 0.5).astype(int) + np.arange(51), 0, count + 1)
    found = join(start, length, truth[place], hop)
    assert len(found) == max(1, np.ceil((total / RATE * 1000 - 0.5) / (STEP * 1000)))
    on_grid = (start % UNIT == 0).all()
    wrong = np.flatnonzero(~np.isclose(found, truth[: len(found)]))
    assert not wrong.size or not on_grid
    assert (wrong >= start[-1] // UNIT).all(), "only the last window may lie between the frames of the grid"


def test_the_edges_of_a_window_have_no_say() -> None:
    hop = SAMPLES // 2
    start, length = windows(80_000, hop)
    frames = np.zeros((len(start), 51))
    quarter = (SAMPLES - hop) // 4 // UNIT
    frames[1:, :quarter] = 1e6
    frames[:-1, -quarter - 1 :] = 1e6
    np.testing.assert_array_equal(join(start, length, frames, hop), 0)
    frames[0, 0] = frames[-1, 49] = 7
    found = join(start, length, frames, hop)
    assert found[0] == found[-1] == 7, "but the first and the last are whole"


def test_the_say_passes_over_without_a_jump() -> None:
    hop = SAMPLES // 2
    start, length = windows(24_000, hop)
    frames = np.repeat([[0.0], [1.0]], 51, axis=1)
    found = join(start, length, frames, hop)
    assert found[37] == pytest.approx(0.5), "in the middle of the overlap"
    assert (np.diff(found) >= 0).all()
    assert np.diff(found).max() < 0.13
    np.testing.assert_array_equal(found[[0, 30, 44, 74]], [0, 0, 1, 1])


@pytest.mark.parametrize("hop", [4 * UNIT, 8_000, SAMPLES])
@pytest.mark.parametrize("total", [8_000, 70_123])
def test_any_batches_give_the_same(hop: int, total: int) -> None:
    start, length = windows(total, hop)
    frames = np.random.default_rng(1).normal(size=(len(start), 51))
    whole = join(start, length, frames, hop)
    for batch in (1, 2, 7):
        np.testing.assert_allclose(join(start, length, frames, hop, batch=batch), whole, rtol=1e-12)


@pytest.mark.parametrize("samples", [16_000, 16_150])
@pytest.mark.parametrize("total", [100, 70_123, 160_000])
def test_windows_without_overlap_are_joined_as_in_a_test(samples: int, total: int) -> None:
    """Two ways to the same timeline: all recordings of a test at once, and one recording bit by bit."""
    start = np.arange(0, total, samples)
    frames = np.random.default_rng(2).normal(size=(len(start), 51))
    tiled = joined(
        np.zeros(len(start), np.int64), start, frames[:, 0], frames,
        lengths=np.array([total]), window=samples, sample_rate=RATE, step=STEP,
    )  # fmt: skip
    length = np.minimum(samples, total - start)
    np.testing.assert_array_equal(
        join(start, length, frames, samples, samples=samples, batch=2), tiled.frames
    )
