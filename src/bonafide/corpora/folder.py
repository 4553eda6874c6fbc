"""Recordings of your own: the folder that a file lies in is its label."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, final

from bonafide.audio.files import EXTENSIONS
from bonafide.corpora import tree
from bonafide.corpora.corpus import Corpus
from bonafide.types import BONAFIDE, SPOOF, InputError, Utterance

_GENUINE: Final = frozenset({"real", "genuine", "bonafide", "bona-fide", "bona_fide"})
_FAKE: Final = frozenset({"fake", "spoof"})
_SPLITS: Final = {
    "training": "train",
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "development": "validation",
    "dev": "validation",
    "testing": "test",
    "test": "test",
    "evaluation": "test",
    "eval": "test",
}
_WRAPPERS = 3
_SUFFIX = re.compile(r"_gen(erated)?$")
_DRAWING = (
    "it needs real/ and fake/, or genuine/ and a folder for each generator, with .wav, .flac or .mp3 files"
)


class _Side(NamedTuple):
    """A folder whose files are all of one kind; only its own files if it is not `deep`."""

    path: Path
    system: str
    split: str
    deep: bool = True


@final
class Folder(Corpus):
    """Any tree in which folders separate bona fide speech from spoofs.

    ::

        root/                        root/                        root/
        ├── real/a.wav               ├── genuine/a.flac           ├── training/
        └── fake/                    ├── melgan/a_gen.flac        │   ├── real/a.wav
            ├── b.wav                └── hifigan/a.flac           │   └── fake/b.wav
            └── melgan/a_gen.wav                                  ├── validation/…
                                                                  └── testing/…

    * `real`, `genuine`, `bonafide` are names for one side; `fake` or `spoof` for the other, whose sub-folders
      are systems and whose own files form the system `fake` (`spoof`). Without `fake`, every other folder is
      a system. Letter case does not matter.
    * The third form is that of Fake-or-Real; the names of its parts fill `split`. A folder that only wraps
      another, as in `for-norm/for-norm`, is looked through.
    * An utterance is the path below its system without ending, `_gen` and `_generated`: all files `a` above
      are one utterance, so they never end up on two sides of a split. In Fake-or-Real, real and fake files
      share names without sharing a sentence; that costs nothing but a coarser split.
    * Files: WAV, FLAC, MP3, M4A, Ogg, Opus, AAC, AIFF. Links are followed, hidden files are not looked at.
    * Nothing is known of speakers: if one has several files, both sides of a split will hear the voice.

    Args:
        root: the folder.
        collection: what the recordings are called in tables.
    """

    def __init__(self, root: str | Path, collection: str = "folder") -> None:
        super().__init__(root)
        self.collection = collection
        self._notes: list[str] = []

    @property
    def name(self) -> str:
        """As in `data=folder`."""
        return "folder"

    @property
    def notes(self) -> Sequence[str]:
        """Folders and files that were left out."""
        return tuple(self._notes)

    def utterances(self) -> Sequence[Utterance]:
        """Every recording once, sorted by path.

        Raises:
            InputError: the folder is missing, or one of the two sides is missing or empty.
        """
        self._notes = []
        if not self.root.is_dir():
            raise InputError(f"the folder {self.root} does not exist; set data.root to yours: {_DRAWING}")
        others: Counter[str] = Counter()
        rows = sorted(row for side in self._sides(self.root) for row in self._rows(side, others))
        if others:
            endings = ", ".join(f"{count} × {ending}" for ending, count in sorted(others.items()))
            self._notes.append(f"not audio by their names: {endings}")
        labels = {row.label for row in rows}
        if not rows:
            raise InputError(f"no recordings in {self.root}: {_DRAWING}")
        if BONAFIDE not in labels:
            raise InputError(f"no bona fide recordings in {self.root} (real/ or genuine/): {_DRAWING}")
        if SPOOF not in labels:
            raise InputError(f"no spoofs in {self.root} (fake/, or a folder for each generator): {_DRAWING}")
        return rows

    def _sides(self, folder: Path, depth: int = 0) -> list[_Side]:
        """What each folder of the tree holds; looks through a few folders that hold nothing but another."""
        children = tree.children(folder)
        parts = [child for child in children if child.name.lower() in _SPLITS and _two_sided(child)]
        if not any(_is_side(child) for child in children) and parts:
            return [
                side
                for part in parts
                for side in self._level(tree.children(part), _SPLITS[part.name.lower()])
            ]
        if len(children) == 1 and not _is_side(children[0]) and depth < _WRAPPERS:
            return self._sides(children[0], depth + 1)
        return self._level(children, "")

    def _level(self, children: Sequence[Path], split: str) -> list[_Side]:
        genuine = [child for child in children if child.name.lower() in _GENUINE]
        fake = [child for child in children if child.name.lower() in _FAKE]
        others = [child for child in children if not _is_side(child)]
        sides = [_Side(child, "-", split) for child in genuine]
        for child in fake:
            sides.append(_Side(child, child.name.lower(), split, deep=False))
            sides += [_Side(system, system.name, split) for system in tree.children(child)]
        if not fake:
            sides += [_Side(system, system.name, split) for system in others]
        elif others:
            names = ", ".join(child.name for child in others)
            self._notes.append(f"left out, because spoofs are taken from {fake[0].name}/: {names}")
        return sides

    def _rows(self, side: _Side, others: Counter[str]) -> Iterator[Utterance]:
        prefix = side.path.relative_to(self.root).as_posix()
        for path in tree.files(side.path, deep=side.deep):
            stem, ending = os.path.splitext(path)  # noqa: PTH122 - a million names: no Path for each
            if ending.lower() not in EXTENSIONS:
                others[ending.lower() or "no ending"] += 1
                continue
            yield Utterance(
                path=f"{prefix}/{path}",
                utterance=_SUFFIX.sub("", stem),
                corpus=self.collection,
                system=side.system,
                speaker="-",
                label=BONAFIDE if side.system == "-" else SPOOF,
                split=side.split,
            )


def _is_side(folder: Path) -> bool:
    return folder.name.lower() in _GENUINE | _FAKE


def _two_sided(folder: Path) -> bool:
    return any(_is_side(child) for child in tree.children(folder))
