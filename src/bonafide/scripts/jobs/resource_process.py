"""A pair is measured in a process of its own, so that it does not hold what another one left behind.

The processes are forked from a server that has imported torch and computed nothing.
"""

import multiprocessing
import signal
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

import torch
from omegaconf import DictConfig

from bonafide import assembly
from bonafide.audio import frames
from bonafide.evaluation.resources.cost import Cost, measure
from bonafide.launching import server
from bonafide.scripts import command
from bonafide.types import InputError

_SERVER: Final = multiprocessing.get_context("forkserver")
_MEMORY: Final = "there is too little memory for this; try a smaller batch_size"


class Workload(NamedTuple):
    """What is computed, the same for every pair.

    Args:
        clips: at once.
        repeats: timed batches.
        device: as torch names it.
        threads: of torch on the CPU; None for as many as it takes.
        seed: of the audio, which is noise, and of the weights.
    """

    clips: int
    repeats: int
    device: str
    threads: int | None
    seed: int


def start_server() -> None:
    """Before the first pair."""
    server.start(["bonafide.scripts.jobs.resource_process", "bonafide.tasks.detection"])


def cost(config: DictConfig, workload: Workload) -> Cost:
    """What a pair costs, from a process of its own.

    Raises:
        InputError: it cannot be built, or there is too little memory.
        RuntimeError: the process failed, by a fault of ours.
    """
    ours, theirs = _SERVER.Pipe(duplex=False)
    process = _SERVER.Process(target=_answer, args=[config, workload, theirs])
    process.start()
    theirs.close()
    found: Cost | InputError | str | None = None
    try:
        with suppress(EOFError):
            found = ours.recv()
    finally:
        if found is None:
            process.kill()
        process.join()
        ours.close()
    match found:
        case Cost():
            return found
        case InputError():
            raise found
        case None if process.exitcode in {-signal.SIGKILL, 137}:
            raise InputError(f"the system ended its process; {_MEMORY}")
        case _:
            raise RuntimeError(found or f"the process of a pair ended with code {process.exitcode}")


def _answer(config: DictConfig, workload: Workload, pipe: Connection) -> None:
    """The process: sends what was found, or why not."""
    try:
        pipe.send(_measured(config, workload))
    except Exception as error:
        said = command.explain(error, "train")
        if isinstance(error, RuntimeError) and "can't allocate memory" in str(error):
            said = _MEMORY
        with suppress(OSError):
            pipe.send(InputError(said) if said else traceback.format_exc())


def _measured(config: DictConfig, workload: Workload) -> Cost:
    if workload.threads is not None:
        torch.set_num_threads(workload.threads)
    torch.manual_seed(workload.seed)
    task = assembly.task(config).to(workload.device)
    samples = frames.to_samples(config.data.clip_seconds, config.data.sample_rate)
    waveform = 0.1 * torch.randn(workload.clips, samples)
    return measure(task.frontend, task.model, waveform.to(workload.device), repeats=workload.repeats)
