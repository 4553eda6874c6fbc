"""Event-based F1 (Mesaros, Heittola and Virtanen, Metrics for polyphonic sound event detection, 2016,
https://doi.org/10.3390/app6060162), of the one class "spoof".

A predicted region matches a true one of the same file if its start lies within a collar and its end within
the larger of the collar and a share of the true length. Each region matches at most one other; of all such
pairings the largest counts.
"""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from bonafide.metrics.localization.counts import Detections, FileDetections, refuse_other_files
from bonafide.metrics.localization.timeline import MILLISECONDS, Integers, Regions, positions, ticks
from bonafide.types import InputError


def event_f1(true: Regions, predicted: Regions, *, collar: float = 0.25, share: float = 0.5) -> float:
    """2 TP / (2 TP + FP + FN) of regions over all files, a fraction; 0 if nothing was predicted.

    Args:
        true: spoofed regions.
        predicted: of the same files, in the same order.
        collar: seconds by which a start may be off.
        share: of the true length by which an end may be off, if that is more than the collar.

    Raises:
        InputError: no region is true, the files differ, or collar or share is negative.

    >>> from bonafide.metrics.localization.timeline import regions
    >>> event_f1(regions("a", [[(2, 4)]]), regions("a", [[(2.2, 4.9), (6, 7)]]))
    0.6666666666666666
    """
    return event_counts(true, predicted, collar=collar, share=share).f1


def event_counts(
    true: Regions, predicted: Regions, *, collar: float = 0.25, share: float = 0.5
) -> Detections:
    """Regions matched, falsely predicted and missed; they know precision, recall, F1 and error rate.

    Instants are whole milliseconds, limits are inclusive, and regions without length are left out.

    Args:
        true: spoofed regions.
        predicted: of the same files, in the same order.
        collar: seconds by which a start may be off.
        share: of the true length by which an end may be off, if that is more than the collar.

    Raises:
        InputError: the files differ, or collar or share is negative.

    >>> from bonafide.metrics.localization.timeline import regions
    >>> event_counts(regions("a", [[(2, 4)]]), regions("a", [[(2.2, 4.9), (6, 7)]]))
    Detections(true_positives=1, false_positives=1, false_negatives=0)
    """
    return events_of_each(true, predicted, collar=collar, share=share).total


def events_of_each(
    true: Regions, predicted: Regions, *, collar: float = 0.25, share: float = 0.5
) -> FileDetections:
    """`event_counts` of each file by itself.

    Args:
        true: spoofed regions.
        predicted: of the same files, in the same order.
        collar: seconds by which a start may be off.
        share: of the true length by which an end may be off, if that is more than the collar.

    Raises:
        InputError: the files differ, or collar or share is negative.

    >>> from bonafide.metrics.localization.timeline import regions
    >>> found = events_of_each(regions("ab", [[(2, 4)], []]), regions("ab", [[(2.2, 4.9)], [(6, 7)]]))
    >>> [counts.tolist() for counts in found]
    [[1, 0], [0, 1], [0, 0]]
    """
    refuse_other_files(true, predicted)
    if not (collar >= 0 and share >= 0):
        raise InputError(f"A collar of {collar} s and a share of {share} match nothing: take 0 or more.")
    margin = int(ticks(collar, MILLISECONDS))
    longest = max((side.end.max() for side in (true, predicted) if side.end.size), default=0.0)
    span = int(ticks(longest, MILLISECONDS)) + 2 * margin + 1  # keeps files out of each other's collars
    (start, end), (found_start, found_end) = (_laid(side, span) for side in (true, predicted))
    low = np.searchsorted(found_start, start - margin, side="left")
    high = np.searchsorted(found_start, start + margin, side="right")
    event = np.repeat(np.arange(start.size), high - low)
    candidate = low[event] + positions(high - low)
    limit = np.maximum(margin, share * (end - start))
    near = np.abs(found_end[candidate] - end[event]) <= limit[event]
    pairs = csr_array(
        (np.ones(near.sum(), np.int8), (event[near], candidate[near])), shape=(start.size, found_start.size)
    )
    met = start[maximum_bipartite_matching(pairs, perm_type="column") >= 0]
    matched, events, found = (
        np.bincount(side // span, minlength=len(true.names)) for side in (met, start, found_start)
    )
    return FileDetections(matched, found - matched, events - matched)


def _laid(regions: Regions, span: int) -> tuple[Integers, Integers]:
    """Starts, ascending, and ends in milliseconds with the files `span` apart."""
    start, end = (ticks(side, MILLISECONDS) for side in (regions.start, regions.end))
    start, end = (edge[end > start] + regions.file[end > start] * span for edge in (start, end))
    order = np.argsort(start, kind="stable")
    return start[order], end[order]
