"""Places for cells on this machine: GPUs, or a share of its cores."""

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from omegaconf import DictConfig

from bonafide.types import InputError

_ON_GPU: Final = {"gpu", "cuda", "auto"}


class Settings(NamedTuple):
    """Options of `hydra.launcher`.

    Args:
        gpus_per_job: that a cell sees; None for as many as `hardware.devices` asks for.
        jobs_per_gpu: cells that share a GPU; more than one pays where a cell leaves the GPU waiting.
        jobs: cells at a time without GPUs; None for as many as cores and memory allow.
        memory_gb: main memory that a cell may need, for `jobs: null`.
    """

    gpus_per_job: int | None = None
    jobs_per_gpu: int = 1
    jobs: int | None = None
    memory_gb: float = 3.0


class Machine(NamedTuple):
    """What there is to share out.

    Args:
        gpus: by the names that `CUDA_VISIBLE_DEVICES` takes.
        cores: by number.
        memory_gb: of main memory that is free.
    """

    gpus: tuple[str, ...]
    cores: tuple[int, ...]
    memory_gb: float


class Slot(NamedTuple):
    """A place for one cell at a time.

    Args:
        gpus: that the cell sees.
        cores: that it runs on.
        threads: of each of its processes.
    """

    gpus: tuple[str, ...]
    cores: tuple[int, ...]
    threads: int

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that tell the cell, and whatever it starts."""
        return {"CUDA_VISIBLE_DEVICES": ",".join(self.gpus), "OMP_NUM_THREADS": str(self.threads)}

    @property
    def name(self) -> str:
        """To be shown."""
        return f"GPU {','.join(self.gpus)}" if self.gpus else f"{len(self.cores)} cores"


def share(machine: Machine, settings: Settings, cells: Sequence[DictConfig]) -> list[Slot]:
    """Slots for the cells of a sweep, all alike.

    Args:
        machine: to share out.
        settings: of the launcher.
        cells: configs of those that are to run.

    Raises:
        InputError: a cell needs more than there is, or a setting is not a number of things.
    """
    _check(settings)
    processes = max((_processes(cfg) for cfg in cells), default=1)
    if not machine.gpus or not any(str(cfg.hardware.accelerator) in _ON_GPU for cfg in cells):
        return _on_cores(machine, settings, len(cells), processes)
    asked = [_devices(cfg) for cfg in cells]
    most = len(machine.gpus) if -1 in asked else max(asked)
    gpus = settings.gpus_per_job or most
    if gpus > len(machine.gpus) or gpus < max(asked):
        raise InputError(
            f"a cell asks for {max(gpus, *asked)} GPUs and may have {min(gpus, len(machine.gpus))} of "
            f"{len(machine.gpus)}; change hardware.devices or hydra.launcher.gpus_per_job"
        )
    groups = [machine.gpus[first : first + gpus] for first in range(0, len(machine.gpus) - gpus + 1, gpus)]
    places = [group for _ in range(settings.jobs_per_gpu) for group in groups][: max(len(cells), 1)]
    return [
        Slot(group, cores, max(1, len(cores) // gpus))
        for group, cores in zip(places, _split(machine.cores, len(places)), strict=True)
    ]


def _on_cores(machine: Machine, settings: Settings, cells: int, processes: int) -> list[Slot]:
    """Small models gain more from a neighbour than from a second thread: as many cells as there are cores."""
    fit = min(len(machine.cores) // processes, int(machine.memory_gb // (settings.memory_gb * processes)))
    jobs = settings.jobs or max(1, fit)
    shares = _split(machine.cores, min(jobs, max(cells, 1)))
    return [Slot((), cores, max(1, len(cores) // processes)) for cores in shares]


def _split(cores: Sequence[int], parts: int) -> list[tuple[int, ...]]:
    """Neighbouring cores together; more parts than cores share them in turn."""
    if parts >= len(cores):
        return [(cores[part % len(cores)],) for part in range(parts)]
    edges = [len(cores) * part // parts for part in range(parts + 1)]
    return [tuple(cores[start:end]) for start, end in pairwise(edges)]


def _check(settings: Settings) -> None:
    for name in ("gpus_per_job", "jobs_per_gpu", "jobs"):
        value = getattr(settings, name)
        if value is not None and (not isinstance(value, int) or value < 1):
            raise InputError(f"hydra.launcher.{name}={value} is not a number of at least 1")
    if settings.memory_gb <= 0:
        raise InputError(f"hydra.launcher.memory_gb={settings.memory_gb} is not above 0")


def _devices(cfg: DictConfig) -> int:
    """GPUs that a cell asks for; -1 for all."""
    found = cfg.trainer.devices
    if found == "auto":
        return 1
    try:
        return int(found)
    except (TypeError, ValueError):
        return len(found) if not isinstance(found, str) else len(found.split(","))


def _processes(cfg: DictConfig) -> int:
    """Processes of a cell without GPUs."""
    return max(1, _devices(cfg)) if str(cfg.hardware.accelerator) == "cpu" else 1


def machine(gpus: int) -> Machine:
    """This machine, as far as it is ours.

    Args:
        gpus: that torch sees.
    """
    cores = (
        sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    return Machine(_names(gpus), tuple(cores), _free_memory())


def _names(gpus: int) -> tuple[str, ...]:
    """As `CUDA_VISIBLE_DEVICES` names them, if it is set: it may hold numbers, or identifiers of slices."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = given.split(",") if given is not None else [str(number) for number in range(gpus)]
    return tuple(name.strip() for name in names[:gpus])


def _free_memory() -> float:
    """In GB; without bound where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 / 1e9 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return float("inf")
