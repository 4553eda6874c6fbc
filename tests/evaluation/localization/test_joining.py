"""Windows of a recording, joined, are the recording."""

import numpy as np
import pytest

from bonafide.evaluation.localization.joining import Joined, joined
from bonafide.evaluation.localization.outcome import Truth, heard_truth

RATE = 16_000


def windows(
    lengths: list[int], window: int, step: float, *, shuffled: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recording, start, and frames that hold the second at which each begins."""
    recording, start = [], []
    for number, length in enumerate(lengths):
        for first in range(0, length, window):
            recording.append(number)
            start.append(first)
    frames = np.arange(-(-window // round(step * RATE)))
    found = np.array(start)[:, None] / RATE + frames * step
    order = np.random.default_rng(0).permutation(len(start)) if shuffled else np.arange(len(start))
    return np.array(recording)[order], np.array(start)[order], found[order].astype(np.float32)


def put(lengths: list[int], window: int, step: float) -> Joined:
    recording, start, frames = windows(lengths, window, step)
    return joined(
        recording, start, frames.mean(axis=1), frames,
        lengths=np.array(lengths), window=window, sample_rate=RATE, step=step,
    )  # fmt: skip


def test_whole_frames_are_laid_behind_each_other() -> None:
    lengths = [70_000, 16_000, 100]
    found = put(lengths, 32_000, 0.02)
    np.testing.assert_array_equal(found.samples, lengths)
    np.testing.assert_array_equal(found.recording, [0, 1, 2])
    np.testing.assert_array_equal(np.diff(found.bounds), [219, 50, 1])
    for first, last in zip(found.bounds[:-1], found.bounds[1:], strict=True):
        np.testing.assert_allclose(found.frames[first:last], np.arange(last - first) * 0.02, atol=1e-6)


@pytest.mark.parametrize("window", [64_600, 64_000, 16_001])
@pytest.mark.parametrize("step", [0.02, 0.016, 0.16])
def test_on_any_grid_a_frame_is_told_where_its_middle_was_heard(window: int, step: float) -> None:
    found = put([200_000], window, step)
    middle = (np.arange(len(found.frames)) + 0.5) * step
    # A frame of a window begins at most a step before any instant in it.
    assert (middle - found.frames < step + 1e-4).all()
    assert (middle - found.frames > -1e-4).all()
    assert len(found.frames) == np.ceil(200_000 / RATE / step)


def test_the_least_genuine_window_may_speak_for_its_recording() -> None:
    recording, start, frames = windows([70_000, 32_000], 32_000, 0.02)
    score = start / 32_000 - 1
    found = {
        judge: joined(
            recording, start, score, frames, lengths=np.array([70_000, 32_000]), window=32_000,
            sample_rate=RATE, step=0.02, judge=judge,
        ).score.tolist()
        for judge in ("mean", "min")
    }  # fmt: skip
    assert found == {"mean": [0.0, -1.0], "min": [-1.0, -1.0]}


def test_a_gap_makes_two_stretches() -> None:
    frames = np.arange(8.0).reshape(4, 2)
    found = joined(
        np.array([0, 0, 0, 1]), np.array([20, 0, 50, 10]), frames[:, 0], frames,
        lengths=np.array([55, 20]), window=20, sample_rate=100, step=0.1,
    )  # fmt: skip
    np.testing.assert_array_equal(found.recording, [0, 0, 1])
    np.testing.assert_array_equal(found.start, [0, 50, 10])
    np.testing.assert_array_equal(found.samples, [40, 5, 10])
    np.testing.assert_array_equal(found.frames, [2, 3, 0, 1, 4, 6])
    np.testing.assert_allclose(found.score, [1, 4, 6])


def test_truth_is_what_was_heard() -> None:
    truth = Truth(
        np.array(["spoof", "bonafide", "spoof"], object),
        np.array([0.5, 3.0]),
        np.array([2.5, 3.5]),
        np.array([0, 2, 2, 2]),
    )
    whose, first = np.array([0, 0, 1, 2]), np.array([0.0, 2.0, 0.0, 1.0])
    file, regions = heard_truth(truth, whose, first, np.array([2.0, 1.25, 5.0, 3.0]))
    assert file.tolist() == [0, 1, 1, 3]
    np.testing.assert_allclose(regions, [[0.5, 2], [0, 0.5], [1, 1.25], [0, 3]])
