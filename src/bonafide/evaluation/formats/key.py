"""Keys: which trials a list has, and what they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from bonafide.evaluation import scores
from bonafide.evaluation.formats import known
from bonafide.evaluation.scores import Trials
from bonafide.types import InputError


@final
@dataclass(frozen=True, eq=False)
class Key:
    """A list of trials with what is known of each, all of one length and in the order of the file.

    Args:
        name: of the file.
        trials: what is known, with 0 for scores.
        conditions: further columns by name, such as `codec`.
        elsewhere: names of trials that the file lists and the subset asked for has not.
    """

    name: str
    trials: Trials
    conditions: Mapping[str, Sequence[str]]
    elsewhere: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.trials)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the trial list, the same that `scores.fingerprint` gives for its scored trials."""
        return scores.fingerprint(self.trials)


def read_key(
    file: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    columns: Mapping[str, str | int] | None = None,
    subset: str | None = None,
) -> Key:
    """Reads a protocol, key or list with labels.

    Args:
        file: of any layout of `known.KEYS`, recognised by its first line.
        format: name there, where you would rather say it.
        columns: for a list of your own, as in `layout.own`; `path` and `label` are needed.
        subset: what of the column `subset` is wanted (`eval`, `progress` or `hidden` of ASVspoof 2021); all
            if None.

    Raises:
        InputError: the file cannot be read or is of no known layout, lines are malformed or have unknown
            labels, a trial is listed twice, or there is no such subset.
    """
    file = Path(file)
    layout = known.chosen(file, known.KEYS, format, columns, ("path", "label"))
    read = layout.read(file)
    path = read.columns["path"]
    if len(set(path)) < len(path):
        first = dict(zip(reversed(path), reversed(range(len(path))), strict=True))
        again = (first[name] < row for row, name in enumerate(path))
        read.refuse(again, "path", "is listed already")
    trials = layout.trials(read, np.zeros(len(path)))
    conditions = {name: column for name, column in read.columns.items() if name not in scores.HEADER}
    whole = Key(file.name, trials, conditions)
    return whole if subset is None else _part(whole, subset)


def _part(key: Key, subset: str) -> Key:
    parts = np.array(key.conditions.get("subset", ()), dtype=object)
    if subset not in parts:
        there = ", ".join(sorted(set(parts))) or "none"
        raise InputError(f"{key.name} has no subset {subset!r}; there are: {there}.")
    wanted = parts == subset
    conditions = {name: np.array(column, dtype=object)[wanted] for name, column in key.conditions.items()}
    return Key(
        key.name,
        key.trials.where(wanted),
        {name: column.tolist() for name, column in conditions.items()},
        frozenset(key.trials.path[~wanted]),
    )
