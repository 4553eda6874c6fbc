"""Right and wrong decisions at a given threshold, one chosen on other trials or by the Bayes rule.

Quote none of these without the threshold's origin, nor accuracy, precision or F1 without the class counts:
all three move with the share of spoofs in the set.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.curve import classes
from bonafide.types import InputError


class Decisions(NamedTuple):
    """How many trials of each class were accepted and rejected; rates are fractions.

    Args:
        bonafide_accepted: right.
        bonafide_rejected: misses.
        spoof_accepted: false alarms.
        spoof_rejected: right.
    """

    bonafide_accepted: int
    bonafide_rejected: int
    spoof_accepted: int
    spoof_rejected: int

    @property
    def frr(self) -> float:
        """Share of bona fide trials rejected."""
        return self.bonafide_rejected / (self.bonafide_accepted + self.bonafide_rejected)

    @property
    def far(self) -> float:
        """Share of spoof trials accepted."""
        return self.spoof_accepted / (self.spoof_accepted + self.spoof_rejected)

    @property
    def hter(self) -> float:
        """Half total error rate, (FAR + FRR) / 2."""
        return (self.far + self.frr) / 2

    @property
    def balanced_accuracy(self) -> float:
        """1 - HTER: the mean recall of the two classes."""
        return (self.recall_bonafide + self.recall_spoof) / 2

    @property
    def accuracy(self) -> float:
        """Share of right decisions; ruled by the larger class."""
        return (self.bonafide_accepted + self.spoof_rejected) / sum(self)

    @property
    def recall_bonafide(self) -> float:
        """Share of bona fide trials accepted, 1 - FRR."""
        return self.bonafide_accepted / (self.bonafide_accepted + self.bonafide_rejected)

    @property
    def recall_spoof(self) -> float:
        """Share of spoof trials rejected, 1 - FAR."""
        return self.spoof_rejected / (self.spoof_accepted + self.spoof_rejected)

    @property
    def precision_bonafide(self) -> float:
        """Share of bona fide trials among those accepted.

        Raises:
            InputError: nothing was accepted.
        """
        return _precision(self.bonafide_accepted, self.spoof_accepted, "accepted")

    @property
    def precision_spoof(self) -> float:
        """Share of spoof trials among those rejected.

        Raises:
            InputError: nothing was rejected.
        """
        return _precision(self.spoof_rejected, self.bonafide_rejected, "rejected")

    @property
    def f1_bonafide(self) -> float:
        """2 TP / (2 TP + FP + FN) with bona fide as the positive class; 0 where no bona fide is accepted."""
        return _f1(self.bonafide_accepted, self.bonafide_rejected + self.spoof_accepted)

    @property
    def f1_spoof(self) -> float:
        """2 TP / (2 TP + FP + FN) with spoof as the positive class; 0 where no spoof is rejected."""
        return _f1(self.spoof_rejected, self.bonafide_rejected + self.spoof_accepted)


def decide(bonafide: ArrayLike, spoof: ArrayLike, threshold: float) -> Decisions:
    """Decisions at a threshold; a trial is accepted as bona fide iff `score >= threshold`.

    Args:
        bonafide: `[trials]` scores, high when genuine.
        spoof: `[trials]` scores.
        threshold: infinite to accept or reject all.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the threshold is NaN.

    >>> at = decide([2, 1, 1, -1], [0, -2, -3, -4], threshold=0.0)
    >>> at
    Decisions(bonafide_accepted=3, bonafide_rejected=1, spoof_accepted=1, spoof_rejected=3)
    >>> at.frr, at.far, at.hter, at.precision_spoof, at.f1_bonafide
    (0.25, 0.25, 0.25, 0.75, 0.75)
    """
    bonafide, spoof = classes(bonafide, spoof)
    if math.isnan(threshold):
        raise InputError("A threshold that is NaN decides nothing: choose one on validation trials.")
    kept, passed = (int(np.count_nonzero(scores >= threshold)) for scores in (bonafide, spoof))
    return Decisions(kept, bonafide.size - kept, passed, spoof.size - passed)


def _precision(right: int, wrong: int, verdict: str) -> float:
    if right + wrong == 0:
        raise InputError(
            f"No trial was {verdict} at this threshold, so that precision is undefined: move the threshold "
            "or quote recall and F1."
        )
    return right / (right + wrong)


def _f1(right: int, wrong: int) -> float:
    return 2 * right / (2 * right + wrong)
