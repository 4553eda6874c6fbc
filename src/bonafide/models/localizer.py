"""What every model promises that judges the frames of a clip."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.models.model import Model

Pooling = Literal["max", "mean"]


class Localized(NamedTuple):
    """Logits of a clip and of its frames.

    Args:
        clip: `[batch, classes]`.
        frames: `[batch, classes, frames]`.
    """

    clip: Tensor
    frames: Tensor


class Localizer(Model):
    """A model that answers for every frame: where is the fake?

    Frame `j` of its answer begins with frame `j * reduction` of the features.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, classes, ⌈frames / reduction⌉]` from `frames`, and
        `[batch, classes]` of the clips.
    """

    reduction: int = 1
    """Frames of the features in one of the answer."""

    @abstractmethod
    def localize(self, features: Tensor, own: Tensor | None = None) -> Localized:
        """Logits of the clips and of their frames, at the cost of either.

        Args:
            features: `[batch, channels, bins, frames]`.
            own: `[batch, frames]` bool, frames of the answer that the clip is judged by; None for all. Where
                a clip is repeated to its length, those of the repetition are no evidence of their own.

        Raises:
            InputError: the model was made to judge clips alone.
        """

    @abstractmethod
    def take_frame_head(self, clip: bool | None) -> bool:
        """Gets ready to learn from frames; a head that nobody asked for is left out, since it never learns.

        Args:
            clip: whether the clips are to have a head of their own, beside that of the frames; None leaves it
                to the options of the model.

        Returns:
            Whether they have.

        Raises:
            InputError: an option of the model says otherwise.
        """

    @property
    @abstractmethod
    def heads(self) -> Sequence[nn.Module]:
        """Those of frames and of clips, behind all that they share."""

    def frames(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, classes, frames]`, unnormalised.

        Raises:
            InputError: the model was made to judge clips alone.
        """
        return self.localize(features).frames


def pooled(frames: Tensor, pooling: Pooling, own: Tensor | None = None) -> Tensor:
    """Logits of a clip from those of its frames.

    Args:
        frames: `[batch, classes, frames]`.
        pooling: `"max"` takes the frame whose log-odds are most for a fake; `"mean"` gives the log-odds of
            the mean probability, `ln Σ p(bona fide) − ln Σ p(fake)`.
        own: `[batch, frames]` bool, those that count; None for all.

    Returns:
        `[batch, classes]`; of two logits, one is the other's negative.

    >>> pooled(torch.tensor([[[2.0, -1.0, 3.0]]]), "max")
    tensor([[-1.]])
    """
    frames = frames.float()
    classes = frames.shape[1]
    odds = frames[:, 0] if classes == 1 else frames[:, 1] - frames[:, 0]  # [batch, frames]
    if pooling == "max":
        clip = (odds if own is None else odds.masked_fill(~own, torch.inf)).amin(dim=1)
    else:
        sides = [F.logsigmoid(odds), F.logsigmoid(-odds)]
        if own is not None:
            sides = [side.masked_fill(~own, -torch.inf) for side in sides]
        clip = sides[0].logsumexp(dim=1) - sides[1].logsumexp(dim=1)
    return clip[:, None] if classes == 1 else torch.stack([-clip / 2, clip / 2], dim=1)
