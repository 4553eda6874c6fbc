"""Operating points of a speaker verification system that meets three classes: target, nontarget, spoof."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.curve import Rates, between, finite, rates


class VerificationCurve(NamedTuple):
    """Operating points from "accept all" to "reject all", tied scores as one point.

    Args:
        threshold: `[points]`, accept iff `score >= threshold`; halfway between neighbouring scores, -∞ and
            +∞ at the ends.
        miss: `[points]`, share of target trials rejected; never falls.
        false_alarm: `[points]`, share of nontarget trials accepted; never rises.
        spoof_false_alarm: `[points]`, share of spoof trials accepted; never rises.
    """

    threshold: Rates
    miss: Rates
    false_alarm: Rates
    spoof_false_alarm: Rates


def verification_curve(target: ArrayLike, nontarget: ArrayLike, spoof: ArrayLike) -> VerificationCurve:
    """One sort, O(N log N).

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> points = verification_curve([2, 3], [0, 1], [0, 2])
    >>> points.threshold.tolist()
    [-inf, 0.5, 1.5, 2.5, inf]
    >>> points.miss.tolist(), points.false_alarm.tolist(), points.spoof_false_alarm.tolist()
    ([0.0, 0.0, 0.0, 0.5, 1.0], [1.0, 0.5, 0.0, 0.0, 0.0], [1.0, 0.5, 0.5, 0.0, 0.0])
    """
    scores = finite(target, "target"), finite(nontarget, "nontarget"), finite(spoof, "spoof")
    values, place = np.unique(np.concatenate(scores), return_inverse=True)
    ends = np.cumsum([side.size for side in scores])[:-1]
    claimed, other, fake = (np.bincount(part, minlength=values.size) for part in np.split(place, ends))
    threshold = np.concatenate(([-np.inf], between(values[:-1], values[1:]), [np.inf]))
    miss, false_alarm = rates(claimed, other)
    return VerificationCurve(threshold, miss, false_alarm, rates(claimed, fake)[1])
