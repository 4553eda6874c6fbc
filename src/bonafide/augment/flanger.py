"""Flanger: a clip over a copy of itself whose delay swings, with the settings of SoX's effect of that name.

Dattorro (1997), "Effect design, part 2: delay-line modulation and chorus", Journal of the Audio Engineering
Society 45(10); settings and defaults of `flanger` are documented at https://sox.sourceforge.net/sox.html.
"""

from collections.abc import Sequence
from math import pi
from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn import functional as F

from bonafide.augment.augmentation import Augmentation
from bonafide.augment.uniform import uniform
from bonafide.types import Label


class FlangerDrawn(NamedTuple):
    """Args:
    depth_ms: `[batch]`.
    speed_hz: `[batch]`.
    width: `[batch]`.
    phase: `[batch]` from 0 to 1, where in its swing the delay begins.
    """

    depth_ms: Tensor
    speed_hz: Tensor
    width: Tensor
    phase: Tensor


@final
class Flanger(Augmentation[FlangerDrawn]):
    """`y[n] = (x[n] + width · x[n - d(n)]) / (1 + width)` with a delay `d` that swings from 0 to `depth_ms`.

    The delay is a sine, the copy is interpolated linearly, there is no feedback, and silence comes before a
    clip. SoX takes 2 ms, 0.5 Hz and 0.71.

    Args:
        sample_rate: in Hz.
        depth_ms: range of the longest delay.
        speed_hz: range of the swings a second.
        width: range of the copy's level, as a factor.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: a range has no meaning.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        depth_ms: Sequence[float] = (1, 5),
        speed_hz: Sequence[float] = (0.2, 1),
        width: Sequence[float] = (0.5, 1),
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        self.sample_rate = sample_rate
        self.depth_ms = uniform("depth_ms", depth_ms, 0, 30)
        self.speed_hz = uniform("speed_hz", speed_hz, 0, 20)
        self.width = uniform("width", width, 0, 1)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> FlangerDrawn:  # noqa: ARG002
        """See `Augmentation.draw`."""
        return FlangerDrawn(
            self.depth_ms.draw(generator, batch),
            self.speed_hz.draw(generator, batch),
            self.width.draw(generator, batch),
            torch.rand(batch, generator=generator),
        )

    def apply(self, x: Tensor, drawn: FlangerDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`."""
        place = torch.arange(x.shape[-1], device=x.device)
        swing = torch.sin(
            2 * pi * (drawn.speed_hz[:, None] * place / self.sample_rate + drawn.phase[:, None])
        )
        delay = drawn.depth_ms[:, None] / 1000 * self.sample_rate * (1 + swing) / 2  # in samples
        whole = delay.floor()
        part = delay - whole
        before = int(self.depth_ms.high / 1000 * self.sample_rate) + 2
        late = place - whole.long() + before  # in the padded clip
        padded = F.pad(x, (before, 0))
        copy = (1 - part) * padded.gather(-1, late) + part * padded.gather(-1, late - 1)
        width = drawn.width[:, None]
        return (x + width * copy) / (1 + width)
