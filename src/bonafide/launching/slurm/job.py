"""A cell inside its Slurm job: what runs there, and what happens when Slurm wants the machine back.

Two parties could answer the signal that a job's time is running out: Lightning would write a checkpoint of
its own kind and requeue, submitit requeues the callable that it was given. Submitit answers here, on
`SIGUSR2`, since it also counts the requeues and keeps what the job runs; Lightning listens to `SIGUSR1`,
which Slurm is never told to send. The cell goes on from `checkpoints/last.ckpt`, which is written after each
epoch and every ten minutes within one (`callbacks.within_epoch`).
"""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final, final

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict, read_write

from bonafide import cell, interruption

_PATIENCE: Final = 20.0
"""Seconds that training may take to end."""


@final
class SlurmJob:
    """A cell as a callable that submitit keeps, runs in every task of a job, and keeps again for a requeue.

    Args:
        config: of the cell, whole, as it was when the sweep was planned: edits made while it is queued do not
            reach it.
        folder: of the cell.
        context: of Hydra.
        task: the function under Hydra.
    """

    def __init__(self, config: DictConfig, folder: Path, context: HydraContext, task: TaskFunction) -> None:
        self._config, self._folder, self._context, self._task = config, folder, context, task
        self._state: Any = Singleton.get_state()

    def __call__(self) -> None:
        """Runs the cell; what came of it is in its folder."""
        stop = Stop()
        if os.environ.get("SLURM_JOB_NUM_NODES") == "1":  # the name of a node need not lead to it
            os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        try:
            with interruption.heard():
                returned = self._run()
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        finally:
            stop.requeue()
        if returned.status == JobStatus.FAILED:
            _forgive(self._folder, returned._return_value)  # noqa: SLF001 - the public name prints
        _ = returned.return_value  # raises what was raised

    def checkpoint(self) -> Any:
        """What runs when the job comes back: the same; the cell knows how far it was."""
        from submitit.helpers import DelayedSubmission  # noqa: PLC0415 - only inside a job

        return DelayedSubmission(self)

    def _run(self) -> JobReturn:
        Singleton.set_state(self._state)
        setup_globals()
        if _is_first():
            _take_over(self._folder)
        else:
            _wait_for_the_first(self._folder)
        return run_job(
            hydra_context=self._context,
            task_function=self._task,
            config=_of_task(self._config),
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            configure_logging=_is_first(),
        )


@final
class Stop:
    """The answer to `SIGUSR2`: training ends as by Ctrl-C, then the job is requeued.

    Slurm signals every process of the job. Loaders' workers have inherited submitit's handler, and would
    requeue the job once more each; they must leave it to the process that they belong to. There, submitit
    would requeue at once, whereupon Slurm ends the workers and training fails for want of them, or it would
    break torch's writer in the middle of a checkpoint: a Ctrl-C waits for that (`checkpoints.patiently`).

    `SIGTERM`, by which Slurm ends what it cancels or takes back by itself, is left to training; submitit
    would let it go on.
    """

    def __init__(self) -> None:
        self._process, self._asked = os.getpid(), threading.Event()
        self._requeueing, self._requeued = threading.Lock(), False
        self._submitit = signal.getsignal(signal.SIGUSR2)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGUSR2, self._answer)

    def requeue(self) -> None:
        """If Slurm asked for it: submitit's part, once; it gives up after `hardware.requeues` time-outs.

        Processes other than the first have nothing to do but to wait for their end: were they to end by
        themselves, Slurm would end the first before it has requeued the job.
        """
        from submitit.core.utils import UncompletedJobError  # noqa: PLC0415 - only inside a job

        if not self._asked.is_set():
            return
        if not _is_first():
            time.sleep(_PATIENCE)
            return
        with self._requeueing, suppress(SystemExit, UncompletedJobError):
            if not self._requeued and callable(self._submitit):
                self._requeued = True
                self._submitit(signal.SIGUSR2, None)

    def _answer(self, _number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._process or self._asked.is_set():
            return
        self._asked.set()
        if not _is_first():
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            return
        late = threading.Timer(_PATIENCE, self.requeue)  # training may wait for a process that is gone
        late.daemon = True
        late.start()
        signal.raise_signal(signal.SIGINT)


def _forgive(folder: Path, error: object) -> None:
    """What breaks while training is being interrupted is no failure: Slurm ends loaders' workers as well."""
    met: set[int] = set()
    while isinstance(error, BaseException) and id(error) not in met:
        met.add(id(error))
        if isinstance(error, KeyboardInterrupt):
            found = cell.read(folder)
            if _is_first() and found and found.status == "failed":
                cell.write(folder, found._replace(status="interrupted", error=""))
            raise SystemExit(130)
        error = error.__cause__ or error.__context__


def _is_first() -> bool:
    return os.environ.get("SLURM_PROCID", "0") == "0"


def _take_over(folder: Path) -> None:
    """Makes the cell this process's, if its submission or an earlier time of this job left it to the job."""
    found, ours = cell.read(folder), {_number(), cell.owner().get("slurm")}
    if found and found.status == "running" and found.owner.get("slurm") in ours:
        cell.write(folder, found._replace(owner=cell.owner()))


def _wait_for_the_first(folder: Path) -> None:
    """All processes of the job must find the cell in one and the same state."""
    for _ in range(240):
        found = cell.read(folder)
        if found and found.owner.get("slurm") == cell.owner().get("slurm"):
            return
        time.sleep(0.5)


def _number() -> str:
    """Of this job, as submitit and scancel name it: `ARRAY_PLACE` in an array."""
    array, place = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{place}" if array else os.environ.get("SLURM_JOB_ID", "")


def _of_task(config: DictConfig) -> DictConfig:
    """The config as this process of the job sees it; only the first writes into the cell's folder."""
    with read_write(config.hydra), open_dict(config.hydra):
        config.hydra.job.id = _number()
        if not _is_first():
            config.hydra.output_subdir = None
    return config
