"""Where a detector will stand: how often spoofs come and what its errors cost.

Brümmer and du Preez, Application-independent evaluation of speaker detection, Computer Speech & Language
20, 2006: prior and costs act on a decision only through one number, the effective prior.
"""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from bonafide.metrics.calibration.fitted import finite
from bonafide.metrics.curve import Rates
from bonafide.types import InputError


@final
@dataclass(frozen=True, slots=True)
class Application:
    """A prior and two costs; as they stand those of ASVspoof 5, track 1.

    Args:
        prior: probability P of a spoof, inside (0, 1).
        miss: cost of rejecting a bona fide trial.
        false_alarm: cost of accepting a spoof.

    Raises:
        InputError: the parameters make no cost.

    >>> round(Application().threshold, 9), round(Application().effective_prior, 6)
    (-0.641853886, 0.655172)
    """

    prior: float = 0.05
    miss: float = 1.0
    false_alarm: float = 10.0

    def __post_init__(self) -> None:
        if not (0 < self.prior < 1 and 0 < self.miss < math.inf and 0 < self.false_alarm < math.inf):
            raise InputError(
                f"{self} describes no decision: take a prior of spoofs inside (0, 1) and positive costs."
            )

    @property
    def threshold(self) -> float:
        """Bayes threshold of log-likelihood ratios, -ln(C_miss (1 - P) / (C_fa P)); accept from there."""
        return -math.log(self.miss * (1 - self.prior) / (self.false_alarm * self.prior))

    @property
    def effective_prior(self) -> float:
        """Of *bona fide* trials at equal costs with the same decisions: C_miss (1 - P) / (that + C_fa P)."""
        genuine = self.miss * (1 - self.prior)
        return genuine / (genuine + self.false_alarm * self.prior)

    def cost(self, frr: Rates, far: Rates) -> Rates:
        """Normalised detection cost (`bonafide.metrics.dcf`) at error rates; 1 is a constant answer's."""
        missed, alarmed = self.miss * (1 - self.prior), self.false_alarm * self.prior
        default = min(missed, alarmed)
        return np.asarray(missed / default * frr + alarmed / default * far)

    def spoof_probability(self, llr: ArrayLike) -> Rates:
        """Probability of a spoof at the prior P: 1 / (1 + exp(llr + ln((1 - P) / P))).

        Its decisions are those of `threshold` if a trial is rejected from C_miss / (C_miss + C_fa) upwards.

        Args:
            llr: *calibrated* natural log-likelihood ratios, high when genuine, of any shape.

        Raises:
            InputError: one is NaN or infinite.

        >>> Application(prior=0.5).spoof_probability([0.0, 2.0]).round(4).tolist()
        [0.5, 0.1192]
        """
        return np.asarray(expit(-(finite(llr) + math.log((1 - self.prior) / self.prior))))


def training_log_odds(
    bonafide: float, spoof: float, *, bonafide_weight: float = 1.0, spoof_weight: float = 1.0
) -> float:
    """Prior log-odds that a network has learned: ln(w_bonafide n_bonafide / (w_spoof n_spoof)).

    A difference of two logits less this number is a log-likelihood ratio.

    Args:
        bonafide: training clips, or the sampling rate where a sampler balances batches.
        spoof: likewise.
        bonafide_weight: of the class in the loss.
        spoof_weight: likewise.

    Raises:
        InputError: a number is not positive.

    >>> round(training_log_odds(2580, 22800, bonafide_weight=0.9, spoof_weight=0.1), 6)
    0.018253
    """
    if not all(0 < number < math.inf for number in (bonafide, spoof, bonafide_weight, spoof_weight)):
        raise InputError(
            f"No prior in {bonafide} bona fide and {spoof} spoof clips with weights {bonafide_weight} and "
            f"{spoof_weight}: all four must be positive."
        )
    return math.log(bonafide_weight * bonafide) - math.log(spoof_weight * spoof)
