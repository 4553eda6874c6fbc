"""Logistic regression on all features of a clip: what is left of a detector without a network.

A baseline of Gasenzer and Wolter (2024), "Towards generalizing deep-audio fake detection networks",
https://arxiv.org/abs/2305.13033.
"""

from typing import final

from torch import Tensor, nn

from bonafide.models.model import Network
from bonafide.types import FeatureShape


@final
class Regression(Network):
    """One linear layer on the flattened features, of any front end.

    The published one puts a logarithmic softmax behind it; cross-entropy takes it anyway, and the log-odds of
    its outputs are those of the logits.

    Args:
        shape: of the features.
        classes: 1 or 2 logits.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, classes]`.
    """

    def __init__(self, shape: FeatureShape, classes: int = 2) -> None:
        super().__init__(shape, classes)
        self.head = nn.Linear(self.width, classes)

    @property
    def width(self) -> int:
        """Size of the embedding: all features of a clip."""
        return self.shape.channels * self.shape.bins * self.shape.frames

    def embed(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, width]`: the features in one row."""
        return features.flatten(1)
