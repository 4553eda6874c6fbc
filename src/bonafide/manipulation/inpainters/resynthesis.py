"""The region through a vocoder: copy synthesis of a part."""

from typing import final

import numpy as np

from bonafide.audio import frames
from bonafide.corpora.synthesis.vocoders import VOCODERS
from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.level import matched, rms
from bonafide.manipulation.stage import Waveform
from bonafide.manipulation.vocoder import known, require

_MARGIN = 0.25  # seconds on either side, where vocoders start and stop


@final
class Resynthesis(Inpainter):
    """Describes the region as a vocoder does, and makes it again from that, at its own level.

    Content and place stay, the waveform does not: what neural vocoders leave in partial fakes of speech, in
    its classical form. The vocoders are those of `data=resynthesis`.

    Args:
        vocoder: `griffin_lim` (80 mel bands, guessed phases), `lpc` (all-pole, pulses or noise),
            `sinusoidal`, or `world`, which needs pyworld.

    Raises:
        InputError: no such vocoder.
    """

    def __init__(self, vocoder: str) -> None:
        known(vocoder, "inpainter.vocoder")
        self.vocoder = vocoder

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return self.vocoder

    @property
    def masked(self) -> bool:
        """See `Inpainter.masked`."""
        return False

    def require(self) -> None:
        """See `Stage.require`."""
        require(self.vocoder, "inpainter.vocoder")

    def fill(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, caption: str, seed: int
    ) -> Waveform:
        """See `Inpainter.fill`."""
        del caption
        margin = frames.to_samples(_MARGIN, sample_rate)
        region = masked[start:end]
        first, last = max(0, start - margin), min(masked.size, end + margin)
        lead, tail = margin - (start - first), margin - (last - end)
        wave = np.pad(masked[first:last].astype(np.float64), (lead, tail), mode="reflect")
        made = VOCODERS[self.vocoder](wave, sample_rate, np.random.default_rng(seed))
        filled = masked.copy()
        filled[start:end] = matched(made[margin : margin + region.size], rms(region))
        return filled
