"""Score tables: one row a trial, every trial exactly once.

As a file: CSV with the header `path,utterance,corpus,system,speaker,label,score`, UTF-8, scores written so
that reading them back gives the same float64.
"""

import csv
import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bonafide.types import BONAFIDE, SPOOF, InputError, Label, Utterance
from bonafide.whole import whole

Texts = NDArray[np.object_]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Columns of equal length, a row a trial.

    Args:
        path: names the trial.
        utterance: the sentence spoken.
        corpus: whose bona fide side the trial belongs to.
        system: generator or attack, `"-"` for bona fide.
        speaker: who speaks, `"-"` if unknown.
        label: `"bonafide"` or `"spoof"`.
        score: log-odds, high when genuine; float64.

    Raises:
        InputError: columns of unequal length, or another label.
    """

    path: Texts
    utterance: Texts
    corpus: Texts
    system: Texts
    speaker: Texts
    label: Texts
    score: NDArray[np.float64]

    def __post_init__(self) -> None:
        lengths = {field.name: len(getattr(self, field.name)) for field in fields(self)}
        if len(set(lengths.values())) > 1:
            raise InputError(f"Columns of a score table differ in length: {lengths}; give one score a trial.")
        strange = sorted(set(self.label) - {BONAFIDE, SPOOF})
        if strange:
            raise InputError(
                f"Unknown labels in a score table: {_some(strange)}; use {BONAFIDE} and {SPOOF}."
            )

    @classmethod
    def of(cls, utterances: Sequence[Utterance], scores: ArrayLike) -> Self:
        """Table of the utterances with their scores, in the same order."""
        return cls(
            path=_texts(utterance.path for utterance in utterances),
            utterance=_texts(utterance.utterance for utterance in utterances),
            corpus=_texts(utterance.corpus for utterance in utterances),
            system=_texts(utterance.system for utterance in utterances),
            speaker=_texts(utterance.speaker for utterance in utterances),
            label=_texts(utterance.label for utterance in utterances),
            score=np.asarray(scores, dtype=np.float64).reshape(-1),
        )

    def __len__(self) -> int:
        return len(self.path)

    def where(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """The rows of a mask, or those numbered."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def bonafide(self) -> NDArray[np.float64]:
        """Scores of the bona fide trials."""
        return self._scores(BONAFIDE)

    @property
    def spoof(self) -> NDArray[np.float64]:
        """Scores of the spoof trials."""
        return self._scores(SPOOF)

    def _scores(self, label: Label) -> NDArray[np.float64]:
        rows: NDArray[np.bool_] = self.label == label
        return self.score[rows]


HEADER = tuple(field.name for field in fields(Trials))


def write(path: str | Path, trials: Trials) -> None:
    """Writes the table as CSV, whole or not at all.

    Raises:
        InputError: the file cannot be written; the message has the reason.
    """
    texts = [getattr(trials, name) for name in HEADER[:-1]]
    # A carriage return in a name ends a line for the reader, yet the writer does not quote it by itself.
    returns = any("\r" in text for column in texts for text in column)
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(
            file, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL
        )
        writer.writerow(HEADER)
        writer.writerows(zip(*texts, map(repr, trials.score.tolist()), strict=True))


def read(path: str | Path) -> Trials:
    """Reads a table written by `write`.

    Raises:
        InputError: no such file, another header, or a row that is not a trial.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            header, *rows = [*csv.reader(file, strict=True)] or [[]]
        return _parse(header, rows)
    except OSError as error:
        raise InputError(
            f"No score table at {path} ({error.strerror}): name a run's scores/<group>.csv."
        ) from error
    except (csv.Error, ValueError) as error:
        raise InputError(f"{path} is not a score table ({error}): score the trials again.") from error


def check(trials: Trials, expected: Iterable[str]) -> None:
    """Refuses a table in which the expected trials are not scored exactly once with a finite number.

    Args:
        trials: the table.
        expected: paths of all trials of the list.

    Raises:
        InputError: trials missing, unknown, scored twice or more, or without a finite score; each kind with
            its count and its first ten.
    """
    wanted, scored = set(expected), Counter(trials.path)
    faults = {
        "missing": sorted(wanted - scored.keys()),
        "not in the trial list": sorted(scored.keys() - wanted),
        "scored more than once": sorted(path for path, times in scored.items() if times > 1),
        "NaN or infinite": sorted(trials.path[~np.isfinite(trials.score)]),
    }
    found = [f"{len(paths)} {kind}: {_some(paths)}" for kind, paths in faults.items() if paths]
    if found:
        raise InputError(
            f"The scores do not cover the {len(wanted)} trials exactly once: {'; '.join(found)}. "
            "Score the whole list again, in float32."
        )


def pooled(trials: Trials, how: Literal["mean", "min"]) -> Trials:
    """One trial for each path, with the mean or the least of its scores: a recording by its windows."""
    _, first, member = np.unique(trials.path.astype(str), return_index=True, return_inverse=True)
    if how == "mean":
        score = np.bincount(member, trials.score) / np.bincount(member)
    else:
        score = np.full(len(first), np.inf)
        np.minimum.at(score, member, trials.score)
    return replace(trials.where(first), score=score)


def fingerprint(trials: Trials) -> str:
    """SHA-256 of the trial list: sorted paths with label and system, whatever the scores and the order."""
    rows = sorted(zip(trials.path, trials.label, trials.system, strict=True))
    # NUL cannot stand in a path, so no two lists give the same text.
    text = "".join("\0".join((*row, "")) for row in rows)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _parse(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Trials:
    if tuple(header) != HEADER:
        raise ValueError(f"its header is not {','.join(HEADER)}")
    if any(len(row) != len(HEADER) for row in rows):
        raise ValueError(f"a row has not {len(HEADER)} fields")
    columns = list(zip(*rows, strict=True)) or [()] * len(HEADER)
    # Few systems and speakers on many rows: one string each.
    path, utterance, corpus, system, speaker, label = (_texts(map(sys.intern, text)) for text in columns[:-1])
    score = np.array(columns[-1], dtype=np.float64)
    return Trials(path, utterance, corpus, system, speaker, label, score)


def _texts(values: Iterable[str]) -> Texts:
    return np.array([*values, None], dtype=object)[:-1]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more
