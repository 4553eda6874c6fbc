"""Babble: other speakers of the batch talking in the background."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment.augmentation import Augmentation
from bonafide.augment.change import moved
from bonafide.augment.level import add_at, norm, scaled_to
from bonafide.augment.uniform import uniform
from bonafide.types import Label


class BabbleDrawn(NamedTuple):
    """Args:
    talker: `[batch, most]` int64, rows of the batch, never the clip's own.
    start: `[batch, most]` int64, sample at which a talker begins.
    voices: `[batch]` int64, talkers that are heard.
    snr_db: `[batch]`.
    """

    talker: Tensor
    start: Tensor
    voices: Tensor
    snr_db: Tensor


@final
class Babble(Augmentation[BabbleDrawn]):
    """Adds other clips of the batch, equally loud and each from a random place on, at a ratio.

    They may be of either class, and one may be heard twice. A clip that is alone in its batch stays as it is.
    For babble from recordings see `RecordedNoise`.

    Args:
        snr_db: range.
        talkers: range of how many are heard, both ends included.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: a range has no meaning.

    Shape:
        `[batch, time]` → `[batch, time]`.
    """

    def __init__(
        self,
        snr_db: Sequence[float] = (13, 20),
        *,
        talkers: Sequence[int] = (3, 7),
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        self.snr_db = uniform("snr_db", snr_db)
        self.talkers = uniform("talkers", talkers, 1, 100)

    def draw(self, batch: int, samples: int, generator: torch.Generator) -> BabbleDrawn:
        """See `Augmentation.draw`."""
        most = int(self.talkers.high) if batch > 1 else 0
        ahead = torch.randint(1, max(2, batch), (batch, most), generator=generator)
        return BabbleDrawn(
            (torch.arange(batch)[:, None] + ahead) % batch,
            torch.randint(0, samples, (batch, most), generator=generator),
            self.talkers.draw_whole(generator, batch),
            self.snr_db.draw(generator, batch),
        )

    def apply(self, x: Tensor, drawn: BabbleDrawn) -> Tensor:
        """`[batch, time]` → `[batch, time]`; the whole batch, which the talkers come from."""
        time = torch.arange(x.shape[-1], device=x.device)
        level = scaled_to(x, torch.ones_like(norm(x)))
        noise = torch.zeros_like(x)
        for place in range(drawn.talker.shape[1]):  # a talker for all clips at a time spares memory
            talker, start = drawn.talker[:, place, None], drawn.start[:, place, None]
            heard = level[talker, (time + start) % x.shape[-1]]
            noise = noise + heard * (place < drawn.voices[:, None])
        return add_at(x, noise, drawn.snr_db)

    def blend(self, x: Tensor, drawn: BabbleDrawn, chosen: Tensor) -> Tensor:
        """Every clip is heard, whether or not it is changed itself."""
        changed = self.apply(x, moved(drawn, x.device))
        return torch.where(chosen.to(x.device)[:, None], changed, x)
