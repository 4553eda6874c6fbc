"""What Slurm says of jobs, and which job works on a cell.

A cell names its job, in `cell.json`, from the moment of the submission, long before the run begins; so a
second launch waits for what is queued instead of submitting it again.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from bonafide import cell
from bonafide.cell import Cell
from bonafide.launching.plan import Job
from bonafide.types import InputError

GONE: Final = "GONE"
"""A job that Slurm does not know any more."""

OVER: Final = frozenset(
    {
        GONE,
        "BOOT_FAIL",
        "CANCELLED",
        "COMPLETED",
        "DEADLINE",
        "FAILED",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "REVOKED",
        "TIMEOUT",
    }
)
"""States that a job does not leave by itself, https://slurm.schedmd.com/squeue.html#SECTION_JOB-STATE-CODES."""


def needed() -> None:
    """Asks for Slurm's commands.

    Raises:
        InputError: they are not here.
    """
    for command in ("sbatch", "srun", "squeue"):
        if shutil.which(command) is None:
            raise InputError(
                f"hardware=slurm: there is no {command} here; start it on a login node of the cluster, "
                "or choose the hardware of this machine with hardware=auto"
            )


def states() -> dict[str, str] | None:
    """State of the user's jobs that Slurm still knows, by number; those of an array also by `ARRAY_PLACE`.

    None if it cannot be asked now: a busy controller says nothing for a while, which means nothing.
    """
    asked = ["squeue", "--me", "--array", "--noheader", "--states=all", "--format=%A %i %T"]
    try:
        found = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - no shell
    except (OSError, subprocess.SubprocessError):
        return None
    lines = [line.split() for line in found.stdout.splitlines()]
    return {name: words[-1] for words in lines for name in words[:-1]}


def queued(jobs: Sequence[Job]) -> list[Job]:
    """Those of some cells whose Slurm job is not over: it was requeued, or has not begun.

    Raises:
        InputError: Slurm does not answer.
    """
    known = states()
    if known is None:
        raise InputError("squeue does not answer; try the same command again when the cluster does")
    return [job for job in jobs if known.get(of(job) or "", GONE) not in OVER]


def of(job: Job) -> str | None:
    """The Slurm job that works on a cell, or last did; None if none ever did."""
    found = cell.read(job.folder)
    return found.owner.get("slurm") if found and found.fingerprint == job.fingerprint else None


def give(job: Job, number: str) -> None:
    """Notes that a Slurm job will work on a cell, unless it has begun to."""
    found = cell.read(job.folder)
    if found == job.before:
        seconds = found.seconds if found and found.fingerprint == job.fingerprint else 0.0
        cell.write(job.folder, Cell(job.fingerprint, "running", seconds=seconds, owner={"slurm": number}))


@contextmanager
def outside_a_job() -> Iterator[None]:
    """Hides the job that this process may run in: what is submitted from a job takes on its sizes."""
    hidden = {
        name: value
        for name, value in os.environ.items()
        if "SLURM_JOB_ID" in os.environ and name.startswith(("SLURM_", "SRUN_")) and name != "SLURM_CONF"
    }
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)
