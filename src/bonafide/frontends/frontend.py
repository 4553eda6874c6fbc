"""What every front end promises."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from torch import Tensor, nn

from bonafide.types import FeatureShape


class ParameterGroup(NamedTuple):
    """Trainable weights that learn at one rate.

    Args:
        parameters: the weights.
        lr_scale: times the learning rate of the optimizer; fine-tuned pre-trained weights want less than 1.
    """

    parameters: list[nn.Parameter]
    lr_scale: float


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

    @property
    def external(self) -> Mapping[str, str]:
        """Weights that a checkpoint leaves out because they come from elsewhere when the front end is made.

        Prefixes of names in the state dictionary (`"encoder."`), each with the sha256 of the file it is read
        from: a run is only continued with the weights it was trained on. Whoever wraps a front end hands this
        on under its own names.
        """
        return {}

    def parameter_groups(self) -> list[ParameterGroup]:
        """The trainable weights by learning rate, each in one group; none if there is nothing to train."""
        trainable = [weight for weight in self.parameters() if weight.requires_grad]
        return [ParameterGroup(trainable, 1.0)] if trainable else []
