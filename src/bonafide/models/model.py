"""What every model promises."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

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

    def renamed(self, published: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A state dictionary as its authors released it, under the names and with the class order used here.

        Args:
            published: without `module.` before its names.

        Raises:
            InputError: no released layout of this model is known, or this is not it.
        """
        raise InputError(
            f"no released weights of {type(self).__name__} are known ({len(published)} tensors given); "
            "set model.weights to null."
        )

    def take_head(self, head: Callable[[int, int], nn.Module | None]) -> None:
        """Lets an objective that compares directions put its own last layer where the model's was.

        Args:
            head: of the size of the embedding and the number of classes; None where the model's own will do.

        Raises:
            InputError: the objective has one, and the model has no embedding.
        """
        if head(1, self.classes) is not None:
            raise InputError(
                f"task.loss compares embeddings, and {type(self).__name__} has none; "
                "try task/loss=focal or another model"
            )


class Network(Model):
    """A model whose last layer reads one embedding of the clip.

    A subclass makes `head`, from the embedding to the logits; an objective with margins between directions
    puts its own there.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, classes]`.
    """

    head: nn.Module

    @property
    @abstractmethod
    def width(self) -> int:
        """Size of the embedding."""

    def take_head(self, head: Callable[[int, int], nn.Module | None]) -> None:
        """See `Model.take_head`."""
        self.head = head(self.width, self.classes) or self.head

    @abstractmethod
    def embed(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, width]`: what the head reads."""

    def forward(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, classes]`, unnormalised."""
        logits: Tensor = self.head(self.embed(features))
        return logits
