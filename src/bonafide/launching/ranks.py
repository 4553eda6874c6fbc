"""The other processes of distributed training, started from the config at hand and never from the command.

Lightning starts them by repeating the command that was typed: inside a sweep that is the whole sweep, once
more in every process. Here each gets the config of this run, resolved, over a pipe that it also lives by.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, final

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.distributed import _set_num_threads_if_needed
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.strategies.launchers.launcher import _Launcher
from pytorch_lightning.strategies.launchers.subprocess_script import _SubprocessScriptLauncher

from bonafide.types import InputError

_TO_NOTICE: Final = 30.0
"""Seconds that this process has to notice by itself that another is gone; it may wait for it forever."""

_TO_END: Final = 120.0
"""Seconds that the others have to end after this process."""

_REPORT: Final = 65_536  # bytes, what a pipe holds


def number() -> int:
    """Of this process among those of a run; 0 is the one that writes."""
    for variable in ("RANK", "SLURM_PROCID", "LOCAL_RANK"):
        if variable in os.environ:
            return int(os.environ[variable])
    return 0


@contextmanager
def joined(trainer: pl.Trainer, cfg: DictConfig, give_up: Callable[[str], None]) -> Iterator[None]:
    """A block in which `trainer` may start further processes.

    Args:
        trainer: made from `cfg`.
        cfg: of the run.
        give_up: is told, in a thread, why the run cannot go on, just before the process ends itself.

    Raises:
        InputError: another process failed; its own word.
    """
    theirs = trainer.strategy.launcher
    if (
        not isinstance(theirs, _SubprocessScriptLauncher)
        or theirs.cluster_environment.creates_processes_externally
    ):
        yield
        return
    ours = Ranks(theirs, cfg, give_up)
    trainer.strategy._launcher = ours  # noqa: SLF001 - has no public name
    try:
        yield
        ours.wait()
    except Exception as error:
        said = ours.said()
        if said:
            raise InputError(said) from error
        raise
    finally:
        ours.end()
        for variable in ("MASTER_ADDR", "MASTER_PORT"):
            os.environ.pop(variable, None)
        if torch.distributed.is_initialized():  # the next run of this process has other companions
            torch.distributed.destroy_process_group()


@final
class Ranks(_Launcher):
    """Starts the processes of this machine when training begins.

    Args:
        theirs: what Lightning would use.
        cfg: of the run.
        give_up: see `joined`.
    """

    def __init__(
        self, theirs: _SubprocessScriptLauncher, cfg: DictConfig, give_up: Callable[[str], None]
    ) -> None:
        self._theirs, self._cfg, self._give_up = theirs, cfg, give_up
        self._processes: list[subprocess.Popen[str]] = []
        self._reports: list[int] = []
        self._over = threading.Event()
        self._said = ""

    @property
    def is_interactive_compatible(self) -> bool:
        """Whether it works in a notebook."""
        return True

    def launch(
        self,
        function: Callable[..., Any],
        *args: Any,
        trainer: pl.Trainer | None = None,  # noqa: ARG002 - Lightning's signature
        **named: Any,
    ) -> Any:
        """Calls a function of the trainer when all are there."""
        if not self._processes:
            self._start()
        _set_num_threads_if_needed(num_processes=self._theirs.num_processes)
        return function(*args, **named)

    def kill(self, signum: int) -> None:
        """Leaves them to `end`."""

    def wait(self) -> None:
        """Until the others are done.

        Raises:
            InputError: one ended with an error, or does not end.
        """
        deadline = time.monotonic() + _TO_END
        for rank, process in enumerate(self._processes, 1):
            try:
                code = process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise InputError(f"process {rank} of distributed training does not end") from None
            if code:
                raise InputError(self.said() or f"process {rank} of distributed training ended with {code}")

    def said(self) -> str:
        """The error of the first that ended with one; empty for none."""
        for rank, (process, report) in enumerate(zip(self._processes, self._reports, strict=True), 1):
            with suppress(subprocess.TimeoutExpired):
                process.wait(3)  # its word comes before its end
            if process.poll() and not self._said:
                os.set_blocking(report, False)
                with suppress(BlockingIOError):
                    text = os.read(report, _REPORT).decode(errors="replace")
                    self._said = f"process {rank}: {text or f'ended with code {process.returncode}'}"
        return self._said

    def end(self) -> None:
        """Ends those that are left."""
        self._over.set()
        for process in self._processes:
            process.kill()
            process.wait()
        for report in self._reports:
            os.close(report)
        self._processes, self._reports = [], []

    def _start(self) -> None:
        place = self._theirs.cluster_environment
        common = {
            "MASTER_ADDR": place.main_address,
            "MASTER_PORT": str(place.main_port),
            "NODE_RANK": str(place.node_rank()),
            "WORLD_SIZE": str(self._theirs.num_processes * self._theirs.num_nodes),
        }
        config = OmegaConf.to_container(self._cfg, resolve=True)
        for rank in range(1, self._theirs.num_processes):
            report, theirs = os.pipe()
            process = subprocess.Popen(
                [sys.executable, "-m", "bonafide.launching.rank"],
                stdin=subprocess.PIPE,
                env={**os.environ, **common, "LOCAL_RANK": str(rank)},
                pass_fds=[theirs],
                start_new_session=True,  # Ctrl-C is for this process, which then ends the others
                text=True,
            )
            os.close(theirs)
            self._processes.append(process)
            self._reports.append(report)
            order = json.dumps({"path": sys.path, "config": config, "report": theirs})
            with suppress(BrokenPipeError):
                assert process.stdin is not None  # noqa: S101 - for the type checker
                process.stdin.write(f"{order}\n")
                process.stdin.flush()
        threading.Thread(target=self._watch, args=[list(self._processes)], daemon=True).start()

    def _watch(self, processes: list[subprocess.Popen[str]]) -> None:
        """Does not let this process wait forever for one that is gone."""
        while not self._over.wait(1.0):
            if any(process.poll() for process in processes):
                if not self._over.wait(_TO_NOTICE):
                    self._give_up(self.said() or "a process of distributed training ended")
                    os._exit(1)
                return
