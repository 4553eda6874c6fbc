"""What every model promises."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from bonafide.types import FeatureShape, InputError


class Model(nn.Module, ABC):
    """Reads features, says how genuine they are.

    Args:
        shape: what the front end makes of one clip; the model sizes itself by it.
        classes: 1 (one logit, high for bona fide) or 2 (logits of spoof and bona fide, in this order).

    Raises:
        InputError: the model cannot read this shape; the message names a front end that fits. Or `classes` is
            neither 1 nor 2.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, classes]`.
    """

    def __init__(self, shape: FeatureShape, classes: int) -> None:
        super().__init__()
        if classes not in (1, 2):
            raise InputError(
                f"a model answers with 1 or 2 logits, not {classes}; set model.classes to 1 or 2."
            )
        self.shape = shape
        self.classes = classes

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, classes]`, unnormalised."""
