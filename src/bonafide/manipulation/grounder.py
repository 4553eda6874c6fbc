"""What every grounder promises: where in a clip something is heard."""

from abc import abstractmethod
from typing import NamedTuple

from bonafide.manipulation.stage import Stage, Waveform


class Grounded(NamedTuple):
    """A stretch of a clip that a grounder points at.

    Args:
        start: in seconds from the clip's start.
        end: in seconds; behind `start`.
        probability: in [0, 1]; how sure the grounder is.
    """

    start: float
    end: float
    probability: float


class Grounder(Stage):
    """Finds what a caption speaks of, or what stands out where it needs none."""

    @property
    def needs_caption(self) -> bool:
        """Whether a clip without a caption cannot be grounded."""
        return False

    @abstractmethod
    def ground(self, waveform: Waveform, sample_rate: int, caption: str) -> list[Grounded]:
        """The stretches of a clip that may be manipulated, in any order; none if nothing stands out.

        Args:
            waveform: `[time]`, mono float32, full scale 1.
            sample_rate: Hz.
            caption: what is heard; `""` if nobody said.
        """
