"""Detection: is this clip bona fide or spoofed?"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, final

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import Metric, MetricCollection
from torchmetrics.utilities.distributed import gather_all_tensors

from bonafide.frontends.frontend import Frontend
from bonafide.metrics.accuracy import accuracy_at_eer, balanced_accuracy_at_eer
from bonafide.metrics.auc import auc
from bonafide.metrics.eer import eer, eer_threshold
from bonafide.metrics.running import Scored
from bonafide.models.model import Model
from bonafide.objectives.cross_entropy import CrossEntropy, log_odds
from bonafide.tasks import checkpoints
from bonafide.types import Batch, InputError


class Scores(NamedTuple):
    """Args:
    clip: `[clips]` int64, place in the test group.
    score: `[clips]` float32 log-odds, high for bona fide.
    """

    clip: Tensor
    score: Tensor


@final
class Detection(pl.LightningModule):
    """Trains a countermeasure and scores clips with it.

    A score is the log-odds of bona fide against spoof, less the log-odds that the training data and the
    class weights imply, so that it approaches a log-likelihood ratio
    (Brümmer and du Preez, "Application-independent evaluation of speaker detection", 2006).
    The decision threshold is the EER threshold of the validation scores.

    Args:
        frontend: waveform to features.
        model: features to logits.
        loss: of logits and targets.
        optimizer: makes the optimizer of the trainable parameters.
        scheduler: makes the learning-rate scheduler of the optimizer.
        scheduler_interval: when the scheduler steps.
        fit_clips: training clips that the front end's statistics are learned from; None for all.
        frontend_lr: learning rate of the front end's own weights, in place of the optimizer's; each of its
            groups still scales it.

    Raises:
        InputError: `fit_clips` or `frontend_lr` is not positive.
    """

    threshold: Tensor

    def __init__(
        self,
        frontend: Frontend,
        model: Model,
        *,
        loss: CrossEntropy,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler] | None = None,
        scheduler_interval: Literal["step", "epoch"] = "epoch",
        fit_clips: int | None = 1000,
        frontend_lr: float | None = None,
    ) -> None:
        super().__init__()
        if fit_clips is not None and fit_clips < 1:
            raise InputError(f"task.fit_clips={fit_clips} leaves nothing to learn from; null takes all clips")
        if frontend_lr is not None and frontend_lr <= 0:
            raise InputError(
                f"task.frontend_lr={frontend_lr:g} is not above 0; freeze the front end to keep it as it is"
            )
        self.frontend, self.model, self.loss = frontend, model, loss
        self.make_optimizer, self.make_scheduler = optimizer, scheduler
        self.scheduler_interval = scheduler_interval
        self.fit_clips, self.frontend_lr = fit_clips, frontend_lr
        self.register_buffer("threshold", torch.zeros(()))
        measures: dict[str, Metric | MetricCollection] = {
            "eer": Scored(eer),
            "auc": Scored(auc),
            "accuracy": Scored(accuracy_at_eer),
            "balanced_accuracy": Scored(balanced_accuracy_at_eer),
        }
        self.measures = MetricCollection(measures).clone(prefix="val/")
        self.operating_point = Scored(eer_threshold)
        self.scored: list[Scores] = []
        self._parts: dict[int, list[Scores]] = {}

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → logits `[batch, classes]`."""
        logits: Tensor = self.model(self.frontend(waveform))
        return logits

    def score(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch]` log-odds, in full precision whatever the training used."""
        with torch.autocast(waveform.device.type, enabled=False):
            logits = self(waveform.float())
        return log_odds(logits) - self.loss.log_prior_odds

    def on_fit_start(self) -> None:
        """Counts the classes and lets the front end learn its statistics; a resumed run has both."""
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        counts = data.counts()
        self.loss.set_counts(*counts)
        training = self.frontend.training
        if not self.frontend.fitted:
            clips = sum(counts) if self.fit_clips is None else self.fit_clips
            with torch.no_grad():
                self.frontend.eval().fit(clip.to(self.device) for clip in data.sample(clips))
        self.frontend.train(training)  # Lightning does not say it, and a frozen encoder keeps out of it

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:  # noqa: ARG002 - Lightning's signature
        """Loss of a batch."""
        loss: Tensor = self.loss(self(batch.waveform), batch.target)
        self.log("train/loss", loss, prog_bar=True, batch_size=len(batch.target), on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 - Lightning's signature
        """Scores and loss of a batch."""
        with torch.autocast(batch.waveform.device.type, enabled=False):
            logits = self(batch.waveform)
        loss = self.loss(logits, batch.target)
        self.log("val/loss", loss, batch_size=len(batch.target), sync_dist=True)
        scores = log_odds(logits) - self.loss.log_prior_odds
        self.measures.update(scores, batch.target)
        self.operating_point.update(scores, batch.target)

    def on_validation_epoch_end(self) -> None:
        """Measures over all validation trials of all processes."""
        self.log_dict(self.measures.compute(), prog_bar=True)
        self.threshold.copy_(self.operating_point.compute())
        self.measures.reset()
        self.operating_point.reset()

    def on_test_start(self) -> None:
        """Forgets earlier scores."""
        self.scored, self._parts = [], {}

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:  # noqa: ARG002
        """Scores of a batch."""
        self._parts.setdefault(dataloader_idx, []).append(Scores(batch.index, self.score(batch.waveform)))

    def on_test_epoch_end(self) -> None:
        """Brings the scores of all processes together: `scored` holds a group's clips each, unordered."""
        for group in sorted(self._parts):
            clip, score = (torch.cat(column) for column in zip(*self._parts[group], strict=True))
            if self.trainer.world_size > 1:
                clip, score = (torch.cat(gather_all_tensors(column)) for column in (clip, score))
            self.scored.append(Scores(clip.cpu(), score.cpu()))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The optimizer over what is trainable, and its scheduler."""
        optimizer = self._optimizer()
        if self.make_scheduler is None:
            return optimizer
        scheduler = self.make_scheduler(optimizer)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {
                "scheduler": scheduler,
                "interval": self.scheduler_interval,
                "monitor": "val/loss",
            },
        }

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

    @property
    def external(self) -> dict[str, str]:
        """Sha256 of frozen weights from elsewhere, by the prefix of their names in the state."""
        return {f"frontend.{prefix}": source for prefix, source in self.frontend.external.items()}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Leaves out frozen weights that come from elsewhere."""
        state = self.state_dict(keep_vars=True)
        trained = {name for name, value in state.items() if isinstance(value, Tensor) and value.requires_grad}
        checkpoints.leave_out(checkpoint, self.external, trained=trained)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Completes a checkpoint with the frozen weights at hand; refuses that of another model."""
        present = self.state_dict()
        checkpoints.fill_in(checkpoint, present, self.external)
        checkpoints.must_fit(checkpoint["state_dict"], present)
