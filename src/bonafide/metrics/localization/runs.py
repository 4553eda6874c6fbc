"""From decisions on frames to regions."""

from math import isfinite

import numpy as np

from bonafide.metrics.localization.timeline import Regions, Timelines
from bonafide.types import InputError


def detected(recordings: Timelines, threshold: float) -> Regions:
    """Runs of frames that are not accepted, `score < threshold`, as regions; no smoothing.

    A run of the frames i to j - 1 is the region [i · step, j · step), cut at the end of the file.

    Args:
        recordings: their scores are read, not their truth.
        threshold: a frame is accepted as bona fide iff `score >= threshold`.

    Raises:
        InputError: the threshold is not finite.

    >>> from bonafide.metrics.localization.timeline import timelines
    >>> found = detected(timelines(["a"], [1.0], [[]], [[0.9, 0.4, 0.3, 0.8, 0.1]], step=0.2), threshold=0.5)
    >>> found.start.round(1).tolist(), found.end.round(1).tolist()
    ([0.2, 0.8], [0.6, 1.0])
    """
    refuse_threshold(threshold)
    spoof, bounds = recordings.scores < threshold, recordings.bounds
    # Where the state before a frame and after it differs; between files the state is always accepted.
    border = np.zeros(spoof.size + 1, np.bool_)
    border[bounds] = True
    before, after = np.append(False, spoof), np.append(spoof, False)
    first, stop = np.flatnonzero(after & (border | ~before)), np.flatnonzero(before & (border | ~after))
    file = np.searchsorted(bounds, first, side="right") - 1
    # Rounding to nanoseconds gives 3 · 0.02 s as 0.06 s.
    start, end = (np.round((edge - bounds[file]) * recordings.step, 9) for edge in (first, stop))
    counts = np.bincount(file, minlength=bounds.size - 1)
    return Regions(
        recordings.regions.names,
        start,
        np.minimum(end, recordings.seconds[file]),
        np.concatenate(([0], np.cumsum(counts))),
    )


def refuse_threshold(threshold: float) -> None:
    """Raises an `InputError` unless the threshold is a finite number."""
    if not isfinite(threshold):
        raise InputError(
            f"A threshold of {threshold} decides nothing: freeze a finite one on development data."
        )
