"""How the lines of somebody's score files or protocols are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

import numpy as np
from numpy.typing import ArrayLike

from bonafide.evaluation.formats import table
from bonafide.evaluation.formats.table import Separator, Table
from bonafide.evaluation.scores import Texts, Trials
from bonafide.types import BONAFIDE, SPOOF, InputError, Label

BONAFIDE_SPOOF: Final[Mapping[str, Label]] = {"bonafide": BONAFIDE, "spoof": SPOOF}
REAL_FAKE: Final[Mapping[str, Label]] = {"real": BONAFIDE, "fake": SPOOF}
ANY: Final[Mapping[str, Label]] = {
    **BONAFIDE_SPOOF,
    **REAL_FAKE,
    **dict.fromkeys(("bona-fide", "Bonafide", "genuine", "Real"), BONAFIDE),
    **dict.fromkeys(("Fake", "deepfake"), SPOOF),
}
"""The field's spellings, for files that no publisher's rule describes."""

UNKNOWN: Final = "unknown"
"""System of a spoof of which nothing is said."""


@final
@dataclass(frozen=True)
class Layout:
    """The lines of one publisher's files.

    Args:
        columns: what each field is, in order: `path`, `label`, `system`, `speaker`, `utterance`, `corpus`,
            `score`; `-` if it is of no use; any other word is a condition, such as `codec`.
        separator: between fields.
        header: fields of the first line; none if it is a trial already.
        labels: what the words in `label` mean; no other is guessed at.
        no_system: what stands in `system` where no system made the trial.
    """

    columns: tuple[str, ...]
    separator: Separator = "space"
    header: tuple[str, ...] = ()
    labels: Mapping[str, Label] = field(default_factory=lambda: BONAFIDE_SPOOF)
    no_system: frozenset[str] = frozenset({"-", "A00", "bonafide"})

    @property
    def form(self) -> str:
        """A line of it, in words."""
        return {"space": " ", "tab": "<tab>", "comma": ","}[self.separator].join(self.header or self.columns)

    def fits(self, line: str) -> bool:
        """Whether a file that begins with this line can be of this layout."""
        fields = table.split(line, self.separator)
        if self.header:
            return tuple(fields) == self.header
        if len(fields) != len(self.columns):
            return False
        named = dict(zip(self.columns, fields, strict=True))
        return ("label" not in named or named["label"] in self.labels) and (
            "score" not in named or table.is_number(named["score"])
        )

    def read(self, file: Path) -> Table:
        """The lines of a file, as `table.read`.

        Raises:
            InputError: as there.
        """
        return table.read(file, self.columns, self.separator, self.header)

    def trials(self, read: Table, score: ArrayLike) -> Trials:
        """The score table of what was read; a trial without a name is called `<file>:<line>`.

        Args:
            read: what `read` gave, with labels.
            score: of each line.

        Raises:
            InputError: unknown labels, or bona fide trials with a system; the first ten lines are named.
        """
        label = self.label(read)
        path = read.columns.get("path") or [f"{read.file.name}:{number}" for number in read.numbers]
        nothing = ("-",) * len(path)
        return Trials(
            path=_texts(path),
            utterance=_texts(read.columns.get("utterance", path)),
            corpus=_texts(read.columns.get("corpus", nothing)),
            system=_texts(self.system(read, label)),
            speaker=_texts(read.columns.get("speaker", nothing)),
            label=_texts(label),
            score=np.asarray(score, dtype=np.float64),
        )

    def label(self, read: Table) -> list[Label]:
        """Of each trial.

        Raises:
            InputError: words that this layout does not know; the first ten lines are named.
        """
        words = read.columns["label"]
        if not self.labels.keys() >= set(words):
            known = ", ".join(self.labels)
            read.refuse((word not in self.labels for word in words), "label", f"is none of {known}")
        return [self.labels[word] for word in words]

    def system(self, read: Table, label: Sequence[Label]) -> list[str]:
        """Of each trial: `-` for bona fide, `unknown` for a spoof of which nothing is said.

        Raises:
            InputError: a system is said to have made bona fide trials; the first ten lines are named.
        """
        words = read.columns.get("system")
        if words is None:
            return ["-" if mine == BONAFIDE else UNKNOWN for mine in label]
        made = [
            mine == BONAFIDE and word not in self.no_system for mine, word in zip(label, words, strict=True)
        ]
        if any(made):
            read.refuse(made, "system", "cannot have made a bona fide trial")
        return [
            "-" if mine == BONAFIDE else UNKNOWN if word in self.no_system else word
            for mine, word in zip(label, words, strict=True)
        ]


def own(file: Path, columns: Mapping[str, str | int]) -> Layout:
    """The layout of a file in its owner's words; tabs, commas or blanks part the fields, whichever of them
    the first line has.

    Args:
        file: whose first line is looked at.
        columns: by what it is (`path`, `label`, `score`, …) the name of a column in the header, or its place
            from 0 where there is no header.

    Raises:
        InputError: a column that is not there, or the file cannot be read or is empty.
    """
    line = table.first_line(file)
    separator: Separator = "comma" if "," in line and "\t" not in line else "space"
    names = table.split(line, separator)
    places = {place: role for role, place in columns.items()}
    header = not all(isinstance(place, int) for place in places)
    there: Sequence[str | int] = names if header else range(len(names))
    missing = [str(place) for place in places if place not in there]
    if len(places) < len(columns):
        raise InputError(f"{file}: one column is named twice in {dict(columns)}; name each once.")
    if missing:
        raise InputError(
            f"{file} has no column {', '.join(missing)} among {', '.join(map(str, there))}: take names of "
            "the header, or places from 0 if there is none."
        )
    return Layout(
        tuple(places.get(place, "-") for place in there), separator, tuple(names) if header else (), ANY
    )


def _texts(column: Sequence[str]) -> Texts:
    return np.fromiter(column, dtype=object, count=len(column))
