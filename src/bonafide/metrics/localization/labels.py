"""Which frames count as spoofed, given the spoofed regions.

The default is exact: instants are whole milliseconds, and a frame is spoofed if regions cover more than a
share `overlap` of it. Two conversions of published systems differ near the borders of regions:

* `"partialspoof"` (Zhang et al., 2022, https://arxiv.org/abs/2204.05177) marks the frames from
  `round(start / step)` up to `round(end / step)`. Halves go to the even number, which can delete a region.
* `"fakesound"` (Xie et al., 2024, https://arxiv.org/abs/2406.08052) marks those from
  `int(start / step)` up to `int(end / step)`, in binary fractions: 0.58 / 0.02 is a little less than 29.
"""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bonafide.metrics.localization.tape import frame_edges, tape
from bonafide.metrics.localization.timeline import (
    MILLISECONDS,
    Floats,
    Integers,
    Regions,
    durations,
    frame_counts,
    positions,
    ticks,
)
from bonafide.types import InputError

LabelRule: TypeAlias = Literal["partialspoof", "fakesound"]

_ROUNDED: Mapping[LabelRule, Callable[[Floats], Floats]] = {"partialspoof": np.rint, "fakesound": np.trunc}


class FrameLabels(NamedTuple):
    """Labels of frames of many files.

    Args:
        spoof: `[frames]`, whether each is spoofed.
        bounds: `[files + 1]`; file `i` has the frames `bounds[i]` to `bounds[i + 1]`.
    """

    spoof: NDArray[np.bool_]
    bounds: Integers


def frame_labels(
    regions: Regions,
    seconds: ArrayLike,
    step: float,
    *,
    overlap: float = 0.0,
    compat: LabelRule | None = None,
) -> FrameLabels:
    """Labels of the `⌈d / step⌉` frames of each file.

    Args:
        regions: where the files are spoofed.
        seconds: `[files]` durations d.
        step: length of a frame in seconds.
        overlap: ρ in [0, 1); a frame is spoofed if more than ρ · step of it lies in regions. Higher values
            forgive frames that a region only touches.
        compat: a published system whose conversion is wanted instead; `overlap` then plays no part.

    Raises:
        InputError: `overlap` lies outside [0, 1), the step is below a millisecond, or durations do not fit
            the files.

    >>> from bonafide.metrics.localization.timeline import regions
    >>> spoofed = regions(["a"], [[(0.30, 0.34)]])
    >>> frame_labels(spoofed, [0.4], 0.04).spoof.astype(int).tolist()
    [0, 0, 0, 0, 0, 0, 0, 1, 1, 0]
    >>> frame_labels(spoofed, [0.4], 0.04, compat="partialspoof").spoof.any()
    np.False_
    """
    if not 0 <= overlap < 1:
        raise InputError(
            f"A frame cannot overlap a region by more than {overlap} of it: take a share in [0, 1)."
        )
    seconds = durations(regions, seconds)
    counts = frame_counts(seconds, step)
    bounds = np.concatenate(([0], np.cumsum(counts)))
    if compat is not None:
        return FrameLabels(_marked(regions, bounds, step, _ROUNDED[compat]), bounds)
    line = tape(regions, ticks(seconds, MILLISECONDS), MILLISECONDS)
    edges = frame_edges(line, counts, step, MILLISECONDS)
    return FrameLabels(line.spoofed(edges) > overlap * step * MILLISECONDS, bounds)


def _marked(
    regions: Regions, bounds: Integers, step: float, rounded: Callable[[Floats], Floats]
) -> NDArray[np.bool_]:
    """True from the rounded start up to the rounded end of each region, inside its file."""
    counts = np.diff(bounds)[regions.file]
    first, after = (
        np.minimum(rounded(side / step).astype(np.int64), counts) for side in (regions.start, regions.end)
    )
    spoof = np.zeros(bounds[-1], np.bool_)
    spoof[np.repeat(bounds[regions.file] + first, after - first) + positions(after - first)] = True
    return spoof
