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
from bonafide.types import Batch


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
        fit_clips: training clips that the front end's statistics are learned from.
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
        fit_clips: int = 1000,
    ) -> None:
        super().__init__()
        self.frontend, self.model, self.loss = frontend, model, loss
        self.make_optimizer, self.make_scheduler = optimizer, scheduler
        self.scheduler_interval = scheduler_interval
        self.fit_clips = fit_clips
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
        self.loss.set_counts(*data.counts())
        if not self.frontend.fitted:
            with torch.no_grad():
                self.frontend.fit(clip.to(self.device) for clip in data.sample(self.fit_clips))

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
        optimizer = self.make_optimizer([weight for weight in self.parameters() if weight.requires_grad])
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

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuses a checkpoint of another model."""
        checkpoints.must_fit(checkpoint["state_dict"], self.state_dict())
