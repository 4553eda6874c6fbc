"""Windows of recordings, joined to one timeline of each."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.metrics.localization.timeline import Floats, Integers, frame_counts, positions


class Joined(NamedTuple):
    """Stretches of recordings without a gap: a whole recording, where all its windows were heard.

    Args:
        recording: `[stretches]`, which recording each lies in.
        start: `[stretches]` first sample.
        samples: `[stretches]` length.
        score: `[stretches]` of the windows together.
        frames: `[frames]` scores of all stretches, one behind the other.
        bounds: `[stretches + 1]`; stretch `i` has the frames `bounds[i]` to `bounds[i + 1]`.
    """

    recording: Integers
    start: Integers
    samples: Integers
    score: Floats
    frames: Floats
    bounds: Integers


def joined(
    recording: Integers,
    start: Integers,
    score: NDArray[np.floating],
    frames: NDArray[np.floating],
    *,
    lengths: Integers,
    window: int,
    sample_rate: int,
    step: float,
    judge: Literal["mean", "min"] = "mean",
) -> Joined:
    """Lays windows that follow each other on one grid of frames, cut at the end of the recording.

    Where windows are no whole number of frames long, a frame of the grid takes the score of the frame of its
    window that holds its middle.

    Args:
        recording: `[windows]`, which recording each is of.
        start: `[windows]` first sample of each.
        score: `[windows]`, high when genuine.
        frames: `[windows, frames]`, high when genuine; those behind the end of a recording are dropped.
        lengths: `[recordings]` samples.
        window: samples of a window.
        sample_rate: in Hz.
        step: seconds from frame to frame.
        judge: what the windows make the score of a stretch: their mean, or the least of them.

    >>> frames = np.array([[1, 2], [3, 4.0]])
    >>> found = joined(np.array([0, 0]), np.array([0, 4]), frames[:, 0], frames, lengths=np.array([6]),
    ...                window=4, sample_rate=10, step=0.2)
    >>> found.frames.tolist(), found.samples.tolist(), found.score.tolist()
    ([1.0, 2.0, 3.0], [6], [2.0])
    """
    order = np.lexsort((start, recording))
    recording, start = recording[order], start[order]
    follows = (recording[1:] == recording[:-1]) & (start[1:] == start[:-1] + window)
    first = np.flatnonzero(np.concatenate(([True], ~follows)))
    windows = np.diff(np.append(first, len(order)))
    whose, begin = recording[first], start[first]
    samples = np.minimum(windows * window, lengths[whose] - begin)
    counts = frame_counts(samples / sample_rate, step)
    middle = (positions(counts) + 0.5) * step * sample_rate
    place = np.minimum((middle // window).astype(np.int64), np.repeat(windows - 1, counts))
    inside = ((middle - place * window) // (step * sample_rate)).astype(np.int64)
    inside = np.clip(inside, 0, frames.shape[1] - 1)
    heard = order[np.repeat(first, counts) + place]
    return Joined(
        whose,
        begin,
        samples,
        _together(score[order].astype(np.float64), first, windows, judge),
        frames[heard, inside].astype(np.float64),
        np.concatenate(([0], np.cumsum(counts))),
    )


def _together(score: Floats, first: Integers, windows: Integers, judge: Literal["mean", "min"]) -> Floats:
    """`[windows]` → `[stretches]`."""
    if judge == "min":
        return np.asarray(np.minimum.reduceat(score, first), np.float64)
    return np.asarray(np.add.reduceat(score, first) / windows, np.float64)
