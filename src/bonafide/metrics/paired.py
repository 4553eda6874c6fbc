"""Is one detector better than another on the same trials? The paired bootstrap, for any measure.

Every replicate weighs the trials of all detectors alike and chooses each one's thresholds anew, so what they
share cancels (Efron and Tibshirani, An Introduction to the Bootstrap, 1993). With the scheme that draws
speakers and systems, the answer holds for new ones; tests that take trials for independent are in
`bonafide.metrics.trial_tests`.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bonafide.metrics.bootstrap import replicate
from bonafide.metrics.curve import Measure, Rates
from bonafide.metrics.intervals import check_level, tails
from bonafide.metrics.schemes import Scheme
from bonafide.types import InputError


class Comparison(NamedTuple):
    """A measure of one detector less that of another.

    Args:
        first: name of a detector.
        second: name of the one that is subtracted.
        difference: of the measures on the set itself.
        low: lower bound of the difference.
        high: upper bound.
        standard_error: standard deviation of the difference over the replicates.
        p: two-sided probability of such a difference between equals; at least 2 / (replicates + 1).
        p_holm: the same, adjusted for all pairs of detectors that were compared with it.
        band: bounds that hold for all these pairs at once.
        replicates: resampled sets.
        redrawn: replicates thrown away because a class had no weight.
        scheme: what was drawn with replacement.
    """

    first: str
    second: str
    difference: float
    low: float
    high: float
    standard_error: float
    p: float
    p_holm: float
    band: tuple[float, float]
    replicates: int
    redrawn: int
    scheme: str


def compare(
    measures: Mapping[str, Measure],
    detectors: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    scheme: Scheme | None = None,
    replicates: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> dict[str, list[Comparison]]:
    """All pairs of detectors under each measure, over the same resampled sets.

    With Δ_r the difference in replicate r of R,
    p = min(1, 2 min((1 + #{Δ_r >= 0}) / (R + 1), (1 + #{Δ_r <= 0}) / (R + 1))).

    Args:
        measures: functions of bona fide and spoof scores, by name.
        detectors: bona fide and spoof scores of each, high when genuine; the same trials in the same order.
        scheme: what is drawn; trials within their class if None.
        replicates: resampled sets; 1,000 for a report, 10,000 for a paper.
        level: share of the differences between the bounds.
        seed: of the draws.
        threads: that share the work, all cores if None; they do not change the result.

    Raises:
        InputError: fewer than two detectors, other trials in one than in another, or as
            `intervals.intervals`.

    >>> from bonafide.metrics.auc import auc
    >>> scores = {"A": ([4, 3, 2], [0, 1, 1]), "B": ([1, 3, 0], [2, 1, 4])}
    >>> (pair,) = compare({"AUC": auc}, scores, replicates=100)["AUC"]
    >>> round(pair.difference, 3)
    0.722
    """
    check_level(level)
    if len(detectors) < 2:
        raise InputError(f"{len(detectors)} detectors make no comparison: give the scores of at least two.")
    drawn = replicate(
        list(measures.values()),
        list(detectors.values()),
        scheme=scheme,
        replicates=replicates,
        seed=seed,
        threads=threads,
    )
    names = list(combinations(detectors, 2))
    ones, others = np.transpose(list(combinations(range(len(detectors)), 2)))
    found = {}
    for (name, measure), values in zip(measures.items(), drawn.values, strict=True):
        whole = np.array([measure(*scores) for scores in detectors.values()])
        differences, estimates = values[ones] - values[others], whole[ones] - whole[others]
        bounds = np.quantile(differences, tails(level), axis=-1)
        p = two_sided(differences)
        errors, adjusted = differences.std(axis=-1, ddof=1), holm(p)
        bands = simultaneous_band(estimates, differences, level=level)
        found[name] = [
            Comparison(
                *pair,
                float(estimates[at]),
                float(bounds[0, at]),
                float(bounds[1, at]),
                float(errors[at]),
                float(p[at]),
                float(adjusted[at]),
                (float(bands[at, 0]), float(bands[at, 1])),
                replicates,
                drawn.redrawn,
                drawn.scheme,
            )
            for at, pair in enumerate(names)
        ]
    return found


def two_sided(differences: Rates) -> Rates:
    """Probability that replicates leave for a difference of none, `[..., replicates]` → `[...]`.

    >>> float(two_sided(np.array([0.1, 0.3, -0.1, 0.2])))
    0.8
    """
    replicates = differences.shape[-1]
    above = (1 + (differences >= 0).sum(axis=-1)) / (replicates + 1)
    below = (1 + (differences <= 0).sum(axis=-1)) / (replicates + 1)
    return np.asarray(np.minimum(1, 2 * np.minimum(above, below)))


def holm(p: ArrayLike) -> Rates:
    """Probabilities adjusted for their number; what stays at most α is significant at α for all together.

    The i-th smallest of m becomes max over j <= i of min(1, (m - j + 1) p_(j)) (Holm, A simple sequentially
    rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979).

    Args:
        p: `[tests]`.

    Raises:
        InputError: a value outside [0, 1].

    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, dtype=np.float64).reshape(-1)
    if not ((values >= 0) & (values <= 1)).all():
        raise InputError("Holm's correction got a value that is no probability: give numbers in [0, 1].")
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(values.size, 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(scaled))
    return adjusted


def simultaneous_band(
    estimates: ArrayLike, differences: Rates, *, level: float = 0.95
) -> NDArray[np.float64]:
    """Bounds that hold for all differences at once: estimate ± q·SE.

    q is the `level` quantile over replicates of the largest |Δ_r - mean Δ| / SE among the pairs; pairs
    that never differ have no width.

    Args:
        estimates: `[pairs]`.
        differences: `[pairs, replicates]`.
        level: share of replicates in which all pairs keep within their band.

    Shape:
        `[pairs, 2]`.

    >>> simultaneous_band([1.0], np.array([[0.0, 1.0, 2.0]]), level=0.5).tolist()
    [[0.0, 2.0]]
    """
    centre = np.asarray(estimates, dtype=np.float64)
    errors = differences.std(axis=-1, ddof=1)
    varied = errors > 0
    away = np.abs(differences - differences.mean(axis=-1, keepdims=True))[varied] / errors[varied, None]
    critical = np.quantile(away.max(axis=0), level) if varied.any() else 0.0
    return np.stack((centre - critical * errors, centre + critical * errors), axis=-1)
