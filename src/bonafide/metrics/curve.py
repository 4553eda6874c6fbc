"""Operating points of a detector, tied scores as one point.

With u_1 < … < u_K the distinct scores, point k rejects every score <= u_k:

    FRR_k = #{b <= u_k} / B        FAR_k = #{s > u_k} / S        k = 0 … K, u_0 = -∞

so the first point accepts all and the last rejects all. One sort, O(N log N).
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bonafide.types import InputError

Rates: TypeAlias = NDArray[np.float64]
Measure: TypeAlias = Callable[[ArrayLike, ArrayLike], float]


class Curve(NamedTuple):
    """Operating points from "accept all" to "reject all".

    Args:
        threshold: `[points]`, accept iff `score >= threshold`; halfway between neighbouring scores, -∞ and
            +∞ at the ends.
        frr: `[points]`, share of bona fide trials rejected; never falls.
        far: `[points]`, share of spoof trials accepted; never rises.
    """

    threshold: Rates
    frr: Rates
    far: Rates


class Tally(NamedTuple):
    """How many trials of each class lie on each distinct score, ascending.

    Args:
        values: `[distinct]` scores.
        bonafide: `[distinct]` counts or sums of weights.
        spoof: `[distinct]` counts or sums of weights.
    """

    values: Rates
    bonafide: NDArray[np.float64 | np.int64]
    spoof: NDArray[np.float64 | np.int64]


def classes(bonafide: ArrayLike, spoof: ArrayLike) -> tuple[Rates, Rates]:
    """The two classes' scores as finite float64 vectors.

    Raises:
        InputError: a class is empty, or a score is NaN or infinite.
    """
    return finite(bonafide, "bona fide"), finite(spoof, "spoof")


def finite(scores: ArrayLike, name: str) -> Rates:
    """One class's scores as a finite float64 vector.

    Args:
        scores: of any shape.
        name: of the class, for the message.

    Raises:
        InputError: there is none, or a score is NaN or infinite.
    """
    vector = np.asarray(scores, dtype=np.float64).reshape(-1)
    if vector.size == 0:
        raise InputError(
            f"No {name} trials among the scores, so the measure cannot be computed: it needs every class, "
            "check the labels or enlarge the set."
        )
    bad = vector.size - int(np.isfinite(vector).sum())
    if bad:
        raise InputError(
            f"{bad} of {vector.size} {name} scores are NaN or infinite, so the measure cannot be computed: "
            "score in float32 and look for an overflow."
        )
    return vector


def tally(bonafide: ArrayLike, spoof: ArrayLike, weights: tuple[ArrayLike, ArrayLike] | None = None) -> Tally:
    """Counts the trials of each class on each distinct score.

    >>> tally([3, 2, 2, 1], [2, 1, 0, 0]).bonafide.tolist()
    [0, 1, 2, 1]
    """
    bonafide, spoof = classes(bonafide, spoof)
    values, place = np.unique(np.concatenate((bonafide, spoof)), return_inverse=True)
    weight = (
        (None, None) if weights is None else (np.asarray(weights[0], float), np.asarray(weights[1], float))
    )
    return Tally(
        values,
        np.bincount(place[: bonafide.size], weight[0], minlength=values.size),
        np.bincount(place[bonafide.size :], weight[1], minlength=values.size),
    )


def rates(bonafide: ArrayLike, spoof: ArrayLike) -> tuple[Rates, Rates]:
    """FRR and FAR at every operating point, from counts on ascending scores.

    Shape:
        two of `[..., distinct]` → two of `[..., distinct + 1]`.
    """
    rejected = np.cumsum(np.asarray(bonafide), axis=-1)
    refused = np.cumsum(np.asarray(spoof), axis=-1)
    # Subtracting counts before dividing keeps equal rates exactly equal.
    frr = rejected / rejected[..., -1:]
    far = (refused[..., -1:] - refused) / refused[..., -1:]
    ends = [(0, 0)] * (frr.ndim - 1) + [(1, 0)]
    return np.pad(frr, ends), np.pad(far, ends, constant_values=1.0)


def curve(bonafide: ArrayLike, spoof: ArrayLike, weights: tuple[ArrayLike, ArrayLike] | None = None) -> Curve:
    """Tie-aware operating curve with both end points.

    Args:
        bonafide: `[trials]` scores, high when genuine.
        spoof: `[trials]` scores.
        weights: how often each trial of the two classes counts, not negative; once each if None.

    Raises:
        InputError: a class is empty (or has no weight), or a score is NaN or infinite.

    >>> points = curve([2, 3], [0, 1, 2])
    >>> points.threshold.tolist()
    [-inf, 0.5, 1.5, 2.5, inf]
    >>> points.frr.tolist(), points.far.round(2).tolist()
    ([0.0, 0.0, 0.0, 0.5, 1.0], [1.0, 0.67, 0.33, 0.0, 0.0])
    """
    return curve_of(tally(bonafide, spoof, weights))


def curve_of(counts: Tally) -> Curve:
    """The operating curve of trials that are counted already.

    Raises:
        InputError: a class has no weight.
    """
    values, genuine, fake = counts
    if not (genuine.sum() > 0 and fake.sum() > 0):
        raise InputError(
            "All weights of a class are zero, so the curve cannot be computed: give it some weight."
        )
    threshold = np.concatenate(([-np.inf], between(values[:-1], values[1:]), [np.inf]))
    return Curve(threshold, *rates(genuine, fake))


def between(lower: Rates, upper: Rates) -> Rates:
    """A threshold that rejects `lower` and accepts `upper`: midway, or `upper` if they are neighbours."""
    middle = lower / 2 + upper / 2
    return np.where((middle > lower) & (middle <= upper), middle, upper)
