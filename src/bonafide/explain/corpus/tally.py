"""What was measured so far, by corpus and system; parts of it come from many processes and are put together.

Spoofs are compared with the bona fide recordings of their own corpus. Where a spoof and a recording share the
utterance, their difference is taken at once, so that what is said cancels; only its moments are kept, so a
million recordings need no more memory than a hundred.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple, Self, final
from zipfile import BadZipFile
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bonafide.explain.corpus.moments import Moments
from bonafide.explain.corpus.profile import Measured
from bonafide.whole import whole

GENUINE: Final = "-"
"""The system of bona fide recordings."""

Role = Literal["all", "difference", "paired", "reference"]
"""`all`: every recording of a system; `difference`: of an utterance of a system to its recording; `paired`
and `reference`: both sides of such pairs by themselves."""

_DIFFERENCES: Final = ("numbers", "spectrum")
_SIDES: Final = ("packets", "lines")


class Key(NamedTuple):
    """What moments are of.

    Args:
        role: see `Role`.
        corpus: of the bona fide side.
        system: `"-"` for bona fide.
        quantity: as in `bonafide.explain.corpus.profile.Measured`.
        half: 0 or 1, by a hash of the utterance, so that a finding on one half can be tried on the other.
    """

    role: Role
    corpus: str
    system: str
    quantity: str
    half: int


@final
class Tally:
    """Moments by what they are of."""

    def __init__(self, moments: Mapping[Key, Moments] | None = None) -> None:
        self.moments: dict[Key, Moments] = dict(moments or {})

    @classmethod
    def of(
        cls,
        measured: Measured,
        corpus: NDArray[np.object_],
        system: NDArray[np.object_],
        utterance: NDArray[np.object_],
    ) -> Self:
        """Of some recordings; pairs are found among them, so an utterance should come as a whole.

        Args:
            measured: rows of the recordings.
            corpus: of each.
            system: of each.
            utterance: of each.
        """
        made = cls()
        side = np.array([crc32(name.encode("utf-8", "surrogatepass")) & 1 for name in utterance])
        for half in (0, 1):
            rows = np.flatnonzero(side == half)
            part = {quantity: values[rows] for quantity, values in measured.items()}
            made._take(half, part, corpus[rows], system[rows], utterance[rows])
        return made

    def _take(
        self,
        half: int,
        measured: Measured,
        corpus: NDArray[np.object_],
        system: NDArray[np.object_],
        utterance: NDArray[np.object_],
    ) -> None:
        for each in sorted(set(zip(corpus, system, strict=True))):
            rows = np.flatnonzero((corpus == each[0]) & (system == each[1]))
            for quantity, values in measured.items():
                self._add(Key("all", *each, quantity, half), Moments.of(values[rows]))
            if each[1] != GENUINE:
                originals = np.flatnonzero((corpus == each[0]) & (system == GENUINE))
                pairs = _pairs(utterance, rows, originals)
                for quantity in _DIFFERENCES if pairs else ():
                    step = _sides(measured[quantity], pairs, 0) - _sides(measured[quantity], pairs, 1)
                    self._add(Key("difference", *each, quantity, half), Moments.of(step))
                for quantity in _SIDES if pairs else ():
                    mine, theirs = (_sides(measured[quantity], pairs, side) for side in (0, 1))
                    both = ~(np.isnan(mine).any(1) | np.isnan(theirs).any(1))
                    self._add(Key("paired", *each, quantity, half), Moments.of(mine[both]))
                    self._add(Key("reference", *each, quantity, half), Moments.of(theirs[both]))

    def add(self, other: "Tally") -> None:
        """Takes in what another has."""
        for key, moments in other.moments.items():
            self._add(key, moments)

    def get(
        self, role: Role, corpus: str, system: str, quantity: str, half: int | None = None
    ) -> Moments | None:
        """Moments of one half or of both, if there are any values."""
        halves = (0, 1) if half is None else (half,)
        found = [self.moments.get(Key(role, corpus, system, quantity, each)) for each in halves]
        known = [moments for moments in found if moments is not None and moments.counts.max() > 0]
        return functools.reduce(Moments.merged, known) if known else None

    def of_all(self, corpus: str, system: str, quantity: str) -> Moments:
        """Moments of every recording of a system."""
        found = self.get("all", corpus, system, quantity)
        if found is None:
            raise KeyError(f"nothing of {system} in {corpus}")
        return found

    def systems(self) -> list[tuple[str, str]]:
        """Corpora and systems, sorted, bona fide first in each corpus."""
        return sorted(
            {key[1:3] for key in self.moments}, key=lambda pair: (pair[0], pair[1] != GENUINE, pair[1])
        )

    def save(self, file: Path, finished: NDArray[np.bool_]) -> None:
        """Writes all, and which parts of the work it holds."""
        keys = list(self.moments)
        arrays = {
            f"{place}.{name}": array for place, key in enumerate(keys) for name, array in _fields(self, key)
        }
        with whole(file) as part, part.open("wb") as stream:
            np.savez(stream, keys=np.array(json.dumps(keys)), finished=finished, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, file: Path, parts: int) -> tuple[Self, NDArray[np.bool_]]:
        """What `save` wrote; nothing if there is none, or it is damaged: then the work begins anew."""
        try:
            with np.load(file, allow_pickle=False) as found:
                finished = found["finished"]
                keys = [Key(*key) for key in json.loads(str(found["keys"]))]
                moments = {
                    key: Moments(*(found[f"{place}.{name}"] for name in Moments._fields))
                    for place, key in enumerate(keys)
                }
        except (OSError, EOFError, ValueError, TypeError, KeyError, BadZipFile):  # it is only a shortcut
            return cls(), np.zeros(parts, bool)
        return (cls(moments), finished) if len(finished) == parts else (cls(), np.zeros(parts, bool))

    def _add(self, key: Key, moments: Moments) -> None:
        known = self.moments.get(key)
        self.moments[key] = moments if known is None else known.merged(moments)


def _fields(tally: Tally, key: Key) -> Iterator[tuple[str, NDArray[np.generic]]]:
    return iter(tally.moments[key]._asdict().items())


_Pairs = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


def _pairs(utterance: NDArray[np.object_], rows: NDArray[np.int64], originals: NDArray[np.int64]) -> _Pairs:
    """Rows of spoofs and of recordings of each utterance that has both."""
    shared = sorted(set(utterance[rows]) & set(utterance[originals]))
    return [(rows[utterance[rows] == name], originals[utterance[originals] == name]) for name in shared]


def _sides(values: NDArray[np.float64], pairs: _Pairs, side: Literal[0, 1]) -> NDArray[np.float64]:
    """One row an utterance; several recordings of it are averaged."""
    return np.array([values[pair[side]].mean(axis=0) for pair in pairs])
