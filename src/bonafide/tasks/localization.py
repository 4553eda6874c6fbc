"""Localization: where in this clip is the fake?"""

from typing import Any, Final, Literal, NamedTuple, final, get_args

import torch
from torch import Tensor
from torchmetrics.utilities.distributed import gather_all_tensors

from bonafide.augment.chain import Chain
from bonafide.frontends.frontend import Frontend
from bonafide.metrics.accuracy import accuracy
from bonafide.metrics.localization.combined import combined_score
from bonafide.metrics.localization.frame_eer import frame_eer
from bonafide.metrics.localization.kept import KeptFrames, timelines_of
from bonafide.metrics.localization.labels import LabelRule
from bonafide.metrics.localization.median import median_filtered, refuse_width
from bonafide.metrics.localization.runs import detected
from bonafide.metrics.localization.segment_f1 import segment_f1
from bonafide.models.localizer import Localized, Localizer, pooled
from bonafide.models.model import Model
from bonafide.objectives.frame_loss import FrameLoss
from bonafide.objectives.frame_targets import own_frames, spoofed_frames
from bonafide.objectives.objective import log_odds
from bonafide.tasks.grid import frame_step
from bonafide.tasks.learner import Learner
from bonafide.tasks.scoring import Pooling, Scores
from bonafide.tasks.thresholds import ClipRule, FrameRule, Thresholds, odds_at
from bonafide.types import Batch, InputError

ClipScore = Literal["model", "min", "mean"]

_PUBLISHED_SHARE: Final = 0.1  # of the clips' loss


class Located(NamedTuple):
    """Args:
    clip: `[clips]` int64, place in the test group.
    score: `[clips, frames]` float32 log-odds, high for bona fide; neither filtered nor cut at the end of what
        a clip was repeated from.
    """

    clip: Tensor
    score: Tensor


@final
class Localization(Learner):
    """Trains a model that judges frames, and says of each frame and each clip how genuine it is.

    A frame is spoofed if its log-odds lie below `frame_threshold`, a clip if its score lies below
    `threshold`; both are chosen on the validation clips, or given as probabilities. Frames that only repeat a
    clip to its length are neither learned from nor judged by.

    In training and validation a clip counts as spoofed if it holds a spoofed region: one beside it is bona
    fide.

    Args:
        frontend: waveform to features.
        model: features to logits of frames.
        spoof_weight: what a spoofed frame weighs in the loss, where a bona fide one weighs 1, or `"auto"` for
            their share of the training time; published without.
        clip_share: part of the loss that the clips' own head has, and whether there is one; None for 0.1, as
            published, where the model has such a head.
        train_head: false leaves the heads as they were initialized, as FakeSound did by mistake: what lies
            before them learns to work through a random projection.
        faithful: cuts the borders of regions off to frames as published, which puts a tenth of them a frame
            early, and compares the log-odds of a fake with a given `clip_threshold` where its probability is
            meant.
        clip_score: `"model"` is the clips' own head, or the model's pooling of frames if there is none;
            `"min"` is the frame that is most likely spoofed, `"mean"` the mean probability of the frames.
        frame_threshold: `"segment_f1"` has the highest F1 of segments of 1 s on the validation clips,
            `"frame_eer"` rejects as many bona fide frames as it accepts spoofed ones; a number is the
            probability of a fake above which a frame is spoofed, published as 0.5.
        clip_threshold: `"eer"` rejects as many bona fide clips as it accepts spoofed ones; a number is the
            probability of a fake above which a clip is spoofed, published as 0.5.
        median_filter: width in frames, odd, of the filter in front of the thresholds; 1 for none.
        augment: what is done to training clips and their features; None for nothing.
        learning: see `Learner`.

    Raises:
        InputError: the model does not judge frames, an augmentation moves what it is told the place of, an
            option has no meaning; or as `Learner`.
    """

    model: Localizer
    frame_threshold: Tensor

    def __init__(
        self,
        frontend: Frontend,
        model: Model,
        *,
        spoof_weight: float | Literal["auto"] = 1.0,
        clip_share: float | None = None,
        train_head: bool = True,
        faithful: bool = False,
        clip_score: ClipScore = "model",
        frame_threshold: FrameRule = "segment_f1",
        clip_threshold: ClipRule = "eer",
        median_filter: int = 1,
        augment: Chain | None = None,
        **learning: Any,
    ) -> None:
        super().__init__(frontend, model, augment=augment, **learning)
        if not isinstance(model, Localizer):
            raise InputError(
                f"task=localization trains models that judge frames, and {type(model).__name__} judges whole "
                "clips; try model=partialfake or task=detection"
            )
        if augment is not None and augment.moving:
            raise InputError(
                f"augment: {augment.moving[0]} moves what lies in a clip, and task=localization is told "
                "where that is; leave it out"
            )
        if clip_score not in get_args(ClipScore):
            raise InputError(
                f"task.clip_score={clip_score} is unknown; choose {' or '.join(get_args(ClipScore))}"
            )
        self.thresholds = Thresholds(frame_threshold, clip_threshold)
        self.thresholds.check()
        refuse_width(median_filter)
        has_head = model.take_frame_head(None if clip_share is None else clip_share > 0)
        share = (_PUBLISHED_SHARE if has_head else 0.0) if clip_share is None else clip_share
        self.loss = FrameLoss(spoof_weight=spoof_weight, clip_share=share)
        if not train_head:
            for head in model.heads:
                head.requires_grad_(requires_grad=False)
        self.faithful, self.clip_score, self.median_filter = faithful, clip_score, median_filter
        self.own_head = has_head and clip_score == "model"
        self.frame_seconds = frame_step(frontend, model)
        self.kept = KeptFrames(self.frame_seconds, frontend.sample_rate)
        self.register_buffer("frame_threshold", torch.zeros(()))
        self.located: list[Located] = []
        self._frames: dict[int, list[Tensor]] = {}

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → logits of the clips, `[batch, classes]`, those that `clip_score` is read from."""
        return self._clips(self.model.localize(self.frontend(waveform)))

    def scores(self, logits: Tensor) -> Tensor:
        """`[batch, classes]` → `[batch]` log-odds; those of the clips' own head less what training taught it.

        What is pooled from frames stays as it is: no prior of clips went into it.
        """
        return log_odds(logits) - (self.loss.log_prior_odds if self.own_head else 0.0)

    def locate(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames]` log-odds of bona fide, in full precision and not filtered.

        They are those of the training's share of spoofed frames; frame j begins at `j * frame_seconds`.
        """
        with torch.autocast(waveform.device.type, enabled=False):
            return log_odds(self.model.frames(self.frontend(waveform.float()))).float()

    def hear(self, waveform: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of clips and of their frames in one pass, in full precision.

        Args:
            waveform: `[batch, time]`.
            length: `[batch]` int64, samples of each clip before it was repeated; it is judged by these alone.

        Returns:
            `[batch]` and `[batch, frames]` float32 log-odds; the frames as `locate` gives them.
        """
        with torch.autocast(waveform.device.type, enabled=False):
            features = self.frontend(waveform.float())
            own = self._own(features, length)
            found = self.model.localize(features, own)
            return self.scores(self._clips(found, own)), log_odds(found.frames).float()

    def count(self) -> None:
        """Tells the loss how many clips of each class there are, and how much of their time is spoofed."""
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        self.loss.set_counts(data.counts(), data.spoofed_share())

    def cost(self, features: Tensor, batch: Batch) -> Tensor:
        """The loss of training clips."""
        own = self._own(features, batch.length)
        return self._cost(self.model.localize(features, own), own, batch)

    def validate(self, features: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Scores and loss of validation clips, whose frames are remembered."""
        own = self._own(features, batch.length)
        found = self.model.localize(features, own)
        scores = self.scores(self._clips(found, own))
        self.kept.update(log_odds(found.frames), scores, self.truth(batch), batch.length, _regions(batch))
        return scores, self._cost(found, own, batch)

    def truth(self, batch: Batch) -> Tensor:
        """`[batch]`: a clip that lies beside the regions of a partial spoof is bona fide."""
        regions = _regions(batch)
        return (regions[..., 1] <= regions[..., 0]).all(dim=1).to(batch.target)

    @property
    def of_recording(self) -> Pooling:
        """The least genuine window speaks for its recording, unless clips are judged by all their frames."""
        return "mean" if self.clip_score == "mean" else "min"

    def judged(self) -> dict[str, Tensor]:
        """Measures of clips and of frames over all validation clips; sets both thresholds."""
        found = super().judged()
        columns = self.kept.compute()
        self.kept.reset()
        recordings = median_filtered(timelines_of(columns, self.frame_seconds), self.median_filter)
        self.frame_threshold.fill_(self.thresholds.of_frames(recordings, self._labels))
        if self.thresholds.clip != "eer":
            self.threshold.fill_(self._clip_threshold(float(self.thresholds.clip)))
            scores, bonafide = (columns[name].reshape(-1).numpy() for name in ("clip", "target"))
            genuine, fake = (scores[side] for side in (bonafide > 0.5, bonafide <= 0.5))
            found["val/accuracy"] = torch.tensor(accuracy(genuine, fake, threshold=float(self.threshold)))
        f1 = segment_f1(recordings.regions, detected(recordings, float(self.frame_threshold)))
        (eer,) = frame_eer(recordings, [self.frame_seconds], compat=self._labels).values()
        measures = {
            "val/frame_eer": eer,
            "val/segment_f1": f1,
            "val/score": combined_score(float(found["val/accuracy"]), f1),
        }
        return found | {name: torch.tensor(value, device=self.device) for name, value in measures.items()}

    def on_test_start(self) -> None:
        """Forgets earlier scores."""
        super().on_test_start()
        self.located, self._frames = [], {}

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:  # noqa: ARG002
        """Scores of a batch and of its frames."""
        scores, frames = self.hear(batch.waveform, batch.length)
        self.keep(dataloader_idx, Scores(batch.index, scores))
        self._frames.setdefault(dataloader_idx, []).append(frames)

    def on_test_epoch_end(self) -> None:
        """Brings all processes together: `located` holds a group's clips each, in the order of `scored`."""
        super().on_test_epoch_end()
        for group, scored in zip(sorted(self._frames), self.scored, strict=True):
            frames = torch.cat(self._frames[group])
            if self.trainer.world_size > 1:
                frames = torch.cat(gather_all_tensors(frames))
            self.located.append(Located(scored.clip, frames.cpu()))

    def _clips(self, found: Localized, own: Tensor | None = None) -> Tensor:
        """Logits of the clips, from their head or from their frames."""
        if self.clip_score == "model":
            return found.clip
        return pooled(found.frames, "max" if self.clip_score == "min" else "mean", own)

    def _own(self, features: Tensor, length: Tensor) -> Tensor:
        """`[batch, frames]`, frames of the answer that do not only repeat their clip."""
        frames = -(-features.shape[-1] // self.model.reduction)
        return own_frames(length, frames, self.frame_seconds, self.frontend.sample_rate)

    def _cost(self, found: Localized, own: Tensor, batch: Batch) -> Tensor:
        spoofed = spoofed_frames(
            _regions(batch),
            own.shape[1],
            self.frame_seconds,
            self.frontend.sample_rate,
            faithful=self.faithful,
        )
        loss: Tensor = self.loss(log_odds(found.frames), spoofed, own)
        if not self.loss.clip_share:
            return loss
        share = self.loss.clip_share
        both: Tensor = (1 - share) * loss + share * self.loss.clips(found.clip, self.truth(batch))
        return both

    def _clip_threshold(self, probability: float) -> float:
        if not self.own_head:
            return odds_at(probability)
        odds = -probability if self.faithful else odds_at(probability)
        return odds - self.loss.log_prior_odds

    @property
    def _labels(self) -> LabelRule | None:
        return "fakesound" if self.faithful else None


def _regions(batch: Batch) -> Tensor:
    """Those of the batch; of a loader that knows none, whole clips."""
    if batch.regions is not None:
        return batch.regions
    ends = batch.length * (batch.target < 0.5)
    return torch.stack([torch.zeros_like(ends), ends], dim=-1)[:, None]
