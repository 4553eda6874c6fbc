"""Cross-entropy of frames, with or without that of clips beside it.

Xie et al. (2024), "FakeSound: Deepfake General Audio Detection", https://arxiv.org/abs/2406.08052: 0.9 of the
frames' and 0.1 of the clips', no weights.
"""

import math
from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.objectives.cross_entropy import CrossEntropy
from bonafide.types import InputError


@final
class FrameLoss(nn.Module):
    """`(1 − share) · mean over frames + share · mean over clips` of the binary cross-entropy.

    Args:
        spoof_weight: what a spoofed frame weighs, where a bona fide one weighs 1, as torch's `pos_weight`;
            `"auto"` lets the two kinds weigh alike, by their share of the training clips.
        clip_share: of the clips' loss; 0 for none.

    Raises:
        InputError: the weight is not positive, or the share is none below 1.
    """

    def __init__(self, *, spoof_weight: float | Literal["auto"] = 1.0, clip_share: float = 0.0) -> None:
        super().__init__()
        if not (
            spoof_weight == "auto" or (isinstance(spoof_weight, (int, float)) and 0 < spoof_weight < math.inf)
        ):
            raise InputError(
                f"task.spoof_weight={spoof_weight} is no weight of a spoofed frame; choose a positive "
                "number, or auto"
            )
        if not 0 <= clip_share < 1:
            raise InputError(
                f"task.clip_share={clip_share:g} leaves the frames no part of the loss; choose 0 to below 1"
            )
        self.spoof_weight, self.clip_share = spoof_weight, clip_share
        self.clips = CrossEntropy()
        self.spoofed_share = 0.0  # of the training time; a number of Python, saved as extra state

    def set_counts(self, clips: tuple[int, int], spoofed_share: float) -> None:
        """Tells what the training clips hold.

        Args:
            clips: spoofs and bona fide ones.
            spoofed_share: of the time of all of them.

        Raises:
            InputError: a class is missing.
        """
        self.clips.set_counts(*clips)
        if not 0 < spoofed_share < 1:
            raise InputError(
                f"{100 * spoofed_share:.0f} % of the training time is spoofed, and frames of both kinds are "
                "needed; check data.root and the segments of the corpus"
            )
        self.spoofed_share = float(spoofed_share)

    @property
    def weight(self) -> float:
        """Of a spoofed frame.

        Raises:
            RuntimeError: it depends on counts that nobody has set.
        """
        if self.spoof_weight != "auto":
            return float(self.spoof_weight)
        if not self.spoofed_share:
            raise RuntimeError("FrameLoss does not know the training time: call set_counts first.")
        return (1 - self.spoofed_share) / self.spoofed_share

    @property
    def log_prior_odds(self) -> float:
        """What training adds to the log-odds of the clips' own head; see `Objective.log_prior_odds`."""
        return self.clips.log_prior_odds

    def forward(self, odds: Tensor, spoofed: Tensor, own: Tensor) -> Tensor:
        """The frames' loss by itself, `[]`.

        Args:
            odds: `[batch, frames]` log-odds, high for bona fide.
            spoofed: `[batch, frames]` bool.
            own: `[batch, frames]` bool, frames that count.
        """
        cost = torch.where(spoofed, self.weight * F.softplus(odds), F.softplus(-odds))
        return (cost * own).sum() / own.sum()

    def get_extra_state(self) -> Tensor:
        """The spoofed share, `[1]` float64, for the checkpoint."""
        return torch.tensor([self.spoofed_share], dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        """Takes the share from a checkpoint."""
        self.spoofed_share = float(state[0])
