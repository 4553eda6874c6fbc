"""Losses of the log-odds of a clip, in which a class can weigh more than the other."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from bonafide.objectives.objective import Objective, log_odds
from bonafide.types import InputError


class Weighted(Objective):
    """Mean of a cost that is symmetric between the classes, each clip weighted by its class: `Σ w l / Σ w`.

    Args:
        weights: of (spoof, bona fide); equal if not given.
        balance: weighs the classes inversely to their counts instead, so that both count alike.
        divide_by: `"weights"` divides by the weights in the batch, as torch's cross-entropy does, and only
            their ratio matters; `"clips"` divides by the number of clips, so that weights (1, w) are the
            positive weight w of torch's binary cross-entropy, and balanced ones are Keras's.

    Shape:
        logits `[batch, classes]`, target `[batch]` (bona fide 1, spoof 0, mixtures between) → scalar.

    Raises:
        InputError: both `weights` and `balance` are asked for, a weight is not positive, or `divide_by` is
            unknown.
    """

    def __init__(
        self,
        weights: Sequence[float] | None = None,
        *,
        balance: bool = False,
        divide_by: Literal["weights", "clips"] = "weights",
    ) -> None:
        super().__init__()
        if weights is not None:
            if balance:
                raise InputError("the loss takes weights or balance=true, not both; drop one of them.")
            if len(weights) != 2 or not all(0 < weight < math.inf for weight in weights):
                raise InputError(
                    f"loss weights are two positive numbers (spoof, bona fide), not {list(weights)}."
                )
        if divide_by not in {"weights", "clips"}:
            raise InputError(f"task.loss.divide_by={divide_by} is unknown; choose weights or clips.")
        self.weights = None if weights is None else (float(weights[0]), float(weights[1]))
        self.balance = balance
        self.divide_by = divide_by

    @abstractmethod
    def cost(self, z: Tensor) -> Tensor:
        """What a bona fide clip with log-odds `z` costs; a spoof with `z` costs as much as this with `-z`."""

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
        costs = (bonafide * self.cost(z) + spoof * self.cost(-z)).sum()
        return costs / ((bonafide + spoof).sum() if self.divide_by == "weights" else len(z))
