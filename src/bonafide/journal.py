"""A file of JSON lines that only grows while things are done: a crash costs what was in hand, no more."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, final

from bonafide.types import InputError
from bonafide.whole import whole


@final
class Journal:
    """What was done, a line each.

    Args:
        file: that holds the lines.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> list[Any]:
        """Every line in order; one that a crash cut off is as good as not written.

        Raises:
            InputError: the file is there and cannot be read.
        """
        try:
            text = self.file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(f"{self.file} cannot be read ({error.strerror})") from error
        found = []
        for line in text.split("\n"):
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def add(self, value: object) -> None:
        """Writes a line; after a cut one it begins on a line of its own.

        Raises:
            InputError: the disk is full, or the file may not be written.
        """
        try:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(f"\n{_line(value)}\n")
        except OSError as error:
            raise InputError(f"{self.file} cannot be written ({error.strerror}); free some space") from error

    def replace(self, values: Iterable[object]) -> None:
        """Starts over with these, whole or not at all."""
        with whole(self.file) as part, part.open("w", encoding="utf-8") as file:
            file.writelines(f"{_line(value)}\n" for value in values)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
