"""Cost of the log-likelihood ratio: how much information the scores carry when read as log-odds, in bits.

Brümmer and du Preez, Application-independent evaluation of speaker detection, Computer Speech & Language
20, 2006.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.curve import classes
from bonafide.metrics.hull import Blocks, blocks


def cllr(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """Mean cost of natural log-likelihood ratios in bits; 0 is perfect, 1 says nothing, above 1 misleads.

    Cllr = 1/(2 ln 2) [mean ln(1 + exp(-b)) + mean ln(1 + exp(s))], without overflow of the exponential.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> round(cllr([2, 0.5, -1], [-2, -0.3, 1, -4]), 6)
    0.823247
    >>> cllr([1e300], [-1e300])
    0.0
    """
    bonafide, spoof = classes(bonafide, spoof)
    cost = np.logaddexp(0, -bonafide).mean() + np.logaddexp(0, spoof).mean()
    return float(cost / (2 * math.log(2)))


def cllr_min(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """Cllr after the best increasing recalibration, in bits; what is lost to discrimination alone.

    In block m of `hull.blocks` the log-likelihood ratio is ln(B_m/B) - ln(S_m/S); a block of one class is
    free.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> round(cllr_min([2, 0.5, -1], [-2, -0.3, 1, -4]), 6)
    0.574716
    """
    return cllr_min_of(blocks(bonafide, spoof))


def cllr_min_of(pools: Blocks) -> float:
    """`cllr_min` of blocks that are pooled already."""
    genuine, fake = pools.bonafide / pools.bonafide.sum(), pools.spoof / pools.spoof.sum()
    mixed = (genuine > 0) & (fake > 0)
    genuine, fake = genuine[mixed], fake[mixed]
    cost = (genuine * np.log1p(fake / genuine)).sum() + (fake * np.log1p(genuine / fake)).sum()
    return float(cost / (2 * math.log(2)))
