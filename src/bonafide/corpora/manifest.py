"""A list of your own: CSV, TSV or Parquet, under any names of columns and labels."""

import csv
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO, final

import pyarrow as pa
import pyarrow.parquet as pq

from bonafide.corpora import tree
from bonafide.corpora.corpus import Corpus
from bonafide.corpora.protocol import LABELS
from bonafide.types import BONAFIDE, SPOOF, InputError, Label, Segment, Utterance

_NEEDED: Final = ("path", "label")
_COLUMNS: Final = (
    *_NEEDED,
    "utterance",
    "corpus",
    "system",
    "speaker",
    "split",
    "group",
    "subset",
    "codec",
    "language",
    "family",
    "segments",
)
_SPLITS: Final = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "eval": "test",
}
_NOTHING: Final = frozenset({"", "-"})
_SEGMENT: Final = re.compile(r"(\d+(?:\.\d*)?)-(\d+(?:\.\d*)?)")
_ROWS: Final = 65_536  # of a Parquet file at a time

Choice = Callable[[Sequence[str]], Sequence[int]]
"""Positions of the columns wanted among those there are."""


class _Row(NamedTuple):
    """A row of the list.

    Args:
        file: it stands in.
        number: from 1; of the line in a text file, of the row in a Parquet file.
        fields: by our names.
    """

    file: Path
    number: int
    fields: Mapping[str, str]

    def wrong(self, what: str) -> InputError:
        kind = "row" if _is_parquet(self.file) else "line"
        return InputError(f"{self.file}, {kind} {self.number}: {what}")

    def text(self, column: str) -> str:
        """The field; `"-"` if there is none."""
        return self.fields.get(column, "") or "-"


@final
class ManifestFile(Corpus):
    """Recordings that a table lists, a row each.

    ======================  ==========================================================================
    column                  what it holds, and what stands there if the list has no such column
    ======================  ==========================================================================
    path                    below the root, or absolute: needed
    label                   `bonafide` or `spoof`, or your words for them (`labels`): needed
    utterance               the sentence, shared by a recording and its resyntheses; the path without ending
    corpus                  the collection that a spoof is compared with; `manifest`
    system                  generator or attack that made a spoof; `unknown`
    speaker                 `-`
    split                   `train`; `validation`, `valid`, `val` or `dev`; `test` or `eval`. Your division is
                            taken as it is; without one, `data.split` divides by group
    group                   what must stay in one part; the utterance
    subset, codec,          what tests may pick by; nothing, `-`, `-`, `-` (`family`: kind of system)
    language, family
    segments                manipulated stretches of a spoof in seconds, `0.52-1.20/2.00-2.41`; the whole
    ======================  ==========================================================================

    ::

        path,label,utterance,system,speaker,split
        genuine/a.wav,bonafide,a,-,anna,train
        melgan/a.wav,spoof,a,melgan,anna,train

    * `.csv` has commas, `.tsv` tabs, both a header, quotes and UTF-8; `.parquet` holds texts, and segments as
      texts or as lists of start and end.
    * Columns are found by name, or by another one that `columns` gives: AntiDeepfake's lists are read by
      `columns: {path: Path, label: Label, system: Attack, speaker: Speaker, split: Proportion}`,
      `labels: {real: bonafide, fake: spoof}` and `prefix: $ROOT/`.

    Traps:

    * Without `utterance` (or `group`) nothing shows that a spoof was made from a recording, and a division
      parts them.

    Args:
        root: folder that relative paths start from.
        file: the list, or several, below the root or anywhere else.
        columns: names in the list by ours; null for a column that is there and should not be used.
        labels: `bonafide` or `spoof` by the words in the list; no others are accepted then.
        prefix: beginning of every path in the list that stands for the root and is taken away, such as
            `$ROOT/` or the folder of another machine.
    """

    def __init__(
        self,
        root: str | Path,
        file: str | Path | Sequence[str | Path],
        columns: Mapping[str, str | None] | None = None,
        labels: Mapping[Any, str] | None = None,
        prefix: str = "",
    ) -> None:
        super().__init__(root)
        self._files = [file] if isinstance(file, (str, Path)) else list(file)
        self._columns = _columns(columns or {})
        self._labels = _labels(labels) if labels else LABELS
        self._prefix = prefix
        self._here = f"{self.root.absolute().as_posix()}/"
        self._notes: list[str] = []

    @property
    def name(self) -> str:
        """As in `data=manifest`."""
        return "manifest"

    @property
    def notes(self) -> Sequence[str]:
        """Columns that were not used, utterances that your division tears apart."""
        return tuple(self._notes)

    def utterances(self) -> Sequence[Utterance]:
        """Every recording once, sorted by path.

        Raises:
            InputError: a file or a column is missing, or a row is malformed or repeats another.
        """
        self._notes = []
        rows: dict[str, Utterance] = {}
        for given in self._files:
            file = tree.needed(
                "the list of recordings",
                [self.root / given, Path(given).expanduser()],
                "set data.corpus.file to it",
            )
            for row in self._rows(file):
                utterance = self._utterance(row)
                before = rows.setdefault(utterance.path, utterance)
                if before is not utterance:
                    raise row.wrong(
                        f"the recording {utterance.path} is listed already in {before.listed}; leave one out"
                    )
        if not rows:
            raise InputError(
                f"{', '.join(map(str, self._files))} lists nothing; name another data.corpus.file"
            )
        self._torn(rows.values())
        return sorted(rows.values())

    def _rows(self, file: Path) -> Iterator[_Row]:
        chosen: dict[str, int] = {}

        def choose(header: Sequence[str]) -> Sequence[int]:
            chosen.update(self._chosen(file, header))
            return list(chosen.values())

        read = _parquet if _is_parquet(file) else _text
        for number, values in read(file, choose):
            yield _Row(file, number, dict(zip(chosen, values, strict=True)))

    def _chosen(self, file: Path, header: Sequence[str]) -> dict[str, int]:
        """Where each of our columns stands."""
        chosen = {}
        for ours, theirs in self._columns.items():
            if theirs is None:
                continue
            if header.count(theirs) > 1:
                raise InputError(f"{file} has {header.count(theirs)} columns {theirs}; rename all but one")
            if theirs in header:
                chosen[ours] = header.index(theirs)
            elif theirs != ours or ours in _NEEDED:
                raise InputError(
                    f"{file} has no column {theirs} among {', '.join(header)}; name the one that holds the "
                    f"{ours} with data.corpus.columns.{ours}"
                )
        aside = [name for place, name in enumerate(header) if place not in chosen.values()]
        if aside:
            self._notes.append(f"{file.name}: columns not used: {', '.join(aside)}")
        return chosen

    def _utterance(self, row: _Row) -> Utterance:
        label = self._labels.get(row.fields["label"])
        if label is None:
            raise row.wrong(
                f"the label {row.fields['label']!r} is none of {', '.join(self._labels)}; mend it, or set "
                "data.corpus.labels"
            )
        path = self._path(row)
        split = self._split(row)
        system = row.text("system")
        return Utterance(
            path=path,
            utterance=row.fields.get("utterance", "") or posixpath.splitext(path)[0],
            corpus=row.fields.get("corpus", "") or "manifest",
            system="-" if label == BONAFIDE else "unknown" if system == "-" else system,
            speaker=row.text("speaker"),
            label=label,
            split=split,
            segments=_segments(row, label),
            fixed=split,
            group=row.fields.get("group", ""),
            subset=row.fields.get("subset", ""),
            codec=row.text("codec"),
            language=row.text("language"),
            family="-" if label == BONAFIDE else row.text("family"),
            listed=f"{row.file.name}:{row.number}",
        )

    def _path(self, row: _Row) -> str:
        text = row.fields["path"]
        if self._prefix:
            if not text.startswith(self._prefix):
                raise row.wrong(f"the path {text} does not begin with data.corpus.prefix={self._prefix}")
            text = text[len(self._prefix) :].lstrip("/")
        if not text:
            raise row.wrong("the path is empty; mend it, or leave the row out")
        return posixpath.normpath(text).removeprefix(self._here)

    def _split(self, row: _Row) -> str:
        if "split" not in row.fields:
            return ""
        split = _SPLITS.get(row.fields["split"])
        if split is None:
            raise row.wrong(
                f"the split {row.fields['split']!r} is none of {', '.join(_SPLITS)}; mend it, or set "
                "data.corpus.columns.split=null"
            )
        return split

    def _torn(self, rows: Iterable[Utterance]) -> None:
        """Notes what is in more than one part of the list's own division."""
        part: dict[str, str] = {}
        torn = {
            name
            for row in rows
            if (name := row.group or row.utterance) and part.setdefault(name, row.split) != row.split
        }
        if torn:
            self._notes.append(
                f"{len(torn):,} utterances or groups are in more than one part, such as {min(torn)}: results "
                "will be too good"
            )


def _columns(given: Mapping[str, str | None]) -> dict[str, str | None]:
    strange = [name for name in given if name not in _COLUMNS]
    if strange:
        raise InputError(
            f"data.corpus.columns: {', '.join(strange)} is none of {', '.join(_COLUMNS)}; write ours first, "
            "as in {path: Path}"
        )
    for name in _NEEDED:
        if given.get(name, name) is None:
            raise InputError(f"data.corpus.columns.{name}=null: the {name} is needed; name its column")
    return {name: given.get(name, name) for name in _COLUMNS}


def _labels(given: Mapping[Any, str]) -> dict[str, Label]:
    found: dict[str, Label] = {}
    for theirs, ours in given.items():
        if ours not in LABELS:
            raise InputError(f"data.corpus.labels: {theirs} cannot mean {ours}; choose bonafide or spoof")
        found[str(theirs)] = LABELS[ours]
    return found


def _segments(row: _Row, label: Label) -> tuple[Segment, ...]:
    text = row.fields.get("segments", "")
    if text in _NOTHING:
        return ()
    if label != SPOOF:
        raise row.wrong(f"a bona fide recording has the manipulated segments {text}; mend the label or them")
    found = []
    for piece in text.split("/"):
        match = _SEGMENT.fullmatch(piece.strip())
        if match is None or float(match[1]) >= float(match[2]):
            raise row.wrong(f"the segment {piece!r} is not START-END in seconds, as in 0.52-1.20/2.00-2.41")
        found.append(Segment(float(match[1]), float(match[2])))
    return tuple(found)


def _is_parquet(file: Path) -> bool:
    return file.suffix.lower() in {".parquet", ".pq"}


def _text(file: Path, choose: Choice) -> Iterator[tuple[int, list[str]]]:
    """The number of the line that a row begins on, and the fields wanted."""
    with _readable(file), file.open(encoding="utf-8-sig", newline="") as stream:
        records = _records(file, stream)
        _, header = next(records, (1, []))
        wanted = choose([field.strip() for field in header])
        for number, fields in records:
            if len(fields) != len(header):
                raise InputError(
                    f"{file}, line {number}: {len(fields)} fields where the header has {len(header)}; put "
                    "quotes around a field that holds the separator"
                )
            yield number, [fields[place].strip() for place in wanted]


def _records(file: Path, stream: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty; one that holds quoted line ends is longer than a line."""
    reader = csv.reader(stream, delimiter="\t" if file.suffix.lower() == ".tsv" else ",", strict=True)
    begins = 1
    try:
        for fields in reader:
            if fields:
                yield begins, fields
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{file}, line {begins}: {error}; mend the line") from error


def _parquet(file: Path, choose: Choice) -> Iterator[tuple[int, list[str]]]:
    """The number of a row, and the fields wanted."""
    number = 0
    with _readable(file), pq.ParquetFile(file) as table:
        names = table.schema_arrow.names
        wanted = [names[place] for place in choose(names)]
        for batch in table.iter_batches(_ROWS, columns=list(dict.fromkeys(wanted))):
            columns = [[_plain(value) for value in batch.column(name).to_pylist()] for name in wanted]
            for fields in zip(*columns, strict=True):
                number += 1
                yield number, list(fields)


def _plain(value: Any) -> str:
    """A cell of a Parquet file as it would stand in a text file."""
    match value:
        case None | []:
            return ""
        case [{"start": _, "end": _}, *_]:
            return "/".join(f"{piece['start']:.9f}-{piece['end']:.9f}" for piece in value)
        case _:
            return str(value).strip()


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text ({error.reason}); save it as UTF-8") from error
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{file} cannot be read ({reason}); name another data.corpus.file") from error
