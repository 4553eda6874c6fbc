"""Thresholds of frames, to be chosen on development data and frozen."""

import numpy as np
from numpy.typing import NDArray

from bonafide.metrics.eer import eer_threshold
from bonafide.metrics.localization.counts import Detections
from bonafide.metrics.localization.labels import LabelRule
from bonafide.metrics.localization.resolution import trials
from bonafide.metrics.localization.segment_f1 import active_segments
from bonafide.metrics.localization.timeline import MILLISECONDS, Floats, Integers, Timelines, positions, ticks
from bonafide.types import InputError


def best_threshold(recordings: Timelines, resolution: float = 1.0) -> float:
    """The threshold at which `segment_f1` of what is `detected` is highest; of several the lowest.

    Exact: a segment is predicted at every threshold above the lowest score of the frames that touch it, so F1
    of all thresholds follows from one sorting of segments. It lies midway between the scores around it.

    Args:
        recordings: truth and scores.
        resolution: length of a segment in seconds.

    Raises:
        InputError: no region is true, or the resolution is no whole number of milliseconds.

    >>> from bonafide.metrics.localization.timeline import timelines
    >>> scores = [[3, 3, -2, -1, 3, 3], [1, 2, 2, 2, 2, 2]]
    >>> recordings = timelines("ab", [3.0, 3.0], [[(1, 2)], []], scores, step=0.5)
    >>> best_threshold(recordings)
    -0.5
    """
    first, after = active_segments(recordings.regions, resolution)
    length = round(resolution * MILLISECONDS)
    file, begin, end = _touched(recordings, length)
    span = int(max(after.max(initial=0), end.max(initial=0))) + 1
    size = span * len(recordings.seconds)
    true = _marked(recordings.regions.file * span + first, recordings.regions.file * span + after, size)
    lowest = np.full(size, np.inf)
    times = end - begin
    place = np.repeat(file * span + begin, times) + positions(times)
    np.minimum.at(lowest, place, np.repeat(recordings.scores, times))
    order = np.argsort(lowest, kind="stable")[: int(np.isfinite(lowest).sum())]
    level, found = lowest[order], np.cumsum(true[order])
    reference = int(true.sum())
    if not reference:
        Detections(0, 0, 0)._reference("F1")  # noqa: SLF001 - whose message it is
    f1 = 2 * found / (np.arange(1, len(level) + 1) + reference)
    ends = np.append(np.flatnonzero(level[1:] > level[:-1]), len(level) - 1)  # of scores that are alike
    best = ends[np.argmax(f1[ends])]
    return _between(level, int(best))


def frame_eer_threshold(recordings: Timelines, *, compat: LabelRule | None = None) -> float:
    """The threshold at which as many bona fide frames are rejected as spoofed ones are accepted.

    Args:
        recordings: truth and scores.
        compat: a published system whose labels are wanted; see `frame_labels`.

    Raises:
        InputError: a class has no frames.
    """
    bonafide, spoof = trials(recordings, compat=compat).by_class()
    if not (bonafide.size and spoof.size):
        raise InputError(
            "Frames of one class alone have no EER: check the regions, or enlarge the development data."
        )
    return float(eer_threshold(bonafide, spoof))


def _touched(recordings: Timelines, length: int) -> tuple[Integers, Integers, Integers]:
    """Of each frame: its file, the first segment that it touches and the one after its last."""
    counts = np.diff(recordings.bounds)
    place = positions(counts)
    file = np.repeat(np.arange(len(counts)), counts)
    stop = ticks(recordings.seconds, MILLISECONDS)[file]
    start, end = (
        np.minimum(ticks(np.round((place + side) * recordings.step, 9), MILLISECONDS), stop)
        for side in (0, 1)
    )
    first = start // length
    return file, first, np.where(end > start, -(-end // length), first)


def _marked(start: Integers, end: Integers, size: int) -> NDArray[np.bool_]:
    """True from each start up to its end."""
    steps = np.bincount(start, minlength=size + 1) - np.bincount(end, minlength=size + 1)
    found: NDArray[np.bool_] = np.cumsum(steps)[:size] > 0
    return found


def _between(level: Floats, place: int) -> float:
    """Above a score and not above the next."""
    if place + 1 == len(level):
        return float(level[place] + 1)
    middle = (level[place] + level[place + 1]) / 2
    return float(middle if middle > level[place] else level[place + 1])
