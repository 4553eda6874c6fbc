"""Architecture-agnostic detection cost of a spoofing-robust speaker verification system: one score a trial.

Shim et al., a-DCF: an architecture agnostic metric with application to spoofing-robust speaker verification,
Odyssey 2024, https://arxiv.org/abs/2403.01355; track 2 of ASVspoof 5.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.curve import Rates
from bonafide.metrics.verification import verification_curve
from bonafide.types import InputError


class Parameters(NamedTuple):
    """Priors of the three kinds of trial, which sum to 1, and costs of the three errors.

    Args:
        target: prior.
        nontarget: prior.
        spoof: prior.
        miss: cost of rejecting a target.
        false_alarm: cost of accepting a nontarget.
        spoof_false_alarm: cost of accepting a spoof.
    """

    target: float
    nontarget: float
    spoof: float
    miss: float
    false_alarm: float
    spoof_false_alarm: float


DEFAULT: Final = Parameters(0.9, 0.05, 0.05, 1.0, 10.0, 20.0)
"""What the authors' class takes when it is told nothing."""

ASVSPOOF5: Final = Parameters(0.9405, 0.0095, 0.05, 1.0, 10.0, 10.0)
"""What the evaluation of ASVspoof 5, track 2 sets."""


def min_adcf(
    target: ArrayLike, nontarget: ArrayLike, spoof: ArrayLike, parameters: Parameters = ASVSPOOF5
) -> float:
    """Least normalised a-DCF over all thresholds; 0 is perfect, 1 no better than a constant answer.

    a-DCF_k = (C_miss P_tar Pmiss_k + C_fa P_non Pfa_non_k + C_fa_spf P_spf Pfa_spf_k)
              / min(C_miss P_tar, C_fa P_non + C_fa_spf P_spf)

    Figures at different parameters are different quantities: name the set.

    Args:
        target: `[trials]` scores, high for the claimed speaker's genuine voice.
        nontarget: `[trials]` scores.
        spoof: `[trials]` scores.
        parameters: priors and costs.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the parameters make no cost.

    >>> round(min_adcf([2, 3, 4, 5], [-1, 0], [1, 2.5]), 6)
    0.395168
    """
    return float(_costs(target, nontarget, spoof, parameters)[1].min())


def min_adcf_threshold(
    target: ArrayLike, nontarget: ArrayLike, spoof: ArrayLike, parameters: Parameters = ASVSPOOF5
) -> float:
    """The lowest threshold at which `min_adcf` is reached; accept iff `score >= threshold`.

    Halfway between neighbouring scores; infinite where a constant answer costs least.

    Raises:
        InputError: as `min_adcf`.

    >>> min_adcf_threshold([2, 3, 4, 5], [-1, 0], [1, 2.5])
    2.75
    """
    threshold, costs = _costs(target, nontarget, spoof, parameters)
    return float(threshold[np.argmin(costs)])


def _costs(
    target: ArrayLike, nontarget: ArrayLike, spoof: ArrayLike, parameters: Parameters
) -> tuple[Rates, Rates]:
    """Thresholds and normalised costs, `[points]` each."""
    priors, costs = parameters[:3], parameters[3:]
    if not (
        all(prior > 0 for prior in priors)
        and abs(sum(priors) - 1) <= 1e-10
        and all(0 < cost < np.inf for cost in costs)
    ):
        raise InputError(
            f"An a-DCF with priors {priors} and costs {costs} means nothing: "
            "take positive priors that sum to 1 and positive costs."
        )
    missed, accepted, spoofed = (prior * cost for prior, cost in zip(priors, costs, strict=True))
    points = verification_curve(target, nontarget, spoof)
    cost = missed * points.miss + accepted * points.false_alarm + spoofed * points.spoof_false_alarm
    return points.threshold, cost / min(missed, accepted + spoofed)
