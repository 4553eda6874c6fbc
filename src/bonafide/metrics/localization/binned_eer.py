"""EER of frames, or of time, in many sets drawn from the same files.

Sorting every drawn set would cost too much. Scores fall into bins once, a drawn set is then a weighted sum of
the files' bins, and its curve is known at the borders between them. Where FRR = FAR, the two classes' shares
below the threshold add up to one; the borders lie about there, as far as sets of so many units may stray.
"""

from typing import Final, NamedTuple

import numpy as np

from bonafide.metrics.eer import crossing
from bonafide.metrics.localization.timeline import Floats, Integers
from bonafide.metrics.localization.weighted_eer import Weights

_BINS: Final = 64
_STRAY: Final = 12.0  # times the square root of the units: six deviations where a tenth of them are one class
_SAMPLE: Final = 100_000  # scores whose quantiles are the borders


class Binned(NamedTuple):
    """Weights of both classes by bin of score.

    Args:
        bonafide: `[sets, bins]`.
        spoof: `[sets, bins]`.
    """

    bonafide: Floats
    spoof: Floats


def binned(scores: Floats, bonafide: Weights, spoof: Weights, unit: Integers, units: int) -> Binned:
    """What each unit adds to the bins.

    Args:
        scores: `[pieces]`, finite, high when genuine.
        bonafide: `[pieces]` weights, not negative.
        spoof: the same of the other class.
        unit: `[pieces]`, which unit each piece is of.
        units: how many there are.

    Returns:
        `[units, bins]`; a unit is a file, or files that are drawn together.
    """
    edges = _edges(scores, bonafide, spoof, min(1.0, _STRAY / units**0.5))
    place = unit * _BINS + np.searchsorted(edges, scores, side="right")
    found = (
        np.bincount(place, side, minlength=units * _BINS).astype(np.float64) for side in (bonafide, spoof)
    )
    return Binned(*(side.reshape(units, _BINS) for side in found))


def binned_eer(sets: Binned) -> Floats:
    """`[sets]`, interpolated between the borders of the bins; NaN where a class weighs nothing.

    >>> pieces = binned(np.array([0.1, 0.2, 0.3]), np.array([0, 1, 1]), np.array([1, 0, 1]), np.arange(3), 3)
    >>> together = Binned(*(side.sum(axis=0, keepdims=True) for side in pieces))
    >>> binned_eer(together).tolist()
    [0.5]
    """
    total = [side.sum(axis=1, keepdims=True) for side in sets]
    there = ((total[0] > 0) & (total[1] > 0))[:, 0]
    frr, rejected = (
        np.pad(np.cumsum(side[there], axis=1) / weight[there], ((0, 0), (1, 0)))
        for side, weight in zip(sets, total, strict=True)
    )
    # Sums of products may end a little below the total, which the gap must reach.
    frr[:, -1] = rejected[:, -1] = 1
    found = np.full(len(there), np.nan)
    found[there] = crossing(frr, 1 - rejected)
    return found


def _edges(scores: Floats, bonafide: Weights, spoof: Weights, reach: float) -> Floats:
    """`[bins - 1]` borders, evenly by weight from `reach` of it before the crossing to as much behind it."""
    every = -(-len(scores) // _SAMPLE)
    some, weights = scores[::every], np.zeros(len(scores[::every]))
    for side in (bonafide, spoof):
        weights += side[::every] / max(float(side[::every].sum()), 1.0)
    order = np.argsort(some)
    reached = np.cumsum(weights[order])
    middle = reached[-1] / 2
    wanted = middle * (1 + reach * np.linspace(-1, 1, _BINS + 1)[1:-1])
    return np.asarray(some[order][np.minimum(np.searchsorted(reached, wanted), len(some) - 1)])
