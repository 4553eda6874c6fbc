"""Decisions carried from one set to another: a threshold is chosen on development trials and then stays."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bonafide.metrics.calibration.application import Application
from bonafide.metrics.calibration.fitted import Fitted, finite
from bonafide.metrics.curve import classes, curve
from bonafide.metrics.eer import eer_threshold
from bonafide.types import InputError

_ASVSPOOF5 = Application()


class Carried(NamedTuple):
    """What a carried threshold does to other trials; rates are fractions.

    Args:
        far: share of spoofs accepted.
        frr: share of bona fide trials rejected.
        hter: (FAR + FRR) / 2.
        best_hter: the least that any threshold reaches on these trials.
        cost: normalised detection cost.
        best_cost: likewise the least.
    """

    far: float
    frr: float
    hter: float
    best_hter: float
    cost: float
    best_cost: float

    @property
    def hter_loss(self) -> float:
        """What choosing the threshold elsewhere has cost in HTER; never negative."""
        return self.hter - self.best_hter

    @property
    def cost_loss(self) -> float:
        """The same in detection cost; never negative."""
        return self.cost - self.best_cost


@final
@dataclass(frozen=True)
class Threshold(Fitted):
    """Accept iff `score >= value`.

    Args:
        value: the threshold.
        rule: how it was chosen.

    Raises:
        InputError: the threshold is not finite.
    """

    kind: ClassVar[str] = "threshold"
    gives_ratios: ClassVar[bool] = False

    value: float
    rule: str

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise InputError(f"A threshold of {self.value} decides nothing: choose a finite one.")

    @classmethod
    def equal_error(cls, bonafide: ArrayLike, spoof: ArrayLike) -> Self:
        """Where FAR and FRR of these development trials are closest, as `eer_threshold`.

        Raises:
            InputError: a class is empty, or a score is NaN or infinite.

        >>> Threshold.equal_error([2, 3], [0, 1])
        Threshold(value=1.5, rule='equal error rate')
        """
        return cls(eer_threshold(bonafide, spoof), "equal error rate")

    @classmethod
    def least_cost(cls, bonafide: ArrayLike, spoof: ArrayLike, application: Application = _ASVSPOOF5) -> Self:
        """Where the detection cost of these development trials is least; the lowest such.

        Where accepting all is best, the lowest score; where rejecting all is, the next number above the
        highest.

        Raises:
            InputError: a class is empty, or a score is NaN or infinite.

        >>> Threshold.least_cost([2, 3], [0, 1]).value
        1.5
        """
        bonafide, spoof = classes(bonafide, spoof)
        points = curve(bonafide, spoof)
        value = points.threshold[np.argmin(application.cost(points.frr, points.far))]
        lowest, highest = min(bonafide.min(), spoof.min()), max(bonafide.max(), spoof.max())
        return cls(float(np.clip(value, lowest, np.nextafter(highest, np.inf))), "least cost")

    @classmethod
    def bayes(cls, application: Application = _ASVSPOOF5) -> Self:
        """The right one for calibrated log-likelihood ratios, without any trials.

        >>> Threshold.bayes(Application(prior=0.5, miss=1, false_alarm=1)).value
        -0.0
        """
        return cls(application.threshold, "Bayes")

    def apply(self, scores: ArrayLike) -> NDArray[np.bool_]:
        """True where a trial is accepted as bona fide.

        Raises:
            InputError: a score is NaN or infinite.
        """
        return np.asarray(finite(scores) >= self.value)

    def carried(
        self, bonafide: ArrayLike, spoof: ArrayLike, application: Application = _ASVSPOOF5
    ) -> Carried:
        """Its errors on other trials, beside the best that a threshold chosen on them would reach.

        Args:
            bonafide: `[trials]` scores of the test, high when genuine.
            spoof: `[trials]` scores.
            application: of the detection cost.

        Raises:
            InputError: a class is empty, or a score is NaN or infinite.

        >>> Threshold(0.5, "mine").carried([2, 3], [0, 1]).hter_loss
        0.25
        """
        bonafide, spoof = classes(bonafide, spoof)
        points = curve(bonafide, spoof)
        frr, far = np.mean(bonafide < self.value), np.mean(spoof >= self.value)
        return Carried(
            far=float(far),
            frr=float(frr),
            hter=float((far + frr) / 2),
            best_hter=float(((points.frr + points.far) / 2).min()),
            cost=float(application.cost(np.asarray(frr), np.asarray(far))),
            best_cost=float(application.cost(points.frr, points.far).min()),
        )
