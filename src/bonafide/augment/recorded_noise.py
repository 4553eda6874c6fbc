"""Noise, music or babble from a folder of recordings, such as MUSAN (Snyder et al., 2015)."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.audio import clip, files
from bonafide.augment.augmentation import Augmentation
from bonafide.augment.level import add_at, norm, scaled_to
from bonafide.augment.recordings import picked, recordings
from bonafide.augment.uniform import uniform
from bonafide.types import Label


class RecordedNoiseDrawn(NamedTuple):
    """Args:
    recording: `[batch, most]` from 0 to 1, place among the recordings.
    start: `[batch, most]` from 0 to 1, place in the recording.
    voices: `[batch]` int64, recordings that are heard.
    snr_db: `[batch]`.
    """

    recording: Tensor
    start: Tensor
    voices: Tensor
    snr_db: Tensor


@final
class RecordedNoise(Augmentation[RecordedNoiseDrawn]):
    """Adds recordings, equally loud and each from a random place on, at a signal-to-noise ratio.

    Short recordings are repeated. Works in the loader, which reads files anyway.

    Args:
        sample_rate: in Hz; recordings are resampled to it.
        folder: of the recordings, searched through all its levels.
        snr_db: range.
        together: range of how many are heard at once, both ends included; 3 to 7 voices make babble.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: no recordings there, or a range without meaning.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        sample_rate: int,
        folder: str,
        *,
        snr_db: Sequence[float] = (5, 20),
        together: Sequence[int] = (1, 1),
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        self.place = "loader"
        self.sample_rate = sample_rate
        self.snr_db = uniform("snr_db", snr_db)
        self.together = uniform("together", together, 1, 100)
        self.paths = recordings("folder", folder)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> RecordedNoiseDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        recording, start = torch.rand(2, batch, int(self.together.high), generator=generator)
        return RecordedNoiseDrawn(
            recording, start, self.together.draw_whole(generator, batch), self.snr_db.draw(generator, batch)
        )

    def apply(self, x: Tensor, drawn: RecordedNoiseDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        noise = torch.stack(
            [
                sum(
                    (self._read(recording[heard], start[heard], x) for heard in range(int(count))),
                    torch.zeros_like(x[0]),
                )
                for recording, start, count in zip(drawn.recording, drawn.start, drawn.voices, strict=True)
            ]
        )
        return add_at(x, noise, drawn.snr_db)

    def _read(self, recording: Tensor, start: Tensor, x: Tensor) -> Tensor:
        """A stretch as long as the clips, of norm 1."""
        path, samples = picked(self.paths, recording), x.shape[-1]
        header = files.header(path)
        spare = max(0, header.frames * self.sample_rate // header.sample_rate - samples)
        first = int(start * spare)
        found = files.read(path, self.sample_rate, start=first, length=samples)
        noise = torch.from_numpy(clip.repeat(found, samples)).to(x)
        return scaled_to(noise, torch.ones_like(norm(noise)))
