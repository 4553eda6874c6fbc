"""The real command line in a process of its own, without paying for the imports each time.

A fork server imports torch and Lightning once and computes nothing; every command is a fresh child of it with
its own arguments, folder, environment, output files and exit code.
"""

import multiprocessing
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bonafide import scripts

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(
    ["bonafide.scripts.jobs.training", "bonafide.scripts.jobs.evaluation", "bonafide.scripts.jobs.prediction"]
)


class Result(NamedTuple):
    """Exit code and what was printed."""

    code: int
    out: str
    err: str

    def line(self) -> str:
        """What was said of a mistake: one line, no trace."""
        said = [text for text in self.err.splitlines() if text.startswith("bonafide: ")]
        assert "Traceback" not in self.err, self.err
        assert len(said) == 1, self.err
        return said[0]


def bonafide(
    folder: Path,
    *words: str | Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 240,
    largest_file: int = -1,
) -> Result:
    """`bonafide WORDS` in `folder`, unable to write files above so many bytes."""
    out, err = folder / ".out", folder / ".err"
    process = SERVER.Process(
        target=_child, args=(folder, [str(word) for word in words], dict(env or {}), largest_file)
    )
    process.start()
    process.join(timeout)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"bonafide {words} is still running: {err.read_text()}")
    assert process.exitcode is not None
    return Result(process.exitcode, out.read_text(), err.read_text())


def _child(folder: Path, words: list[str], env: dict[str, str], largest_file: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, resource.RLIM_INFINITY))
    os.chdir(folder)
    sys.path.insert(0, str(folder))  # as that of `python train.py`, which is typed beside parts of one's own
    os.environ.update(env)
    for number, name in ((1, ".out"), (2, ".err")):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    sys.argv = ["bonafide", *words]
    scripts.main()
