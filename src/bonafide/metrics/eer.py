"""Equal error rate: where as many bona fide trials are rejected as spoof trials are accepted.

Three readings of one number. `eer` interpolates the tie-aware curve and is the headline. `eer_official` is
the rule of the ASVspoof challenges' own scorer and the one to set beside a published figure. `eer_rocch`
reads the convex hull of the ROC (Brümmer and de Villiers, The BOSARIS Toolkit, 2013,
https://arxiv.org/abs/1304.2865) and never exceeds one half, so it hides an inverted detector.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.curve import Curve, Rates, Tally, curve, curve_of, tally
from bonafide.metrics.hull import Blocks, blocks


def eer(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """Equal error rate, interpolated linearly on the tie-aware ROC; a fraction.

    With d_k = FRR_k - FAR_k and k the first point where d_k >= 0,
    EER = FRR_{k-1} + a (FRR_k - FRR_{k-1}), a = -d_{k-1} / (d_k - d_{k-1}).

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> eer([0.9, 0.8, 0.7, 0.35], [0.6, 0.4, 0.3, 0.2, 0.1])
    0.25
    >>> eer([0, 0], [0, 0])
    0.5
    """
    return eer_of(curve(bonafide, spoof))


def eer_of(points: Curve) -> float:
    """`eer` of a curve that is there already."""
    return float(crossing(points.frr, points.far))


def crossing(frr: Rates, far: Rates) -> Rates:
    """Value at which a rising and a falling polygon meet, along the last axis.

    Shape:
        two of `[..., points]` → `[...]`.
    """
    gap = frr - far
    after = np.argmax(gap >= 0, axis=-1)[..., None]  # never 0: the gap begins at -1
    gap_before, gap_after = (np.take_along_axis(gap, at, -1) for at in (after - 1, after))
    frr_before, frr_after = (np.take_along_axis(frr, at, -1) for at in (after - 1, after))
    share = -gap_before / (gap_after - gap_before)
    met = np.where(gap_after == 0, frr_after, frr_before + share * (frr_after - frr_before))
    return np.asarray(met[..., 0])


def eer_threshold(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """A finite threshold at the operating point where FRR and FAR are closest; accept iff `score >=
    threshold`.

    Of two equally close points the lower; halfway between the neighbouring scores. Where no point is closer
    than the one that accepts all trials, the lowest score.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> eer_threshold([2, 3], [0, 1])
    1.5
    """
    counts = tally(bonafide, spoof)
    return eer_threshold_of(curve_of(counts), counts)


def eer_threshold_of(points: Curve, counts: Tally) -> float:
    """`eer_threshold` of the curve of trials that are counted already."""
    nearest = np.argmin(np.abs(points.frr - points.far))
    # Rejecting all is as far from balance as accepting all, which comes first: the end +∞ is never chosen.
    return float(points.threshold[nearest] if nearest else counts.values[0])


class Official(NamedTuple):
    """The point that the organisers' scorers choose.

    Args:
        eer: mean of its two rates, a fraction.
        threshold: score of the last trial that it rejects; 0.001 below the lowest score if it rejects none.
    """

    eer: float
    threshold: float


def eer_official(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """Equal error rate as the ASVspoof 2019, 2021 and 5 packages compute it; a fraction.

    One point a trial, bona fide before spoof among equal scores, no interpolation: the mean of FRR and FAR at
    the first point where they are closest. Ties can only raise it.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> eer_official([0.9, 0.8, 0.7, 0.35], [0.6, 0.4, 0.3, 0.2, 0.1])
    0.225
    >>> eer_official([0, 0], [0, 0])
    1.0
    """
    return official(bonafide, spoof).eer


def official(bonafide: ArrayLike, spoof: ArrayLike) -> Official:
    """`eer_official` with its threshold, on the rejecting side: the organisers *accept* scores equal to it.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> official([0.9, 0.8, 0.7, 0.35], [0.6, 0.4, 0.3, 0.2, 0.1])
    Official(eer=0.225, threshold=0.4)
    """
    return official_of(tally(bonafide, spoof))


def official_of(counts: Tally) -> Official:
    """`official` of trials that are counted already.

    FRR - FAR rises with every trial, so the closest point lies on the distinct score where it turns positive:
    only the trials of that score are walked through, bona fide first.
    """
    genuine, fake = np.cumsum(counts.bonafide), np.cumsum(counts.spoof)
    B, S = genuine[-1], fake[-1]
    turn = int(np.argmax(genuine / B - (S - fake) / S >= 0))
    mine, theirs = counts.bonafide[turn], counts.spoof[turn]
    rejected = genuine[turn] - mine + np.minimum(np.arange(mine + theirs + 1), mine)
    refused = fake[turn] - theirs + np.maximum(np.arange(mine + theirs + 1) - mine, 0)
    frr, far = rejected / B, (S - refused) / S
    nearest = np.argmin(np.abs(frr - far))
    if nearest:
        threshold = counts.values[turn]
    else:
        threshold = counts.values[turn - 1] if turn else counts.values[0] - 0.001
    return Official(float((frr[nearest] + far[nearest]) / 2), float(threshold))


def eer_rocch(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """Equal error rate on the convex hull of the ROC; a fraction, at most one half.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> round(eer_rocch([0.9, 0.8, 0.7, 0.35], [0.6, 0.4, 0.3, 0.2, 0.1]), 6)
    0.153846
    """
    return eer_rocch_of(blocks(bonafide, spoof))


def eer_rocch_of(pools: Blocks) -> float:
    """`eer_rocch` of blocks that are pooled already."""
    return float(crossing(*pools.rates()))
