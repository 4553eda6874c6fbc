"""A true gap filler: linear prediction from both sides.

Kauppinen and Roth, Audio signal extrapolation: theory and applications (DAFx 2002), for the extrapolations
and their cross-fade; the least-squares interpolator of Janssen, Veldhuis and Vries (1986) fades out in the
middle of a long gap, which is why a residual drives the models here as well (after Rayner and Godsill, 1991).
"""

from typing import final

import numpy as np

from bonafide.audio import frames
from bonafide.corpora.synthesis.transforms import Signal
from bonafide.manipulation.autoregression import burg, continued, excited
from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

_LEAST = 64  # samples of surroundings from which anything can be continued


@final
class Interpolation(Inpainter):
    """Continues what is heard before the gap forwards, what is heard after it backwards, and fades across.

    Either side's model is Burg's, so gaps of seconds are as stable as short ones. What a model expects
    (tones and their decay) is faded by raised cosines that add up to 1, what noise makes of it by ones whose
    squares do: either keeps its level. At an edge of the clip the other side goes on alone.

    Args:
        order: of the models; a third of the surroundings at the most. More follow more tones, more closely.
        context_seconds: of the surroundings that each model is fitted to.
        excite: drives the models with noise of the residual's power, without which a long gap falls silent
            in its middle.

    Raises:
        InputError: a setting has no meaning.
    """

    def __init__(self, order: int = 512, context_seconds: float = 0.4, *, excite: bool = True) -> None:
        if not 1 <= order <= 8192 or not 0.01 <= context_seconds <= 10:
            raise InputError(
                f"inpainter: order={order} must be 1 to 8192, context_seconds={context_seconds} 0.01 to 10 s"
            )
        self.order, self.context_seconds, self.excite = order, context_seconds, excite

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "interpolation"

    def fill(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, caption: str, seed: int
    ) -> Waveform:
        """See `Inpainter.fill`."""
        del caption
        reach, size = frames.to_samples(self.context_seconds, sample_rate), end - start
        wave = masked.astype(np.float64)
        before, after = wave[max(0, start - reach) : start], wave[end : end + reach][::-1]
        if max(before.size, after.size) < _LEAST:
            raise InputError(
                "leaves too little beside its region to continue from; choose a shorter selector.longest"
            )
        rng = np.random.default_rng(seed)
        ahead, astir = self._continued(before, size, rng)
        back, stirred = self._continued(after, size, rng)
        angle = np.pi / 2 * (np.arange(size) + 0.5) / size
        if after.size < _LEAST:
            angle = np.zeros(size)
        elif before.size < _LEAST:
            angle = np.full(size, np.pi / 2)
        fade, rise = np.cos(angle), np.sin(angle)
        made = fade**2 * ahead + rise**2 * back[::-1] + fade * astir + rise * stirred[::-1]
        filled = masked.copy()
        filled[start:end] = made
        return filled

    def _continued(self, side: Signal, size: int, rng: np.random.Generator) -> tuple[Signal, Signal]:
        """What a side's model expects, and what noise makes of it: `[size]` each; zeros if too short."""
        noise = rng.standard_normal(size)
        if side.size < _LEAST or not side.any():
            return np.zeros(size), np.zeros(size)
        inverse, power = burg(side, min(self.order, side.size // 3))
        expected = continued(side, inverse, size)
        if not self.excite:
            return expected, np.zeros(size)
        return expected, excited(inverse, np.sqrt(power) * noise)
