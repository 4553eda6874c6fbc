"""Which frames of a model are spoofed, and which are a clip's own: seconds on a grid of frames.

The grid is the model's: frame `j` begins at `j · step` and ends where the next one begins. A region marks the
frames from its rounded start up to its rounded end. FakeSound (Xie et al., 2024,
https://arxiv.org/abs/2406.08052) cuts both off instead, in binary fractions, in which 0.58 / 0.02 is a little
less than 29; a tenth of its borders so lie a frame early.
"""

from typing import Final

import torch
from torch import Tensor

_TOLERANCE: Final = 1e-6  # frames; far more than division is wrong by, far less than a sample


def spoofed_frames(
    regions: Tensor, frames: int, step: float, sample_rate: int, *, faithful: bool = False
) -> Tensor:
    """Whether each frame is spoofed, `[batch, frames]` bool.

    Args:
        regions: `[batch, regions, 2]` int64 samples, `[start, end)`; see `bonafide.types.Batch`.
        frames: of the model's answer.
        step: of the grid, in seconds.
        sample_rate: in Hz.
        faithful: cut off instead of rounding, as published. Otherwise a region that is too short to be
            rounded to any frame marks the one that holds its middle.

    >>> spoofed_frames(torch.tensor([[[9_280, 9_920]]]), 33, 0.02, 16_000).nonzero()[:, 1].tolist()
    [29, 30]
    >>> cut = spoofed_frames(torch.tensor([[[9_280, 9_920]]]), 33, 0.02, 16_000, faithful=True)
    >>> cut.nonzero()[:, 1].tolist()
    [28, 29, 30]
    """
    there = regions[..., 1] > regions[..., 0]
    # In seconds first: that is what the published division began with.
    edges = _exact(regions) / sample_rate / step
    if faithful:
        edge = edges.trunc()
    else:
        edge = (edges + 0.5 + _TOLERANCE).floor()
        middle = edges.mean(dim=-1).floor()
        lost = edge[..., 0] >= edge[..., 1]
        edge = torch.where(lost[..., None], torch.stack([middle, middle + 1], dim=-1), edge)
    place = edge.clamp(0, frames).long()
    steps = torch.zeros(len(regions), frames + 1, dtype=torch.int64, device=place.device)
    steps.scatter_add_(1, place[..., 0], there.to(place))
    steps.scatter_add_(1, place[..., 1], -there.to(place))
    return (steps.cumsum(dim=1)[:, :frames] > 0).to(regions.device)


def own_frames(length: Tensor, frames: int, step: float, sample_rate: int) -> Tensor:
    """Whether each frame begins before the end of its clip, `[batch, frames]` bool; the first one does.

    Args:
        length: `[batch]` int64, samples of each clip before it was repeated.
        frames: of the model's answer.
        step: of the grid, in seconds.
        sample_rate: in Hz.

    >>> own_frames(torch.tensor([640, 641, 0]), 4, 0.02, 16_000).int().tolist()
    [[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]]
    """
    ends = _exact(length) / sample_rate / step - _TOLERANCE
    place = torch.arange(frames, device=ends.device)
    return ((place < ends[:, None]) | (place == 0)).to(length.device)


def _exact(samples: Tensor) -> Tensor:
    """In double precision, which MPS does not know."""
    return (samples.cpu() if samples.device.type == "mps" else samples).double()
