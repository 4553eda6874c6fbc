"""Several corpora as one: co-training, as in Codecfake (Xie et al., 2024, https://arxiv.org/abs/2405.04880)."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from bonafide.corpora.corpus import Corpus
from bonafide.data.manifest import Manifest, columns
from bonafide.data.module import AudioData
from bonafide.data.selection import Train, training_systems
from bonafide.data.split import TRAIN, divide
from bonafide.types import BONAFIDE, ByHand, Download, InputError, Utterance

TRAINABLE, SEEN = "trainable", "seen"


@final
class Mixture(Corpus):
    """The recordings of several corpora.

    Each part is divided by its own rule, trains on its own choice of generators and brings its own test
    groups, named `PART_GROUP`; how clips are read and batched is decided once, by the mixture. Collections
    are called `PART/COLLECTION` and systems `PART/SYSTEM`, so patterns like `asvspoof2019_la/*` name a part,
    for instance in `data.train.shares` with `data.train.share_by=corpus`. Utterances keep their names: one
    that is in two parts is one for the audit. A part of which nothing trains, such as In-the-Wild with
    `split.rule=unseen`, is tested on alone.

    Args:
        root: folder that all relative paths start from; parts may lie anywhere.
        parts: the data of each corpus.
    """

    def __init__(self, root: str | Path, parts: Mapping[str, AudioData]) -> None:
        super().__init__(root)
        names = [part.corpus.name for part in parts.values()]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(f"data.corpus.parts names {', '.join(twice)} twice; mix different corpora")
        if len(names) < 2:
            raise InputError("a mixture has two parts or more; set data@data.corpus.parts.second=NAME")
        self.parts = dict(zip(names, parts.values(), strict=True))
        self._found: dict[str, dict[str, Sequence[str]]] = {}

    @property
    def name(self) -> str:
        """As in `data=mixture`."""
        return "mixture"

    @property
    def notes(self) -> Sequence[str]:
        """Those of the parts."""
        return [f"{name}: {note}" for name, part in self.parts.items() for note in part.corpus.notes]

    @property
    def caveat(self) -> str:
        """Those of the parts."""
        return " ".join(part.corpus.caveat for part in self.parts.values() if part.corpus.caveat)

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """None: each part is prepared by itself."""
        return ()

    @property
    def training_systems(self) -> Sequence[str]:
        """What each part could train on."""
        return self._systems(TRAINABLE)

    @property
    def left_out(self) -> Sequence[str]:
        """What the parts' own options keep for tests."""
        return sorted(set(self._systems(TRAINABLE)) - set(self._systems(SEEN)))

    def _systems(self, kind: str) -> list[str]:
        if not self._found:
            self.utterances()
        return [f"{name}/{system}" for name, found in self._found.items() for system in found[kind]]

    @property
    def groups(self) -> Mapping[str, Mapping[str, Any]]:
        """The test groups of the parts, each within its part."""
        return {
            f"{name}_{group}": _within(name, settings._asdict())
            for name, part in self.parts.items()
            for group, settings in part.tests.items()
        }

    def prepare(self, announce: Callable[[str], None]) -> None:
        """Makes what can be made of the parts."""
        for part in self.parts.values():
            part.corpus.prepare(announce)

    def utterances(self) -> Sequence[Utterance]:
        """Every recording of every part, sorted by path.

        Raises:
            InputError: as each part.
        """
        return sorted(row for name, part in self.parts.items() for row in self._rows(name, part))

    def _rows(self, name: str, part: AudioData) -> Sequence[Utterance]:
        """The rows of a part, divided by its own rule."""
        rows = part.corpus.utterances()
        table = Manifest(part.corpus.root, columns(rows))
        parts = divide(table, part.split)
        trainable = part.corpus.training_systems
        some = bool((parts == TRAIN).any())
        self._found[name] = {
            kind: training_systems(table, parts, trainable, choice) if some else ()
            for kind, choice in ((TRAINABLE, Train()), (SEEN, part.train))
        }
        root = part.corpus.root.absolute()
        if root.is_relative_to(self.root.absolute()):
            root = root.relative_to(self.root.absolute())
        prefix = "" if root == Path() else f"{root.as_posix()}/"
        return [
            row._replace(
                path=row.path if row.path[0] == "/" else prefix + row.path,
                corpus=f"{name}/{row.corpus}",
                system="-" if row.label == BONAFIDE else f"{name}/{row.system}",
                fixed=str(decided),
            )
            for row, decided in zip(rows, parts, strict=True)
        ]


def _within(part: str, group: Mapping[str, Any]) -> dict[str, Any]:
    """The same group among a part's own recordings."""
    found = {**group, "corpora": group["corpora"] or ["*"]}
    for name in ("systems", "corpora", "against"):
        if found[name] is not None and not isinstance(found[name], str):
            found[name] = [f"{part}/{each}" for each in found[name]]
    return found
