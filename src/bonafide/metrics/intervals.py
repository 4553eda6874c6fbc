"""Confidence intervals by the stratified percentile bootstrap (Efron and Tibshirani, 1993, chapter 13).

Trials are drawn with replacement within each class, so the class counts stay. The interval speaks of the
noise of drawing trials for *these* speakers and systems; new speakers or new systems move a measure far
more.
"""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from bonafide.metrics.curve import Measure, Rates, classes, rates
from bonafide.metrics.eer import crossing, eer
from bonafide.types import InputError

# Cells of one chunk of replicates; about 150 MB at the peak.
_CELLS = 2_000_000


def interval(
    measure: Measure,
    bonafide: ArrayLike,
    spoof: ArrayLike,
    *,
    replicates: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Bounds between which the measure falls in the middle `level` of the resampled sets.

    For `eer` all replicates are weights on one sorted list, O(N) each. A perfect separation gives (0, 0):
    then the set is too small to show an error, not the detector free of them.

    Args:
        measure: function of bona fide and spoof scores.
        bonafide: `[trials]` scores, high when genuine.
        spoof: `[trials]` scores.
        replicates: resampled sets; 1,000 for a report, 10,000 for a paper.
        level: share of the resampled values between the bounds.
        seed: of the draws.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, `replicates` < 1, or `level` outside (0, 1).

    >>> interval(eer, [2, 3, 4], [0, 1])
    (0.0, 0.0)
    """
    bonafide, spoof = classes(bonafide, spoof)
    if replicates < 1 or not 0 < level < 1:
        raise InputError(
            f"A bootstrap of {replicates} replicates at level {level} has no bounds: "
            "take at least one replicate and a level inside (0, 1)."
        )
    generator = np.random.default_rng(seed)
    if measure is eer:
        values = np.concatenate(list(_eers(bonafide, spoof, replicates, generator)))
    else:
        values = np.array(
            [measure(_draw(bonafide, generator), _draw(spoof, generator)) for _ in range(replicates)]
        )
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _draw(scores: Rates, generator: Generator) -> Rates:
    return scores[generator.integers(scores.size, size=scores.size)]


def _eers(bonafide: Rates, spoof: Rates, replicates: int, generator: Generator) -> Iterator[Rates]:
    values, place = np.unique(np.concatenate((bonafide, spoof)), return_inverse=True)
    genuine, fake = place[: bonafide.size], place[bonafide.size :]
    rows = max(1, _CELLS // place.size)
    for start in range(0, replicates, rows):
        size = min(rows, replicates - start)
        counts = (_counts(places, size, values.size, generator) for places in (genuine, fake))
        yield crossing(*rates(*counts))


def _counts(place: NDArray[np.intp], rows: int, width: int, generator: Generator) -> NDArray[np.intp]:
    """Multinomial counts on the distinct scores, `[rows, width]`; every row sums to the number of trials."""
    drawn = place[generator.integers(place.size, size=(rows, place.size))]
    drawn += np.arange(rows)[:, None] * width
    return np.bincount(drawn.reshape(-1), minlength=rows * width).reshape(rows, width)
