"""Fake-or-Real (Reimao and Tzerpos, SpeD 2019, https://doi.org/10.1109/SPED.2019.8906599)."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, final, get_args

from bonafide.corpora import protocol, tree
from bonafide.corpora.corpus import Corpus
from bonafide.corpora.protocol import Line, Once
from bonafide.types import BONAFIDE, SPOOF, ByHand, Download, InputError, Label, Utterance

Version = Literal["original", "norm", "2sec", "rerec"]

_FOLDERS: Final[dict[str, tuple[str, ...]]] = {
    "original": ("for-original",),
    "norm": ("for-norm",),
    "2sec": ("for-2seconds", "for-2sec"),
    "rerec": ("for-rerecorded", "for-rerec"),
}
_PARTS: Final = {"training": "train", "validation": "validation", "testing": "test"}
_SIDES: Final[dict[str, Label]] = {"real": BONAFIDE, "fake": SPOOF}
_PUBLISHED: Final[dict[str, dict[str, int]]] = {
    "original": {},
    "norm": {"testing/real": 2_264, "testing/fake": 2_370},
    "2sec": {"training": 13_956, "validation": 2_826, "testing": 1_088},
    "rerec": {"training": 10_208, "validation": 2_244, "testing": 816},
}
_PAGE: Final = "https://bil.eecs.yorku.ca/datasets/"


@final
class FakeOrReal(Corpus):
    """Commercial and open text-to-speech against recordings from open collections and the web.

    ======================  ==========================================================================
    spoofs and bona fide    more than 198,000 recordings (original); norm: testing 2,264 real, 2,370 fake;
                            2sec: 13,956 training, 2,826 validation, 1,088 testing; rerec: 10,208, 2,244, 816
    speakers                unknown
    systems                 seven, not told apart by the names: all spoofs have the system `fake_or_real`;
                            the testing part is of a system that training does not hold
    versions                original: as collected, of many formats; norm: balanced, one rate, level and
                            channel; 2sec: norm cut to two seconds; rerec: 2sec played and recorded again
    rates                   16,000 Hz (norm); many in original
    licence                 for research, terms on the page
    download                https://bil.eecs.yorku.ca/datasets/ (a form)
    ======================  ==========================================================================

    ::

        root/
        ├── for-norm/                   or for-norm/for-norm/, as a mirror nests it; or root is this folder
        │   ├── training/
        │   │   ├── real/file1.wav_16k.wav_norm.wav_mono.wav_silence.wav
        │   │   └── fake/file1.wav_16k.wav_norm.wav_mono.wav_silence.wav
        │   ├── validation/…
        │   └── testing/…
        ├── for-original/…
        ├── for-2seconds/…              or for-2sec/for-2seconds/
        └── for-rerecorded/…            or for-rerec/for-rerecorded/

    Traps:

    * Real and fake files share names without sharing a sentence, and so do the parts: an utterance is the
      path below the version's folder, never the name.
    * Neither sentences nor speakers are told, so nobody can see whether one crosses the published division.
      It is kept, because nothing better can be made.
    * 2sec and rerec are cut from norm: do not train on one version and test on another.
    * The Speech DF Arena's list of norm's testing part names 4,528 of its 4,634 recordings; 106 fakes are not
      in it. Results on the list and on the folder are not results on the same trials.

    Args:
        root: folder of the versions, or of one.
        version: `"original"`, `"norm"`, `"2sec"` or `"rerec"`.
        trials: file of the recordings wanted, below the root or anywhere else: a CSV `file_name,label` whose
            paths end in PART/real|fake/NAME. Parts that it does not name are listed whole.
    """

    def __init__(
        self,
        root: str | Path,
        version: Version = "norm",
        trials: str | Path | None = None,
    ) -> None:
        super().__init__(root)
        if version not in get_args(Version):
            raise InputError(
                f"data.corpus.version={version} is unknown; choose {', '.join(get_args(Version))}"
            )
        self.version: Version = version
        self._trials = trials
        self._notes: list[str] = []

    @property
    def name(self) -> str:
        """As in `data=fake_or_real`, and the version where it is not norm, so that two can be mixed."""
        return "fake_or_real" if self.version == "norm" else f"fake_or_real_{self.version}"

    @property
    def notes(self) -> Sequence[str]:
        """Parts absent, counts that differ from the published ones, how list and folder differ."""
        return tuple(self._notes)

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """One archive for each version."""
        archive = _FOLDERS[self.version][-1]
        return (ByHand(f"Fake-or-Real, {archive}.tar.gz", _PAGE, "", "a form asks who you are"),)

    def utterances(self) -> Sequence[Utterance]:
        """Every recording once, sorted by path.

        Raises:
            InputError: no folder of this version, nothing in it, or a list that does not belong to it.
        """
        self._notes = []
        folder = self._folder()
        below = tree.below(self.root, folder)
        prefix = "" if below == "." else f"{below}/"
        listed = self._listed(folder)
        rows: list[Utterance] = []
        for part in _PARTS:
            found = {side: tree.recordings(folder / part / side) for side in _SIDES}
            self._absent(folder, part, found)
            if part in listed and any(found.values()):
                rows += self._rows_listed(folder, prefix, part, listed[part])
            else:
                names = ((f"{part}/{side}/{name}", "") for side, all_ in found.items() for name in all_)
                rows += (_utterance(prefix, path, place) for path, place in names)
                self._count(folder, part, found)
        if not rows:
            raise InputError(
                f"no recordings in the training/, validation/ and testing/ of {folder}; unpack it again"
            )
        return sorted(rows)

    def _folder(self) -> Path:
        """The folder of the three parts, at either depth."""
        names = _FOLDERS[self.version]
        places = [self.root / outer / inner for outer in names for inner in names]
        places += [self.root / name for name in names]
        own = {self.root.name, self.root.parent.name}
        others = [name for version, all_ in _FOLDERS.items() if version != self.version for name in all_]
        for place in (*places, self.root):
            if any((place / part).is_dir() for part in _PARTS):
                if place == self.root and own & set(others):
                    raise InputError(
                        f"{self.root} is not the version data.corpus.version={self.version}, but "
                        f"{', '.join(own & set(others))}; change one of the two"
                    )
                return place
        looked = " or ".join(str(place) for place in (*places[-len(names) :], self.root))
        raise InputError(
            f"Fake-or-Real ({self.version}) is missing: looked for training/, validation/ or testing/ in "
            f"{looked}, also nested as in {names[-1]}/{names[0]}; get it from {_PAGE} and unpack it there, "
            "or set data.root (python prepare.py data=fake_or_real says how)"
        )

    def _absent(self, folder: Path, part: str, found: dict[str, list[str]]) -> None:
        absent = [f"{part}/{side}" for side, names in found.items() if not names]
        if absent:
            self._notes.append(f"absent or empty in {folder}: {', '.join(absent)}")

    def _count(self, folder: Path, part: str, found: dict[str, list[str]]) -> None:
        """Compares with the published counts what is there of a part."""
        counts = {f"{part}/{side}": len(names) for side, names in found.items()}
        counts[part] = sum(counts.values())
        for piece, published in _PUBLISHED[self.version].items():
            if counts.get(piece):
                note = protocol.counted(counts[piece], published, f"{folder.name}/{piece}")
                self._notes += [note] if note else []

    def _rows_listed(
        self, folder: Path, prefix: str, part: str, wanted: dict[str, Line]
    ) -> Iterator[Utterance]:
        """The rows of a list; what the folder holds beyond it is counted."""
        audio = {
            f"{part}/{side}/{stem}": f"{part}/{side}/{name}"
            for side in _SIDES
            for stem, name in tree.by_stem(folder / part / side).items()
        }
        left = audio.keys() - wanted.keys()
        if len(audio) != len(wanted) or left:
            sides = ", ".join(
                f"{sum(key.startswith(f'{part}/{side}/') for key in left):,} {side}" for side in _SIDES
            )
            self._notes.append(
                f"{folder.name}/{part} holds {len(audio):,} recordings, {self._trials} names {len(wanted):,}"
                f": {sides} left out"
            )
        for key, line in wanted.items():
            yield _utterance(prefix, audio.get(key, f"{key}.wav"), line.place)

    def _listed(self, folder: Path) -> dict[str, dict[str, Line]]:
        """The lines of the list by part and by path without ending."""
        if self._trials is None:
            return {}
        file = tree.needed(
            "the list of Fake-or-Real recordings",
            [self.root / self._trials, Path(self._trials).expanduser()],
            "set data.corpus.trials to it",
        )
        strange = {name for version, names in _FOLDERS.items() if version != self.version for name in names}
        once = Once()
        found: dict[str, dict[str, Line]] = {}
        for line, row in protocol.table(file, ["file_name", "label"]):
            *above, part, side, name = ("", "", *row["file_name"].split("/"))
            if part not in _PARTS or side not in _SIDES:
                raise line.wrong(f"the path {row['file_name']} does not end in PART/real|fake/NAME")
            if above[-1] in strange:
                raise line.wrong(f"{above[-1]} is another version than {folder.name} (data.corpus.version)")
            if line.label(row["label"]) != _SIDES[side]:
                raise line.wrong(f"the label {row['label']} contradicts the folder {side}")
            key = f"{part}/{side}/{_stem(name)}"
            found.setdefault(part, {})[once(key, line)] = line
        return found


def _utterance(prefix: str, path: str, listed: str) -> Utterance:
    part, side, _ = path.split("/", 2)
    label = _SIDES[side]
    return Utterance(
        path=prefix + path,
        utterance=_stem(path),
        corpus="fake_or_real",
        system="-" if label == BONAFIDE else "fake_or_real",
        speaker="-",
        label=label,
        split=_PARTS[part],
        fixed=_PARTS[part],
        language="en",
        listed=listed,
    )


def _stem(path: str) -> str:
    return os.path.splitext(path)[0]  # noqa: PTH122 - no Path for each file
