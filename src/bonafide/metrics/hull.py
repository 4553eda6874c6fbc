"""The best that any increasing map of the scores can reach: pool adjacent violators.

Isotonic regression of the label on the score (Ayer et al., 1955) pools neighbouring scores into blocks of
equal likelihood ratio; the blocks are the edges of the convex hull of the ROC. See Brümmer and du Preez,
Application-independent evaluation of speaker detection, Computer Speech & Language 20, 2006.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from bonafide.metrics.curve import Rates, Tally, rates, tally


class Blocks(NamedTuple):
    """Trials of each class in each pooled block, in ascending score.

    Args:
        bonafide: `[blocks]` counts.
        spoof: `[blocks]` counts.
    """

    bonafide: NDArray[np.int64]
    spoof: NDArray[np.int64]

    def rates(self) -> tuple[Rates, Rates]:
        """FRR and FAR at the vertices of the hull, `[blocks + 1]` each."""
        return rates(self.bonafide, self.spoof)


def blocks(bonafide: ArrayLike, spoof: ArrayLike) -> Blocks:
    """Pools the distinct scores until the share of bona fide trials rises from block to block.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> blocks([2, 0.5, -1], [-2, -0.3, 1, -4])
    Blocks(bonafide=array([0, 2, 1]), spoof=array([2, 2, 0]))
    """
    return pooled(tally(bonafide, spoof))


def pooled(counts: Tally) -> Blocks:
    """The blocks of trials that are counted already; every distinct score holds a trial."""
    _, genuine, fake = counts
    total = genuine + fake
    starts = isotonic_regression(genuine / total, weights=total).blocks[:-1]
    return Blocks(np.add.reduceat(genuine, starts), np.add.reduceat(fake, starts))
