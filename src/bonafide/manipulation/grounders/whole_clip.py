"""The clip as it is."""

from typing import final

from bonafide.audio import frames
from bonafide.manipulation.grounder import Grounded, Grounder
from bonafide.manipulation.stage import Waveform


@final
class WholeClip(Grounder):
    """Points at the whole clip: a selector that cuts takes any region of it, another takes it all."""

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "whole_clip"

    def ground(self, waveform: Waveform, sample_rate: int, caption: str) -> list[Grounded]:  # noqa: ARG002
        """See `Grounder.ground`."""
        return [Grounded(0.0, frames.to_seconds(waveform.size, sample_rate), 1.0)] if waveform.size else []
