"""A search: Optuna proposes options, a launcher trains them, a study on disk remembers what they gave.

It reads spaces as hydra-optuna-sweeper does. The sweeper of that package counts trials and numbers cells anew
when it is started again, draws the same proposals once more, never ends what a killed search began, and stops
at the first cell that fails.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple, Self

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from bonafide import assembly, cell
from bonafide.launching import plan
from bonafide.launching.search import history, study
from bonafide.launching.search.space import Space
from bonafide.launching.search.study import Study, Tried
from bonafide.types import InputError
from bonafide.whole import whole


class Settings(NamedTuple):
    """How to search, as `conf/hydra/sweeper/search.yaml` explains it."""

    study_name: str
    storage: str | None
    direction: str
    n_trials: int
    n_jobs: int
    max_failures: int
    seed: int
    sampler: Callable[..., Any]
    params: Mapping[str, object]


class Outcome(NamedTuple):
    """What became of a trial's cell.

    Args:
        cell: name of its folder.
        value: None if it has none.
        error: one line if it failed.
        finished: false if it was interrupted and may go on.
    """

    cell: str
    value: float | None
    error: str = ""
    finished: bool = True

    @classmethod
    def of(cls, cell: str, value: float) -> Self:
        """What a cell that was trained to its end gave."""
        return cls(cell, value) if math.isfinite(value) else cls(cell, None, "its value is not a number")


def run(
    settings: Settings, config: DictConfig, context: HydraContext, launcher: Launcher, typed: Sequence[str]
) -> None:
    """Tries until there are `n_trials` values, those of earlier attempts included.

    Raises:
        InputError: the study belongs to another config, too many trials failed in a row, or the settings
            make no search.
    """
    if min(settings.n_trials, settings.n_jobs, settings.max_failures) < 1:
        raise InputError("hydra.sweeper.n_trials, n_jobs and max_failures are 1 or more")
    folder = Path(config.hydra.sweep.dir)
    space = Space.of(settings.params, typed)
    mark = _fingerprint(context, config, space)
    folder.mkdir(parents=True, exist_ok=True)
    storage = settings.storage or study.below(folder)
    kept = Study(settings.study_name, storage, settings.direction, settings.sampler, settings.seed)
    if not kept.belongs(mark):
        raise InputError(
            f"{storage} holds a search with other options than {' '.join(space.fixed) or 'these'}; "
            "repeat those, or choose another hydra.sweep.dir"
        )
    with whole(folder / "multirun.yaml") as part:
        OmegaConf.save(config, part)
    try:
        _search(settings, kept, space, _Cells(folder, launcher))
    finally:
        history.show(kept.history(), kept.best(), list(space.varied), folder, storage)
    _keep_best(kept, folder)


def _search(settings: Settings, kept: Study, space: Space, cells: "_Cells") -> None:
    together = 1 if cells.sequential else settings.n_jobs
    waiting = _unfinished(kept, cells)
    while True:
        tried = kept.history()
        _stop_if_hopeless(tried, settings.max_failures)
        missing = settings.n_trials - sum(trial.state == "done" for trial in tried) - cells.alive(tried)
        batch, waiting = waiting[:together], waiting[together:]
        if not batch:
            batch = _proposed(kept, space, cells, min(together, missing))
        if not batch and missing <= 0:
            return
        for trial, outcome in zip(batch, cells.run(batch), strict=True):
            if outcome.finished:
                kept.end(trial, outcome.cell, outcome.value, outcome.error)


def _unfinished(kept: Study, cells: "_Cells") -> list[Tried]:
    """Trials that a killed search left, which go on; what had not come to a cell yet has failed."""
    left = [trial for trial in kept.history() if trial.state == "running"]
    for trial in left:
        if not trial.options:
            kept.end(trial, "", None, "interrupted before it began")
    return [trial for trial in left if trial.options and not cells.state(trial.cell, alive=True)]


def _proposed(kept: Study, space: Space, cells: "_Cells", most: int) -> list[Tried]:
    """New trials; a choice that has its value is not trained again, nor twice at once."""
    batch: list[Tried] = []
    first = cells.free(kept.history())
    for _ in range(most):
        trial = kept.propose(space.varied)
        options = space.options(trial.chosen)
        earlier = [one for one in kept.history() if one.options == options and one.state == "done"]
        trial = kept.begin(trial, first + len(batch), options)
        if earlier:
            kept.end(trial, earlier[0].cell, earlier[0].value)
        elif any(one.options == options for one in batch):
            kept.end(trial, "", None, "the same as another one that was tried at the same time")
        else:
            batch.append(trial)
    return batch


def _stop_if_hopeless(tried: Sequence[Tried], most: int) -> None:
    ended = [trial for trial in reversed(tried) if trial.state != "running"]
    failed = list(takewhile(lambda trial: trial.state == "failed", ended))
    if len(failed) >= most:
        raise InputError(f"{len(failed)} trials failed in a row, the last with: {failed[0].error}")


class _Cells:
    """The run folders of a search."""

    def __init__(self, folder: Path, launcher: Launcher) -> None:
        self._folder, self._launcher = folder, launcher
        self.sequential = type(launcher).__name__ == "BasicLauncher"  # several at once would only wait

    def free(self, tried: Sequence[Tried]) -> int:
        """A number above those of all folders and trials."""
        names = [path.name for path in self._folder.iterdir()] + [trial.cell for trial in tried]
        return max((int(name) + 1 for name in names if name.isdecimal()), default=0)

    def alive(self, tried: Sequence[Tried]) -> int:
        """How many are being trained by somebody else."""
        return sum(trial.state == "running" and self.state(trial.cell, alive=True) for trial in tried)

    def state(self, name: str, *, alive: bool) -> bool:
        found = cell.read(self._folder / name) if name else None
        return found is not None and found.alive == alive

    def run(self, batch: Sequence[Tried]) -> list[Outcome]:
        """Trains each in a folder of its number, neighbours together."""
        outcomes: list[Outcome] = []
        while len(outcomes) < len(batch):
            rest = batch[len(outcomes) :]
            first = int(rest[0].cell)
            together = [trial for place, trial in enumerate(rest) if int(trial.cell) == first + place]
            outcomes += self._launched(together, first)
        return outcomes

    def _launched(self, batch: Sequence[Tried], first: int) -> list[Outcome]:
        returned: Sequence[JobReturn | None] = [None] * len(batch)
        said = "it ended without a value"
        try:
            returned = self._launcher.launch([trial.options for trial in batch], first) or returned
        except SystemExit as stopped:  # the command has said already what is wrong
            if stopped.code == 130:
                raise KeyboardInterrupt from None
        except Exception as error:  # of whatever kind, it is this trial's and not the search's
            said = _one_line(error)
        return [self._outcome(trial, job, said) for trial, job in zip(batch, returned, strict=True)]

    def _outcome(self, trial: Tried, job: JobReturn | None, said: str) -> Outcome:
        """What the launcher returned, or else what the cell's own file says."""
        name = self._name(trial, job)
        if job is not None and job.status == JobStatus.COMPLETED and job.return_value is not None:
            return Outcome.of(name, float(job.return_value))
        found = cell.read(self._folder / name)
        if found is not None and found.status == "done" and found.validated is not None:
            return Outcome.of(name, found.validated.cost)
        if found is not None and found.status in {"interrupted", "running"}:
            return Outcome(name, None, finished=False)
        if found is not None and found.error:
            said = found.error
        elif job is not None and job.status == JobStatus.FAILED:
            said = _one_line(job._return_value)  # noqa: SLF001 - the public one raises it
        return Outcome(name, None, said)

    def _name(self, trial: Tried, job: JobReturn | None) -> str:
        """The folder it was trained in: a launcher may have found the cell under another number."""
        place = OmegaConf.select(job.hydra_cfg, "hydra.runtime.output_dir") if job and job.hydra_cfg else None
        return Path(place).name if place else trial.cell


def _one_line(error: object) -> str:
    said = import_module("bonafide.scripts.command").explain(error, "train")
    return said or next(iter(str(error).strip().splitlines()), type(error).__name__)


def _fingerprint(context: HydraContext, config: DictConfig, space: Space) -> str:
    """Of what every cell has in common."""
    found = plan.composer(context, config)(space.fixed, 0)
    with open_dict(found):
        del found["hydra"]
    return assembly.fingerprint(found)


def _keep_best(kept: Study, folder: Path) -> None:
    """As hydra-optuna-sweeper leaves it."""
    best = kept.best()
    if best is not None:
        said = {"name": "optuna", "best_params": dict(best.chosen), "best_value": best.value}
        with whole(folder / "optimization_results.yaml") as part:
            OmegaConf.save(OmegaConf.create(said), part)
