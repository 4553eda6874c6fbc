"""One-class softmax: bona fide speech lies around one direction, and spoofs anywhere away from it.

Zhang, Jiang and Duan (2021), "One-Class Learning Towards Synthetic Voice Spoofing Detection", IEEE Signal
Processing Letters 28, https://arxiv.org/abs/2010.13995, equation 3.
"""

from typing import final

from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.objectives.cosine import CosineHead
from bonafide.objectives.objective import Objective, log_odds
from bonafide.types import InputError


@final
class OneClassSoftmax(Objective):
    """Mean of `softplus(scale (bonafide_margin - c))` for bona fide clips and `softplus(scale (c -
    spoof_margin))` for spoofs, where `c` is the cosine between the embedding and the one direction.

    A score is `scale (c - (bonafide_margin + spoof_margin) / 2)`: the log-odds of a logistic loss without the
    gap between the margins, 0 in its middle. It is no posterior, for a margin asks for more than the data
    say. Nothing is taken off for the prior; calibrate scores before reading them as log-likelihood ratios.

    Args:
        scale: α; how sharply the margins are drawn.
        bonafide_margin: cosine above which bona fide clips cost little.
        spoof_margin: cosine below which spoofs cost little.

    Shape:
        cosines `[batch, 1]`, target `[batch]` (bona fide 1, spoof 0, mixtures between) → scalar.

    Raises:
        InputError: `scale` is not positive, or the margins are no cosines with that of bona fide above.
    """

    def __init__(self, scale: float = 20.0, bonafide_margin: float = 0.9, spoof_margin: float = 0.2) -> None:
        super().__init__()
        if scale <= 0:
            raise InputError(f"task.loss.scale={scale:g} is not above 0; the paper has 20.")
        if not -1 <= spoof_margin <= bonafide_margin <= 1:
            raise InputError(
                f"task.loss.spoof_margin={spoof_margin:g} and bonafide_margin={bonafide_margin:g} must be "
                "cosines, the first not above the second; the paper has 0.2 and 0.9."
            )
        self.scale, self.bonafide_margin, self.spoof_margin = scale, bonafide_margin, spoof_margin

    def head(self, width: int, classes: int) -> nn.Module:  # noqa: ARG002 - one direction for any number
        """The cosine with one direction."""
        return CosineHead(width, 1)

    @property
    def log_prior_odds(self) -> float:
        """0, see the class."""
        return 0.0

    def score(self, logits: Tensor) -> Tensor:
        """Cosines `[batch, 1]` → `[batch]`."""
        return self.scale * (log_odds(logits) - (self.bonafide_margin + self.spoof_margin) / 2)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Cosines `[batch, 1]`, target `[batch]` in [0, 1] → scalar."""
        cosine = log_odds(logits)
        genuine = target.to(cosine)
        bonafide = F.softplus(self.scale * (self.bonafide_margin - cosine))
        spoof = F.softplus(self.scale * (cosine - self.spoof_margin))
        return (genuine * bonafide + (1 - genuine) * spoof).mean()
