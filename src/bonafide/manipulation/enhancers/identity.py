"""No enhancement."""

from typing import final

from bonafide.manipulation.enhancer import Enhancer
from bonafide.manipulation.stage import Waveform


@final
class Identity(Enhancer):
    """Leaves the clip as the inpainter made it."""

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "identity"

    def enhance(self, waveform: Waveform, sample_rate: int, seed: int) -> Waveform:  # noqa: ARG002
        """See `Enhancer.enhance`."""
        return waveform
