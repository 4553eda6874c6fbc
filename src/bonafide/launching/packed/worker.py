"""A cell in its own process: where it runs, where its words go, and with whom it ends."""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from hydra import version
from hydra._internal.callbacks import Callbacks
from hydra.core.utils import JobStatus, run_job, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig

from bonafide import interruption

LOG: Final = "output.log"
"""What a cell says, in its folder."""

PRELOADED: Final = (
    "bonafide.launching.packed.worker",
    "bonafide.launching.packed.reporter",
    "bonafide.scripts.jobs.training",
)
"""What the fork server imports before the first cell; the sweep itself imports no torch."""

GRACE: Final = 60.0
"""Seconds that an interrupted cell has to write what it must."""


class Order(NamedTuple):
    """What a process is told.

    Args:
        config: of the cell, whole, `hydra` included.
        folder: of the cell.
        place: working directory.
        environment: variables, all of them.
        cores: to run on.
        threads: of torch.
    """

    config: DictConfig
    folder: Path
    place: Path
    environment: Mapping[str, str]
    cores: tuple[int, ...]
    threads: int


def main(order: Order, pipe: Connection) -> None:
    """Trains the cell; what went wrong goes into its log and, in a line, into the pipe."""
    os.setsid()  # Ctrl-C is for the sweep, which then ends the cells
    threading.Thread(target=_end_with_the_sweep, daemon=True).start()
    os.environ.clear()
    os.environ.update(order.environment)
    os.chdir(order.place)
    _write_to(order.folder / LOG)
    if hasattr(os, "sched_setaffinity"):
        with suppress(OSError):
            os.sched_setaffinity(0, order.cores)
    import_module("torch").set_num_threads(order.threads)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    try:
        with interruption.heard():
            _train(order.config, pipe)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        said = import_module("bonafide.scripts.command").explain(error, "train")
        if said is None:
            traceback.print_exc()
            said = f"{type(error).__name__}: {error}".splitlines()[0]
        else:
            sys.stderr.write(f"bonafide: {said}\n")
        with suppress(OSError):
            pipe.send(said)
        raise SystemExit(2) from None


def count_gpus(pipe: Connection) -> None:
    """Tells how many GPUs torch sees: a question for a process that is then over."""
    pipe.send(import_module("torch").cuda.device_count())


def _train(config: DictConfig, pipe: Connection) -> None:
    version.setbase("1.3")  # as the commands
    setup_globals()
    training = import_module("bonafide.scripts.jobs.training")
    reporter = import_module("bonafide.launching.packed.reporter").Reporter(pipe)

    def train(cfg: DictConfig) -> Any:
        return training.run(cfg, [reporter])

    context = HydraContext(config_loader=cast(Any, None), callbacks=Callbacks(config))  # composed already
    returned = run_job(train, config, "hydra.sweep.dir", "hydra.sweep.subdir", context)
    if returned.status == JobStatus.FAILED:
        raise returned._return_value  # noqa: SLF001 - the public one announces it too


def _write_to(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)


def _end_with_the_sweep() -> None:
    """Also when the sweep is killed: then nobody is left to tell this process."""
    sweep = parent_process()
    assert sweep is not None  # noqa: S101 - it was started by one
    wait([sweep.sentinel])
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(GRACE)
    os.killpg(0, signal.SIGKILL)
