"""Additive-margin softmax: a direction for each class, and a margin between them.

Wang et al. (2018), "Additive Margin Softmax for Face Verification", https://arxiv.org/abs/1801.05599,
equation 5; against spoofing with scale 20 and margin 0.9: Zhang, Jiang and Duan (2021),
https://arxiv.org/abs/2010.13995, section IV.
"""

from typing import final

from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.objectives.cosine import CosineHead
from bonafide.objectives.objective import Objective, log_odds
from bonafide.types import InputError


@final
class AdditiveMarginSoftmax(Objective):
    """Cross-entropy of scaled cosines with the directions of the classes, the right one's less a margin.

    With `c` the cosine of bona fide less that of spoof, a bona fide clip costs `softplus(scale (margin - c))`
    and a spoof `softplus(scale (margin + c))`.

    A score is `scale c`: the log-odds of the softmax without its margin, high for bona fide. It is no
    posterior, for a margin asks for more than the data say. Nothing is taken off for the prior; calibrate
    scores before reading them as log-likelihood ratios.

    Args:
        scale: s; of the cosines.
        margin: m; by how much the right class must win.

    Shape:
        cosines `[batch, 2]` (spoof, bona fide), target `[batch]` (bona fide 1, spoof 0, mixtures between) →
        scalar.

    Raises:
        InputError: `scale` is not positive, or `margin` is not between 0 and 2, the most there can be.
    """

    def __init__(self, scale: float = 20.0, margin: float = 0.9) -> None:
        super().__init__()
        if scale <= 0:
            raise InputError(f"task.loss.scale={scale:g} is not above 0; try 20.")
        if not 0 <= margin < 2:
            raise InputError(f"task.loss.margin={margin:g} is not in [0, 2); try 0.9.")
        self.scale, self.margin = scale, margin

    def head(self, width: int, classes: int) -> nn.Module:  # noqa: ARG002 - two directions for any number
        """The cosines with the directions of spoof and bona fide."""
        return CosineHead(width, 2)

    @property
    def log_prior_odds(self) -> float:
        """0, see the class."""
        return 0.0

    def score(self, logits: Tensor) -> Tensor:
        """Cosines `[batch, 2]` → `[batch]`."""
        return self.scale * log_odds(logits)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Cosines `[batch, 2]`, target `[batch]` in [0, 1] → scalar."""
        apart = log_odds(logits)
        genuine = target.to(apart)
        bonafide = F.softplus(self.scale * (self.margin - apart))
        spoof = F.softplus(self.scale * (self.margin + apart))
        return (genuine * bonafide + (1 - genuine) * spoof).mean()
