"""Confidence intervals by the percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap,
1993, chapter 13).

The default scheme draws trials with replacement within each class, so the class counts stay. Its interval
speaks of the noise of drawing trials for *these* speakers and systems; new speakers or new systems move a
measure far more, which the other schemes of `bonafide.metrics.schemes` show.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bonafide.metrics.bootstrap import replicate
from bonafide.metrics.curve import Measure
from bonafide.metrics.schemes import Scheme
from bonafide.types import InputError


class Interval(NamedTuple):
    """A measure and how far the draw of the trials moves it.

    Args:
        estimate: of the set itself.
        low: lower bound.
        high: upper bound.
        standard_error: standard deviation of the replicates.
        level: share of the replicates between the bounds.
        replicates: resampled sets.
        redrawn: replicates thrown away because a class had no weight.
        scheme: what was drawn with replacement.
        seed: of the draws.
    """

    estimate: float
    low: float
    high: float
    standard_error: float
    level: float
    replicates: int
    redrawn: int
    scheme: str
    seed: int


def intervals(
    measures: Mapping[str, Measure],
    bonafide: ArrayLike,
    spoof: ArrayLike,
    *,
    scheme: Scheme | None = None,
    replicates: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> dict[str, Interval]:
    """Intervals of several measures, all over the same resampled sets.

    Args:
        measures: functions of bona fide and spoof scores, by name.
        bonafide: `[trials]` scores, high when genuine.
        spoof: `[trials]` scores.
        scheme: what is drawn; trials within their class if None.
        replicates: resampled sets; 1,000 for a report, 10,000 for a paper.
        level: share of the resampled values between the bounds.
        seed: of the draws.
        threads: that share the work, all cores if None; they do not change the result.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, the scheme names another number of trials,
            `replicates` < 2, or `level` outside (0, 1).

    >>> from bonafide.metrics.eer import eer
    >>> intervals({"EER": eer}, [2, 3, 4], [0, 1])["EER"].high
    0.0
    """
    check_level(level)
    drawn = replicate(
        list(measures.values()),
        [(bonafide, spoof)],
        scheme=scheme,
        replicates=replicates,
        seed=seed,
        threads=threads,
    )
    bounds = np.quantile(drawn.values[:, 0], tails(level), axis=-1).T
    errors = drawn.values[:, 0].std(axis=-1, ddof=1)
    return {
        name: Interval(
            measure(bonafide, spoof),
            float(low),
            float(high),
            float(error),
            level,
            replicates,
            drawn.redrawn,
            drawn.scheme,
            seed,
        )
        for (name, measure), (low, high), error in zip(measures.items(), bounds, errors, strict=True)
    }


def interval(
    measure: Measure,
    bonafide: ArrayLike,
    spoof: ArrayLike,
    *,
    scheme: Scheme | None = None,
    replicates: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Bounds between which the measure falls in the middle `level` of the resampled sets.

    A perfect separation gives (0, 0): then the set is too small to show an error, not the detector free of
    them.

    Args:
        measure: function of bona fide and spoof scores.
        bonafide: `[trials]` scores, high when genuine.
        spoof: `[trials]` scores.
        scheme: what is drawn; trials within their class if None.
        replicates: resampled sets; 1,000 for a report, 10,000 for a paper.
        level: share of the resampled values between the bounds.
        seed: of the draws.

    Raises:
        InputError: as `intervals`.

    >>> from bonafide.metrics.eer import eer
    >>> interval(eer, [2, 3, 4], [0, 1])
    (0.0, 0.0)
    """
    found = intervals(
        {"": measure}, bonafide, spoof, scheme=scheme, replicates=replicates, level=level, seed=seed
    )[""]
    return found.low, found.high


def tails(level: float) -> tuple[float, float]:
    """Shares of the replicates below the two bounds.

    >>> tails(0.5)
    (0.25, 0.75)
    """
    return (1 - level) / 2, (1 + level) / 2


def check_level(level: float) -> None:
    """Refuses a level without bounds.

    Raises:
        InputError: `level` outside (0, 1).
    """
    if not 0 < level < 1:
        raise InputError(
            f"A bootstrap at level {level} has no bounds: take a level inside (0, 1), such as 0.95."
        )
