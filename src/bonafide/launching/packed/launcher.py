"""Cells side by side on this machine, each a process of its own, forked from a server that knows torch.

The server has touched no device, so that a cell sees only the GPUs of its slot, and all its memory goes when
it ends.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final, NamedTuple

from hydra.core.utils import JobReturn
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from bonafide import cell, interruption
from bonafide.launching import closing, plan, server
from bonafide.launching.packed import slots
from bonafide.launching.packed.board import Board
from bonafide.launching.packed.progress import Progress
from bonafide.launching.packed.slots import Settings, Slot
from bonafide.launching.packed.worker import GRACE, LOG, PRELOADED, Order, count_gpus, main
from bonafide.launching.plan import Compose, Job
from bonafide.types import InputError
from bonafide.whole import whole

_SERVER: Final = multiprocessing.get_context("forkserver")

_LOOK: Final = 1.0
"""Seconds between looks at what nobody told."""


class _Cell(NamedTuple):
    """A cell that runs."""

    job: Job
    slot: Slot
    process: ForkServerProcess
    pipe: connection.Connection


def launch(
    config: DictConfig,
    overrides: Sequence[Sequence[str]],
    compose: Compose,
    settings: Settings,
    first: int = 0,
) -> Sequence[JobReturn]:
    """Runs those cells of a sweep that are not done.

    Args:
        config: that all have in common, `hydra` included.
        overrides: options of each.
        compose: see `plan.composer`.
        settings: of the launcher.
        first: number of the first cell, where nothing else decides.

    Raises:
        InputError: there is no place for such cells on this machine.
    """
    if config.hydra.job.config_name != "train":
        raise InputError("hydra/launcher=packed trains; choose hydra/launcher=basic here")
    sweep = Path(str(config.hydra.sweep.dir))
    jobs = plan.plan(sweep, overrides, compose, first)
    cells = plan.once(jobs)
    sweep.mkdir(parents=True, exist_ok=True)
    if not (sweep / "multirun.yaml").is_file():
        with whole(sweep / "multirun.yaml") as part:
            OmegaConf.save(config, part)
    try:
        for job in cells:
            if job.state == "broken":
                plan.fail(job)
        to_run = [job for job in cells if job.to_run]
        if to_run:
            server.start(PRELOADED)
            places = _places(settings, to_run)
            with interruption.terminable(), Board(cells) as board:
                _Pool(to_run, places, board, sweep).run()
    finally:
        closing.show(jobs, sweep)
    return closing.returns(jobs)


def _places(settings: Settings, jobs: Sequence[Job]) -> list[Slot]:
    configs = [job.config for job in jobs if job.config is not None]
    gpus = 0
    if any(str(cfg.hardware.accelerator) != "cpu" for cfg in configs):
        ours, theirs = _SERVER.Pipe(duplex=False)
        asked = _SERVER.Process(target=count_gpus, args=[theirs])
        asked.start()
        theirs.close()
        with suppress(EOFError):
            gpus = ours.recv()
        asked.join()
    return slots.share(slots.machine(gpus), settings, configs)


class _Pool:
    """Cells that run and cells that wait.

    Args:
        waiting: cells to run.
        free: places for them.
        board: shows them.
        sweep: folder of the cells.
    """

    def __init__(self, waiting: Sequence[Job], free: Sequence[Slot], board: Board, sweep: Path) -> None:
        self._waiting, self._free, self._board = list(waiting), list(free), board
        self._sweep = sweep
        self._running: list[_Cell] = []
        self._stopping = False

    def run(self) -> None:
        """Until all are over; when interrupted, until those that run have written what they must."""
        try:
            self._run()
        except BaseException:
            self._stopping = self._board.stopping = True
            try:
                self._stop()
            finally:
                self._kill()
            raise

    def _run(self) -> None:
        while self._waiting or self._running:
            while self._waiting and self._free:
                self._begin(self._waiting.pop(0), self._free.pop(0))
            self._look()

    def _begin(self, job: Job, slot: Slot) -> None:
        assert job.config is not None  # noqa: S101 - it is to run
        with read_write(job.config), read_write(job.config.hydra), open_dict(job.config):
            job.config.hydra.sweep.dir = str(self._sweep)  # its time stamp is that of the sweep
            job.config.trainer.enable_progress_bar = False
        order = Order(
            job.config, job.folder, Path.cwd(), {**os.environ, **slot.environment}, slot.cores, slot.threads
        )
        ours, theirs = _SERVER.Pipe(duplex=False)
        process = _SERVER.Process(target=main, args=[order, theirs], name=f"cell {job.number}")
        process.start()
        theirs.close()
        self._running.append(_Cell(job, slot, process, ours))
        self._board.begin(job, slot)

    def _look(self) -> None:
        """Waits for news, and takes them."""
        connection.wait(
            [one.process.sentinel for one in self._running] + [one.pipe for one in self._running], _LOOK
        )
        for one in list(self._running):
            said = self._heard(one)
            if one.process.exitcode is not None:
                self._end(one, self._heard(one) or said)

    def _heard(self, one: _Cell) -> str:
        """Takes what a cell has told; its last word, if it was an error."""
        said = ""
        with suppress(EOFError, OSError):
            while not one.pipe.closed and one.pipe.poll():
                news = one.pipe.recv()
                if isinstance(news, Progress):
                    self._board.move(one.job, news)
                else:
                    said = news
        return said

    def _end(self, one: _Cell, said: str) -> None:
        """A cell's process is over: what it could not note itself is noted here."""
        self._running.remove(one)
        self._free.append(one.slot)
        one.process.join()
        _kill_group(one.process.pid)
        one.pipe.close()
        code, job = one.process.exitcode or 0, one.job
        one.process.close()
        found = cell.read(job.folder)
        mine = found is not None and found.fingerprint == job.fingerprint
        if found is not None and mine and found.status == "running" and self._stopping:
            cell.write(job.folder, found._replace(status="interrupted"))
        elif not mine or (found is not None and found.status == "running"):
            how = f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
            if not self._stopping:
                plan.fail(job, said or f"{how}; see {job.folder / LOG}")
        self._board.end(job, closing.ending(job))

    def _stop(self) -> None:
        """Cells end by themselves, with their checkpoints whole."""
        for one in self._running:
            with suppress(ProcessLookupError):
                os.kill(one.process.pid or 0, signal.SIGINT)
        deadline = time.monotonic() + GRACE
        while self._running and time.monotonic() < deadline:
            self._look()

    def _kill(self) -> None:
        for one in list(self._running):
            _kill_group(one.process.pid)
            one.process.kill()
            one.process.join()
            self._end(one, "")


def _kill_group(leader: int | None) -> None:
    """What a cell may have left behind: loaders' workers, further processes."""
    with suppress(ProcessLookupError, PermissionError):
        if leader:
            os.killpg(leader, signal.SIGKILL)
