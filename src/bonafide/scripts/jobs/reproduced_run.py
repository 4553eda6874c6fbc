"""A run of a recipe on other data than its own: a training in a process of its own, kept in its folder.

A folder that holds a finished run with the same config is not trained in again; one that holds a beginning
goes on from its last checkpoint; one that holds another run is left alone, and the run goes into the next.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from hydra import compose
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from bonafide import assembly, cell, interruption
from bonafide.scripts import command
from bonafide.types import InputError

LOG: Final = "output.log"
_GRACE: Final = 60.0
"""Seconds that an interrupted training has to write what it must."""
_RESULTS: Final = ("metrics.json", "provenance.json")
_KILLED: Final = {-signal.SIGKILL, 128 + signal.SIGKILL}

Ending = Literal["done", "refused", "crashed"]


class Run(NamedTuple):
    """What came of a run.

    Args:
        ending: refused is a run that cannot be had here, crashed one that failed by a fault of ours.
        folder: of the run.
        said: why it is not done, a line.
        metrics: what `metrics.json` of a finished run has.
        provenance: likewise.
        seconds: of all attempts.
        before: whether an earlier start has finished it.
    """

    ending: Ending
    folder: Path
    said: str = ""
    metrics: Mapping[str, Any] = {}
    provenance: Mapping[str, Any] = {}
    seconds: float = 0.0
    before: bool = False


def run(words: Sequence[str], folder: Path, threads: int | None = None) -> Run:
    """Trains and tests, unless that was done before.

    Args:
        words: of the command.
        folder: of the run; one beside it, if it holds another.
        threads: of the CPU; None for as many as torch takes.
    """
    try:
        mark = _fingerprint(words)
    except InputError as error:
        return Run("refused", folder, str(error))
    except (HydraException, OmegaConfBaseException):
        mark = ""  # the command finds the best words for it
    folder = next(place for place in _places(folder) if cell.standing(place, mark) != "taken")
    standing = cell.standing(folder, mark, _RESULTS) if mark else "new"
    if standing == "done":
        return _done(folder, before=True)
    if standing == "alive":
        return Run("refused", folder, f"another command trains in {folder}")
    goes_on = [f"ckpt_path={folder / cell.CHECKPOINT}"] if standing == "resume" else []
    code = _process([*words, *goes_on, f"hydra.run.dir={folder}"], folder / LOG, threads)
    return _done(folder) if code == 0 else _failed(folder, code)


def _failed(folder: Path, code: int) -> Run:
    said = [line.strip() for line in _lines(folder / LOG) if line.strip()] or ["it said nothing"]
    match code:
        case 2:
            ours = [line for line in said if line.startswith("bonafide: ")] or said
            return Run("refused", folder, ours[-1].removeprefix("bonafide: "))
        case 130:
            return Run("refused", folder, "it was interrupted; the same command goes on")
        case _ if code in _KILLED:
            return Run("refused", folder, "the system ended it; there is too little memory for it")
        case _:
            return Run("crashed", folder, f"{said[-1]} (exit code {code})")


def _fingerprint(words: Sequence[str]) -> str:
    found = compose("train", ["folder=.", *words])
    assert isinstance(found, DictConfig)  # noqa: S101 - for the type checker
    return assembly.fingerprint(found)


def _places(folder: Path) -> Iterator[Path]:
    yield folder
    yield from (folder.with_name(f"{folder.name}-{number}") for number in count(2))


def _done(folder: Path, *, before: bool = False) -> Run:
    metrics, provenance = (json.loads((folder / name).read_text(encoding="utf-8")) for name in _RESULTS)
    found = cell.read(folder)
    return Run("done", folder, "", metrics, provenance, found.seconds if found else 0.0, before)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _process(words: Sequence[str], log: Path, threads: int | None) -> int:
    """Exit code of a training; an interruption is passed on, and what it must write is waited for."""
    log.parent.mkdir(parents=True, exist_ok=True)
    # A training with it would answer a mistake with its trace; it is set while a command runs.
    environment = {name: value for name, value in os.environ.items() if name != command.TRACES}
    if threads is not None:
        environment["OMP_NUM_THREADS"] = environment["MKL_NUM_THREADS"] = str(threads)
    with log.open("wb") as file, interruption.terminable():
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "bonafide.scripts.train", *words, "trainer.enable_progress_bar=false"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # Ctrl-C is for this process, which passes it on once
        )
        try:
            return process.wait()
        except BaseException:
            _stop(process)
            raise


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_GRACE)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
