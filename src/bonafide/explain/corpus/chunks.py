"""A corpus in portions that one process measures at a time, with utterances kept together."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple, final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from bonafide.audio import condition, files
from bonafide.data.clips import ClipFormat
from bonafide.data.manifest import Manifest
from bonafide.explain.corpus.profile import Settings, measure
from bonafide.explain.corpus.tally import Tally
from bonafide.types import InputError

_FILES = 96
_SECONDS = 900.0


class Portion(NamedTuple):
    """What a process hands back.

    Args:
        chunk: its number.
        tally: what was measured.
        problems: files that could not be heard, a line each.
    """

    chunk: int
    tally: Tally
    problems: list[str]


def choose(manifest: Manifest, amount: int | None, seed: int, *, faithful: bool = False) -> NDArray[np.int64]:
    """Rows of up to `amount` recordings of each system, and of each bona fide collection.

    A hash puts the utterances into an order that all systems share, so that they are compared on the same
    ones; the published scripts take the first files by name.

    Args:
        manifest: of usable files.
        amount: of each; None for all.
        seed: of the order.
        faithful: whether to take the first by name.
    """
    corpus, _ = manifest.codes("corpus")
    system, systems = manifest.codes("system")
    utterance = manifest.strings("utterance")
    source = corpus * len(systems) + system
    if faithful:
        order = np.lexsort((manifest.strings("path").astype(str), source))
    else:
        lot = np.array([hashlib.sha256(f"{seed}\0{name}".encode()).digest()[:8] for name in utterance])
        order = np.lexsort((lot, source))
    first = np.flatnonzero(np.diff(source[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    return np.sort(order[rank < (len(order) if amount is None else amount)])


def divide(manifest: Manifest, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows in chunks of some minutes; recordings of an utterance of a corpus stand in one."""
    corpus, _ = manifest.codes("corpus")
    names, seconds = manifest.strings("utterance").astype(str), manifest.numbers("seconds")
    order = rows[np.lexsort((names[rows], corpus[rows]))]
    chunks: list[list[int]] = [[]]
    total, before = 0.0, None
    for row in order.tolist():
        group = (corpus[row], names[row])
        full = len(chunks[-1]) >= _FILES or total >= _SECONDS
        if full and (group != before or len(chunks[-1]) >= 8 * _FILES):
            chunks.append([])
            total = 0.0
        chunks[-1].append(row)
        total, before = total + float(seconds[row]), group
    return [np.array(chunk) for chunk in chunks if chunk]


@final
class Chunks(Dataset[Portion]):
    """Reads and measures a chunk at a time, for the processes of a loader.

    Args:
        manifest: the corpus.
        chunks: rows of each, see `divide`.
        form: how recordings are heard.
        settings: how they are measured.
        skip: whether a file that cannot be heard is left out instead of being an error.
    """

    def __init__(
        self,
        manifest: Manifest,
        chunks: Sequence[NDArray[np.int64]],
        form: ClipFormat,
        settings: Settings,
        *,
        skip: bool,
    ) -> None:
        self.root, self.path = str(manifest.root), manifest.strings("path")
        self.corpus, self.system = manifest.strings("corpus"), manifest.strings("system")
        self.utterance = manifest.strings("utterance")
        self.chunks, self.form, self.settings, self.skip = chunks, form, settings, skip

    def __len__(self) -> int:
        return len(self.chunks)

    def __getitem__(self, number: int) -> Portion:
        heard, rows, problems = [], [], []
        for row in self.chunks[number].tolist():
            try:
                heard.append(self._read(self.path[row]))
                rows.append(row)
            except InputError as error:
                if not self.skip:
                    raise
                problems.append(str(error))
        if not rows:
            return Portion(number, Tally(), problems)
        measured = measure(heard, self.settings)
        tally = Tally.of(measured, self.corpus[rows], self.system[rows], self.utterance[rows])
        return Portion(number, tally, problems)

    def _read(self, name: str) -> NDArray[np.float32]:
        """A whole recording without its trimmed ends."""
        form, path = self.form, name if name[0] == "/" else f"{self.root}/{name}"
        found = files.read(path, form.sample_rate, resampler=form.resampler, channel=form.channel)
        found = found[form.trim : len(found) - form.trim]
        if not len(found) or not np.isfinite(found).all():
            raise InputError(
                f"{path} has nothing to be measured between its ends; remove it, lower "
                "data.condition.trim_seconds, or leave it out with data.on_bad_file=skip"
            )
        return condition.apply(form.condition, found, form.sample_rate, crc32(f"{name}:0".encode()))
