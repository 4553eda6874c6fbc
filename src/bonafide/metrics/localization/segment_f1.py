"""Segment-based F1 (Mesaros, Heittola and Virtanen, Metrics for polyphonic sound event detection, 2016,
https://doi.org/10.3390/app6060162), of the one class "spoof".

Time is cut into segments of length r. A region makes every segment active that it touches,

    ⌊start / r⌋ … ⌈end / r⌉ - 1,

and segments are counted over all files. FakeSound reports r = 1 s and 0.02 s, ADD 2023 track 2 r = 1 s.
Segments that are neither are not counted, so there is no accuracy.
"""

from math import isfinite
from typing import Literal, TypeAlias

import numpy as np

from bonafide.metrics.localization.counts import Detections, FileDetections, refuse_other_files
from bonafide.metrics.localization.tape import joined
from bonafide.metrics.localization.timeline import MILLISECONDS, Integers, Regions, ticks
from bonafide.types import InputError

SegmentRule: TypeAlias = Literal["sed_eval"]


def segment_f1(
    true: Regions, predicted: Regions, *, resolution: float = 1.0, compat: SegmentRule | None = None
) -> float:
    """2 TP / (2 TP + FP + FN) of segments over all files, a fraction; 0 if nothing was predicted.

    Args:
        true: spoofed regions.
        predicted: of the same files, in the same order.
        resolution: length of a segment in seconds.
        compat: `"sed_eval"` divides in binary fractions as that library does.

    Raises:
        InputError: no region is true, the files differ, or the resolution is no whole number of milliseconds.

    >>> from bonafide.metrics.localization.timeline import regions
    >>> true = regions("abcd", [[(2, 4)], [], [(6.12, 7.4)], []])
    >>> found = regions("abcd", [[(2.5, 4.5)], [(1, 1.5)], [], []])
    >>> segment_f1(true, found), round(segment_f1(true, found, resolution=0.02), 6)
    (0.5, 0.519031)
    """
    return segment_counts(true, predicted, resolution=resolution, compat=compat).f1


def segment_counts(
    true: Regions, predicted: Regions, *, resolution: float = 1.0, compat: SegmentRule | None = None
) -> Detections:
    """Segments found, falsely found and missed; they know precision, recall, F1 and error rate.

    Args:
        true: spoofed regions.
        predicted: of the same files, in the same order.
        resolution: length of a segment in seconds.
        compat: `"sed_eval"` divides in binary fractions as that library does.

    Raises:
        InputError: the files differ, or the resolution is no whole number of milliseconds.

    >>> from bonafide.metrics.localization.timeline import regions
    >>> segment_counts(regions("a", [[(2, 4)]]), regions("a", [[(2.5, 4.5)]]))
    Detections(true_positives=2, false_positives=1, false_negatives=0)
    """
    return segments_of_each(true, predicted, resolution=resolution, compat=compat).total


def segments_of_each(
    true: Regions, predicted: Regions, *, resolution: float = 1.0, compat: SegmentRule | None = None
) -> FileDetections:
    """`segment_counts` of each file by itself.

    Args:
        true: spoofed regions.
        predicted: of the same files, in the same order.
        resolution: length of a segment in seconds.
        compat: `"sed_eval"` divides in binary fractions as that library does.

    Raises:
        InputError: the files differ, or the resolution is no whole number of milliseconds.

    >>> from bonafide.metrics.localization.timeline import regions
    >>> found = segments_of_each(regions("ab", [[(2, 4)], []]), regions("ab", [[(2.5, 4.5)], [(0, 1)]]))
    >>> [counts.tolist() for counts in found]
    [[2, 0], [1, 1], [0, 0]]
    """
    refuse_other_files(true, predicted)
    sides = [active_segments(side, resolution, compat) for side in (true, predicted)]
    # One segment stays free behind each file, so that no stretch reaches into the next.
    span = max((int(after.max()) for _, after in sides if after.size), default=0) + 1
    laid = [
        tuple(side.file * span + edge for edge in edges)
        for side, edges in zip((true, predicted), sides, strict=True)
    ]
    either = tuple(np.concatenate(edges) for edges in zip(*laid, strict=True))
    in_truth, in_prediction, in_either = (
        _segments(*joined(*edges), span, len(true.names)) for edges in (*laid, either)
    )
    in_both = in_truth + in_prediction - in_either
    return FileDetections(in_both, in_prediction - in_both, in_truth - in_both)


def active_segments(
    regions: Regions, resolution: float, compat: SegmentRule | None = None
) -> tuple[Integers, Integers]:
    """The first segment that each region touches and the one after its last, two of `[regions]`.

    A region without length touches none; with `compat="sed_eval"` it does unless it lies on the grid.

    >>> from bonafide.metrics.localization.timeline import regions
    >>> events = regions("a", [[(0.58, 0.6)]])
    >>> active_segments(events, 0.02), active_segments(events, 0.02, compat="sed_eval")
    ((array([29]), array([30])), (array([28]), array([30])))
    """
    length = resolution * MILLISECONDS
    if not (isfinite(length) and length >= 1):
        raise InputError(f"Segments of {resolution} s are impossible: take at least 0.001 s.")
    if compat == "sed_eval":
        first, after = np.floor(regions.start / resolution), np.ceil(regions.end / resolution)
        return first.astype(np.int64), after.astype(np.int64)
    if abs(length - round(length)) > 1e-6:
        raise InputError(f"Segments of {resolution} s are off the grid of time: take whole milliseconds.")
    start, end = (ticks(side, MILLISECONDS) for side in (regions.start, regions.end))
    first = start // round(length)
    return first, np.where(end > start, -(-end // round(length)), first)


def _segments(start: Integers, end: Integers, span: int, files: int) -> Integers:
    """`[files]`, how many segments stretches hold that lie `span` a file behind each other."""
    return np.bincount(start // span, end - start, minlength=files).astype(np.int64)
