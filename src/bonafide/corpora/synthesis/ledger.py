"""What was made of which recording: a line of JSON for each, written as soon as its files are there."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, final

from bonafide.journal import Journal

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
    """The entries of a folder.

    Args:
        folder: that the versions lie in.
    """

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(folder / NAME)

    def read(self) -> dict[str, Entry]:
        """The last word on each recording."""
        entries = filter(None, map(_parsed, self._journal.read()))
        return {entry.name: entry for entry in entries}

    def add(self, entry: Entry) -> None:
        """Adds a line, or replaces what an earlier one says."""
        self._journal.add(entry)

    def replace(self, entries: Iterable[Entry]) -> None:
        """Starts over with these."""
        self._journal.replace(entries)


def _parsed(line: Any) -> Entry | None:
    try:
        name, source, stamp, recipe, made, problem, cut = line
        return Entry(name, source, (int(stamp[0]), int(stamp[1])), recipe, dict(made), problem, bool(cut))
    except (ValueError, TypeError, IndexError):
        return None
