"""Remembers the frames of clips during training, for measures of all of them."""

from typing import Any, Final, final

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from bonafide.metrics.localization.timeline import Regions, Timelines, frame_counts
from bonafide.types import InputError

_TOLERANCE: Final = 2  # frames that a model may have too few for a clip
_COLUMNS: Final = ("scores", "counts", "seconds", "start", "end", "regions", "clip", "target")


@final
class KeptFrames(Metric):
    """All clips since the last reset, exact over any batching and any number of processes.

    `compute` gives flat columns: `scores` of frames, `start` and `end` of regions, and for each clip how many
    of them are its own (`counts`, `regions`), its `seconds`, its score `clip` and its `target`. Clips stand
    process by process.

    Args:
        step: seconds from frame to frame.
        sample_rate: of the lengths and regions, in Hz.
        settings: of torchmetrics.
    """

    is_differentiable = False
    full_state_update = False

    def __init__(self, step: float, sample_rate: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.step, self.sample_rate = step, sample_rate
        for name in _COLUMNS:
            self.add_state(name, default=[], dist_reduce_fx="cat")
        # A process that saw no batch sends empty tensors of this type; they must be the others' type.
        self.set_dtype(torch.float64)

    def update(self, frames: Tensor, clip: Tensor, target: Tensor, length: Tensor, regions: Tensor) -> None:
        """Remembers a batch.

        Args:
            frames: `[batch, frames]` scores, high when genuine.
            clip: `[batch]` scores.
            target: `[batch]`; 1 bona fide, 0 spoof.
            length: `[batch]` samples of each clip; frames behind it are left out.
            regions: `[batch, regions, 2]` samples; see `bonafide.types.Batch`.

        Raises:
            InputError: the frames do not reach the end of a clip.
        """
        seconds = length.detach().cpu().numpy() / self.sample_rate
        counts = frame_counts(seconds, self.step)
        if counts.max() > frames.shape[1] + _TOLERANCE:
            raise InputError(
                f"a clip of {seconds.max():g} s has {counts.max()} frames of {self.step} s, and the model "
                f"gave {frames.shape[1]}: frames of this front end have no length of their own; try "
                "frontend=mel"
            )
        place = torch.arange(int(counts.max()), device=frames.device)
        wanted = torch.from_numpy(counts).to(frames.device)
        last = place.clamp(max=frames.shape[1] - 1)  # the last score is repeated
        there = regions[..., 1] > regions[..., 0]
        edges = regions[there].cpu().numpy() / self.sample_rate
        columns = {
            "scores": frames.detach()[:, last][place < wanted[:, None]],
            "counts": wanted,
            "seconds": torch.from_numpy(seconds),
            "start": torch.from_numpy(edges[:, 0]),
            "end": torch.from_numpy(edges[:, 1]),
            "regions": there.sum(dim=1),
            "clip": clip.detach(),
            "target": target.detach(),
        }
        exact = torch.float32 if frames.device.type == "mps" else torch.float64  # MPS knows no float64
        for name, column in columns.items():
            getattr(self, name).append(column.to(frames.device, exact))

    def compute(self) -> dict[str, Tensor]:
        """See the class; all `[…]` on the CPU in double precision."""
        kept = {name: getattr(self, name) for name in _COLUMNS}
        return {
            name: dim_zero_cat(each).cpu() if len(each) else torch.empty(0) for name, each in kept.items()
        }


def timelines_of(columns: dict[str, Tensor], step: float) -> Timelines:
    """Truth and scores of all clips that were kept.

    Args:
        columns: what `KeptFrames.compute` gave.
        step: seconds from frame to frame.

    Raises:
        InputError: a score is NaN or infinite.
    """
    arrays = {name: np.atleast_1d(column.double().numpy()) for name, column in columns.items()}
    if not np.isfinite(arrays["scores"]).all():
        wrong = int((~np.isfinite(arrays["scores"])).sum())
        raise InputError(
            f"{wrong} of {arrays['scores'].size} frame scores are NaN or infinite: lower the learning rate, "
            "or train with hardware.precision=32-true"
        )
    counts, held = (
        np.concatenate(([0], np.cumsum(arrays[name].astype(np.int64)))) for name in ("counts", "regions")
    )
    names = tuple(map(str, range(len(arrays["seconds"]))))
    true = Regions(names, arrays["start"], arrays["end"], held)
    return Timelines(true, arrays["seconds"], arrays["scores"], counts, step)
