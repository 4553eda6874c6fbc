"""Intervals of means over seeds: seeds and trials are redrawn, other choices stay as they are.

Every replicate weighs a trial alike in all cells (with the same seed of the draws and as many trials, a trial
keeps its weight from call to call), so what the cells of a sweep share cancels from their differences.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from bonafide.evaluation import scores
from bonafide.evaluation.breakdown import zero_error_bound
from bonafide.evaluation.scores import Trials
from bonafide.evaluation.sweeps.sweep import Run, Sweep
from bonafide.metrics.bootstrap import replicate
from bonafide.metrics.curve import Rates
from bonafide.metrics.eer import eer
from bonafide.metrics.intervals import tails
from bonafide.metrics.paired import two_sided
from bonafide.metrics.schemes import Factor, Scheme, multiplicities
from bonafide.types import InputError

_LEVEL = 0.95
_CLOSE = 1e-6

Progress: TypeAlias = Callable[[Sequence[Run]], Iterable[Run]]


class Drawn(NamedTuple):
    """Resampled EERs of all cells.

    Args:
        values: (test group, name of the run) → `[replicates]`; those are left out that have no score table.
        replicates: how many.
        seed: of the draws.
        problems: why some are left out, a sentence each.
    """

    values: Mapping[tuple[str, str], Rates] = {}
    replicates: int = 0
    seed: int = 0
    problems: Sequence[str] = ()

    def interval(self, group: str, configurations: Sequence[Sequence[Run]]) -> tuple[float, float] | None:
        """Of the mean over configurations of their means over seeds; None if a score table is missing."""
        means = [self._over_seeds(group, runs, place) for place, runs in enumerate(configurations)]
        found = [mean for mean in means if mean is not None]
        if len(found) < len(means):
            return None
        low, high = np.clip(np.quantile(np.mean(found, axis=0), tails(_LEVEL)), 0, 1)
        measured = [run.groups[group] for runs in configurations for run in runs]
        if not any(each.eer for each in measured):  # which no draw moves
            high = zero_error_bound(min(min(each.bonafide, each.spoof) for each in measured))
        return float(low), float(high)

    def difference(
        self, group: str, pairs: Sequence[Sequence[tuple[Run, Run]]]
    ) -> tuple[float, float, float] | None:
        """Bounds and p of the mean over blocks of the mean difference over the pairs of each.

        Args:
            group: test group.
            pairs: for each block, the two runs of every seed that both values have.
        """
        blocks = []
        for place, block in enumerate(pairs):
            sides = [self._values(group, side) for side in zip(*block, strict=True)]
            if sides[0] is None or sides[1] is None:
                return None
            blocks.append(self._redrawn(sides[0] - sides[1], place))
        differences = np.mean(blocks, axis=0)
        low, high = np.quantile(differences, tails(_LEVEL))
        return float(low), float(high), float(two_sided(differences))

    def _over_seeds(self, group: str, runs: Sequence[Run], place: int) -> Rates | None:
        values = self._values(group, runs)
        return None if values is None else self._redrawn(values, place)

    def _values(self, group: str, runs: Sequence[Run]) -> Rates | None:
        """`[runs, replicates]`; None if one of them has no score table."""
        found = [self.values[group, run.name] for run in runs if (group, run.name) in self.values]
        return np.array(found) if len(found) == len(runs) else None

    def _redrawn(self, values: Rates, place: int) -> Rates:
        return redrawn_seeds(values, np.random.default_rng([self.seed, 1, place]))


def redrawn_seeds(values: Rates, generator: np.random.Generator) -> Rates:
    """Replicates of the mean over seeds, of which as many are drawn with replacement as there are.

    The mean of redrawn seeds varies by (n - 1)/n of what the mean of n seeds does; its distance from the mean
    of all is stretched by the square root of n/(n - 1), so that the variance is right for few seeds too.

    Args:
        values: `[seeds, replicates]`, over redrawn trials.
        generator: of the draws.

    Shape:
        `[replicates]`.

    >>> redrawn_seeds(np.array([[0.1, 0.2]]), np.random.default_rng(0)).tolist()
    [0.1, 0.2]
    """
    seeds, replicates = values.shape
    mean = values.mean(axis=0)
    if seeds == 1:
        return np.asarray(mean)
    counts = multiplicities(generator, replicates, seeds).T
    drawn = (counts * values).sum(axis=0) / seeds
    return np.asarray(mean + math.sqrt(seeds / (seeds - 1)) * (drawn - mean))


def draw(sweep: Sweep, *, replicates: int = 1000, seed: int = 0, progress: Progress | None = None) -> Drawn:
    """Resamples the trials of every cell by its score tables; nothing for no replicates.

    Args:
        sweep: with score tables in its runs' folders.
        replicates: of the bootstrap; 0 for none.
        seed: of the draws.
        progress: shows how far it is.
    """
    if not replicates:
        return Drawn()
    values, problems = {}, []
    for run in sweep.runs if progress is None else progress(sweep.runs):
        for group in run.groups:
            try:
                trials = _trials(run, group)
            except InputError as error:
                problems.append(str(error))
                continue
            values[group, run.name] = _resampled(trials, replicates, seed)
    return Drawn(values, replicates, seed, problems)


def _trials(run: Run, group: str) -> Trials:
    """By path, so that every cell has the same order.

    Raises:
        InputError: no score table, or one that does not give the EER of the cell.
    """
    file = run.folder / "scores" / f"{group}.csv"
    found = scores.read(file)
    if not len(found) or abs(eer(found.bonafide, found.spoof) - run.groups[group].eer) > _CLOSE:
        raise InputError(f"{file} does not give the EER in metrics.json beside it; evaluate the run again.")
    return found.where(np.argsort(found.path.astype(str), kind="stable"))


def _resampled(trials: Trials, replicates: int, seed: int) -> Rates:
    genuine, fake = trials.bonafide, trials.spoof
    units = np.arange(genuine.size), np.arange(fake.size)  # named, so that sorting keeps a trial's weight
    each = Scheme("stratified", (Factor(genuine.size, units[0], None), Factor(fake.size, None, units[1])))
    found = replicate([eer], [(genuine, fake)], scheme=each, replicates=replicates, seed=seed)
    return np.asarray(found.values[0, 0])
