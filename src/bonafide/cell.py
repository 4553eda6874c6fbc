"""A run as a cell of a sweep: whether it is done, what it gave, what stopped it. Kept in its folder.

`cell.json` says how far a run has come; it is written when a run begins and when it ends. A run that was
killed leaves the word that it is running, under a process that is no more: it counts as unfinished.
"""

import json
import os
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from omegaconf import OmegaConf

from bonafide.types import InputError
from bonafide.whole import whole

FILE: Final = "cell.json"

Status = Literal["running", "done", "failed", "interrupted"]


class Cell(NamedTuple):
    """What `cell.json` says.

    Args:
        fingerprint: of the config, as `assembly.fingerprint` makes it.
        status: of the last attempt.
        value: best validation EER, a fraction; None if nothing was trained to the end.
        error: one line; empty unless it failed.
        seconds: spent in this and earlier attempts.
        owner: of the last attempt: its host and process, and its job if Slurm ran it.
    """

    fingerprint: str
    status: Status
    value: float | None = None
    error: str = ""
    seconds: float = 0.0
    owner: Mapping[str, str] = {}

    @property
    def alive(self) -> bool:
        """Whether somebody still works on it."""
        return self.status == "running" and _works(self.owner)


def read(folder: Path) -> Cell | None:
    """The cell in a run folder; None if no run began there.

    Raises:
        InputError: the file is damaged.
    """
    file = folder / FILE
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Cell(**found)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise InputError(f"{file} is damaged; remove it, and the run begins anew") from error


def write(folder: Path, cell: Cell) -> None:
    """Puts the cell into its run folder."""
    with whole(folder / FILE) as part, part.open("w", encoding="utf-8") as stream:
        json.dump(cell._asdict(), stream, indent=2)
        stream.write("\n")


def owner() -> dict[str, str]:
    """This process, as the owner of a cell."""
    found = {"host": socket.gethostname(), "process": str(os.getpid())}
    if job := os.environ.get("SLURM_JOB_ID"):
        found["slurm"] = job
    return found


def choices(folder: Path) -> dict[str, str]:
    """What is chosen in this cell and otherwise elsewhere in its sweep, by option; nothing for a single run.

    The sweep's own list of options, `multirun.yaml` beside the cells, holds what was typed: an option of the
    cell that is not on it, word for word, varies.
    """
    sweep, own = folder.parent / "multirun.yaml", folder / ".hydra" / "overrides.yaml"
    if not sweep.is_file() or not own.is_file():
        return {}
    typed: Any = OmegaConf.select(OmegaConf.load(sweep), "hydra.overrides.task")
    common = {str(option) for option in typed or []}
    varied = [str(option) for option in OmegaConf.load(own) if str(option) not in common]
    return dict((option.lstrip("+").partition("=")[::2]) for option in varied)


def _works(owner: Mapping[str, str]) -> bool:
    """Whether a job is queued or a process of this host exists; of another host nothing is known."""
    if job := owner.get("slurm"):
        with suppress(OSError, subprocess.TimeoutExpired):
            asked = ["squeue", "--noheader", "--format=%i", f"--jobs={job}"]
            found = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 - no shell
            return bool(found.stdout.strip())
    if owner.get("host") != socket.gethostname():
        return False
    try:
        os.kill(int(owner["process"]), 0)
    except (ProcessLookupError, KeyError, ValueError):
        return False
    except PermissionError:
        pass
    return True
