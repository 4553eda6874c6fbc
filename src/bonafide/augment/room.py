"""Simulated rooms: a direct sound and a diffuse tail that decays exponentially (Polack, 1988)."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment.augmentation import Augmentation
from bonafide.augment.level import scaled_to
from bonafide.augment.reverberation import reverberated
from bonafide.augment.uniform import uniform
from bonafide.types import InputError, Label


class RoomDrawn(NamedTuple):
    """Args:
    tail: `[batch, taps]` white noise.
    rt60_seconds: `[batch]`.
    direct_db: `[batch]`.
    """

    tail: Tensor
    rt60_seconds: Tensor
    direct_db: Tensor


@final
class Room(Augmentation[RoomDrawn]):
    """Puts a clip into a room of its own; level and alignment are kept.

    Args:
        sample_rate: in Hz.
        rt60_seconds: range of the reverberation time, in which the tail decays by 60 dB.
        direct_db: range of the energy of the direct sound over that of the tail.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: a range has no meaning, or the tail would be shorter than a sample.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        rt60_seconds: Sequence[float] = (0.15, 0.8),
        direct_db: Sequence[float] = (-3, 12),
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        self.sample_rate = sample_rate
        self.rt60 = uniform("rt60_seconds", rt60_seconds, 0.01, 10)
        self.direct = uniform("direct_db", direct_db)
        self.taps = round(self.rt60.high * sample_rate)
        if self.taps < 1:
            raise InputError(f"augment: sample_rate={sample_rate} is none; set data.sample_rate")

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> RoomDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return RoomDrawn(
            torch.randn(batch, self.taps, generator=generator),
            self.rt60.draw(generator, batch),
            self.direct.draw(generator, batch),
        )

    def responses(self, drawn: RoomDrawn) -> Tensor:
        """Impulse responses `[batch, 1 + taps]`: 1 at time 0, then the tail."""
        time = torch.arange(1, self.taps + 1, device=drawn.tail.device) / self.sample_rate
        decay = 10 ** (-3 * time / drawn.rt60_seconds[:, None])
        tail = scaled_to(drawn.tail * decay, 10 ** (-drawn.direct_db[:, None] / 20))
        return torch.cat([torch.ones_like(tail[:, :1]), tail], dim=1)

    def apply(self, x: Tensor, drawn: RoomDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        return reverberated(x, self.responses(drawn))
