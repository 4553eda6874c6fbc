"""Calibration by the best rising function: pool adjacent violators (Zadrozny and Elkan, KDD 2002)."""

import math
from dataclasses import dataclass
from typing import ClassVar, Self, final

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.calibration.fitted import Fitted, finite
from bonafide.metrics.curve import Rates, tally
from bonafide.metrics.hull import blocks
from bonafide.types import InputError


@final
@dataclass(frozen=True)
class Isotonic(Fitted):
    """Log-likelihood ratio as a rising function of the score: level on each block of `hull.blocks`,
    ln(B_m / B) - ln(S_m / S), straight between blocks, level beyond them.

    Blocks of one class would be infinitely sure: they are held within ±ln(10 max(B, S)). Many trials become
    tied, so that the EER may move; fit on thousands of trials, or take `Affine`.

    Args:
        scores: where the function bends, rising.
        ratios: log-likelihood ratios there, never falling.

    Raises:
        InputError: not as many ratios as scores, none at all, or they do not rise.
    """

    kind: ClassVar[str] = "isotonic"

    scores: tuple[float, ...]
    ratios: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = np.all(np.diff(self.scores) > 0) and np.all(np.diff(self.ratios) >= 0)
        if not (len(self.scores) == len(self.ratios) > 0 and rising):
            raise InputError(
                f"{len(self.ratios)} log-likelihood ratios at {len(self.scores)} scores do not rise: "
                "fit it again."
            )

    @classmethod
    def fit(cls, bonafide: ArrayLike, spoof: ArrayLike) -> Self:
        """Fits on development trials; needs no prior.

        Args:
            bonafide: `[trials]` scores, high when genuine.
            spoof: `[trials]` scores.

        Raises:
            InputError: a class is empty, or a score is NaN or infinite.

        >>> fitted = Isotonic.fit([2, 0.5, -1], [-2, -0.3, 1, -4])
        >>> fitted.scores
        (-4.0, -2.0, -1.0, 1.0, 2.0)
        >>> np.round(fitted.ratios, 4).tolist()
        [-3.6889, -3.6889, 0.2877, 0.2877, 3.6889]
        """
        counts, pooled = tally(bonafide, spoof), blocks(bonafide, spoof)
        genuine, fake = pooled.bonafide.sum(), pooled.spoof.sum()
        surest = math.log(10 * max(genuine, fake))
        with np.errstate(divide="ignore"):
            ratios = np.log(pooled.bonafide / genuine) - np.log(pooled.spoof / fake)
        # A block ends where as many trials lie below as in it and all before.
        last = np.searchsorted(
            np.cumsum(counts.bonafide + counts.spoof), np.cumsum(pooled.bonafide + pooled.spoof)
        )
        first = np.append(0, last[:-1] + 1)
        bends = np.stack((counts.values[first], counts.values[last]), axis=1).reshape(-1)
        kept = np.append(True, np.diff(bends) > 0)  # a block of one score has one bend
        return cls(
            tuple(bends[kept].tolist()),
            tuple(np.repeat(ratios.clip(-surest, surest), 2)[kept].tolist()),
        )

    def apply(self, scores: ArrayLike) -> Rates:
        """Natural log-likelihood ratios, of the same shape.

        Raises:
            InputError: a score is NaN or infinite.
        """
        return np.asarray(np.interp(finite(scores), self.scores, self.ratios))
