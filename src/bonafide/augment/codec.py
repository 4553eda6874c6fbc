"""Lossy codecs: what uploads, messengers and telephones do to a recording."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.audio.codec import FORMATS, require, round_trip
from bonafide.augment.augmentation import Augmentation
from bonafide.augment.uniform import uniform
from bonafide.types import InputError, Label


class CodecDrawn(NamedTuple):
    """Args:
    codec: `[batch]` int64, place among the codecs.
    rate: `[batch]` from 0 to 1, place in the range of bit rates.
    """

    codec: Tensor
    rate: Tensor


@final
class Codec(Augmentation[CodecDrawn]):
    """Sends a clip through a codec at a random bit rate; length and alignment are kept.

    Works in the loader, because codecs do.

    Args:
        sample_rate: in Hz.
        codecs: to choose from, equally likely: `aac`, `mp3`, `opus`, and at the bandwidth of a telephone
            `mulaw`, `alaw`, `g722`, `amr`.
        kbps: range of the bit rate in kbit/s, as far as the codec has it; its logarithm is drawn uniformly.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: no such codec, or bit rates without meaning.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        sample_rate: int,
        codecs: Sequence[str] = ("mp3", "aac", "opus", "mulaw"),
        *,
        kbps: Sequence[float] = (16, 128),
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        self.place = "loader"
        if not codecs:
            raise InputError(f"augment: codecs=[] leaves none; choose from {', '.join(FORMATS)}")
        for name in codecs:
            require(name)
        self.sample_rate, self.codecs = sample_rate, tuple(codecs)
        self.kbps = uniform("kbps", kbps, 1, 1000)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> CodecDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return CodecDrawn(
            torch.randint(len(self.codecs), (batch,), generator=generator),
            torch.rand(batch, generator=generator),
        )

    def apply(self, x: Tensor, drawn: CodecDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        rows = zip(x.numpy(), drawn.codec.tolist(), drawn.rate.tolist(), strict=True)
        made = [
            round_trip(row, self.sample_rate, self.codecs[codec], self.bit_rate(self.codecs[codec], rate))
            for row, codec, rate in rows
        ]
        return torch.stack([torch.from_numpy(row) for row in made])

    def bit_rate(self, codec: str, place: float) -> float:
        """In kbit/s, at a place from 0 to 1 in the range that is both wanted and possible."""
        least, most = FORMATS[codec].kbps
        low, high = (min(max(end, least), most) for end in self.kbps)
        return float(low * (high / low) ** place)
