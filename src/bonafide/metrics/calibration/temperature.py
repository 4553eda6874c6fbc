"""Calibration by one number: llr = s / T (Guo et al., ICML 2017, https://arxiv.org/abs/1706.04599)."""

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
class Temperature(Fitted):
    """Scores divided by a temperature: it cools overconfident log-odds and cannot mend a shift.

    Args:
        temperature: T, positive; above 1 the scores were too sure.
        prior: effective prior of bona fide trials it was fitted for.
        objective: cost J of `logistic` on the trials it was fitted on, in nats.
        separable: these trials separate, so that the temperature is low without a reason.

    Raises:
        InputError: a temperature that is not positive or not finite.
    """

    kind: ClassVar[str] = "temperature"

    temperature: float
    prior: float
    objective: float
    separable: bool

    def __post_init__(self) -> None:
        if not 0 < self.temperature < math.inf:
            raise InputError(
                f"A temperature of {self.temperature:g} would turn the scores round or void them: they are "
                "inverted or lie far from zero; look at their polarity, or fit Affine."
            )

    @classmethod
    def fit(cls, bonafide: ArrayLike, spoof: ArrayLike, *, prior: float = 0.5) -> Self:
        """Fits 1/T by `logistic` without an offset, on development trials.

        Args:
            bonafide: `[trials]` log-odds, high when genuine.
            spoof: `[trials]` log-odds.
            prior: effective prior of bona fide trials where it will be used.

        Raises:
            InputError: a class is empty, a score is NaN or infinite, all scores are equal, or high scores do
                not go with bona fide trials.

        >>> round(Temperature.fit([2, 0.5, -1], [-2, -0.3, 1, -4]).temperature, 4)
        1.4264
        """
        genuine, fake = classes(bonafide, spoof)
        found = logistic(genuine[:, None], fake[:, None], prior=prior, offset=False)
        weight = float(found.weights[0])
        return cls(1 / weight if weight else math.inf, prior, found.objective, found.separable)

    def apply(self, scores: ArrayLike) -> Rates:
        """Natural log-likelihood ratios, of the same shape.

        Raises:
            InputError: a score is NaN or infinite.
        """
        return np.asarray(finite(scores) / self.temperature)

    @property
    def cautions(self) -> Sequence[str]:
        """See `Fitted.cautions`."""
        return (
            ("The development trials separate: the temperature is lower than any data can tell.",)
            if self.separable
            else ()
        )
