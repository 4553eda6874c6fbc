"""Focal loss: clips that are told apart already count for less.

Lin et al. (2017), "Focal Loss for Dense Object Detection", https://arxiv.org/abs/1708.02002, equation 5; what
its minimiser says of the posterior: Charoenphakdee et al. (2021), "On Focal Loss for Class-Posterior
Probability Estimation", https://arxiv.org/abs/2011.09172, theorem 11.
"""

import math
from collections.abc import Sequence
from typing import Literal, final

import torch
from torch import Tensor
from torch.nn import functional as F

from bonafide.objectives.objective import log_odds
from bonafide.objectives.weighted import Weighted
from bonafide.types import InputError

_LINEAR = 15.0
"""From here on `ln(softplus(-z))` is `-z` in single precision."""


@final
class Focal(Weighted):
    """Cross-entropy times `(1 - p(target))^gamma`.

    A network that minimises it is less sure than the data are, so that its log-odds are no posterior; `score`
    is the posterior's log-odds, which an increasing map makes of them.

    Args:
        gamma: how fast a clip loses weight as it becomes easy; 0 is cross-entropy.
        weights: of (spoof, bona fide), as in `Weighted`.
        balance: as in `Weighted`.
        divide_by: as in `Weighted`.

    Shape:
        logits `[batch, classes]`, target `[batch]` (bona fide 1, spoof 0, mixtures between) → scalar.

    Raises:
        InputError: `gamma` is negative or infinite, or as in `Weighted`.
    """

    def __init__(
        self,
        gamma: float = 2.0,
        weights: Sequence[float] | None = None,
        *,
        balance: bool = False,
        divide_by: Literal["weights", "clips"] = "weights",
    ) -> None:
        super().__init__(weights, balance=balance, divide_by=divide_by)
        if not 0 <= gamma < math.inf:
            raise InputError(f"task.loss.gamma={gamma:g} is no exponent; choose 0 (cross-entropy) or more.")
        self.gamma = gamma

    def cost(self, z: Tensor) -> Tensor:
        """`-σ(-z)^gamma ln σ(z)`."""
        return torch.exp(-self.gamma * F.softplus(z)) * F.softplus(-z)

    def score(self, logits: Tensor) -> Tensor:
        """Logits `[batch, classes]` → `[batch]`: with `f(p) = -(1-p)^gamma ln p`, `ln f'(1-p) / f'(p)`."""
        z = log_odds(logits)
        return self._log_slope(-z) - self._log_slope(z)

    def _log_slope(self, z: Tensor) -> Tensor:
        """`ln -f'(p)` at `p = σ(z)`: `ln [(1-p)^(gamma-1) ((1-p) - gamma p ln p) / p]`."""
        log_p, log_q = -F.softplus(-z), -F.softplus(z)
        if self.gamma == 0:
            return -log_p
        log_log = torch.where(z > _LINEAR, -z, F.softplus(-z).log())  # ln(-ln p), which must not be ln 0
        rest = torch.logaddexp(log_q, math.log(self.gamma) + log_p + log_log)
        return -log_p + (self.gamma - 1) * log_q + rest
