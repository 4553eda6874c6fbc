"""Masks over time and frequency, after Park et al. (2019), "SpecAugment", https://arxiv.org/abs/1904.08779."""

from typing import Literal, NamedTuple, final

import torch
from torch import Tensor

from bonafide.augment.feature_augmentation import FeatureAugmentation
from bonafide.types import FeatureShape, InputError, Label


class Masks(NamedTuple):
    """Stretches of one axis.

    Args:
        start: `[batch, masks]` int64.
        width: `[batch, masks]` int64.
    """

    start: Tensor
    width: Tensor

    def cover(self, size: int) -> Tensor:
        """Which of `size` places lie in any of them, `[batch, size]` bool."""
        place = torch.arange(size, device=self.start.device)
        start = self.start[..., None]
        return ((place >= start) & (place < start + self.width[..., None])).any(dim=1)


class MaskingDrawn(NamedTuple):
    """Args:
    bins: masks over frequency.
    frames: masks over time.
    """

    bins: Masks
    frames: Masks


@final
class Masking(FeatureAugmentation[MaskingDrawn]):
    """Blanks random bands of bins and stretches of frames, in all channels alike.

    The widths are uniform from none to a share of the axis; one mask never covers all of it. Of a waveform,
    which is one bin, stretches of time are blanked.

    Args:
        bin_masks: bands of bins.
        bin_share: widest band, as a share of the bins.
        frame_masks: stretches of frames.
        frame_share: longest stretch, as a share of the frames.
        fill: what stands in a mask: `"zero"`, which is the mean of standardized features, or the `"mean"` of
            each channel of the clip.
        p: probability that a clip is changed.
        only: label of the clips that may be changed; None for all.

    Raises:
        InputError: negative numbers of masks, no shares, or no such filling.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, channels, bins, frames]`.
    """

    def __init__(
        self,
        *,
        bin_masks: int = 2,
        bin_share: float = 0.15,
        frame_masks: int = 2,
        frame_share: float = 0.1,
        fill: Literal["zero", "mean"] = "mean",
        p: float = 1.0,
        only: Label | None = None,
    ) -> None:
        super().__init__(p, only)
        if min(bin_masks, frame_masks) < 0:
            raise InputError(
                f"augment: bin_masks={bin_masks} and frame_masks={frame_masks} are numbers of masks; "
                "choose 0 or more"
            )
        for name, share in (("bin_share", bin_share), ("frame_share", frame_share)):
            if not 0 <= share <= 1:
                raise InputError(f"augment: {name}={share} is no share; choose one from 0 to 1")
        if fill not in ("zero", "mean"):
            raise InputError(f"augment: fill={fill!r} fills no mask; choose zero or mean")
        self.bin_masks, self.bin_share = bin_masks, bin_share
        self.frame_masks, self.frame_share = frame_masks, frame_share
        self.fill = fill

    def draw(self, batch: int, shape: FeatureShape, generator: torch.Generator) -> MaskingDrawn:
        """See `FeatureAugmentation.draw`."""
        return MaskingDrawn(
            _masks((batch, self.bin_masks), shape.bins, self.bin_share, generator),
            _masks((batch, self.frame_masks), shape.frames, self.frame_share, generator),
        )

    def apply(self, x: Tensor, drawn: MaskingDrawn) -> Tensor:
        """`[batch, channels, bins, frames]` → the same shape."""
        bins, frames = drawn.bins.cover(x.shape[2]), drawn.frames.cover(x.shape[3])
        masked = bins[:, None, :, None] | frames[:, None, None, :]
        filling = x.mean(dim=(2, 3), keepdim=True) if self.fill == "mean" else x.new_zeros(())
        return torch.where(masked, filling, x)


def _masks(shape: tuple[int, int], size: int, share: float, generator: torch.Generator) -> Masks:
    """Masks of an axis of `size`."""
    widest = min(int(share * size), size - 1)
    width = torch.randint(0, widest + 1, shape, generator=generator)
    start = (torch.rand(shape, generator=generator) * (size - width + 1)).long()
    return Masks(start, width)
