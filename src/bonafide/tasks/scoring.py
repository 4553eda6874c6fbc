"""What every detector's task does beside learning: it scores clips, and validates with their scores."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, NamedTuple

import pytorch_lightning as pl
import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection
from torchmetrics.utilities.distributed import gather_all_tensors

from bonafide.augment.chain import Chain
from bonafide.augment.change import seeded
from bonafide.frontends.frontend import Frontend
from bonafide.metrics.accuracy import accuracy_at_eer, balanced_accuracy_at_eer
from bonafide.metrics.auc import auc
from bonafide.metrics.eer import eer, eer_threshold
from bonafide.metrics.running import Scored
from bonafide.models.model import Model
from bonafide.tasks import checkpoints
from bonafide.types import Batch, InputError

Pooling = Literal["mean", "min"]


class Scores(NamedTuple):
    """Args:
    clip: `[clips]` int64, place in the test group.
    score: `[clips]` float32 log-odds, high for bona fide.
    """

    clip: Tensor
    score: Tensor


class Scoring(pl.LightningModule, ABC):
    """Scores clips with a front end and a model, after one way of learning or another.

    The decision threshold is the EER threshold of the validation scores.

    Args:
        frontend: waveform to features.
        model: features to logits.
        fit_clips: training clips that the front end's statistics are learned from; None for all.
        augment: what is done to training clips and their features; None for nothing.

    Raises:
        InputError: `fit_clips` is not positive.
    """

    threshold: Tensor

    @property
    def of_recording(self) -> Pooling:
        """What the windows of a recording make its score: their mean, or the least of them."""
        return "mean"

    def __init__(
        self, frontend: Frontend, model: Model, *, fit_clips: int | None, augment: Chain | None
    ) -> None:
        super().__init__()
        if fit_clips is not None and fit_clips < 1:
            raise InputError(f"task.fit_clips={fit_clips} leaves nothing to learn from; null takes all clips")
        self.frontend, self.model, self.fit_clips = frontend, model, fit_clips
        self.augment = augment
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

    @abstractmethod
    def scores(self, logits: Tensor) -> Tensor:
        """`[batch, classes]` → `[batch]`, high for bona fide, freed from the prior that training taught."""

    @abstractmethod
    def validate(self, features: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Scores `[batch]` and loss `[]` of validation clips; autocast is off."""

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → logits `[batch, classes]`."""
        logits: Tensor = self.model(self.frontend(waveform))
        return logits

    def features(self, batch: Batch, number: int, *, training: bool) -> Tensor:
        """`[batch, channels, bins, frames]` of a batch, augmented in training.

        The draws depend on the place in the training alone: who hears a batch twice hears the same, and so
        does a run that resumes. Validation, where it is augmented at all, is always alike.

        Args:
            batch: as the loader gave it.
            number: of the batch in its epoch.
            training: whether it is trained on.
        """
        chain = self.augment
        if chain is None or not (training or chain.validation):
            return self.frontend(batch.waveform)  # type: ignore[no-any-return]
        seed: int = self.trainer.datamodule.seed  # type: ignore[attr-defined]
        place = [self.current_epoch, number] if training else [number]
        generator = seeded([seed, self.global_rank, *place])
        waveform = chain.waveforms(batch.waveform, generator, batch.target)
        return chain.features(self.frontend(waveform), generator, batch.target)

    def score(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch]` log-odds, in full precision whatever the training used."""
        with torch.autocast(waveform.device.type, enabled=False):
            logits = self(waveform.float())
        return self.scores(logits)

    def fit_frontend(self) -> None:
        """Lets the front end learn its statistics from training clips; a resumed run has them."""
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        training = self.frontend.training
        if not self.frontend.fitted:
            clips = sum(data.counts()) if self.fit_clips is None else self.fit_clips
            with torch.no_grad():
                self.frontend.eval().fit(clip.to(self.device) for clip in data.sample(clips))
        self.frontend.train(training)  # Lightning does not say it, and a frozen encoder keeps out of it

    @torch.no_grad()
    def start_model(
        self, start: Callable[[Iterator[tuple[Tensor, Tensor]]], None], *, clips: int, frames: int = 1
    ) -> None:
        """Lets the model begin where training clips are; every process begins where the first one does.

        Args:
            start: takes features `[batch, channels, bins, frames]` and targets `[batch]`, batch by batch.
            clips: that it is given.
            frames: that it needs of each class; it is given more clips until it has them.
        """
        training = self.frontend.training
        self.frontend.eval()
        start(self._features(clips, frames))
        self.frontend.train(training)
        state = {name: value.cpu() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.trainer.strategy.broadcast(state))

    def _features(self, clips: int, least: int) -> Iterator[tuple[Tensor, Tensor]]:
        found = torch.zeros(2)
        for batch in self.trainer.datamodule.train_dataloader():  # type: ignore[attr-defined]
            if clips <= 0 and found.min() >= least:
                return
            target = batch.target[:clips] if clips > 0 else batch.target
            features = self.frontend(batch.waveform[: len(target)].to(self.device))
            clips -= len(target)
            found += features.shape[-1] * torch.stack([(target == place).sum() for place in (0, 1)])
            yield features, target.to(self.device)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Scores and loss of a batch."""
        with torch.autocast(batch.waveform.device.type, enabled=False):
            scores, loss = self.validate(self.features(batch, batch_idx, training=False), batch)
        self.log("val/loss", loss, batch_size=len(batch.target), sync_dist=True)
        self._judge(scores, self.truth(batch))

    def on_validation_epoch_end(self) -> None:
        """Measures over all validation trials of all processes."""
        self.log_dict(self.judged(), prog_bar=True)

    @torch.no_grad()
    def validated(self, batches: Iterable[Batch]) -> dict[str, Tensor]:
        """Measures of the weights as they are, outside a validation, which also set the threshold.

        Args:
            batches: of this process, on its device.
        """
        for number, batch in enumerate(batches):
            scores, _ = self.validate(self.features(batch, number, training=False), batch)
            self._judge(scores, self.truth(batch))
        return self.judged()

    def truth(self, batch: Batch) -> Tensor:
        """`[batch]` what validation clips are judged by: bona fide 1, spoof 0."""
        return batch.target

    def _judge(self, scores: Tensor, target: Tensor) -> None:
        self.measures.update(scores, target)
        self.operating_point.update(scores, target)

    def judged(self) -> dict[str, Tensor]:
        """Measures over all validation trials of all processes since the last time; sets the threshold."""
        found: dict[str, Tensor] = self.measures.compute()
        self.threshold.copy_(self.operating_point.compute())
        self.measures.reset()
        self.operating_point.reset()
        return found

    def on_test_start(self) -> None:
        """Forgets earlier scores."""
        self.scored, self._parts = [], {}

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:  # noqa: ARG002
        """Scores of a batch."""
        self.keep(dataloader_idx, Scores(batch.index, self.score(batch.waveform)))

    def keep(self, group: int, scores: Scores) -> None:
        """Remembers the scores of a batch until its test group is done."""
        self._parts.setdefault(group, []).append(scores)

    def on_test_epoch_end(self) -> None:
        """Brings the scores of all processes together: `scored` holds a group's clips each, unordered."""
        for group in sorted(self._parts):
            clip, score = (torch.cat(column) for column in zip(*self._parts[group], strict=True))
            if self.trainer.world_size > 1:
                clip, score = (torch.cat(gather_all_tensors(column)) for column in (clip, score))
            self.scored.append(Scores(clip.cpu(), score.cpu()))

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
