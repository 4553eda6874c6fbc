"""The error rate that the wavelet-packet study prints as EER, from predicted labels instead of scores.

Gasenzer and Wolter, Towards generalizing deep-audio fake detection networks, TMLR 2024,
https://openreview.net/forum?id=RGewtLtvHz, interpolate a ROC of three points: accept all, the network's own
decisions, reject all. The figure depends on the threshold hidden in the arg max, usually exceeds `eer`, and
is never to be compared with an EER of scores. The study counts windows of one second, not files.
"""

from numpy.typing import ArrayLike

from bonafide.metrics.decisions import decide
from bonafide.types import InputError


def eer_hard(bonafide: ArrayLike, spoof: ArrayLike, *, threshold: float = 0.0) -> float:
    """Equal error rate of the decisions `score >= threshold`; a fraction.

    Args:
        bonafide: `[trials]` log-odds, high when genuine.
        spoof: `[trials]` log-odds.
        threshold: 0 is the arg max of two logits.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the threshold is NaN.

    >>> round(eer_hard([2, 1, 1, 1, -1], [0.5, -2, -3, -4]), 6)
    0.238095
    """
    at = decide(bonafide, spoof, threshold)
    return hard_crossing(at.frr, at.far)


def hard_crossing(frr: float, far: float) -> float:
    """Where the lines (0, 1), (FRR, FAR), (1, 0) cross FRR = FAR: max(FRR, FAR) / (1 + |FRR - FAR|).

    Raises:
        InputError: a rate lies outside [0, 1].

    >>> hard_crossing(0.1, 0.3), hard_crossing(0.0, 1.0)
    (0.25, 0.5)
    """
    if not (0 <= frr <= 1 and 0 <= far <= 1):
        raise InputError(f"FRR {frr} and FAR {far} are not both rates: give fractions from 0 to 1.")
    return max(frr, far) / (1 + abs(frr - far))
