"""The light convolutional network of anti-spoofing.

Lavrentyeva et al. (2019), "STC Antispoofing Systems for the ASVspoof2019 Challenge",
https://arxiv.org/abs/1904.05576, after Wu et al. (2018), https://arxiv.org/abs/1511.02683; in the sizes of
Xie et al. (2024), "The Codecfake Dataset and Countermeasures", https://arxiv.org/abs/2405.04880.
"""

from typing import final

from torch import Tensor, nn

from bonafide.models.layers.light_convolutions import (
    MAPS,
    SIDE,
    LightConvolutions,
    MaxFeatureMap,
    refuse_dropout,
    refuse_unreadable,
)
from bonafide.models.model import Network
from bonafide.types import FeatureShape, InputError


@final
class LCNN(Network):
    """Nine max-feature-map convolutions and a small head, on any image of at least 16 × 16.

    Args:
        shape: of the features; one or more channels.
        classes: 1 or 2 logits.
        dropout: share of the flattened maps that a training step leaves out; the layer behind it holds most
            of the parameters.
        embedding: width of the layer before the logits.

    Raises:
        InputError: the features are a waveform, or too small for four poolings; or an option makes no sense.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, classes]`.
    """

    def __init__(
        self, shape: FeatureShape, classes: int = 2, *, dropout: float = 0.7, embedding: int = 256
    ) -> None:
        super().__init__(shape, classes)
        refuse_unreadable(shape)
        refuse_dropout(dropout)
        if embedding < 1:
            raise InputError(f"model.embedding={embedding} leaves the head nothing to read; try 256.")
        self.maps = LightConvolutions(shape.channels)
        self.embedding = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(MAPS * (shape.bins // SIDE) * (shape.frames // SIDE), 160),
            MaxFeatureMap(),
            nn.Linear(80, embedding),
        )
        self.head = nn.Linear(embedding, classes)
        self.size = embedding

    @property
    def width(self) -> int:
        """Size of the embedding."""
        return self.size

    def embed(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, width]`."""
        embedding: Tensor = self.embedding(self.maps(features))
        return embedding
