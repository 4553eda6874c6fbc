"""Optuna's study on disk: what was tried, what it gave, what was left unfinished."""

import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, final

import numpy as np

from bonafide.launching.search.optuna2 import (
    BaseDistribution,
    ExperimentalWarning,
    FrozenTrial,
    OptunaError,
    SQLAlchemyError,
    TrialState,
    optuna,
)
from bonafide.types import InputError

_CELL: Final = "cell"
_OPTIONS: Final = "options"
_ERROR: Final = "error"
_RECIPE: Final = "fingerprint"


class Tried(NamedTuple):
    """A trial of the study.

    Args:
        number: its place in the history.
        cell: name of its run folder; empty if it never came to one.
        chosen: value by option.
        options: of its cell.
        value: None if it has none.
        state: `running` also if the search was killed meanwhile.
        error: one line if it failed.
    """

    number: int
    cell: str
    chosen: Mapping[str, Any]
    options: tuple[str, ...]
    value: float | None
    state: Literal["done", "failed", "running"]
    error: str


@final
class Study:
    """A history that outlives the process.

    Each proposal is drawn with a seed of its own, made of the study's and the trial's number: a search that
    was interrupted proposes what it would have proposed, and never its first draws again.

    Args:
        name: of the study in the database.
        storage: URL of the database.
        direction: `minimize` or `maximize`.
        sampler: makes Optuna's sampler of a seed.
        seed: of all draws.

    Raises:
        InputError: the database cannot be opened, or is none.
    """

    def __init__(
        self, name: str, storage: str, direction: str, sampler: Callable[..., Any], seed: int
    ) -> None:
        _quiet()
        self.storage, self._sampler, self._seed = storage, sampler, seed
        if direction not in {"minimize", "maximize"}:
            raise InputError(f"hydra.sweeper.direction={direction} is unknown; choose minimize or maximize")
        try:
            patient = {"timeout": 60} if storage.startswith("sqlite") else {}
            kept = optuna.storages.RDBStorage(storage, engine_kwargs={"connect_args": patient})
            self._study = optuna.create_study(
                study_name=name, storage=kept, direction=direction, load_if_exists=True
            )
        except (OptunaError, SQLAlchemyError, AssertionError, RuntimeError) as error:
            said = str(error).partition("\n")[0]
            raise InputError(
                f"the study {storage} cannot be opened ({said}); mend it or choose another hydra.sweep.dir"
            ) from error

    def belongs(self, fingerprint: str) -> bool:
        """Whether the trials so far had this config; a study without trials takes it."""
        if not self._study.trials:
            self._study.set_user_attr(_RECIPE, fingerprint)
        return bool(self._study.user_attrs.get(_RECIPE) == fingerprint)

    def history(self) -> list[Tried]:
        """Every trial, in the order in which they were proposed."""
        return [_tried(trial) for trial in self._study.get_trials(deepcopy=False)]

    def best(self) -> Tried | None:
        """The best of those that have a value."""
        minimal = self._study.direction.name == "MINIMIZE"
        valued = [trial for trial in self.history() if trial.value is not None]
        return min(valued, key=lambda trial: (trial.value or 0.0) * (1 if minimal else -1), default=None)

    def propose(self, varied: Mapping[str, BaseDistribution]) -> Tried:
        """The next choice.

        Raises:
            InputError: an option has other choices than before.
        """
        number = len(self._study.get_trials(deepcopy=False))
        self._study.sampler = self._sampler(
            seed=int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        )
        trial = self._study.ask()
        try:
            for name, distribution in varied.items():
                trial._suggest(name, distribution)  # noqa: SLF001 - what hydra-optuna-sweeper calls, there is no other way
        except ValueError as error:
            self._study.tell(trial, state=TrialState.FAIL)
            raise InputError(
                f"this search had other choices before ({error}); go on with those, "
                "or choose another hydra.sweep.dir"
            ) from error
        return _tried(self._study.trials[trial.number])

    def begin(self, trial: Tried, cell: int, options: tuple[str, ...]) -> Tried:
        """Notes in which cell it is tried, before anything is started."""
        self._note(trial, _CELL, str(cell))
        self._note(trial, _OPTIONS, list(options))
        return trial._replace(cell=str(cell), options=options)

    def end(self, trial: Tried, cell: str, value: float | None, error: str = "") -> None:
        """Notes what it gave; without a value it has failed."""
        self._note(trial, _CELL, cell)
        if value is None:
            self._note(trial, _ERROR, error)
            self._study.tell(trial.number, state=TrialState.FAIL)
        else:
            self._study.tell(trial.number, value)

    def _note(self, trial: Tried, key: str, value: object) -> None:
        kept = self._study._storage  # noqa: SLF001 - notes of a trial of another process have no public way
        number = kept.get_trial_id_from_study_id_trial_number(self._study._study_id, trial.number)  # noqa: SLF001
        kept.set_trial_user_attr(number, key, value)


def below(folder: Path) -> str:
    """URL of the database in a sweep's folder."""
    return f"sqlite:///{folder / 'study.db'}"


def _tried(trial: FrozenTrial) -> Tried:
    state: Literal["done", "failed", "running"] = "running"
    if trial.state.is_finished():
        state = "done" if trial.state == TrialState.COMPLETE else "failed"
    notes = trial.user_attrs
    value = trial.value if state == "done" else None
    return Tried(
        trial.number, notes.get(_CELL, ""), trial.params, tuple(notes.get(_OPTIONS, ())), value, state,
        notes.get(_ERROR, ""),
    )  # fmt: skip


def _quiet() -> None:
    optuna.logging.set_verbosity(logging.WARNING)
    warnings.filterwarnings("ignore", category=ExperimentalWarning)
