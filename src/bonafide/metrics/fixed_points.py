"""One error rate where the other is held at or below a limit, as a user of a detector states his demand.

No interpolation: the rates belong to an operating point that a threshold reaches. With a limit below one
trial in the limited class the point demands that no trial of it goes wrong, and the figure speaks of the
set's size more than of the detector: see `resolution_limited`.
"""

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.curve import Curve, Rates, curve
from bonafide.types import InputError


def frr_at_far(bonafide: ArrayLike, spoof: ArrayLike, *, limit: float = 0.01) -> float:
    """The least FRR among the operating points whose FAR is at most `limit`; a fraction.

    min { FRR_k : FAR_k <= limit }

    Args:
        bonafide: `[trials]` scores, high when genuine.
        spoof: `[trials]` scores.
        limit: of the share of spoof trials accepted, from 0 to 1.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the limit is no rate.

    >>> frr_at_far([0.9, 0.8, 0.7, 0.35], [0.6, 0.4, 0.3, 0.2, 0.1], limit=0.2)
    0.25
    >>> frr_at_far([0.9, 0.8, 0.7, 0.35], [0.6, 0.4, 0.3, 0.2, 0.1], limit=0.4)
    0.0
    """
    return frr_at_far_of(curve(bonafide, spoof), limit=limit)


def frr_at_far_of(points: Curve, *, limit: float = 0.01) -> float:
    """`frr_at_far` of a curve that is there already."""
    return _least(points.frr, points.far, limit)


def far_at_frr(bonafide: ArrayLike, spoof: ArrayLike, *, limit: float = 0.01) -> float:
    """The least FAR among the operating points whose FRR is at most `limit`; a fraction.

    min { FAR_k : FRR_k <= limit }

    Args:
        bonafide: `[trials]` scores, high when genuine.
        spoof: `[trials]` scores.
        limit: of the share of bona fide trials rejected, from 0 to 1.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the limit is no rate.

    >>> far_at_frr([0.9, 0.8, 0.7, 0.35], [0.6, 0.4, 0.3, 0.2, 0.1])
    0.4
    """
    return far_at_frr_of(curve(bonafide, spoof), limit=limit)


def far_at_frr_of(points: Curve, *, limit: float = 0.01) -> float:
    """`far_at_frr` of a curve that is there already."""
    return _least(points.far, points.frr, limit)


def resolution_limited(trials: int, *, limit: float = 0.01) -> bool:
    """Whether a limit lies below one trial of the class that it limits, so that it demands zero errors.

    Args:
        trials: of the limited class: spoofs for `frr_at_far`, bona fide trials for `far_at_frr`.
        limit: as given to these.

    >>> resolution_limited(99), resolution_limited(100)
    (True, False)
    """
    return limit < 1 / trials


def _least(rate: Rates, limited: Rates, limit: float) -> float:
    if not 0 <= limit <= 1:
        raise InputError(f"A limit of {limit} is no error rate: take a fraction from 0 to 1.")
    return float(np.min(rate, where=limited <= limit, initial=1.0))
