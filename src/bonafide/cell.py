"""A run as a cell of a sweep: whether it is done, what it gave, what stopped it. Kept in its folder.

`cell.json` says how far a run has come; it is written when a run begins and when it ends. A run that was
killed leaves the word that it is running, under a process that is no more: it counts as unfinished.
"""

import json
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf

from bonafide.types import InputError
from bonafide.validated import Mode, Validated
from bonafide.whole import whole

FILE: Final = "cell.json"
COMMANDS: Final = "commands.yaml"
CHECKPOINT: Final = "checkpoints/last.ckpt"

Status = Literal["running", "done", "failed", "interrupted"]
Standing = Literal["new", "resume", "done", "alive", "taken"]


class Cell(NamedTuple):
    """What `cell.json` says.

    Args:
        fingerprint: of the config, as `assembly.fingerprint` makes it.
        status: of the last attempt.
        value: of `measure` at its best; None if nothing was trained to the end.
        error: one line; empty unless it failed.
        seconds: spent in this and earlier attempts.
        owner: of the last attempt: its host, process and when that began, and its job if Slurm ran it.
        measure: validation measure by which the weights were chosen.
        mode: whether its best is the smallest or the largest.
    """

    fingerprint: str
    status: Status
    value: float | None = None
    error: str = ""
    seconds: float = 0.0
    owner: Mapping[str, str] = {}
    measure: str = "val/eer"
    mode: Mode = "min"

    @property
    def validated(self) -> Validated | None:
        """What validation chose the weights by."""
        return None if self.value is None else Validated(self.value, self.measure, self.mode)

    @property
    def alive(self) -> bool:
        """Whether somebody still works on it."""
        return self.status == "running" and _works(self.owner)

    @property
    def alive_elsewhere(self) -> bool:
        """Whether somebody else does: not this process, nor the Slurm job that it belongs to."""
        mine = owner()
        names = ("slurm",) if "slurm" in mine else ("host", "process", "began")
        return self.alive and any(self.owner.get(name) != mine.get(name) for name in names)


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


def standing(folder: Path, fingerprint: str, results: Sequence[str] = ()) -> Standing:
    """What a folder holds for a run with this fingerprint.

    `new` is also a folder in which another run failed before it had anything to keep; `taken` one that keeps
    another run.

    Args:
        folder: of the run.
        fingerprint: of its config.
        results: files without which it is not done.
    """
    there = read(folder)
    kept = (folder / CHECKPOINT).is_file()
    if there is not None and there.alive_elsewhere:
        return "alive" if there.fingerprint == fingerprint else "taken"
    if there is None or there.fingerprint != fingerprint:
        worthless = not kept and (there is None or there.status != "done")
        return "new" if worthless else "taken"
    if there.status == "done" and all((folder / name).is_file() for name in results):
        return "done"
    return "resume" if kept else "new"


def write(folder: Path, cell: Cell) -> None:
    """Puts the cell into its run folder."""
    with whole(folder / FILE) as part, part.open("w", encoding="utf-8") as stream:
        json.dump(cell._asdict(), stream, indent=2)
        stream.write("\n")


def owner() -> dict[str, str]:
    """This process, as the owner of a cell."""
    found = {"host": socket.gethostname(), "process": str(os.getpid()), "began": _began(os.getpid())}
    if job := os.environ.get("SLURM_JOB_ID"):
        found["slurm"] = job
    return found


def choices(folder: Path) -> dict[str, str]:
    """What is chosen in this cell and otherwise elsewhere in its sweep, by option; nothing for a single run.

    The sweep's own list of options, `multirun.yaml` beside the cells, holds what was typed: an option of the
    cell that is not on it varies. `commands.yaml` holds what was typed each time, where that changed.
    """
    sweep, own = folder.parent / "multirun.yaml", folder / ".hydra" / "overrides.yaml"
    if not sweep.is_file() or not own.is_file():
        return {}
    typed: Any = OmegaConf.select(OmegaConf.load(sweep), "hydra.overrides.task")
    common = {_spelt(option) for option in typed or []}
    for command in commands(folder.parent):
        common &= {_spelt(option) for option in command}
    varied = [str(option) for option in OmegaConf.load(own) if _spelt(option) not in common]
    return dict((option.lstrip("+").partition("=")[::2]) for option in varied)


def _spelt(option: object) -> str:
    """An option as Hydra's sweepers hand it on: with `False` for `false`, and without needless spaces."""
    text = str(option)
    try:
        parsed = OverridesParser.create().parse_override(text)
    except HydraException:
        return text
    if parsed.is_sweep_override() or parsed.is_delete():
        return text
    return f"{parsed.get_key_element()}={parsed.get_value_element_as_str()}"


def commands(sweep: Path) -> list[list[str]]:
    """The options that were typed for a sweep, each time that they changed; oldest first."""
    file = sweep / COMMANDS
    if not file.is_file():
        return []
    kept: Any = OmegaConf.to_container(OmegaConf.load(file))
    return [[str(option) for option in command] for command in kept]


def remember(sweep: Path, command: Sequence[str]) -> None:
    """Keeps what was typed, if it was not typed before."""
    known = commands(sweep)
    if list(command) not in known:
        with whole(sweep / COMMANDS) as part:
            OmegaConf.save(OmegaConf.create([*known, list(command)]), part)


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
        process = int(owner["process"])
        os.kill(process, 0)
    except (ProcessLookupError, KeyError, ValueError):
        return False
    except PermissionError:
        pass
    return owner.get("began", "") in {"", _began(process)}


def _began(process: int) -> str:
    """When a process began, as the kernel counts it, and since which start of the machine; empty if not told.

    Numbers of processes come again, soon in containers: the number alone does not name a process.
    """
    with suppress(OSError, IndexError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        return f"{fields.rpartition(')')[2].split()[19]} {boot}"
    return ""
