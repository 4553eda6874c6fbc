"""Test clips as they sound after something has happened to them, the same for every detector."""

from collections.abc import Sequence
from typing import Any, final
from zlib import crc32

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from bonafide.audio import clip, condition
from bonafide.audio.condition import Condition
from bonafide.augment.augmentation import Augmentation
from bonafide.augment.chain import Chain
from bonafide.augment.change import moved, seeded
from bonafide.data.clips import Clips
from bonafide.data.module import AudioData
from bonafide.data.order import Draw, Place, ResumableLoader, Shared
from bonafide.types import Batch, InputError


@final
class Perturbation:
    """Augmentations in order, with draws that belong to a clip: its path, its start, and the seed.

    So all detectors hear the same, in any order and in batches of any size, and so do all severities of a
    perturbation, whose draws differ in their ranges alone.

    Args:
        chain: of augmentations of waveforms.
        seed: of the draws.

    Raises:
        InputError: a change of features, or one that does not hit all clips of both classes.
    """

    def __init__(self, chain: Chain, seed: int) -> None:
        for part in chain.parts:
            name = type(part).__name__
            if not isinstance(part, Augmentation):
                raise InputError(f"{name} changes features; a perturbation changes waveforms, as gain does")
            if part.p < 1 or part.only is not None:
                raise InputError(
                    f"{name} with p={part.p:g} and only={part.only} spares some clips, so that sparing them "
                    "is a cue; set p=1 and only=null"
                )
        self.parts: Sequence[Augmentation[Any]] = chain.parts  # type: ignore[assignment]  # as was just seen
        self.seed = seed

    def __call__(self, waveform: Tensor, clips: Sequence[int], place: str | None = None) -> Tensor:
        """`[batch, time]` → `[batch, time]`.

        Args:
            waveform: of the clips.
            clips: a number of each that is its own in every trial list.
            place: `"loader"` or `"device"`, whose augmentations are applied; None for all.
        """
        for number, part in enumerate(self.parts):
            if place in {None, part.place}:
                each = [part.draw(1, waveform.shape[-1], seeded([self.seed, own, number])) for own in clips]
                with torch.autocast(waveform.device.type, enabled=False):
                    waveform = part.apply(waveform, moved(_together(each), waveform.device))
        return waveform

    def at(self, place: str) -> bool:
        """Whether anything is done at a place."""
        return any(part.place == place for part in self.parts)


@final
class PerturbedData(pl.LightningDataModule):
    """The test groups of a data module, perturbed.

    What can be done to batches on the device is done there, the rest in the loader. A detector with a
    condition of its own, such as a level, brings every recording into it after the perturbation, as it would
    with any recording that comes perturbed; all is done in the loader then. A clip that is shorter than the
    detector's is perturbed after it was repeated.

    Args:
        data: prepared.
        perturbation: None for the clips as they are.
    """

    def __init__(self, data: AudioData, perturbation: Perturbation | None) -> None:
        super().__init__()
        self.data, self.perturbation = data, perturbation
        self.conditioned = data.form.condition.changes
        self.numbers = [identities(data, name) for name in data.groups()]

    def test_dataloader(self) -> list[DataLoader[Batch]]:
        """As those of the data, perturbed as far as the loader does it."""
        self.data.trainer = self.trainer
        loaders = list(self.data.test_dataloader())
        perturbation = self.perturbation
        if perturbation is None or not (self.conditioned or perturbation.at("loader")):
            return loaders
        place = Place(self.trainer.global_rank, self.trainer.world_size) if self.trainer else Place()
        return [
            ResumableLoader(
                PerturbedClips(loader.dataset, numbers, perturbation),  # type: ignore[arg-type]  # `Clips`
                Shared(len(numbers), place),
                batch_size=self.data.batch_size,
                num_workers=loader.num_workers,
                pin_memory=loader.pin_memory,
            )
            for loader, numbers in zip(loaders, self.numbers, strict=True)
        ]

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Perturbs a batch as far as the device does it."""
        perturbation = self.perturbation
        if perturbation is None or self.conditioned or not perturbation.at("device"):
            return batch
        clips = self.numbers[dataloader_idx][batch.index.cpu().numpy()].tolist()
        return batch._replace(waveform=perturbation(batch.waveform, clips, "device"))


@final
class PerturbedClips(Dataset[Batch]):
    """Clips that are perturbed by the loader: those of codecs and files, or all where there is a condition.

    Args:
        clips: as they are.
        numbers: of each clip, see `identities`.
        perturbation: what happens to them.
    """

    def __init__(self, clips: Clips, numbers: NDArray[np.int64], perturbation: Perturbation) -> None:
        self.clips, self.numbers, self.perturbation = clips, numbers, perturbation
        self.condition = clips.form.condition
        if self.condition.changes:
            clips.form = clips.form._replace(condition=Condition())  # it comes after the perturbation

    def __len__(self) -> int:
        return len(self.clips)

    def __getitems__(self, draws: Sequence[Draw]) -> Batch:
        """One batch, `[draws, time]`."""
        batch = self.clips.__getitems__(draws)
        numbers = self.numbers[[draw.item for draw in draws]].tolist()
        if not self.condition.changes:
            return batch._replace(waveform=self.perturbation(batch.waveform, numbers, "loader"))
        waveform = self.perturbation(batch.waveform, numbers)
        for place, (length, number) in enumerate(zip(batch.length.tolist(), numbers, strict=True)):
            own = waveform[place, :length].numpy()
            made = condition.apply(self.condition, own, self.clips.form.sample_rate, number)
            waveform[place] = torch.from_numpy(clip.repeat(made, waveform.shape[-1]).copy())
        return batch._replace(waveform=waveform)


def identities(data: AudioData, group: str) -> NDArray[np.int64]:
    """A number of each clip of a test group, `[clips]`: of its path and start, alike for all detectors."""
    if data.manifest is None:
        raise RuntimeError("clips are only known after the data was prepared")
    clips = data.groups()[group]
    paths, starts = data.manifest.strings("path")[clips.rows], clips.starts.tolist()
    return np.array([crc32(f"{path}:{start}".encode()) for path, start in zip(paths, starts, strict=True)])


def _together(each: Sequence[Any]) -> Any:
    """Draws of single clips as those of a batch."""
    if isinstance(each[0], Tensor):
        return torch.cat(list(each))
    return type(each[0])(*(_together(column) for column in zip(*each, strict=True)))
