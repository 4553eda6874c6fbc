"""Ogg Vorbis, encoded and decoded by libsndfile: its quality is set, not its bit rate."""

import io
from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor

from bonafide.augment.augmentation import Augmentation
from bonafide.augment.uniform import uniform
from bonafide.types import InputError, Label


class VorbisDrawn(NamedTuple):
    """Args:
    quality: `[batch]` from 0 to 1.
    """

    quality: Tensor


def through_vorbis(waveform: NDArray[np.float32], sample_rate: int, quality: float) -> NDArray[np.float32]:
    """Encoded and decoded, without delay: `[time]` → `[time]`.

    Args:
        waveform: `[time]`; what is louder than full scale is clipped.
        sample_rate: in Hz.
        quality: from 0, about 30 kbit/s for speech at 16 kHz, to 1.
    """
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", sample_rate, 1, "VORBIS", format="OGG", compression_level=1 - quality
    ) as sound:
        for start in range(
            0, len(waveform), sample_rate
        ):  # libsndfile keeps a block of any size on its stack
            sound.write(np.clip(waveform[start : start + sample_rate], -1, 1))
    file.seek(0)
    decoded = soundfile.read(file, dtype="float32")[0][: len(waveform)]
    return np.pad(decoded, (0, len(waveform) - len(decoded)))


@final
class Vorbis(Augmentation[VorbisDrawn]):
    """Sends a clip through Ogg Vorbis; length and alignment are kept.

    Works in the loader, because the codec does.

    Args:
        sample_rate: in Hz.
        quality: range from 0 to 1.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: the range has no meaning, or this libsndfile has no Vorbis.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        quality: Sequence[float] = (0, 0.6),
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        self.place = "loader"
        if "VORBIS" not in soundfile.available_subtypes("OGG"):
            raise InputError(
                "this libsndfile cannot encode Vorbis; leave it out, or install the wheel of soundfile "
                "(pip install --only-binary=soundfile soundfile)"
            )
        self.sample_rate = sample_rate
        self.quality = uniform("quality", quality, 0, 1)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> VorbisDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return VorbisDrawn(self.quality.draw(generator, batch))

    def apply(self, x: Tensor, drawn: VorbisDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        rows = zip(x.numpy(), drawn.quality.tolist(), strict=True)
        made = [through_vorbis(row, self.sample_rate, quality) for row, quality in rows]
        return torch.stack([torch.from_numpy(row) for row in made])
