"""What every front end promises."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

from torch import Tensor, nn

from bonafide.types import FeatureShape


class Frontend(nn.Module, ABC):
    """Turns waveforms into features, batched, on any device, differentiably.

    Args:
        sample_rate: of the waveforms, in Hz.

    Shape:
        `[batch, time]` → `[batch, channels, bins, frames]`, exactly `shape(time)`.
    """

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self.sample_rate = sample_rate

    @abstractmethod
    def shape(self, samples: int) -> FeatureShape:
        """Shape of the features of a clip of `samples`, boundary padding included.

        Raises:
            InputError: the clip is shorter than one frame.
        """

    @abstractmethod
    def times(self, samples: int) -> Tensor:
        """Centre of each frame in seconds, `[frames]`."""

    @abstractmethod
    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, channels, bins, frames]`."""

    @property
    def fitted(self) -> bool:
        """Whether nothing is left to learn from training data before the first step."""
        return True

    def fit(self, waveforms: Iterable[Tensor]) -> None:
        """Learns statistics from training clips, each `[batch, time]`, before the first step."""
