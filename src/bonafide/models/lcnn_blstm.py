"""The light convolutional network with recurrent layers, which reads clips of any length.

After the LFCC baseline of ASVspoof 2021, Wang and Yamagishi (2021), "A Comparative Study on Recent Neural
Spoofing Countermeasures for Synthetic Speech Detection", https://arxiv.org/abs/2103.11326; in the sizes of
Gasenzer and Wolter (2024), https://arxiv.org/abs/2305.13033.
"""

from typing import final

from torch import Tensor, nn

from bonafide.models.layers.light_convolutions import (
    MAPS,
    SIDE,
    LightConvolutions,
    refuse_dropout,
    refuse_unreadable,
)
from bonafide.models.model import Network
from bonafide.types import FeatureShape, InputError


@final
class RecurrentLCNN(Network):
    """Nine max-feature-map convolutions, recurrent layers in both directions, and a mean over time.

    Args:
        shape: of the features; one or more channels.
        classes: 1 or 2 logits.
        dropout: share of the maps that a training step leaves out before the recurrent layers.
        layers: recurrent layers; each is as wide as what it reads, half of it for each direction.

    Raises:
        InputError: the features are a waveform, or too small for four poolings; or an option makes no sense.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, classes]`.
    """

    def __init__(
        self, shape: FeatureShape, classes: int = 2, *, dropout: float = 0.7, layers: int = 2
    ) -> None:
        super().__init__(shape, classes)
        refuse_unreadable(shape)
        refuse_dropout(dropout)
        if layers < 1:
            raise InputError(f"model.layers={layers} leaves no recurrent layer; try 2, or model=lcnn.")
        self.size = MAPS * (shape.bins // SIDE)
        self.maps = LightConvolutions(shape.channels)
        self.dropout = nn.Dropout(dropout)
        self.recurrent = nn.LSTM(self.size, self.size // 2, layers, batch_first=True, bidirectional=True)
        self.head = nn.Linear(self.size, classes)

    @property
    def width(self) -> int:
        """Size of the embedding."""
        return self.size

    def embed(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, width]`."""
        maps = self.dropout(self.maps(features))  # [batch, 32, bins // 16, frames // 16]
        steps, _ = self.recurrent(maps.flatten(1, 2).transpose(1, 2))  # [batch, frames // 16, width]
        embedding: Tensor = steps.mean(dim=1)
        return embedding
