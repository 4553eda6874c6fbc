"""What every front end promises."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.frontends.legend import Legend
from bonafide.types import FeatureShape, InputError


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

    @property
    def resolution(self) -> float:
        """Seconds within which features cannot tell where, if that is more than the step of their frames.

        Where an encoder describes longer stretches than it has frames, those of one stretch tell only its
        place. 0 for features that tell as much as their frames. Whoever wraps a front end hands this on.
        """
        return 0.0

    @abstractmethod
    def legend(self) -> Legend:
        """What the rows, channels and values of the features are, for pictures of them."""

    @abstractmethod
    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, channels, bins, frames]`."""

    def padded(self, waveform: Tensor, length: Tensor) -> Tensor:
        """Features of clips of several lengths, each as it has them alone.

        Clips of one length go through together; a front end that can mask takes all at once.

        Args:
            waveform: `[batch, time]`, with anything behind the end of a clip.
            length: `[batch]` int64, samples of each clip.

        Returns:
            `[batch, channels, bins, frames]` with the frames of the whole; 0 beyond those of a clip.

        Raises:
            InputError: a clip is shorter than one frame, or longer than the waveform that holds it.
        """
        longest = int(length.max())
        if longest > waveform.shape[-1]:
            raise InputError(f"a clip of {longest} samples does not fit into {waveform.shape[-1]}.")
        frames = self.shape(waveform.shape[-1]).frames
        order, parts = [], []
        for samples in sorted(set(length.tolist())):
            rows = (length == samples).nonzero()[:, 0]
            features: Tensor = self(waveform[rows, :samples])
            order.append(rows)
            parts.append(F.pad(features, (0, frames - features.shape[-1])))
        return torch.cat(parts)[torch.cat(order).argsort()]

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
