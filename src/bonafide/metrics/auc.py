"""Area under the ROC curve: how often a bona fide trial outscores a spoof."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from bonafide.metrics.curve import classes


def auc(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """Area under the tie-aware ROC; a fraction, below one half for an inverted detector.

    AUC = 1/(B S) Σ_i Σ_j [1(b_i > s_j) + ½ 1(b_i = s_j)], through mid-ranks (Mann and Whitney, 1947).

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> auc([3, 2, 2, 1], [2, 1, 0, 0])
    0.84375
    """
    bonafide, spoof = classes(bonafide, spoof)
    ranks = rankdata(np.concatenate((bonafide, spoof)))[: bonafide.size]
    wins = ranks.sum() - bonafide.size * (bonafide.size + 1) / 2
    return float(wins / (bonafide.size * spoof.size))
