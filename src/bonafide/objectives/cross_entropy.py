"""Weighted cross-entropy of bona fide against spoof, and the prior that it teaches."""

import math
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

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


@final
class CrossEntropy(nn.Module):
    """Mean of `-ln p(target)`, each clip weighted by its class: `Σ w l / Σ w`.

    With `z` the log-odds, a bona fide clip costs `softplus(-z)` and a spoof `softplus(z)`. For two logits
    this is softmax cross-entropy, for one it is binary cross-entropy with logits.

    Args:
        weights: of (spoof, bona fide); equal if not given. Only their ratio matters.
        balance: weighs the classes inversely to their counts instead, so that both count alike.

    Shape:
        logits `[batch, classes]`, target `[batch]` (bona fide 1, spoof 0, mixtures between) → scalar.

    Raises:
        InputError: both `weights` and `balance` are asked for, or a weight is not positive.
    """

    def __init__(self, weights: Sequence[float] | None = None, *, balance: bool = False) -> None:
        super().__init__()
        if weights is not None:
            if balance:
                raise InputError("the loss takes weights or balance=true, not both; drop one of them.")
            if len(weights) != 2 or not all(0 < weight < math.inf for weight in weights):
                raise InputError(
                    f"loss weights are two positive numbers (spoof, bona fide), not {list(weights)}."
                )
        self.weights = None if weights is None else (float(weights[0]), float(weights[1]))
        self.balance = balance
        # Numbers of Python, saved as extra state: neither the loss nor the prior waits for the device.
        self.counts = (0, 0)

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
                "CrossEntropy does not know the training counts: call set_counts(spoof, bonafide)."
            )
        return self.counts

    @property
    def class_weights(self) -> tuple[float, float]:
        """What a clip of (spoof, bona fide) weighs.

        Raises:
            RuntimeError: they depend on counts that nobody has set.
        """
        if self.balance:
            spoof, bonafide = self._known_counts()
            return (spoof + bonafide) / (2 * spoof), (spoof + bonafide) / (2 * bonafide)
        return self.weights or (1.0, 1.0)

    @property
    def log_prior_odds(self) -> float:
        """Effective prior odds of bona fide in training, `ln(w_bona n_bona / (w_spoof n_spoof))`.

        A network trained to the end answers with posterior log-odds; less this, they are a log-likelihood
        ratio.

        Raises:
            RuntimeError: nobody has set the counts.

        >>> loss = CrossEntropy(weights=[0.1, 0.9])
        >>> loss.set_counts(spoof=22800, bonafide=2580)
        >>> round(loss.log_prior_odds, 6)
        0.018253
        """
        if self.balance:
            self._known_counts()
            return 0.0
        (n_spoof, n_bona), (w_spoof, w_bona) = self._known_counts(), self.class_weights
        return math.log(w_bona * n_bona) - math.log(w_spoof * n_spoof)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Logits `[batch, classes]`, target `[batch]` in [0, 1] → scalar."""
        z = log_odds(logits)
        w_spoof, w_bona = self.class_weights
        bonafide = w_bona * target.to(z)
        spoof = w_spoof * (1 - target.to(z))
        return (bonafide * F.softplus(-z) + spoof * F.softplus(z)).sum() / (bonafide + spoof).sum()
