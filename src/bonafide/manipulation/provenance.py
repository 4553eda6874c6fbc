"""What was made of which clip: a line of JSON for each, written as soon as its files are there."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, final

from bonafide.journal import Journal

NAME: Final = "provenance.jsonl"

Record = dict[str, Any]
"""Of a clip; `source` is its name. `pipeline.manipulate` says what else there is."""


@final
class Provenance:
    """The records of a corpus.

    Args:
        folder: that the results lie in.
    """

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(folder / NAME)

    def read(self) -> dict[str, Record]:
        """The last word on each clip, by name."""
        records = filter(_is_record, self._journal.read())
        return {record["source"]: record for record in records}

    def add(self, record: Record) -> None:
        """Adds a line, or replaces what an earlier one says."""
        self._journal.add(record)

    def replace(self, records: Iterable[Record]) -> None:
        """Starts over with these."""
        self._journal.replace(records)


def _is_record(line: Any) -> bool:
    return isinstance(line, dict) and isinstance(line.get("source"), str)
