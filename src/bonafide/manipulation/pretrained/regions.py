"""From a probability a frame to stretches of time."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from bonafide.manipulation.grounder import Grounded
from bonafide.types import InputError


def check(threshold: float, window: int, setting: str) -> None:
    """Refuses a decision that makes no sense.

    Raises:
        InputError: the threshold is no probability, or the window is not an odd number of frames.
    """
    if not 0 <= threshold <= 1:
        raise InputError(f"{setting}.threshold={threshold} is not a probability; give one from 0 to 1")
    if window < 1 or window % 2 == 0:
        raise InputError(f"{setting}.filter_window={window} must be odd; 1 leaves the frames as they are")


def regions(
    probability: NDArray[np.floating], step: float, seconds: float, *, threshold: float, window: int
) -> list[Grounded]:
    """Runs of frames above the threshold, each with its mean probability.

    Args:
        probability: `[frames]`, in [0, 1]; frame j begins at `j · step`.
        step: seconds between frames.
        seconds: length of the clip, which no region passes.
        threshold: a frame above it belongs to a region.
        window: frames of the median filter over the decisions; 1 is none.

    >>> regions(np.array([0.1, 0.9, 0.7, 0.2, 0.6]), 0.04, 0.19, threshold=0.5, window=1)
    [Grounded(start=0.04, end=0.12, probability=0.8), Grounded(start=0.16, end=0.19, probability=0.6)]
    """
    active = median_filter((probability > threshold).astype(np.int8), size=window, mode="nearest")
    edges = np.flatnonzero(np.diff(active, prepend=0, append=0))
    found = []
    for first, behind in edges.reshape(-1, 2).tolist():
        start, end = round(first * step, 6), min(round(behind * step, 6), seconds)
        if start < end:
            found.append(Grounded(start, end, round(float(probability[first:behind].mean()), 6)))
    return found
