"""An attempt at a run: refused, skipped or resumed as its folder says, and noted there when it ends."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple, Self, final

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from bonafide import assembly, cell
from bonafide.cell import Cell
from bonafide.launching import plan, ranks
from bonafide.types import InputError
from bonafide.validated import Validated


class Attempt(NamedTuple):
    """What is to be done with a run.

    Args:
        folder: of the run.
        fingerprint: of its config.
        checkpoint: to go on from; None to begin anew.
        before: seconds of earlier attempts.
        done: what an earlier attempt left, if nothing is left to do.
    """

    folder: Path
    fingerprint: str
    checkpoint: str | None
    before: float = 0.0
    done: Cell | None = None

    @classmethod
    def of(cls, cfg: DictConfig) -> Self:
        """What the folder of the run says.

        Raises:
            InputError: somebody works on it, or the folder of a sweep's cell keeps another run.
        """
        folder, mark = Path(cfg.folder), assembly.fingerprint(cfg)
        found, there = cell.standing(folder, mark, plan.results(cfg)), cell.read(folder)
        given = None if cfg.ckpt_path is None else str(cfg.ckpt_path)
        if ranks.number() == 0 and there is not None and there.alive_elsewhere:
            owner = " ".join(f"{name} {value}" for name, value in there.owner.items() if name != "began")
            raise InputError(f"{folder} is being trained already ({owner}); wait for it or end it")
        same = there is not None and there.fingerprint == mark
        before = there.seconds if there is not None and same else 0.0
        if not swept():
            return cls(folder, mark, given, before if given else 0.0)
        if found == "taken":
            raise InputError(f"{folder} keeps another run; choose another hydra.sweep.dir")
        if found == "done":
            return cls(folder, mark, given, before, there)
        if found == "resume":
            return cls(folder, mark, str(folder / cell.CHECKPOINT), before)
        return cls(folder, mark, given)

    @contextmanager
    def noted(self, explain: Callable[[BaseException], str | None]) -> Iterator["Outcome"]:
        """Keeps `cell.json` while the block runs; the block sets what validation said.

        Args:
            explain: an error in one line; None if there is no better than its own.
        """
        outcome = Outcome(self, time.monotonic())
        with _terminable():
            outcome.note("running")
            try:
                yield outcome
            except Exception as error:
                outcome.note("failed", explain(error) or _own_line(error))
                raise
            except BaseException:
                outcome.note("interrupted")
                raise
            outcome.note("done")


@final
class Outcome:
    """What comes of an attempt.

    Args:
        attempt: this one.
        started: on the clock of `time.monotonic`.
    """

    def __init__(self, attempt: Attempt, started: float) -> None:
        self.attempt, self.started = attempt, started
        self.validated: Validated | None = None

    def note(self, status: cell.Status, error: str = "") -> None:
        """Writes `cell.json`, unless another process of the run does."""
        if ranks.number() == 0:
            seconds = round(self.attempt.before + time.monotonic() - self.started, 1)
            written = Cell(self.attempt.fingerprint, status, None, error, seconds, cell.owner())
            if status == "done" and self.validated is not None:
                written = written._replace(**self.validated._asdict())
            cell.write(self.attempt.folder, written)

    def give_up(self, error: str) -> None:
        """Notes a failure from a thread."""
        self.note("failed", error)


@final
class Terminable(pl.Callback):
    """SIGTERM interrupts as Ctrl-C does.

    Lightning answers it by a broadcast to all processes out of a signal handler, in the middle of whatever
    they exchange; where SIGTERM is answered by somebody else it stays theirs.
    """

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Lightning has just installed its own answer."""
        _answer_again()

    def on_test_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Likewise."""
        _answer_again()


def swept() -> bool:
    """Whether this run is a cell of a sweep."""
    return HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN


_ours = threading.Event()


@contextmanager
def _terminable() -> Iterator[None]:
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    _ours.set()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        _ours.clear()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _answer_again() -> None:
    if _ours.is_set():
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as Python calls it
    """By SIGINT, which a checkpoint being written holds back."""
    os.kill(os.getpid(), signal.SIGINT)


def _own_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
