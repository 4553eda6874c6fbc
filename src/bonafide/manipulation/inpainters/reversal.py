"""The region backwards."""

from typing import final

from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.stage import Waveform


@final
class Reversal(Inpainter):
    """Plays the region backwards: level and spectrum stay, what happens in time does not."""

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "reversal"

    @property
    def masked(self) -> bool:
        """See `Inpainter.masked`."""
        return False

    def fill(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, caption: str, seed: int
    ) -> Waveform:
        """See `Inpainter.fill`."""
        del sample_rate, caption, seed
        filled = masked.copy()
        filled[start:end] = masked[start:end][::-1]
        return filled
