"""The control for the shortcut of a splice: everything goes through a vocoder."""

from typing import final

import numpy as np

from bonafide.corpora.synthesis.vocoders import VOCODERS
from bonafide.manipulation.splicer import Splicer
from bonafide.manipulation.splicers.cross_fade import CrossFade
from bonafide.manipulation.stage import Waveform
from bonafide.manipulation.vocoder import known, require

_MARGIN = 0.25  # seconds mirrored at both ends, where vocoders start and stop


@final
class VocodeBoth(Splicer):
    """Cross-fades the region in, then sends the whole clip through a vocoder, and its recording likewise.

    Region and surroundings then share bandwidth and codec history, and so do both sides of a pair: what is
    left to be found is the region. Nothing is equal to the source any more.

    Args:
        vocoder: `griffin_lim`, `lpc`, `sinusoidal` or `world`, as in `data=resynthesis`.
        seconds: of the fades.

    Raises:
        InputError: no such vocoder, or a fade of no length.
    """

    def __init__(self, vocoder: str = "sinusoidal", seconds: float = 0.01) -> None:
        known(vocoder, "splicer.vocoder")
        self.vocoder, self.fade = vocoder, CrossFade(seconds)

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "vocode_both"

    @property
    def untouched(self) -> bool:
        """See `Splicer.untouched`."""
        return False

    def provenance(self) -> dict[str, str]:
        """See `Stage.provenance`."""
        return {"vocoder": self.vocoder}

    def require(self) -> None:
        """See `Stage.require`."""
        require(self.vocoder, "splicer.vocoder")

    def finish(self, waveform: Waveform, sample_rate: int) -> Waveform:
        """See `Splicer.finish`; with the same draws for both sides."""
        margin = round(_MARGIN * sample_rate)
        padded = np.pad(waveform.astype(np.float64), margin, mode="reflect")
        made = VOCODERS[self.vocoder](padded, sample_rate, np.random.default_rng(0))
        return np.asarray(made[margin : margin + waveform.size], np.float32)

    def splice(
        self, original: Waveform, regenerated: Waveform, start: int, end: int, sample_rate: int
    ) -> Waveform:
        """See `Splicer.splice`."""
        return self.fade.splice(original, regenerated, start, end, sample_rate)
