"""Joints that do not click."""

from typing import final

import numpy as np

from bonafide.audio import frames
from bonafide.manipulation.splicer import Splicer
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError


@final
class CrossFade(Splicer):
    """Fades from the original to the region and back, by raised cosines that add up to 1.

    ::

        original      ▔▔▔▔▔▔▔▔▔╲           ╱▔▔▔▔▔▔▔▔▔
        region                  ╳▁▁▁▁▁▁▁▁▁╳
                               ╱▔▔▔▔▔▔▔▔▔▔▔╲
                              start       end

    Both fades lie within the region, so all that differs from the original is inside what the label says.
    There is none at the beginning or the end of the clip.

    Args:
        seconds: of each fade; at most half of the region is used.

    Raises:
        InputError: a fade of no length.
    """

    def __init__(self, seconds: float = 0.01) -> None:
        if not 0 < seconds <= 1:
            raise InputError(f"splicer.seconds={seconds}: give more than 0 and at most 1 s, or splicer=hard")
        self.seconds = seconds

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "cross_fade"

    def splice(
        self, original: Waveform, regenerated: Waveform, start: int, end: int, sample_rate: int
    ) -> Waveform:
        """See `Splicer.splice`."""
        length = min(frames.to_samples(self.seconds, sample_rate), (end - start) // 2)
        rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(1, length))
        weight = np.ones(end - start)
        if start > 0:
            weight[:length] = rise
        if end < original.size:
            weight[end - start - length :] = rise[::-1]
        spliced = original.copy()
        spliced[start:end] += (weight * (regenerated[start:end] - original[start:end])).astype(np.float32)
        return spliced
