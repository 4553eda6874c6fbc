"""What was made of which recording: a line of JSON for each, written as soon as its files are there."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, final

from bonafide.types import InputError
from bonafide.whole import whole

NAME: Final = "made.jsonl"


class Entry(NamedTuple):
    """A recording and its versions.

    Args:
        name: of the versions, relative and without ending.
        source: file that they were made from, relative to the folder of recordings.
        stamp: bytes and time of change (ns) that it had.
        recipe: what decides all versions alike.
        made: what decides each version beyond that, by system.
        problem: why the recording is not usable; empty if it is.
        cut: it was longer than is taken.
    """

    name: str
    source: str
    stamp: tuple[int, int]
    recipe: str
    made: Mapping[str, str]
    problem: str = ""
    cut: bool = False


@final
class Ledger:
    """A file that only grows while recordings are worked on, so an interruption costs what was in hand.

    Args:
        folder: that the versions lie in.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / NAME

    def read(self) -> dict[str, Entry]:
        """The last word on each recording; a line cut off by a crash is as good as not written."""
        try:
            text = self.file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise InputError(f"{self.file} cannot be read ({error.strerror})") from error
        found = {}
        for line in text.split("\n"):
            entry = _parsed(line)
            if entry is not None:
                found[entry.name] = entry
        return found

    def add(self, entry: Entry) -> None:
        """Adds a line, or replaces what an earlier one says; begins a line of its own after a cut one."""
        text = "\n" + json.dumps(entry, ensure_ascii=False) + "\n"
        try:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise InputError(f"{self.file} cannot be written ({error.strerror}); free some space") from error

    def replace(self, entries: Iterable[Entry]) -> None:
        """Starts over with these."""
        with whole(self.file) as part, part.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)


def _parsed(line: str) -> Entry | None:
    try:
        name, source, stamp, recipe, made, problem, cut = json.loads(line)
        return Entry(name, source, (int(stamp[0]), int(stamp[1])), recipe, dict(made), problem, bool(cut))
    except (ValueError, TypeError, IndexError):
        return None
