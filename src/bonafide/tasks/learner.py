"""Learning by gradients: what detection and localization share beside their losses."""

import math
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from pytorch_lightning.core.optimizer import LightningOptimizer
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from bonafide.augment.chain import Chain
from bonafide.frontends.frontend import Frontend
from bonafide.models.model import Model
from bonafide.objectives.sharpness import SAM
from bonafide.tasks.scoring import Scoring
from bonafide.types import Batch, InputError


class Learner(Scoring):
    """Lowers a loss, step by step.

    Args:
        frontend: waveform to features.
        model: features to logits.
        optimizer: makes the optimizer of the trainable parameters.
        rule: how a step finds its gradient; None takes that of the batch. Sharpness-aware minimization hears
            each batch twice, and where gradients are accumulated it climbs by their sum and hears all of
            them again. Its second pass is not logged.
        scheduler: makes the learning-rate scheduler of the optimizer.
        scheduler_interval: when the scheduler steps.
        scheduler_total: under which name the scheduler is told how many steps or epochs there will be; None
            for one that does not ask.
        scheduler_monitor: what a scheduler watches that waits for improvement.
        fit_clips: training clips that the front end's statistics are learned from; None for all.
        frontend_lr: learning rate of the front end's own weights, in place of the optimizer's; each of its
            groups still scales it.
        augment: what is done to training clips and their features; None for nothing.

    Raises:
        InputError: `fit_clips` or `frontend_lr` is not positive.
    """

    def __init__(
        self,
        frontend: Frontend,
        model: Model,
        *,
        optimizer: Callable[..., Optimizer],
        rule: SAM | None = None,
        scheduler: Callable[..., LRScheduler] | None = None,
        scheduler_interval: Literal["step", "epoch"] = "epoch",
        scheduler_total: str | None = None,
        scheduler_monitor: str = "val/loss",
        fit_clips: int | None = 1000,
        frontend_lr: float | None = None,
        augment: Chain | None = None,
    ) -> None:
        super().__init__(frontend, model, fit_clips=fit_clips, augment=augment)
        if frontend_lr is not None and frontend_lr <= 0:
            raise InputError(
                f"task.frontend_lr={frontend_lr:g} is not above 0; freeze the front end to keep it as it is"
            )
        self.rule, self.frontend_lr = rule, frontend_lr
        self.make_optimizer, self.make_scheduler = optimizer, scheduler
        self.scheduler_interval, self.scheduler_total = scheduler_interval, scheduler_total
        self.scheduler_monitor = scheduler_monitor
        self._climbed = False
        self._heard: list[tuple[Batch, int]] = []

    @abstractmethod
    def count(self) -> None:
        """Tells the loss what the training clips hold, before the first step."""

    @abstractmethod
    def cost(self, features: Tensor, batch: Batch) -> Tensor:
        """The loss of training clips, `[]`."""

    def on_fit_start(self) -> None:
        """Counts the classes and fits the front end."""
        self.count()
        self.fit_frontend()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Loss of a batch."""
        loss = self.cost(self.features(batch, batch_idx, training=True), batch)
        if self._climbed:
            return loss
        if self.rule is not None:
            self._heard.append((batch, batch_idx))
        self.log("train/loss", loss, prog_bar=True, batch_size=len(batch.target), on_step=True, on_epoch=True)
        return loss

    def optimizer_step(
        self,
        epoch: int,  # noqa: ARG002 - Lightning's signature
        batch_idx: int,  # noqa: ARG002
        optimizer: Optimizer | LightningOptimizer,
        optimizer_closure: Callable[[], Any] | None = None,
    ) -> None:
        """A step with the gradient that the rule finds.

        The optimizer, its groups and state, clipping, loss scaling and schedulers see one step, and the
        gradient that it is taken with.
        """
        if self.rule is not None and optimizer_closure is not None:
            optimizer_closure = partial(self._twice, self.rule, optimizer, optimizer_closure)
        optimizer.step(closure=optimizer_closure)

    def _twice(self, rule: SAM, optimizer: Any, closure: Callable[[], Any]) -> Any:
        loss = closure()
        earlier, self._heard = self._heard[:-1], []  # of accumulated gradients; the closure has the last one
        trained = [weight for group in optimizer.param_groups for weight in group["params"]]
        strategy = self.trainer.strategy
        with rule.climbed(trained, self):
            self._climbed = True
            optimizer.zero_grad()
            for heard in earlier:
                again: Any = strategy.training_step(*heard)
                strategy.backward(again / self.trainer.accumulate_grad_batches, optimizer)
            closure()
        self._climbed = False
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The optimizer over what is trainable, and its scheduler."""
        optimizer = self._optimizer()
        if self.make_scheduler is None:
            return optimizer
        told = {} if self.scheduler_total is None else {self.scheduler_total: self._total()}
        return {
            "optimizer": optimizer,
            "lr_scheduler": {
                "scheduler": self.make_scheduler(optimizer, **told),
                "interval": self.scheduler_interval,
                "monitor": self.scheduler_monitor,
            },
        }

    def _total(self) -> int:
        """Steps or epochs of the training."""
        epochs = self.trainer.max_epochs
        endless = math.inf if epochs in {None, -1} else epochs
        total = endless if self.scheduler_interval == "epoch" else self.trainer.estimated_stepping_batches
        if total is None or not math.isfinite(total):
            raise InputError(
                "task.scheduler needs to know how long the training is; set trainer.max_epochs, or "
                "trainer.max_steps for one that moves with every step"
            )
        return int(total)

    def _optimizer(self) -> Optimizer:
        """One group, unless the front end learns at rates of its own; then its groups come last."""
        trainable = [weight for weight in self.parameters() if weight.requires_grad]
        own = self.frontend.parameter_groups()
        if self.frontend_lr is not None and not own:
            raise InputError(
                "task.frontend_lr is set, but the front end has nothing to train; set it to null"
            )
        if self.frontend_lr is None and all(group.lr_scale == 1 for group in own):
            return self.make_optimizer(trainable)
        theirs = {id(weight) for group in own for weight in group.parameters}
        rest = [weight for weight in trainable if id(weight) not in theirs]
        optimizer = self.make_optimizer(
            [{"params": weights} for weights in (rest, *(g.parameters for g in own))]
        )
        for settings, group in zip(optimizer.param_groups[1:], own, strict=True):
            settings["lr"] = group.lr_scale * (self.frontend_lr or settings["lr"])
        return optimizer
