"""In-the-Wild (Müller et al., Interspeech 2022, https://arxiv.org/abs/2203.16263)."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, final

from bonafide.audio.files import EXTENSIONS
from bonafide.corpora import protocol, tree
from bonafide.corpora.corpus import Corpus
from bonafide.corpora.protocol import Line, Once
from bonafide.types import BONAFIDE, SPOOF, ByHand, Download, InputError, Label, Utterance

_FOLDER: Final = "release_in_the_wild"
_LABELS: Final[Mapping[str, Label]] = {"bona-fide": BONAFIDE, "spoof": SPOOF}
_PUBLISHED: Final[Mapping[Label, int]] = {BONAFIDE: 19_963, SPOOF: 11_816}
_REMEDY: Final = "run python prepare.py data=in_the_wild, or set data.root to where it lies"


class _Entry(NamedTuple):
    """What is known of a recording; a speaker of "" is unknown."""

    line: Line
    label: Label
    speaker: str


class _Wanted(NamedTuple):
    """What a list says of a recording; lists of names do not tell the label."""

    line: Line
    label: Label | None


@final
class InTheWild(Corpus):
    """Deepfakes of public figures as they circulate online, and true recordings of the same people.

    ======================  ==========================================================================
    spoofs                  11,816 clips, 17.2 h, cut from 219 publicly available videos and audio files
    bona fide               19,963 clips, 20.7 h, of the same people in comparable situations
    speakers                54 celebrities and politicians in `meta.csv` (58 by the paper), English
    systems                 unknown; all spoofs have the system `in_the_wild`
    rates                   16,000 Hz
    format                  WAV, mono
    licence                 CC BY-SA 4.0
    download                https://huggingface.co/datasets/mueller91/In-The-Wild
    ======================  ==========================================================================

    ::

        root/
        └── release_in_the_wild/        or root is this folder itself
            ├── meta.csv                file,speaker,label: 0.wav,Alec Guinness,spoof
            ├── 0.wav
            ├── …
            └── 31778.wav

    Traps:

    * The label is written `bona-fide` in `meta.csv` and `bonafide` in the list of the Speech DF Arena;
      whoever filters on one word loses 19,963 recordings.
    * It was made for testing alone: everything is the published test part. Where it is divided all the same,
      it is by speaker (by file where only the Arena's list is there, which does not tell speakers).
    * Lists of others hold the absolute paths of their authors, names without ending, or CRLF line ends;
      recordings are found by their number.

    Args:
        root: folder with `release_in_the_wild/`, or that folder.
        trials: file of the recordings wanted, below the root or anywhere else: the Speech DF Arena's CSV
            (`file_name,label`, enough without `meta.csv`), or names alone, one a line.
    """

    def __init__(self, root: str | Path, trials: str | Path | None = None) -> None:
        super().__init__(root)
        self._trials = trials
        self._notes: list[str] = []

    @property
    def name(self) -> str:
        """As in `data=in_the_wild`."""
        return "in_the_wild"

    @property
    def notes(self) -> Sequence[str]:
        """Lists that differ from the published one, recordings in no list, speakers unknown."""
        return tuple(self._notes)

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """One archive."""
        return (
            Download(
                "In-the-Wild", "huggingface:mueller91/In-The-Wild", "", ("*.zip",), licence="CC BY-SA 4.0"
            ),
        )

    def utterances(self) -> Sequence[Utterance]:
        """Every recording once, sorted by path.

        Raises:
            InputError: no audio, no list, or lists that contradict each other.
        """
        self._notes = []
        folder = self.root / _FOLDER
        folder = folder if folder.is_dir() else self.root
        audio = tree.by_stem(folder)
        if not audio:
            raise InputError(
                f"no recordings of In-the-Wild in {self.root / _FOLDER} or {self.root}; {_REMEDY}"
            )
        entries = self._entries(folder)
        left = len(audio.keys() - entries.keys())
        if left:
            self._notes.append(f"{left:,} recordings in {folder} are in no list and were left out")
        prefix = "" if folder == self.root else f"{_FOLDER}/"
        return sorted(
            _utterance(prefix + audio.get(name, f"{name}.wav"), name, entry)
            for name, entry in entries.items()
        )

    def _entries(self, folder: Path) -> dict[str, _Entry]:
        """The recordings to list, by number."""
        meta = folder / "meta.csv"
        if self._trials is None:
            found = tree.needed("meta.csv of In-the-Wild", [meta], f"{_REMEDY}, or set data.corpus.trials")
            return self._counted(_meta(found), found)
        file = tree.needed(
            "the list of In-the-Wild recordings",
            [self.root / self._trials, Path(self._trials).expanduser()],
            "set data.corpus.trials to it",
        )
        wanted = dict(_listed(file))
        if meta.is_file():
            return _joined(wanted, _meta(meta), file)
        entries = {
            name: _Entry(line, label, "") for name, (line, label) in wanted.items() if label is not None
        }
        if len(entries) < len(wanted):
            raise InputError(f"{file} holds names without labels, and there is no {meta}; {_REMEDY}")
        self._notes.append(f"no {meta}: speakers are unknown, a division goes by file")
        return self._counted(entries, file)

    def _counted(self, entries: dict[str, _Entry], file: Path) -> dict[str, _Entry]:
        counts = Counter(entry.label for entry in entries.values())
        for label, published in _PUBLISHED.items():
            note = protocol.counted(counts[label], published, f"{file.name} ({label})")
            if note:
                self._notes.append(note)
        return entries


def _utterance(path: str, name: str, entry: _Entry) -> Utterance:
    return Utterance(
        path=path,
        utterance=name,
        corpus="in_the_wild",
        system="-" if entry.label == BONAFIDE else "in_the_wild",
        speaker=entry.speaker or "-",
        label=entry.label,
        split="test",
        group=entry.speaker,
        language="en",
        listed=entry.line.place,
    )


def _meta(file: Path) -> dict[str, _Entry]:
    once = Once()
    return {
        once(_name(row["file"]), line): _Entry(line, line.label(row["label"], _LABELS), row["speaker"])
        for line, row in protocol.table(file, ["file", "speaker", "label"])
    }


def _listed(file: Path) -> Iterator[tuple[str, _Wanted]]:
    """The Arena's CSV, known by its header, or names alone."""
    once = Once()
    first = next(protocol.lines(file, (1, 2), separator=","))
    if first.fields == ("file_name", "label"):
        for line, row in protocol.table(file, ["file_name", "label"]):
            yield once(_name(row["file_name"]), line), _Wanted(line, line.label(row["label"]))
    else:
        for line in protocol.lines(file, 1, separator=","):
            yield once(_name(line.fields[0]), line), _Wanted(line, None)


def _joined(wanted: dict[str, _Wanted], known: dict[str, _Entry], file: Path) -> dict[str, _Entry]:
    """The recordings of a list with what `meta.csv` says of them."""
    strange = [name for name in wanted if name not in known]
    if strange:
        raise InputError(
            f"{file} names {len(strange):,} recordings that meta.csv does not know, such as {strange[0]} in "
            f"{wanted[strange[0]].line.place}; it belongs to another corpus, or meta.csv is incomplete"
        )
    for name, (line, label) in wanted.items():
        if label not in {None, known[name].label}:
            raise line.wrong(f"{name} is {label} here, and {known[name].label} in {known[name].line.place}")
    return {name: known[name]._replace(line=line) for name, (line, _) in wanted.items()}


def _name(text: str) -> str:
    """`0` of `0`, `0.wav` and `/where/the/author/had/it/0.wav`."""
    stem, ending = os.path.splitext(text[text.rfind("/") + 1 :])  # noqa: PTH122 - no Path for each line
    return stem if ending.lower() in EXTENSIONS else stem + ending
