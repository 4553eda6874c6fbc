"""FakeSound's splice."""

from typing import final

from bonafide.manipulation.splicer import Splicer
from bonafide.manipulation.stage import Waveform


@final
class Hard(Splicer):
    """Copies the region, sample by sample, and nothing else.

    A joint may click, and bandwidth and codec history change there: artefacts that a detector can find
    without knowing anything of the generator (compare `cross_fade` and `vocode_both`).
    """

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "hard"

    def splice(
        self, original: Waveform, regenerated: Waveform, start: int, end: int, sample_rate: int
    ) -> Waveform:
        """See `Splicer.splice`."""
        del sample_rate
        spliced = original.copy()
        spliced[start:end] = regenerated[start:end]
        return spliced
