"""Clips of one length, cut from files of any length."""

from collections.abc import Sequence
from typing import NamedTuple, final
from zlib import crc32

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from bonafide.audio import clip, condition, files, frames
from bonafide.audio.condition import Condition
from bonafide.augment.chain import Chain
from bonafide.data.manifest import Manifest
from bonafide.data.order import Draw
from bonafide.data.regions import spoofed_regions
from bonafide.data.windows import Clipped
from bonafide.types import BONAFIDE, Batch, InputError


class ClipFormat(NamedTuple):
    """How waveforms reach the model: part of a recipe, kept with every run.

    Args:
        sample_rate: in Hz.
        samples: of a clip.
        resampler: see `bonafide.audio.files.read`.
        channel: see `bonafide.audio.files.read`.
        condition: what is done to every clip.
    """

    sample_rate: int
    samples: int
    resampler: str = "soxr_hq"
    channel: int | None = None
    condition: Condition = Condition()

    @property
    def trim(self) -> int:
        """Samples that are cut from each end of a recording."""
        return frames.to_samples(self.condition.trim_seconds, self.sample_rate)

    def lengths(self, manifest: Manifest) -> NDArray[np.int64]:
        """Samples of every recording, without its trimmed ends; at least one."""
        native, rate = manifest.numbers("frames"), manifest.numbers("sample_rate")
        found: NDArray[np.int64] = -(-native * self.sample_rate // np.maximum(rate, 1))
        return np.maximum(found - 2 * self.trim, 1)


@final
class Clips(Dataset[Batch]):
    """Reads a batch at a time; a worker holds a few arrays, whatever the size of the corpus.

    Args:
        manifest: the corpus.
        clipped: which clips, in the order in which they are numbered here.
        form: of the clips.
        crop: cut at random (training) instead of at the start that a clip has (evaluation).
        augment: what is done to clips here, in the loader; None for nothing.
    """

    def __init__(
        self,
        manifest: Manifest,
        clipped: Clipped,
        form: ClipFormat,
        *,
        crop: bool,
        augment: Chain | None = None,
    ) -> None:
        rows, self.recording = np.unique(clipped.rows, return_inverse=True)
        table = manifest.table.select(["path", "label"]).take(pa.array(rows))
        self.root = str(manifest.root)
        self.paths = table.column("path").combine_chunks()
        self.lengths = form.lengths(manifest)[rows]
        self.targets = (table.column("label").to_numpy(zero_copy_only=False) == BONAFIDE).astype(np.float32)
        self.regions = spoofed_regions(manifest, rows, form.sample_rate, form.trim)
        self.starts = clipped.starts
        self.form, self.trim = form, form.trim
        self.crop, self.augment = crop, augment

    def __len__(self) -> int:
        return len(self.recording)

    def __getitem__(self, draw: Draw) -> Batch:
        return self.__getitems__([draw])

    def __getitems__(self, draws: Sequence[Draw]) -> Batch:
        """One batch, `[draws, time]`; called by the loader with all its draws at once."""
        waveform = np.empty((len(draws), self.form.samples), dtype=np.float32)
        length = np.empty(len(draws), dtype=np.int64)
        start = np.array([self._start(draw) for draw in draws])
        for place, draw in enumerate(draws):
            found = self._read(draw.item, int(start[place]))
            length[place] = len(found)
            waveform[place] = clip.repeat(found, self.form.samples)
        items = np.array([draw.item for draw in draws])
        targets = self.targets[self.recording[items]]
        regions = self.regions.within(self.recording[items], start, length)
        if self.augment is not None:
            for place, draw in enumerate(draws):
                waveform[place] = self.augment.clip(waveform[place], draw, targets[place])
        return Batch(
            torch.from_numpy(waveform),
            torch.from_numpy(targets),
            torch.from_numpy(length),
            torch.from_numpy(items),
            torch.from_numpy(regions),
        )

    def _start(self, draw: Draw) -> int:
        """First sample of a clip in its recording, behind what is trimmed."""
        if self.crop:
            total = int(self.lengths[self.recording[draw.item]])
            return clip.crop_start(total, self.form.samples, draw.number)
        return int(self.starts[draw.item])

    def _read(self, item: int, start: int) -> NDArray[np.float32]:
        recording, form = int(self.recording[item]), self.form
        total = int(self.lengths[recording])
        name = self.paths[recording].as_py()
        path = name if name[0] == "/" else f"{self.root}/{name}"
        found = files.read(
            path,
            form.sample_rate,
            start=self.trim + start,
            length=min(form.samples, total - start),
            resampler=form.resampler,
            channel=form.channel,
        )
        if not len(found) or not np.isfinite(found).all():
            raise InputError(f"{path} has changed since it was inspected; restore or remove it")
        return condition.apply(form.condition, found, form.sample_rate, crc32(f"{name}:{start}".encode()))
