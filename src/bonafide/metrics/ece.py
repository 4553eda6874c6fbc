"""Expected calibration error: whether, of the clips called genuine with 80 %, four in five are.

Guo et al., On Calibration of Modern Neural Networks, ICML 2017, https://arxiv.org/abs/1706.04599. A natural
log-likelihood ratio becomes the probability of bona fide p = sigmoid(llr + ln(π / (1 - π))), π being a stated
prior. Plain ECE is ruled by the larger class (nine in ten trials of ASVspoof 2019 LA are spoofs);
`ece_at_prior` weighs the classes by π and is the one to report. All mean little for scores that are not
calibrated log-likelihood ratios.
"""

import math
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from bonafide.metrics.curve import Rates, classes
from bonafide.types import InputError

Weighting: TypeAlias = Literal["trials", "prior"]
"""Each trial counts once; or π / B for each bona fide trial and (1 - π) / S for each spoof."""

Binning: TypeAlias = Literal["width", "mass"]
"""Bins as wide as each other; or of as much weight, with equal probabilities in one bin."""


class Reliability(NamedTuple):
    """What a reliability diagram shows, a row for each bin that holds a trial, lowest probability first.

    Args:
        lower: `[filled]`, lower edge of the bin; the lowest probability in it with bins of equal mass.
        upper: `[filled]`, upper edge of the bin; the highest probability in it with bins of equal mass.
        trials: `[filled]` counts.
        weight: `[filled]`, share of all weight; sums to 1.
        probability: `[filled]`, mean probability of bona fide.
        genuine: `[filled]`, share that is bona fide.
    """

    lower: Rates
    upper: Rates
    trials: NDArray[np.int64]
    weight: Rates
    probability: Rates
    genuine: Rates

    @property
    def ece(self) -> float:
        """Σ weight |probability - genuine|."""
        return float((self.weight * np.abs(self.probability - self.genuine)).sum())

    @property
    def mce(self) -> float:
        """The greatest |probability - genuine|."""
        return float(np.abs(self.probability - self.genuine).max())


def reliability(
    bonafide: ArrayLike,
    spoof: ArrayLike,
    *,
    prior: float = 0.5,
    bins: int = 15,
    weighting: Weighting = "prior",
    binning: Binning = "width",
) -> Reliability:
    """Mean probability against the share that is bona fide, bin by bin.

    Args:
        bonafide: `[trials]` natural log-likelihood ratios, high when genuine.
        spoof: `[trials]` natural log-likelihood ratios.
        prior: π, probability of *bona fide*, inside (0, 1).
        bins: of the probabilities from 0 to 1; bin = min(floor(p bins), bins - 1) at equal width.
        weighting: how much a trial counts.
        binning: how the bins are cut.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, the prior lies outside (0, 1), or there
            is no bin.

    >>> reliability([2, 0.5, -1], [-2, -0.3, 1, -4], bins=2).genuine.round(3).tolist()
    [0.308, 0.727]
    """
    bonafide, spoof = classes(bonafide, spoof)
    if not (0 < prior < 1 and bins >= 1):
        raise InputError(
            f"A calibration error with prior={prior} and bins={bins} means nothing: "
            "take a prior inside (0, 1) and at least one bin."
        )
    probability = _probability(np.concatenate((bonafide, spoof)), prior)
    genuine = np.repeat([1.0, 0.0], [bonafide.size, spoof.size])
    each = (1.0, 1.0) if weighting == "trials" else (prior / bonafide.size, (1 - prior) / spoof.size)
    weight = np.repeat(each, [bonafide.size, spoof.size])
    if binning == "width":
        place = np.minimum((probability * bins).astype(np.intp), bins - 1)
    else:
        place = _equal_mass(probability, weight, bins)
    trials = np.bincount(place, minlength=bins)
    filled = np.flatnonzero(trials)
    sums = (np.bincount(place, weight * value, minlength=bins)[filled] for value in (1, probability, genuine))
    total, expected, observed = sums
    if binning == "width":
        lower, upper = filled / bins, (filled + 1) / bins
    else:
        lower, upper = np.ones(bins), np.zeros(bins)
        np.minimum.at(lower, place, probability)
        np.maximum.at(upper, place, probability)
        lower, upper = lower[filled], upper[filled]
    return Reliability(lower, upper, trials[filled], total / total.sum(), expected / total, observed / total)


def ece(bonafide: ArrayLike, spoof: ArrayLike, *, prior: float = 0.5, bins: int = 15) -> float:
    """Expected calibration error in the class mix of the set; 0 is calibrated, a fraction.

    ECE = Σ_m (n_m / N) |mean p - share of bona fide|, over bins m of equal width.

    Raises:
        InputError: as `reliability`.

    >>> round(ece([2, 0.5, -1], [-2, -0.3, 1, -4], bins=10), 6)
    0.36023
    """
    return reliability(bonafide, spoof, prior=prior, bins=bins, weighting="trials").ece


def ece_at_prior(bonafide: ArrayLike, spoof: ArrayLike, *, prior: float = 0.5, bins: int = 15) -> float:
    """Expected calibration error in the class mix of the prior; 0 is calibrated, a fraction.

    ECE_π = Σ_m |Σ w p - Σ w y|, w = π / B for bona fide trials (y = 1) and (1 - π) / S for spoofs (y = 0).

    Raises:
        InputError: as `reliability`.

    >>> round(ece_at_prior([2, 0.5, -1], [-2, -0.3, 1, -4], bins=10), 6)
    0.366359
    """
    return reliability(bonafide, spoof, prior=prior, bins=bins).ece


def mce(bonafide: ArrayLike, spoof: ArrayLike, *, prior: float = 0.5, bins: int = 15) -> float:
    """Greatest calibration error of a bin, in the class mix of the prior; a thinly filled bin may rule it.

    Raises:
        InputError: as `reliability`.

    >>> round(mce([2, 0.5, -1], [-2, -0.3, 1, -4], bins=10), 6)
    0.731059
    """
    return reliability(bonafide, spoof, prior=prior, bins=bins).mce


def brier(bonafide: ArrayLike, spoof: ArrayLike, *, prior: float = 0.5) -> float:
    """Mean squared error of the probabilities, mean (p - y)²; 0 is perfect, ¼ a constant one half.

    Raises:
        InputError: as `reliability`.

    >>> round(brier([2, 0.5, -1], [-2, -0.3, 1, -4]), 6)
    0.203039
    """
    bonafide, spoof = classes(bonafide, spoof)
    if not 0 < prior < 1:
        raise InputError(f"A Brier score with prior={prior} means nothing: take a prior inside (0, 1).")
    # 1 - p of a bona fide trial without cancellation.
    missed = _probability(-bonafide, 1 - prior)
    error = np.square(missed).sum() + np.square(_probability(spoof, prior)).sum()
    return float(error / (bonafide.size + spoof.size))


def _probability(scores: Rates, prior: float) -> Rates:
    return np.asarray(expit(scores + math.log(prior / (1 - prior))), dtype=np.float64)


def _equal_mass(probability: Rates, weight: Rates, bins: int) -> NDArray[np.intp]:
    """The bin of each trial: the share of weight on lower probabilities, in steps of one bin."""
    values, place = np.unique(probability, return_inverse=True)
    mass = np.bincount(place, weight, minlength=values.size)
    below = np.cumsum(mass) - mass
    bin_of_value = np.minimum((below * bins / mass.sum()).astype(np.intp), bins - 1)
    return np.asarray(bin_of_value[place])
