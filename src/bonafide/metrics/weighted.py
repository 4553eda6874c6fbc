"""Measures of many resampled sets at once, from integer weights on presorted trials.

Only the order of trials matters to most measures, and neighbours of one class stand or fall together: the
curve is straight between them. So trials are summed into runs, the stretches of ascending scores that hold
one class alone (and tied scores that hold both), of which there are at most twice as many as trials of the
smaller class. No replicate is sorted.
"""

import math
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any, Final, NamedTuple, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from bonafide.metrics.auc import auc
from bonafide.metrics.cllr import cllr, cllr_min, cllr_min_of
from bonafide.metrics.curve import Measure, Rates, Tally, rates, tally
from bonafide.metrics.dcf import act_dcf, bayes_threshold, min_dcf
from bonafide.metrics.eer import crossing, eer, eer_official, eer_rocch, eer_rocch_of
from bonafide.metrics.fixed_points import far_at_frr, frr_at_far
from bonafide.metrics.hull import Blocks, pooled
from bonafide.metrics.schemes import Weights


class Side(NamedTuple):
    """One class of a ranking.

    Args:
        scores: `[trials]`, ascending.
        order: `[trials]` where they came; None if they came ascending.
        runs: `[filled]` runs that hold trials of this class.
        starts: `[filled]` first trial of each.
    """

    scores: Rates
    order: NDArray[np.intp] | None
    runs: NDArray[np.intp]
    starts: NDArray[np.intp]

    def ascending(self, weights: Weights) -> Weights:
        """Weights in the order of the scores, `[replicates, trials]`."""
        return weights if self.order is None else weights[:, self.order]

    def summed(self, weights: Weights, runs: int) -> Weights:
        """Sums of ascending weights, `[replicates, runs]`."""
        sums = np.zeros((weights.shape[0], runs), dtype=np.int64)
        sums[:, self.runs] = np.add.reduceat(weights, self.starts, axis=1)
        return sums


@final
class Ranking:
    """Trials of one detector in ascending score, and the runs of one class among them.

    Args:
        bonafide: `[trials]` scores.
        spoof: `[trials]` scores.
    """

    def __init__(self, bonafide: Rates, spoof: Rates) -> None:
        counts = tally(bonafide, spoof)
        kind = (counts.bonafide > 0) + 2 * (counts.spoof > 0)  # 3: tied scores of both
        begins = np.flatnonzero((np.diff(kind, prepend=0) != 0) | (kind == 3))
        self.runs = begins.size
        self.bonafide = _side(bonafide, np.add.reduceat(counts.bonafide, begins))
        self.spoof = _side(spoof, np.add.reduceat(counts.spoof, begins))

    @cached_property
    def costs(self) -> tuple[Rates, Rates]:
        """What each trial adds to Cllr, in nats."""
        return np.logaddexp(0, -self.bonafide.scores), np.logaddexp(0, self.spoof.scores)


@final
class Resampled:
    """A block of replicates of one ranking.

    Args:
        ranking: the trials.
        bonafide: `[replicates, trials]` weights, in the order that the ranking was given the scores.
        spoof: `[replicates, trials]` weights.
    """

    def __init__(self, ranking: Ranking, bonafide: Weights, spoof: Weights) -> None:
        self.ranking = ranking
        self.bonafide = ranking.bonafide.ascending(bonafide)
        self.spoof = ranking.spoof.ascending(spoof)

    @cached_property
    def runs(self) -> tuple[Weights, Weights]:
        """Bona fide and spoof weight of each run, `[replicates, runs]`."""
        sides = (self.ranking.bonafide, self.bonafide), (self.ranking.spoof, self.spoof)
        genuine, fake = (side.summed(weights, self.ranking.runs) for side, weights in sides)
        return genuine, fake

    @cached_property
    def rates(self) -> tuple[Rates, Rates]:
        """FRR and FAR at the corners of the curve, `[replicates, runs + 1]`."""
        return rates(*self.runs)

    def measured(self, measure: Measure) -> Rates:
        """The measure of each replicate, `[replicates]`; one without a weighted form gets repeated trials."""
        function, keywords = measure, {}
        if isinstance(measure, partial) and not measure.args:
            function, keywords = measure.func, measure.keywords
        weighted = WEIGHTED.get(function)
        if weighted is not None:
            return weighted(self, **keywords)
        genuine, fake = self.ranking.bonafide.scores, self.ranking.spoof.scores
        pairs = zip(self.bonafide, self.spoof, strict=True)
        return np.array([measure(np.repeat(genuine, one), np.repeat(fake, other)) for one, other in pairs])


def _side(scores: Rates, counts: NDArray[np.float64 | np.int64]) -> Side:
    presorted = bool((scores[1:] >= scores[:-1]).all())
    order = None if presorted else np.argsort(scores)
    filled = np.flatnonzero(counts)
    starts = (np.cumsum(counts) - counts)[filled].astype(np.intp)
    return Side(scores if order is None else scores[order], order, filled, starts)


def _eer(sets: Resampled) -> Rates:
    return crossing(*sets.rates)


def _eer_official(sets: Resampled) -> Rates:
    """Steps one repeated trial at a time through the run where the rates meet, bona fide first."""
    genuine, fake = sets.runs
    rejected, refused = np.cumsum(genuine, axis=1), np.cumsum(fake, axis=1)
    all_genuine, all_fake = rejected[:, -1], refused[:, -1]
    met = np.argmax(
        rejected * all_fake[:, None] >= (all_fake[:, None] - refused) * all_genuine[:, None], axis=1
    )
    at = np.arange(met.size), met
    before, after = rejected[at] - genuine[at], rejected[at]
    left = all_fake - refused[at] + fake[at]  # spoofs accepted before the run
    on_genuine = after * all_fake >= left * all_genuine
    start = np.where(on_genuine, before, after)
    steps = (left * all_genuine - start * all_fake) // np.where(on_genuine, all_fake, all_genuine)
    points = [
        (
            (start + np.where(on_genuine, step, 0)) / all_genuine,
            (left - np.where(on_genuine, 0, step)) / all_fake,
        )
        for step in (steps, steps + 1)
    ]
    (frr, far), (next_frr, next_far) = points
    nearer = np.abs(frr - far) <= np.abs(next_frr - next_far)
    return np.asarray(np.where(nearer, (frr + far) / 2, (next_frr + next_far) / 2))


def _hulls(sets: Resampled) -> list[Blocks]:
    """Pooled blocks of each replicate; one after the other, as pooling goes along the scores anyway."""
    hulls = []
    for genuine, fake in zip(*sets.runs, strict=True):
        (held,) = np.nonzero(genuine + fake)
        hulls.append(pooled(Tally(held.astype(np.float64), genuine[held], fake[held])))
    return hulls


def _eer_rocch(sets: Resampled) -> Rates:
    return np.array([eer_rocch_of(hull) for hull in _hulls(sets)])


def _cllr_min(sets: Resampled) -> Rates:
    return np.array([cllr_min_of(hull) for hull in _hulls(sets)])


def _auc(sets: Resampled) -> Rates:
    genuine, fake = sets.runs
    rejected = np.cumsum(genuine, axis=1)
    twice_won = (fake * (2 * (rejected[:, -1:] - rejected) + genuine)).sum(axis=1)
    return np.asarray(twice_won / (2 * rejected[:, -1] * fake.sum(axis=1)))


def _ends(**parameters: float) -> tuple[float, float]:
    """Normalised cost of rejecting all, and of accepting all."""
    most = np.finfo(np.float64).max
    return act_dcf([-most], [-most], **parameters), act_dcf([most], [most], **parameters)


def _min_dcf(sets: Resampled, **parameters: float) -> Rates:
    missed, alarmed = _ends(**parameters)
    frr, far = sets.rates
    return np.asarray((missed * frr + alarmed * far).min(axis=1))


def _act_dcf(sets: Resampled, **parameters: float) -> Rates:
    missed, alarmed = _ends(**parameters)
    threshold = bayes_threshold(**parameters)
    rejected = np.searchsorted(sets.ranking.bonafide.scores, threshold)
    refused = np.searchsorted(sets.ranking.spoof.scores, threshold)
    frr = sets.bonafide[:, :rejected].sum(axis=1) / sets.bonafide.sum(axis=1)
    far = sets.spoof[:, refused:].sum(axis=1) / sets.spoof.sum(axis=1)
    return np.asarray(missed * frr + alarmed * far)


def _frr_at_far(sets: Resampled, *, limit: float = 0.01) -> Rates:
    frr, far = sets.rates
    return np.asarray(np.where(far <= limit, frr, 1).min(axis=1))


def _far_at_frr(sets: Resampled, *, limit: float = 0.01) -> Rates:
    frr, far = sets.rates
    return np.asarray(np.where(frr <= limit, far, 1).min(axis=1))


def _cllr(sets: Resampled) -> Rates:
    genuine, fake = sets.ranking.costs
    # Not `@`: its threads would add in an order that depends on their number.
    one = np.einsum("rt,t->r", sets.bonafide, genuine) / sets.bonafide.sum(axis=1)
    other = np.einsum("rt,t->r", sets.spoof, fake) / sets.spoof.sum(axis=1)
    return np.asarray((one + other) / (2 * math.log(2)))


Weighted: TypeAlias = Callable[..., Rates]

WEIGHTED: Final[Mapping[Callable[..., Any], Weighted]] = {
    eer: _eer,
    eer_official: _eer_official,
    eer_rocch: _eer_rocch,
    auc: _auc,
    min_dcf: _min_dcf,
    act_dcf: _act_dcf,
    cllr: _cllr,
    cllr_min: _cllr_min,
    frr_at_far: _frr_at_far,
    far_at_frr: _far_at_frr,
}
