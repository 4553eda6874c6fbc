"""Clips of one length, cut from files of any length."""

from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from bonafide.audio import clip, files, frames
from bonafide.data.manifest import Manifest
from bonafide.data.order import Draw
from bonafide.types import BONAFIDE, Batch, InputError


class ClipFormat(NamedTuple):
    """How waveforms reach the model: part of a recipe, kept with every run.

    Args:
        sample_rate: in Hz.
        samples: of a clip.
        resampler: see `bonafide.audio.files.read`.
        channel: see `bonafide.audio.files.read`.
    """

    sample_rate: int
    samples: int
    resampler: str = "soxr_hq"
    channel: int | None = None


@final
class Clips(Dataset[Batch]):
    """Reads a batch at a time; a worker holds a few arrays, whatever the size of the corpus.

    Args:
        manifest: the corpus.
        rows: which recordings, in the order in which they are numbered here.
        form: of the clips.
        crop: cut at random (training) instead of taking the first window (evaluation).
    """

    def __init__(self, manifest: Manifest, rows: NDArray[np.int64], form: ClipFormat, *, crop: bool) -> None:
        table = manifest.table.select(["path", "frames", "sample_rate", "label"]).take(pa.array(rows))
        self.root = manifest.root
        self.paths = table.column("path").combine_chunks()
        self.frames = table.column("frames").to_numpy()
        self.rates = table.column("sample_rate").to_numpy()
        labels = table.column("label").to_numpy(zero_copy_only=False)
        self.targets = (labels == BONAFIDE).astype(np.float32)
        self.rows = rows
        self.form = form
        self.crop = crop

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, draw: Draw) -> Batch:
        return self.__getitems__([draw])

    def __getitems__(self, draws: Sequence[Draw]) -> Batch:
        """One batch, `[draws, time]`; called by the loader with all its draws at once."""
        waveform = np.empty((len(draws), self.form.samples), dtype=np.float32)
        length = np.empty(len(draws), dtype=np.int64)
        for place, draw in enumerate(draws):
            found = self._read(draw)
            length[place] = len(found)
            waveform[place] = clip.repeat(found, self.form.samples)
        items = np.array([draw.item for draw in draws])
        return Batch(
            torch.from_numpy(waveform),
            torch.from_numpy(self.targets[items]),
            torch.from_numpy(length),
            torch.from_numpy(self.rows[items]),
        )

    def _read(self, draw: Draw) -> NDArray[np.float32]:
        item, form = draw.item, self.form
        start = 0
        if self.crop:
            total = frames.resampled_length(int(self.frames[item]), int(self.rates[item]), form.sample_rate)
            start = clip.crop_start(total, form.samples, draw.number)
        path = self.root / self.paths[item].as_py()
        found = files.read(
            path,
            form.sample_rate,
            start=start,
            length=form.samples,
            resampler=form.resampler,
            channel=form.channel,
        )
        if not len(found) or not np.isfinite(found).all():
            raise InputError(f"{path} has changed since it was inspected; restore or remove it")
        return found
