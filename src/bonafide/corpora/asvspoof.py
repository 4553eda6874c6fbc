"""What the ASVspoof corpora share: flat folders of recordings, each with a protocol that leads."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Final, Literal, NamedTuple

from bonafide.corpora import protocol, tree
from bonafide.corpora.corpus import Corpus
from bonafide.corpora.protocol import Line
from bonafide.types import BONAFIDE, ByHand, Download, InputError, Label, Utterance

_NO_ATTACK: Final = ("-", BONAFIDE)
"""How a row of genuine speech fills the column of the attack."""
_TRIMS: Final = ("notrim", "trim")
_SUBSETS: Final = ("eval", "progress", "hidden")


class Part(NamedTuple):
    """A published part.

    Args:
        split: as in `Utterance.split`.
        audio: folders below the root that may hold its recordings, the first that exists does.
        protocols: files below the root that may list them, likewise.
        columns: how many fields a line of the protocol may have.
        rows: how many the published protocol has.
    """

    split: str
    audio: tuple[str, ...]
    protocols: tuple[str, ...]
    columns: tuple[int, ...]
    rows: int


class Asvspoof(Corpus):
    """Parts of which each is a folder and a protocol, whose second field is the name of a recording.

    A recording that no protocol lists (the folders hold enrolment speech for speaker verification too) is no
    part of the corpus; one that is listed but not there is listed all the same. Folders and files are found
    whatever their letter case.

    Args:
        root: folder of the corpus.
    """

    def __init__(self, root: str | Path) -> None:
        super().__init__(root)
        self._notes: dict[str, None] = {}

    @property
    @abstractmethod
    def parts(self) -> Sequence[Part]:
        """Those published."""

    @abstractmethod
    def utterance(self, line: Line, part: Part, path: str) -> Utterance:
        """What a line of a part's protocol says of the recording at a path.

        Raises:
            InputError: the line says something unknown.
        """

    @property
    def notes(self) -> Sequence[str]:
        """Parts absent, protocols that are not as long as published, and what else was met, once each."""
        return tuple(self._notes)

    def note(self, text: str) -> None:
        """Remembers something for `notes`; the same again changes nothing."""
        self._notes[text] = None

    def utterances(self) -> Sequence[Utterance]:
        """Every listed recording once, sorted by path.

        Raises:
            InputError: no part has recordings, one that has them has no protocol, a line is wrong, or a
                recording is listed twice.
        """
        self._notes.clear()
        places: dict[str, str] = {}  # strings: a million lines kept would cost hundreds of megabytes
        rows: list[Utterance] = []
        for part in self.parts:
            folder = next(filter(None, (_find(self.root, place) for place in part.audio)), None)
            names = {} if folder is None else tree.by_stem(folder)
            if folder is None or not names:
                self.note(f"the {part.split} part is left out: no recordings in {self._places(part.audio)}")
                continue
            prefix, before = tree.below(self.root, folder), len(rows)
            file = self._protocol(part)
            for line in protocol.lines(file, part.columns):
                stem = line.fields[1]
                row = self.utterance(line, part, f"{prefix}/{names.get(stem) or stem + '.flac'}")
                if places.setdefault(stem, row.listed) is not row.listed:
                    raise line.wrong(f"the recording {stem} is listed already in {places[stem]}")
                rows.append(row)
            if differs := protocol.counted(len(rows) - before, part.rows, file.name):
                self.note(differs)
        if not rows:
            looked = self._places([place for part in self.parts for place in part.audio])
            raise InputError(f"no recordings of {self.name} in {looked}; {self._remedy}")
        rows.sort(key=attrgetter("path"))
        return rows

    def _protocol(self, part: Part) -> Path:
        for place in part.protocols:
            found = _find(self.root, place)
            if found is not None:
                return found
        raise InputError(
            f"the protocol of the {part.split} part of {self.name} is missing: looked for "
            f"{self._places(part.protocols)}; {self._remedy}"
        )

    def _places(self, places: Sequence[str]) -> str:
        return " or ".join(str(self.root / place) for place in places)

    @property
    def _remedy(self) -> str:
        return f"run python prepare.py data={self.name}, or set data.root to the folder that holds it"


def attack(line: Line, name: str, label: Label, known: Collection[str] | None = None) -> str:
    """What a protocol's column of the attack says, as in `Utterance.system`.

    Args:
        line: it stands in.
        name: of the attack; genuine speech has `-` or `bonafide` there.
        label: of the recording.
        known: attacks; None if any name will do.

    Raises:
        InputError: genuine speech with an attack, a spoof without one, or an unknown attack.
    """
    if label == BONAFIDE:
        if name not in _NO_ATTACK:
            raise line.wrong(f"a bona fide recording with the attack {name}")
        return "-"
    if name in _NO_ATTACK:
        raise line.wrong("a spoof without an attack")
    return name if known is None else line.one_of(name, known, "attack")


def part_2021(track: Literal["LA", "DF"], columns: tuple[int, ...], rows: int) -> Part:
    """The only part of a 2021 track; its key, published apart, is met in three places."""
    evaluation = f"ASVspoof2021_{track}_eval"
    return Part(
        "test",
        (f"{evaluation}/flac",),
        tuple(f"{place}/trial_metadata.txt" for place in (f"keys/{track}/CM", evaluation, "keys/CM")),
        columns,
        rows,
    )


def sources_2021(
    track: Literal["LA", "DF"], record: str, files: str, md5: str
) -> Sequence[Download | ByHand]:
    """Recordings from Zenodo, the key from the organisers."""
    return (
        Download(
            f"ASVspoof 2021 {track}, recordings", f"zenodo:{record}", files=(files,), licence="ODC-By 1.0"
        ),
        Download(
            f"ASVspoof 2021 {track}, key",
            f"https://www.asvspoof.org/asvspoof2021/{track}-keys-full.tar.gz",
            checksum=f"md5:{md5}",
        ),
    )


def utterance_2021(
    line: Line,
    path: str,
    corpus: str,
    *,
    codecs: Mapping[str, str],
    attacks: Collection[str] | None = None,
    language: str = "-",
) -> Utterance:
    """A line of a 2021 key: speaker, recording, codec, channel or source, attack, class, trim, phase, …

    Args:
        line: of the key.
        path: of the recording.
        corpus: all of the track, since the official measure pools its sources.
        codecs: as written in the key, and as in `Utterance.codec`.
        attacks: those known; None if any name will do.
        language: as in `Utterance.language`.

    Raises:
        InputError: a codec, attack, class, trim or phase is unknown.
    """
    speaker, stem, codec, _, system, key, trim, subset = line.fields[:8]
    line.one_of(codec, codecs, "codec")
    line.one_of(trim, _TRIMS, "trim")
    label = line.label(key)
    return Utterance(
        path=path,
        utterance=stem,
        corpus=corpus,
        system=attack(line, system, label, attacks),
        speaker=speaker,
        label=label,
        split="test",
        group=speaker,
        subset=line.one_of(subset, _SUBSETS, "phase"),
        codec=codecs[codec],
        language=language,
        listed=line.place,
    )


def _find(root: Path, place: str) -> Path | None:
    """What lies there, whatever the letter case of its name and of the folders below the root."""
    found: Path | None = root
    for name in place.split("/"):
        if found is not None:
            found = tree.first((found / name,))
    return found
