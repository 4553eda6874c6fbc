"""Normalised detection cost of ASVspoof 5, track 1 (Wang et al., 2024, https://arxiv.org/abs/2408.08739).

    DCF(t)  = C_miss (1 - P) FRR(t) + C_fa P FAR(t)
    nDCF(t) = DCF(t) / min(C_miss (1 - P), C_fa P)

P is the prior of a spoof. With the challenge's P = 0.05, C_miss = 1, C_fa = 10: nDCF = 1.9 FRR + FAR.
Figures at other parameters are different quantities.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.curve import Curve, Rates, classes, curve
from bonafide.types import InputError


def min_dcf(
    bonafide: ArrayLike,
    spoof: ArrayLike,
    *,
    prior: float = 0.05,
    miss: float = 1.0,
    false_alarm: float = 10.0,
) -> float:
    """Least normalised cost over all thresholds; 0 is perfect, 1 no better than a constant answer.

    Args:
        bonafide: `[trials]` scores, high when genuine.
        spoof: `[trials]` scores.
        prior: probability of a spoof, inside (0, 1).
        miss: cost of rejecting a bona fide trial.
        false_alarm: cost of accepting a spoof.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the parameters make no cost.

    >>> min_dcf([0.9, 0.8, 0.7, 0.35], [0.6, 0.4, 0.3, 0.2, 0.1])
    0.4
    """
    return min_dcf_of(curve(bonafide, spoof), prior=prior, miss=miss, false_alarm=false_alarm)


def min_dcf_of(points: Curve, *, prior: float = 0.05, miss: float = 1.0, false_alarm: float = 10.0) -> float:
    """`min_dcf` of a curve that is there already."""
    return float(_cost(points.frr, points.far, prior, miss, false_alarm).min())


def act_dcf(
    bonafide: ArrayLike,
    spoof: ArrayLike,
    *,
    prior: float = 0.05,
    miss: float = 1.0,
    false_alarm: float = 10.0,
) -> float:
    """Normalised cost at the Bayes threshold -ln(C_miss (1 - P) / (C_fa P)) of scores read as log-odds.

    What it exceeds `min_dcf` by is the price of poor calibration; may exceed 1. Probabilities instead of
    log-odds give 1 exactly.

    Args:
        bonafide: `[trials]` natural log-likelihood ratios, high when genuine.
        spoof: `[trials]` natural log-likelihood ratios.
        prior: probability of a spoof, inside (0, 1).
        miss: cost of rejecting a bona fide trial.
        false_alarm: cost of accepting a spoof.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, or the parameters make no cost.

    >>> round(act_dcf([2, 0.5, -1], [-2, -0.3, 1, -4]), 6)
    1.133333
    """
    bonafide, spoof = classes(bonafide, spoof)
    threshold = bayes_threshold(prior=prior, miss=miss, false_alarm=false_alarm)
    frr, far = np.mean(bonafide < threshold), np.mean(spoof >= threshold)
    return float(_cost(np.asarray(frr), np.asarray(far), prior, miss, false_alarm))


def bayes_threshold(*, prior: float = 0.05, miss: float = 1.0, false_alarm: float = 10.0) -> float:
    """The threshold of least expected cost for natural log-likelihood ratios, -ln(C_miss (1 - P) / (C_fa P)).

    Raises:
        InputError: the parameters make no cost.

    >>> round(bayes_threshold(), 9)
    -0.641853886
    """
    _refuse(prior, miss, false_alarm)
    return -math.log(miss * (1 - prior) / (false_alarm * prior))


def default_dcf(*, prior: float = 0.05, miss: float = 1.0, false_alarm: float = 10.0) -> float:
    """DCF of the better constant answer, min(C_miss (1 - P), C_fa P).

    `min_dcf` and `act_dcf` times this are the costs before normalisation.

    Raises:
        InputError: the parameters make no cost.

    >>> default_dcf()
    0.5
    """
    _refuse(prior, miss, false_alarm)
    return min(miss * (1 - prior), false_alarm * prior)


def _cost(frr: Rates, far: Rates, prior: float, miss: float, false_alarm: float) -> Rates:
    default = default_dcf(prior=prior, miss=miss, false_alarm=false_alarm)
    missed, alarmed = miss * (1 - prior), false_alarm * prior
    # Dividing the weights first leaves exactly one of them 1, so a constant answer costs exactly 1.
    return np.asarray(missed / default * frr + alarmed / default * far)


def _refuse(prior: float, miss: float, false_alarm: float) -> None:
    if not (0 < prior < 1 and 0 < miss < math.inf and 0 < false_alarm < math.inf):
        raise InputError(
            f"A detection cost with prior={prior}, miss={miss}, false_alarm={false_alarm} means nothing: "
            "take a prior inside (0, 1) and positive costs."
        )
