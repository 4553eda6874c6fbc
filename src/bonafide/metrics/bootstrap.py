"""Replicates of measures: the same draws for every measure and every detector (Efron and Tibshirani, An
Introduction to the Bootstrap, 1993).

Replicates are drawn in blocks, each from a random stream of its own, on as many threads as there are cores;
what comes out depends on the seed alone.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import ArrayLike, NDArray

from bonafide.metrics.curve import Measure, classes
from bonafide.metrics.schemes import Scheme, stratified
from bonafide.metrics.weighted import Ranking, Resampled
from bonafide.types import InputError

# Weights of one block of replicates: 4 MB, which stay in the cache from the draw to the measure.
_CELLS = 1 << 19


class Replicates(NamedTuple):
    """Measures of resampled sets.

    Args:
        values: `[measures, detectors, replicates]`.
        redrawn: replicates thrown away because a class had no weight.
        scheme: name of what was drawn.
    """

    values: NDArray[np.float64]
    redrawn: int
    scheme: str


def replicate(
    measures: Sequence[Measure],
    detectors: Sequence[tuple[ArrayLike, ArrayLike]],
    *,
    scheme: Scheme | None = None,
    replicates: int = 1000,
    seed: int = 0,
    threads: int | None = None,
) -> Replicates:
    """Measures of detectors on the same resampled trials.

    Args:
        measures: functions of bona fide and spoof scores; those of `weighted.WEIGHTED` (also with keywords
            bound by `functools.partial`) cost O(trials) a replicate without a sort, any other gets the
            repeated trials.
        detectors: bona fide and spoof scores of each, high when genuine; the same trials in the same order.
        scheme: what is drawn; trials within their class if None.
        replicates: resampled sets, at least two.
        seed: of the draws.
        threads: that share the work, all cores if None; they do not change the result.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, the detectors or the scheme name different
            numbers of trials, or `replicates` < 2.
    """
    if replicates < 2:
        raise InputError(f"A bootstrap of {replicates} replicates shows no spread: take at least two.")
    scored = [classes(*scores) for scores in detectors]
    (bonafide, spoof), *others = scored
    for number, (genuine, fake) in enumerate(others, start=2):
        if (genuine.size, fake.size) != (bonafide.size, spoof.size):
            raise InputError(
                f"Detector 1 scored {bonafide.size} bona fide and {spoof.size} spoof trials, detector "
                f"{number} {genuine.size} and {fake.size}: a comparison needs the same trials, joined by id."
            )
    scheme = scheme or stratified(bonafide.size, spoof.size)
    scheme.check(bonafide.size, spoof.size)
    # In the order of the first detector its weights need no gathering.
    orders = np.argsort(bonafide), np.argsort(spoof)
    scheme = scheme.sorted(*orders)
    rankings = [Ranking(genuine[orders[0]], fake[orders[1]]) for genuine, fake in scored]

    rows = max(1, _CELLS // (bonafide.size + spoof.size))
    sizes = [min(rows, replicates - start) for start in range(0, replicates, rows)]

    def block(stream: SeedSequence, size: int) -> tuple[NDArray[np.float64], int]:
        drawn = scheme.draw(np.random.default_rng(stream), size, bonafide.size, spoof.size)
        sets = [Resampled(ranking, drawn.bonafide, drawn.spoof) for ranking in rankings]
        values = np.array([[one.measured(measure) for one in sets] for measure in measures])
        return values, drawn.redrawn

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        blocks = list(pool.map(block, SeedSequence(seed).spawn(len(sizes)), sizes))
    values, redrawn = zip(*blocks, strict=True)
    return Replicates(np.concatenate(values, axis=-1), sum(redrawn), scheme.name)
