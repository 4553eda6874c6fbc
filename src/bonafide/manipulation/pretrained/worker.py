"""A program of another environment that answers one line by one line."""

import json
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from typing import IO, Any, final

from bonafide.types import InputError


@final
class Worker:
    """Started once, asked many times, ended with this object.

    Args:
        name: for messages.
        command: the program and its arguments.
    """

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the program runs
        self._process = subprocess.Popen(  # noqa: S603 - the user's own interpreter
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True
        )
        weakref.finalize(self, _end, self._process, self._said)

    def ask(self, task: dict[str, Any]) -> dict[str, Any]:
        """The answer to a task; both are lines of JSON.

        Raises:
            InputError: the program ended instead, with the last line that it said.
        """
        process = self._process
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
        try:
            process.stdin.write(f"{json.dumps(task)}\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            process.wait()
            self._said.seek(0)
            said = self._said.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise InputError(f"{self.name} failed: {said[-1][:300]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _end(process: subprocess.Popen[str], said: IO[bytes]) -> None:
    process.kill()
    process.communicate()
    said.close()
