"""Share of right decisions at a threshold; a trial is accepted as bona fide iff `score >= threshold`.

Accuracy is ruled by the larger class: never quote it without the class counts.
"""

from numpy.typing import ArrayLike

from bonafide.metrics.decisions import decide
from bonafide.metrics.eer import eer_threshold


def accuracy(bonafide: ArrayLike, spoof: ArrayLike, threshold: float) -> float:
    """(#{b >= t} + #{s < t}) / (B + S), a fraction.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the threshold is NaN.

    >>> accuracy([2, 1, -1], [0, -2, -3, -4, -5], threshold=0.0)
    0.75
    """
    return decide(bonafide, spoof, threshold).accuracy


def balanced_accuracy(bonafide: ArrayLike, spoof: ArrayLike, threshold: float) -> float:
    """1 - (FRR(t) + FAR(t)) / 2, a fraction; both classes weigh the same.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the threshold is NaN.

    >>> balanced_accuracy([2, 1, 1, -1], [0, -2, -3, -4], threshold=0.0)
    0.75
    """
    return decide(bonafide, spoof, threshold).balanced_accuracy


def accuracy_at_eer(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """Accuracy at the EER threshold of these same scores; for validation, where that threshold is chosen.

    >>> accuracy_at_eer([2, 3], [0, 1])
    1.0
    """
    return accuracy(bonafide, spoof, eer_threshold(bonafide, spoof))


def balanced_accuracy_at_eer(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """Balanced accuracy at the EER threshold of these same scores; for validation.

    >>> balanced_accuracy_at_eer([2, 3], [0, 1])
    1.0
    """
    return balanced_accuracy(bonafide, spoof, eer_threshold(bonafide, spoof))
