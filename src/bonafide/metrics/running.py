"""Remembers scores during training and hands them to a pure measure."""

from typing import Any, final

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from bonafide.metrics.curve import Measure
from bonafide.types import InputError


@final
class Scored(Metric):
    """A measure over all scores since the last reset, exact over any batching and any number of processes.

    Use it in a `MetricCollection` and `clone(prefix="val/")` it per stage; members of one collection share
    their scores. Call `update` per batch and `compute` per epoch: a single batch seldom holds both classes,
    so `forward` is of little use. After an error of `compute`, `reset` before the next `update`.

    Args:
        measure: pure function of bona fide and spoof scores, for example `eer` or `balanced_accuracy_at_eer`.
        settings: of torchmetrics, such as `sync_on_compute`.

    >>> from bonafide.metrics.eer import eer
    >>> metric = Scored(eer)
    >>> metric.update(torch.tensor([0.9, 0.8, 0.6, 0.4]), torch.tensor([1, 1, 0, 0]))
    >>> metric.update(torch.tensor([0.7, 0.35, 0.3, 0.2, 0.1]), torch.tensor([1, 1, 0, 0, 0]))
    >>> metric.compute()
    tensor(0.2500)
    """

    is_differentiable = False
    full_state_update = False
    scores: list[Tensor]
    targets: list[Tensor]

    def __init__(self, measure: Measure, **settings: Any) -> None:
        super().__init__(**settings)
        self.measure = measure
        self.add_state("scores", default=[], dist_reduce_fx="cat")
        self.add_state("targets", default=[], dist_reduce_fx="cat")
        # A process that saw no batch sends an empty tensor of this type; it must be the others' type.
        self.set_dtype(torch.float64)

    def update(self, scores: Tensor, targets: Tensor) -> None:
        """Remembers a batch.

        Args:
            scores: `[batch]`, or `[batch, 1]`; log-odds, high when genuine.
            targets: of the same number of items; 1 bona fide, 0 spoof.

        Raises:
            InputError: scores and targets differ in number.
        """
        if scores.numel() != targets.numel():
            raise InputError(
                f"{scores.numel()} scores and {targets.numel()} targets: "
                "give one score a trial, not one a class."
            )
        exact = torch.float32 if scores.device.type == "mps" else torch.float64  # MPS knows no float64
        self.scores.append(scores.detach().reshape(-1).to(exact))
        self.targets.append(targets.detach().reshape(-1).to(exact))

    def compute(self) -> Tensor:
        """The measure as a float32 scalar.

        Raises:
            InputError: one class is missing so far (as in a sanity check on a few batches), or a score is not
                finite.
        """
        scores, bonafide = (
            dim_zero_cat(kept) if len(kept) else torch.empty(0) for kept in (self.scores, self.targets)
        )
        scores, bonafide = scores.cpu(), bonafide.cpu() > 0.5
        value = self.measure(scores[bonafide].numpy(), scores[~bonafide].numpy())
        return torch.tensor(value, dtype=torch.float32, device=self.device)
