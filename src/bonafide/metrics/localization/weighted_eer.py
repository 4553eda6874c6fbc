"""EER of scored pieces of which each counts, in part or in whole, for either class.

With b and s the weights of the two classes, as shares of their sums,

    FRR(u) - FAR(u) = Σ (b + s) - 1 over the pieces with score <= u,

so the operating point where it reaches 0 is a weighted median, found without sorting millions of frames.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bonafide.metrics.eer import crossing
from bonafide.metrics.localization.timeline import Floats, Integers
from bonafide.types import InputError

Weights: TypeAlias = NDArray[np.integer | np.bool_]

_FEW: Final = 4096  # scores that are sorted rather than halved again
_SAMPLE: Final = 257  # scores whose median is the pivot


class _Pieces(NamedTuple):
    scores: Floats
    bonafide: Weights
    spoof: Weights

    def where(self, chosen: NDArray[np.bool_]) -> "_Pieces":
        return _Pieces(self.scores[chosen], self.bonafide[chosen], self.spoof[chosen])

    def weights(self) -> Integers:
        """Bona fide and spoof, `[2]`."""
        return np.array([side.sum(dtype=np.int64) for side in (self.bonafide, self.spoof)])


def weighted_eer(scores: Floats, bonafide: Weights, spoof: Weights, what: str) -> float:
    """EER on the tie-aware weighted curve, interpolated as in `bonafide.metrics.eer.eer`; a fraction.

    Args:
        scores: `[pieces]`, finite, high when genuine.
        bonafide: `[pieces]` whole weights, not negative.
        spoof: the same of the other class.
        what: the pieces, for the message.

    Raises:
        InputError: a class weighs nothing.

    >>> weighted_eer(np.array([0.1, 0.2]), np.array([1, 3]), np.array([1, 0]), "frames")
    0.2
    """
    pieces = _Pieces(scores, bonafide, spoof)
    total = pieces.weights()
    for weight, name in zip(total, ("bona fide", "spoofed"), strict=True):
        if weight == 0:
            raise InputError(
                f"No {name} {what}, so the EER cannot be computed: it needs both classes, check the regions "
                "or enlarge the set."
            )
    rejected, pieces = _around_crossing(pieces, total)
    values, place = np.unique(pieces.scores, return_inverse=True)
    steps = [np.bincount(place, side, minlength=values.size) for side in (pieces.bonafide, pieces.spoof)]
    sums = rejected[:, None] + np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))
    return float(crossing(*_rates(sums, total)))


def _around_crossing(pieces: _Pieces, total: Integers) -> tuple[Integers, _Pieces]:
    """Weights of both classes below the pieces that are left, and these; the curve crosses among them."""
    rejected = np.zeros(2, np.int64)
    while pieces.scores.size > _FEW:
        sample = np.sort(pieces.scores[:: pieces.scores.size // _SAMPLE])
        pivot = sample[sample.size // 2]
        lower = pieces.where(pieces.scores < pivot)
        below = rejected + lower.weights()
        if _gap(below, total) >= 0:
            pieces = lower
            continue
        level = pieces.where(pieces.scores == pivot)
        if _gap(below + level.weights(), total) >= 0:
            return below, level
        rejected = below + level.weights()
        pieces = pieces.where(pieces.scores > pivot)
    return rejected, pieces


def _gap(rejected: Integers, total: Integers) -> float:
    frr, far = _rates(rejected, total)
    return float(frr - far)


def _rates(rejected: Integers, total: Integers) -> tuple[Floats, Floats]:
    """FRR and FAR once pieces of these weights, `[2, ...]`, are rejected."""
    return rejected[0] / total[0], (total[1] - rejected[1]) / total[1]
