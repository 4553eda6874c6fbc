"""Share of right decisions at a threshold; a trial is accepted as bona fide iff `score >= threshold`.

Accuracy is ruled by the larger class: never quote it without the class counts.
"""

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.curve import classes
from bonafide.metrics.eer import eer_threshold


def accuracy(bonafide: ArrayLike, spoof: ArrayLike, threshold: float) -> float:
    """(#{b >= t} + #{s < t}) / (B + S), a fraction.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> accuracy([2, 1, -1], [0, -2, -3, -4, -5], threshold=0.0)
    0.75
    """
    bonafide, spoof = classes(bonafide, spoof)
    right = np.count_nonzero(bonafide >= threshold) + np.count_nonzero(spoof < threshold)
    return float(right / (bonafide.size + spoof.size))


def balanced_accuracy(bonafide: ArrayLike, spoof: ArrayLike, threshold: float) -> float:
    """1 - (FRR(t) + FAR(t)) / 2, a fraction; both classes weigh the same.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> balanced_accuracy([2, 1, 1, -1], [0, -2, -3, -4], threshold=0.0)
    0.75
    """
    bonafide, spoof = classes(bonafide, spoof)
    return float((np.mean(bonafide >= threshold) + np.mean(spoof < threshold)) / 2)


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
