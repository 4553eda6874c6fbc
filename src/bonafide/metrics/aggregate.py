"""One number from several: over seeds, over evaluation sets or systems, over a train × test matrix.

The order of operations is: the measure of each seed and set, the mean over sets, then mean ± deviation over
seeds. A mean over sets (aEER) lets every set have its own threshold; the pooled measure has one for all, and
weighs sets by their size: quote both.
"""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import permutation_test

from bonafide.metrics.curve import Measure, Rates, classes
from bonafide.types import InputError

Scores: TypeAlias = tuple[ArrayLike, ArrayLike]


class Spread(NamedTuple):
    """One measure over seeds.

    Args:
        mean: over seeds.
        deviation: standard deviation.
        low: smallest.
        high: largest; the best of seeds is a choice on the test set.
        values: `[seeds]`.
    """

    mean: float
    deviation: float
    low: float
    high: float
    values: tuple[float, ...]


class Sets(NamedTuple):
    """One measure over several sets of trials.

    Args:
        each: by set; those with one class only are left out.
        mean: plain mean of `each`: the aEER, if the measure is the EER.
        worst: largest of `each` (smallest, for a measure that is better when high).
        worst_set: where that is.
        pooled: the measure of all trials together, with one threshold.
        one_class: sets that enter the pooled measure alone.
    """

    each: dict[str, float]
    mean: float
    worst: float
    worst_set: str
    pooled: float
    one_class: tuple[str, ...]


class Transfer(NamedTuple):
    """What is lost on other sets than one's own; an entry a training set.

    Args:
        inside: `[training sets]` on the own test set.
        outside: `[training sets]` mean over the other test sets.
        worst: `[training sets]` largest over the other test sets.
        drop: `[training sets]` `outside - inside`.
    """

    inside: Rates
    outside: Rates
    worst: Rates
    drop: Rates


def over_seeds(values: ArrayLike, *, ddof: int = 1) -> Spread:
    """Mean ± standard deviation, smallest and largest.

    Args:
        values: `[seeds]`.
        ddof: the deviation divides by seeds - ddof; 1 estimates that of all seeds, 0 is that of these (as
            in gan-police).

    Raises:
        InputError: not more seeds than `ddof`, or a value is NaN or infinite.

    >>> over_seeds([0.1, 0.2, 0.3]).deviation.__round__(3)
    0.1
    """
    found = _finite(values, "seeds").reshape(-1)
    if found.size <= ddof:
        raise InputError(
            f"The deviation of {found.size} seeds with ddof={ddof} is not defined: "
            "train more seeds, or take ddof=0."
        )
    return Spread(
        float(found.mean()),
        float(found.std(ddof=ddof)),
        float(found.min()),
        float(found.max()),
        tuple(found.tolist()),
    )


def seeds_differ(first: ArrayLike, second: ArrayLike) -> float:
    """Two-sided permutation test of two training recipes: the unit is the seed, not the trial.

    The share of divisions of all values into groups of these sizes whose means differ at least as much; all
    divisions if they are fewer than 10,000, else random ones.

    Args:
        first: `[seeds]` a measure of one recipe.
        second: `[seeds]` of the other.

    Raises:
        InputError: fewer than five seeds of a recipe, or a value is NaN or infinite.

    >>> round(seeds_differ([1, 2, 3, 4, 5], [11, 12, 13, 14, 15]), 4)
    0.0079
    """
    groups = [_finite(values, "seeds").reshape(-1) for values in (first, second)]
    fewest = min(group.size for group in groups)
    if fewest < 5:
        raise InputError(
            f"{fewest} seeds are too few for a permutation test: "
            "train five of each recipe, or show the ranges."
        )
    return float(
        permutation_test(
            groups, _away, n_resamples=9_999, alternative="greater", vectorized=True, random_state=0
        ).pvalue
    )


def over_sets(measure: Measure, sets: Mapping[str, Scores], *, higher_is_better: bool = False) -> Sets:
    """A measure on each set, its mean, its worst and the pooled one.

    Sets may be evaluation sets (aEER and pooled EER), systems or conditions (macro average), or the generator
    that each model was trained without (leave-one-out mean, each with the bona fide trials of its corpus).

    Args:
        measure: function of bona fide and spoof scores.
        sets: bona fide and spoof scores of each; one of the two may be empty.
        higher_is_better: whether the smallest is the worst.

    Raises:
        InputError: no set has both classes, or a score is NaN or infinite.

    >>> from bonafide.metrics.eer import eer
    >>> found = over_sets(eer, {"near": ([2, 3], [0, 1]), "far": ([12, 13], [10, 11]), "fakes": ([], [0])})
    >>> found.mean, round(found.pooled, 3), found.one_class
    (0.0, 0.4, ('fakes',))
    """
    scores = {name: [np.asarray(side, dtype=np.float64).reshape(-1) for side in sets[name]] for name in sets}
    lacking = tuple(name for name, sides in scores.items() if not all(side.size for side in sides))
    each = {name: measure(*classes(*sides)) for name, sides in scores.items() if name not in lacking}
    if not each:
        raise InputError(
            f"None of the {len(sets)} sets has both classes, so there is no mean over sets: "
            "add bona fide trials of the same corpora."
        )
    worst = (min if higher_is_better else max)(each, key=lambda name: each[name])
    pooled = measure(*(np.concatenate(side) for side in zip(*scores.values(), strict=True)))
    return Sets(each, float(np.mean(list(each.values()))), each[worst], worst, pooled, lacking)


def transfer(matrix: ArrayLike) -> Transfer:
    """Own set against other sets, from errors of each training set on each test set.

    Args:
        matrix: `[training sets, test sets]`, the same sets in the same order; low is good.

    Raises:
        InputError: the matrix is not square, has fewer than two sets, or holds NaN or an infinity.

    >>> transfer([[0.01, 0.2], [0.3, 0.02]]).drop.round(2).tolist()
    [0.19, 0.28]
    """
    errors = _finite(matrix, "sets")
    if errors.ndim != 2 or errors.shape[0] != errors.shape[1] or len(errors) < 2:
        raise InputError(
            f"A train × test matrix of shape {errors.shape} has no diagonal and rest: "
            "give as many test sets as training sets, at least two."
        )
    own = np.eye(len(errors), dtype=bool)
    others = errors[~own].reshape(len(errors), -1)
    outside = others.mean(axis=1)
    return Transfer(errors[own], outside, others.max(axis=1), outside - errors[own])


def _away(first: Rates, second: Rates, axis: int) -> Rates:
    return np.asarray(np.abs(first.mean(axis=axis) - second.mean(axis=axis)))


def _finite(values: ArrayLike, what: str) -> NDArray[np.float64]:
    found = np.asarray(values, dtype=np.float64)
    bad = found.size - int(np.isfinite(found).sum())
    if bad:
        raise InputError(f"{bad} of {found.size} values over {what} are NaN or infinite: run those again.")
    return found
