"""The median filter of sound event detection, on scores instead of decisions.

A median of an odd number of frames lies below a threshold iff most of them do, so that filtered scores give
at every threshold the decisions that a median filter makes of unfiltered ones.
"""

from typing import Final

import numpy as np

from bonafide.metrics.localization.timeline import Timelines
from bonafide.types import InputError

_AT_ONCE: Final = 2**18  # frames whose neighbours are held together


def median_filtered(recordings: Timelines, frames: int) -> Timelines:
    """Timelines whose scores are the medians of their surroundings; those at the ends of a file last on.

    Args:
        recordings: to filter.
        frames: width of the surroundings, odd; 1 changes nothing.

    Raises:
        InputError: the width is even, or not positive.

    >>> from bonafide.metrics.localization.timeline import timelines
    >>> recordings = timelines(["a"], [1.0], [[]], [[0.9, 0.1, 0.8, 0.2, 0.3]], step=0.2)
    >>> median_filtered(recordings, 3).scores.tolist()
    [0.9, 0.8, 0.2, 0.3, 0.3]
    """
    refuse_width(frames)
    if frames == 1:
        return recordings
    bounds, half = recordings.bounds, frames // 2
    counts = np.diff(bounds)
    first, last = np.repeat(bounds[:-1], counts), np.repeat(bounds[1:] - 1, counts)
    found = np.empty_like(recordings.scores)
    around = np.arange(-half, half + 1)
    for start in range(0, len(found), _AT_ONCE):
        mine = np.arange(start, min(start + _AT_ONCE, len(found)))
        place = np.clip(mine[:, None] + around, first[mine, None], last[mine, None])
        found[mine] = np.median(recordings.scores[place], axis=1)
    return recordings._replace(scores=found)


def refuse_width(frames: int) -> None:
    """Raises an `InputError` unless a median filter can be so wide."""
    if frames < 1 or frames % 2 == 0:
        raise InputError(
            f"task.median_filter={frames} is no width of a median filter; choose an odd number of frames, "
            "1 for none"
        )
