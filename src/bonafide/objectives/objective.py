"""What every objective promises."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from bonafide.types import InputError


def log_odds(logits: Tensor) -> Tensor:
    """Log-odds of bona fide against spoof, in single precision: a single logit `z` is the pair `(0, z)`.

    Args:
        logits: `[batch, 1]` (high for bona fide) or `[batch, 2]` (spoof, bona fide).

    Returns:
        `[batch]` float32 (float64 is kept), high for bona fide.

    Raises:
        ValueError: neither one logit nor two.

    >>> log_odds(torch.tensor([[1.0, 3.0]])), log_odds(torch.tensor([[2.0]]))
    (tensor([2.]), tensor([2.]))
    """
    if logits.dtype != torch.float64:
        logits = logits.float()
    match logits.shape[1]:
        case 1:
            return logits[:, 0]
        case 2:
            return logits[:, 1] - logits[:, 0]
        case classes:
            raise ValueError(f"log-odds come from one logit or two, not {classes}")


class Objective(nn.Module, ABC):
    """What training lowers, and how a score is read from what it was lowered with.

    Shape:
        logits `[batch, classes]`, target `[batch]` (bona fide 1, spoof 0, mixtures between) → scalar.
    """

    def __init__(self) -> None:
        super().__init__()
        # Numbers of Python, saved as extra state: neither the loss nor the prior waits for the device.
        self.counts = (0, 0)

    @abstractmethod
    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Logits `[batch, classes]`, target `[batch]` in [0, 1] → scalar."""

    @property
    @abstractmethod
    def log_prior_odds(self) -> float:
        """What the training data and the weights of the classes add to every score, which users take off.

        Raises:
            RuntimeError: it depends on counts that nobody has set.
        """

    def score(self, logits: Tensor) -> Tensor:
        """Logits `[batch, classes]` → `[batch]`, high for bona fide, before the prior is taken off."""
        return log_odds(logits)

    def head(self, width: int, classes: int) -> nn.Module | None:  # noqa: ARG002 - for those that bring one
        """The last layer that the loss needs, on `[batch, width]`; None keeps the model's own."""
        return None

    def set_counts(self, spoof: int, bonafide: int) -> None:
        """Tells how many training clips each class has; a balancing sampler gives the numbers it draws.

        Raises:
            InputError: a class is missing.
        """
        if spoof < 1 or bonafide < 1:
            raise InputError(
                f"training needs both classes, found {bonafide} bona fide and {spoof} spoof clips; "
                "check data.root and the systems chosen for training."
            )
        self.counts = (int(spoof), int(bonafide))

    def get_extra_state(self) -> Tensor:
        """The counts, `[2]` int64 (spoof, bona fide), for the checkpoint."""
        return torch.tensor(self.counts)

    def set_extra_state(self, state: Tensor) -> None:
        """Takes the counts from a checkpoint."""
        self.counts = (int(state[0]), int(state[1]))

    def _known_counts(self) -> tuple[int, int]:
        if 0 in self.counts:
            raise RuntimeError(
                f"{type(self).__name__} does not know the training counts: call set_counts(spoof, bonafide)."
            )
        return self.counts
