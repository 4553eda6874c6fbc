"""What was made of which clip: a line of JSON for each, written as soon as its files are there."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, final

from bonafide.types import InputError
from bonafide.whole import whole

NAME: Final = "provenance.jsonl"

Record = dict[str, Any]
"""Of a clip; `source` is its name. `pipeline.manipulate` says what else there is."""


@final
class Provenance:
    """A file that only grows while clips are worked on, so that a crash costs no more than what was in hand.

    Args:
        folder: that the results lie in.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / NAME

    def read(self) -> dict[str, Record]:
        """The last word on each clip, by name; a line cut off by a crash is as good as not written."""
        try:
            text = self.file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise InputError(f"{self.file} cannot be read ({error.strerror})") from error
        found = {}
        for line in text.split("\n"):
            record = _parsed(line)
            if record is not None:
                found[record["source"]] = record
        return found

    def add(self, record: Record) -> None:
        """Adds a line, or replaces what an earlier one says; begins a line of its own after a cut one."""
        try:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(f"\n{_line(record)}\n")
        except OSError as error:
            raise InputError(f"{self.file} cannot be written ({error.strerror}); free some space") from error

    def replace(self, records: Iterable[Record]) -> None:
        """Starts over with these."""
        with whole(self.file) as part, part.open("w", encoding="utf-8") as file:
            file.writelines(f"{_line(record)}\n" for record in records)


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False)


def _parsed(line: str) -> Record | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("source"), str) else None
