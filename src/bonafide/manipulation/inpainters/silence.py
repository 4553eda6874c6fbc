"""Nothing to be heard."""

from typing import final

from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.stage import Waveform


@final
class Silence(Inpainter):
    """Leaves the masked region as it is: digital silence, the simplest manipulation there is."""

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "silence"

    def fill(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, caption: str, seed: int
    ) -> Waveform:
        """See `Inpainter.fill`."""
        del sample_rate, caption, seed
        filled = masked.copy()
        filled[start:end] = 0.0
        return filled
