"""Weighted cross-entropy of bona fide against spoof, and the prior that it teaches."""

from typing import final

from torch import Tensor
from torch.nn import functional as F

from bonafide.objectives.objective import log_odds
from bonafide.objectives.weighted import Weighted

__all__ = ["CrossEntropy", "log_odds"]


@final
class CrossEntropy(Weighted):
    """Mean of `-ln p(target)`, each clip weighted by its class; arguments and errors as in `Weighted`.

    With `z` the log-odds, a bona fide clip costs `softplus(-z)` and a spoof `softplus(z)`. For two logits
    this is softmax cross-entropy, for one it is binary cross-entropy with logits.

    Shape:
        logits `[batch, classes]`, target `[batch]` (bona fide 1, spoof 0, mixtures between) → scalar.

    >>> loss = CrossEntropy(weights=[0.1, 0.9])
    >>> loss.set_counts(spoof=22800, bonafide=2580)
    >>> round(loss.log_prior_odds, 6)
    0.018253
    """

    def cost(self, z: Tensor) -> Tensor:
        """`-ln σ(z)`."""
        return F.softplus(-z)
