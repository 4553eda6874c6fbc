"""Equal error rate: where as many bona fide trials are rejected as spoof trials are accepted.

Three readings of one number. `eer` interpolates the tie-aware curve and is the headline. `eer_official` is
the rule of the ASVspoof challenges' own scorer and the one to set beside a published figure. `eer_rocch`
reads the convex hull of the ROC (Brümmer and de Villiers, The BOSARIS Toolkit, 2013,
https://arxiv.org/abs/1304.2865) and never exceeds one half, so it hides an inverted detector.
"""

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.curve import Rates, classes, curve
from bonafide.metrics.hull import blocks


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
    points = curve(bonafide, spoof)
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

    Of two equally close points the lower; halfway between the neighbouring scores. Where the point accepts or
    rejects all trials, the lowest score or the next number above the highest one.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> eer_threshold([2, 3], [0, 1])
    1.5
    """
    bonafide, spoof = classes(bonafide, spoof)
    points = curve(bonafide, spoof)
    threshold = points.threshold[np.argmin(np.abs(points.frr - points.far))]
    lowest, highest = min(bonafide.min(), spoof.min()), max(bonafide.max(), spoof.max())
    return float(np.clip(threshold, lowest, np.nextafter(highest, np.inf)))


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
    bonafide, spoof = classes(bonafide, spoof)
    order = np.argsort(np.concatenate((bonafide, spoof)), kind="stable")
    genuine = np.concatenate(([False], order < bonafide.size))
    rejected = np.cumsum(genuine)
    frr = rejected / bonafide.size
    far = (spoof.size - (np.arange(genuine.size) - rejected)) / spoof.size
    nearest = np.argmin(np.abs(frr - far))
    return float((frr[nearest] + far[nearest]) / 2)


def eer_rocch(bonafide: ArrayLike, spoof: ArrayLike) -> float:
    """Equal error rate on the convex hull of the ROC; a fraction, at most one half.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.

    >>> round(eer_rocch([0.9, 0.8, 0.7, 0.35], [0.6, 0.4, 0.3, 0.2, 0.1]), 6)
    0.153846
    """
    return float(crossing(*blocks(bonafide, spoof).rates()))
