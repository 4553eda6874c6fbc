"""Which stretches of which recordings are clips: arithmetic on columns, never an object for each."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from bonafide.data.manifest import Manifest
from bonafide.data.split import TEST, TRAIN, VALIDATION
from bonafide.types import InputError

PARTS = (TRAIN, VALIDATION, TEST)


class Windows(NamedTuple):
    """How recordings become clips.

    Args:
        tile: take every window of a recording, one after the other, as the packets system and the
            spectrogram analysis do; otherwise one clip of each, cut in training where `start` says, its
            beginning in tests.
        remainder: `"repeat"` lengthens what is left at the end to a clip by repeating it, `"drop"` leaves it
            out, and with it every recording shorter than a clip, as published.
        trial: what gets one score in a test: every `"window"`, or every `"recording"`, with the mean log-odds
            of its windows.
        start: where training cuts recordings that are not tiled: at `"random"`, anew each time, or at the
            `"first"` sample, as tests do, so that clips come again (many published systems; a memo).
    """

    tile: bool = False
    remainder: Literal["repeat", "drop"] = "repeat"
    trial: Literal["window", "recording"] = "recording"
    start: Literal["random", "first"] = "random"

    @property
    def crops(self) -> bool:
        """Whether training clips are cut at random."""
        return not self.tile and self.start == "random"


class Limit(NamedTuple):
    """How many clips are used of each source, which is a system, or the bona fide side of a collection.

    Args:
        train: at most so many in training; None for all.
        validation: likewise.
        test: likewise.
        balance: cut every source to the smallest one, as the packets system does; otherwise all clips are
            kept, and `train.share_by` balances what is drawn.
    """

    train: int | None = None
    validation: int | None = None
    test: int | None = None
    balance: bool = False


@final
@dataclass(frozen=True, slots=True, eq=False)
class Clipped:
    """Clips in a fixed order.

    Args:
        rows: `[clips]` of the manifest.
        starts: `[clips]` first sample at the models' rate.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> "Clipped":
        """Some of them."""
        return Clipped(self.rows[places], self.starts[places])


def cut(lengths: NDArray[np.int64], rows: NDArray[np.int64], samples: int, windows: Windows) -> Clipped:
    """The clips of some recordings, in their order.

    Args:
        lengths: samples of every recording of the manifest, at the models' rate.
        rows: the recordings.
        samples: of a clip.
        windows: how.
    """
    if windows.remainder not in {"repeat", "drop"}:
        raise InputError(f"data.windows.remainder={windows.remainder} is unknown; choose repeat or drop")
    if windows.trial not in {"window", "recording"}:
        raise InputError(f"data.windows.trial={windows.trial} is unknown; choose window or recording")
    if windows.start not in {"random", "first"}:
        raise InputError(f"data.windows.start={windows.start} is unknown; choose random or first")
    if not windows.tile:
        return Clipped(rows, np.zeros(len(rows), np.int64))
    total = lengths[rows]
    counts = total // samples if windows.remainder == "drop" else np.maximum(1, -(-total // samples))
    ends = np.cumsum(counts)
    place = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    return Clipped(np.repeat(rows, counts), place * samples)


def sources(manifest: Manifest, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for the source of each row."""
    system, _ = manifest.codes("system")
    corpus, names = manifest.codes("corpus")
    return (system * len(names) + corpus)[rows]


def limited(clips: Clipped, source: NDArray[np.int64], most: int | None, *, balance: bool) -> Clipped:
    """The first clips of each source.

    Args:
        clips: to choose from.
        source: of each clip.
        most: of each source; None for all.
        balance: no more than the smallest source has.
    """
    if most is not None and most < 1:
        raise InputError(f"a limit of {most} clips leaves nothing; set data.limit to 1 or more, or null")
    if most is None and not balance:
        return clips
    rank, counts = _ranks(source)
    cap = min([*([most] if most else []), *([int(counts.min())] if balance and len(counts) else [])])
    return clips.take(rank < cap)


def ordered(clips: Clipped, source: NDArray[np.int64], shares: NDArray[np.float64], part: str) -> Clipped:
    """The clips of a part where the publishers divide each source's windows in their order.

    Args:
        clips: of all parts, each source in the order of its files.
        source: of each clip.
        shares: `[clips, 2]` for training and validation, of the clip's source.
        part: `"train"`, `"validation"` or `"test"`.
    """
    rank, counts = _ranks(source)
    _, member = np.unique(source, return_inverse=True)
    total = counts[member]
    # The shares are decimal: .7 of 10 are 7, whatever binary fractions make of it.
    first = np.floor(shares[:, 0] * total + 1e-9)
    second = np.floor((shares[:, 0] + shares[:, 1]) * total + 1e-9)
    bounds = {TRAIN: (0 * first, first), VALIDATION: (first, second), TEST: (second, total)}
    low, high = bounds[part]
    return clips.take((rank >= low) & (rank < high))


def _ranks(source: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The place of each clip in its source, and the number of clips of each source."""
    _, member, counts = np.unique(source, return_inverse=True, return_counts=True)
    order = np.argsort(member, kind="stable")
    rank = np.empty(len(source), np.int64)
    rank[order] = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rank, counts
