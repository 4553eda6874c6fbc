"""Calibration by a line: llr = a s + c."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, final

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.calibration.fitted import Fitted, finite
from bonafide.metrics.calibration.logistic import logistic
from bonafide.metrics.curve import Rates, classes
from bonafide.types import InputError


@final
@dataclass(frozen=True)
class Affine(Fitted):
    """Log-likelihood ratio as a rising line of the score (Brümmer and du Preez, 2006).

    Two numbers from thousands of trials: it hardly overfits, and the order of the trials stays, with it EER,
    minDCF, Cllr_min and AUC.

    Args:
        slope: a, positive.
        offset: c.
        prior: effective prior of bona fide trials it was fitted for.
        objective: cost J of `logistic` on the trials it was fitted on, in nats.
        separable: these trials separate, so that the slope is steep without a reason; get harder ones.

    Raises:
        InputError: a slope that is not positive, or a number that is not finite.
    """

    kind: ClassVar[str] = "affine"

    slope: float
    offset: float
    prior: float
    objective: float
    separable: bool

    def __post_init__(self) -> None:
        if not (0 < self.slope < math.inf and math.isfinite(self.offset)):
            raise InputError(
                f"A calibration with slope {self.slope:g} and offset {self.offset:g} would turn the scores "
                "round or void them: they are inverted or useless; look at their polarity."
            )

    @classmethod
    def fit(cls, bonafide: ArrayLike, spoof: ArrayLike, *, prior: float = 0.5) -> Self:
        """Fits by `logistic`, on development trials.

        Args:
            bonafide: `[trials]` scores, high when genuine; log-odds rather than probabilities.
            spoof: `[trials]` scores.
            prior: effective prior of bona fide trials where it will be used, `Application.effective_prior`.

        Raises:
            InputError: a class is empty, a score is NaN or infinite, all scores are equal, or high scores do
                not go with bona fide trials.

        >>> fitted = Affine.fit([2, 0.5, -1], [-2, -0.3, 1, -4])
        >>> round(fitted.slope, 4), round(fitted.offset, 4), fitted.separable
        (0.7151, 0.2246, False)
        """
        genuine, fake = classes(bonafide, spoof)
        found = logistic(genuine[:, None], fake[:, None], prior=prior)
        return cls(float(found.weights[0]), found.offset, prior, found.objective, found.separable)

    def apply(self, scores: ArrayLike) -> Rates:
        """Natural log-likelihood ratios, of the same shape.

        Raises:
            InputError: a score is NaN or infinite.
        """
        return np.asarray(self.slope * finite(scores) + self.offset)

    @property
    def cautions(self) -> Sequence[str]:
        """See `Fitted.cautions`."""
        return (
            ("The development trials separate: the calibration is steeper than any data can tell.",)
            if self.separable
            else ()
        )
