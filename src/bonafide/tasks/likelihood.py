"""Likelihood: each class has a density of its own, and learning makes its frames likely."""

import math
from collections.abc import Callable, Iterator
from typing import Any, final

import torch
from torch import Tensor
from torch.optim import Optimizer

from bonafide.augment.chain import Chain
from bonafide.frontends.frontend import Frontend
from bonafide.models.gmm import GMM, ORDER
from bonafide.models.mixture import Mixture, log_likelihood
from bonafide.models.model import Model
from bonafide.objectives.expectation_maximization import Statistics, climb, expectation, maximization
from bonafide.objectives.objective import log_odds
from bonafide.tasks.scoring import Scoring
from bonafide.types import Batch, InputError


@final
class Likelihood(Scoring):
    """Trains the mixtures of a GMM, by EM or by gradients, and scores clips with them.

    With EM an epoch is one iteration: its batches add up the statistics, its last one moves the mixtures, and
    what is logged is how likely the frames were before that. The likelihood never falls, if every epoch hears
    the same: tile recordings (`data.windows.tile=true`), or have clips as long as they are; otherwise each
    epoch cuts anew. With an optimizer every batch is a step up the mean log-likelihood of its frames.

    Frames in the part of a clip that only repeats it do not count.

    Args:
        frontend: waveform to features; it is not trained.
        model: the mixtures.
        optimizer: makes the optimizer of the mixtures; None for EM.
        floor: smallest variance that EM allows, in squared units of the features; gradients know none.
        tolerance: EM stops when the mean log-likelihood of no class changed by more in an epoch; 0 for never.
        restarts: starts that are tried on the frames that they are drawn from; the likeliest is kept.
        rehearsals: EM iterations on these frames, before they are compared and training begins.
        start_clips: training clips that the start is drawn from; more if a class has too few frames in them.
        fit_clips: training clips that the front end's statistics are learned from; None for all.
        augment: what is done to training clips and their features, anew each epoch; None for nothing.

    Raises:
        InputError: the model has no densities, or a number is out of range.
    """

    model: GMM
    reached: Tensor

    def __init__(
        self,
        frontend: Frontend,
        model: Model,
        *,
        optimizer: Callable[..., Optimizer] | None = None,
        floor: float = 1e-3,
        tolerance: float = 1e-3,
        restarts: int = 1,
        rehearsals: int = 0,
        start_clips: int = 1000,
        fit_clips: int | None = 1000,
        augment: Chain | None = None,
    ) -> None:
        super().__init__(frontend, model, fit_clips=fit_clips, augment=augment)
        if not isinstance(model, GMM):
            raise InputError(
                f"task=likelihood trains densities, which {type(model).__name__} has not; "
                "try task=detection or model=gmm"
            )
        if not 0 < floor < math.inf:
            raise InputError(f"task.floor={floor:g} must be above 0, or a variance can vanish; try 1e-6")
        if not tolerance >= 0:
            raise InputError(f"task.tolerance={tolerance:g} must be at least 0")
        for name, number, least in (
            ("restarts", restarts, 1),
            ("rehearsals", rehearsals, 0),
            ("start_clips", start_clips, 1),
        ):
            if number < least:
                raise InputError(f"task.{name}={number} must be at least {least}")
        frontend.requires_grad_(requires_grad=False)
        self.make_optimizer = optimizer
        self.floor, self.tolerance = floor, tolerance
        self.restarts, self.rehearsals, self.start_clips = restarts, rehearsals, start_clips
        self.register_buffer("reached", torch.full((2,), -math.inf))  # mean log-likelihoods of the last epoch
        self._statistics: list[Statistics] | None = None  # of this process, since the last M-step

    def on_fit_start(self) -> None:
        """Fits the front end and starts the mixtures; a resumed run has both."""
        self.fit_frontend()
        if not self.model.fitted:
            self.start_model(self._start, clips=self.start_clips, frames=self.model.components)

    def on_train_start(self) -> None:
        """The first process goes on with the statistics of an epoch that was interrupted."""
        if self._statistics is not None:
            kept = self.trainer.global_rank == 0
            self._statistics = [
                Statistics(*(part.to(self.device) * kept for part in found)) for found in self._statistics
            ]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of a batch; with EM adds it to the statistics, and the loss is without a gradient."""
        frames = self._frames(batch, batch_idx)
        if self.make_optimizer is not None:
            found = [
                log_likelihood(own, self.model.mixture(label))
                for own, label in zip(frames, ORDER, strict=True)
            ]
            loss = -torch.cat(found).mean()
            self.log("train/loss", loss, prog_bar=True, batch_size=len(batch.target), on_epoch=True)
            return loss.float()
        self._expect(frames)
        if self.trainer.is_last_batch:
            self._maximize()
        return 0 * torch.stack([weight.sum() for weight in self.model.parameters()]).sum()

    def scores(self, logits: Tensor) -> Tensor:
        """Mean log-likelihood ratios: each class is learnt by itself, so they hold no prior."""
        return log_odds(logits)

    def validate(self, features: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Scores, and how unlikely the clips are in their own class."""
        found = self.model.log_likelihoods(features)
        own = found.gather(1, batch.target.long()[:, None])
        return (found[:, 1] - found[:, 0]).float(), -own.mean().float()

    def configure_optimizers(self) -> Optimizer:
        """For EM one that only counts: Lightning takes a checkpoint where a step was, at the right time."""
        if self.make_optimizer is None:
            return torch.optim.SGD(self.model.parameters(), lr=0.0)
        return self.make_optimizer(self.model.parameters())

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds how training began, and the statistics of all processes so far."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["start"] = {
            "means": self.model.start,
            "restarts": self.restarts,
            "rehearsals": self.rehearsals,
        }
        if self._statistics is not None:
            checkpoint["statistics"] = [tuple(self._sum(part) for part in own) for own in self._statistics]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes up the statistics of an epoch that was interrupted."""
        super().on_load_checkpoint(checkpoint)
        found = checkpoint.get("statistics")
        self._statistics = None if found is None else [Statistics(*parts) for parts in found]

    @torch.no_grad()
    def _frames(self, batch: Batch, batch_idx: int) -> list[Tensor]:
        """Of spoofs and of bona fide clips, `[frames, bins]` each, without those that only repeat a clip."""
        with torch.autocast(batch.waveform.device.type, enabled=False):
            features = self.features(batch, batch_idx, training=True)
        samples, length = batch.waveform.shape[1], batch.length[:, None]
        centres = self.frontend.times(samples).to(self.device) * self.frontend.sample_rate
        new = (centres.round() <= length) | (length >= samples)  # the last ones may look beyond the clip
        frames = features[:, 0].mT  # [batch, frames, bins]
        return [frames[new & (batch.target == place)[:, None]] for place in range(len(ORDER))]

    @torch.no_grad()
    def _expect(self, frames: list[Tensor]) -> None:
        found = [
            expectation(own, self.model.mixture(label)) for own, label in zip(frames, ORDER, strict=True)
        ]
        if self._statistics is not None:
            found = [old.plus(new) for old, new in zip(self._statistics, found, strict=True)]
        self._statistics = found

    @torch.no_grad()
    def _maximize(self) -> None:
        if self._statistics is None:
            raise RuntimeError("an epoch without a batch has no statistics")
        everyone = [Statistics(*(self._sum(part) for part in own)) for own in self._statistics]
        self._statistics = None
        for label, found in zip(ORDER, everyone, strict=True):
            moved = maximization(found, self.model.mixture(label), floor=self.floor)
            self.model.set_mixture(label, moved)
        mean = torch.stack([found.mean for found in everyone]).to(self.reached)
        mean = torch.where(mean.isnan(), self.reached, mean)  # a class that the epoch's few batches left out
        if bool(((mean - self.reached).abs() < self.tolerance).all()):
            self.trainer.should_stop = True
        self.reached.copy_(mean)
        spoof, bonafide = mean
        for name, value, shown in (
            ("train/loss", -mean.mean(), True),
            ("train/log_likelihood_spoof", spoof, False),
            ("train/log_likelihood_bonafide", bonafide, False),
        ):
            self.log(name, value, prog_bar=shown, on_step=False, on_epoch=True, batch_size=1, sync_dist=True)

    def _sum(self, part: Tensor) -> Tensor:
        """Over all processes."""
        found: Tensor = self.trainer.strategy.reduce(part.clone(), reduce_op="sum")
        return found

    def _start(self, batches: Iterator[tuple[Tensor, Tensor]]) -> None:
        for label, frames in zip(ORDER, self.model.sample(batches), strict=True):
            tried: list[tuple[Mixture, float]] = [
                climb(frames, self.model.begin(frames), self.rehearsals, floor=self.floor)
                for _ in range(self.restarts)
            ]
            self.model.set_mixture(label, max(tried, key=lambda one: one[1])[0])
