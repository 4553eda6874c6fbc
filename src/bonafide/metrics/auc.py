"""Area under the ROC curve: how often a bona fide trial outscores a spoof."""

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.curve import Tally, tally


def auc(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """Area under the tie-aware ROC; a fraction, below one half for an inverted detector.

    AUC = 1/(B S) Σ_i Σ_j [1(b_i > s_j) + ½ 1(b_i = s_j)], after Mann and Whitney (1947).

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> auc([3, 2, 2, 1], [2, 1, 0, 0])
    0.84375
    """
    return auc_of(tally(bonafide, spoof))


def auc_of(counts: Tally) -> float:
    """`auc` of trials that are counted already."""
    beaten = np.cumsum(counts.spoof) - counts.spoof / 2  # below each score, half of those on it
    return float((counts.bonafide * beaten).sum() / (counts.bonafide.sum() * counts.spoof.sum()))
