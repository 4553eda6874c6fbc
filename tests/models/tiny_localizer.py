"""The smallest model that judges frames: a linear layer on each, and one on their mean."""

from collections.abc import Sequence
from typing import final

from torch import Tensor, nn

from bonafide.models.localizer import Localized, Localizer, pooled
from bonafide.types import FeatureShape


@final
class EachFrame(Localizer):
    """Judges frames, or means of `reduction` of them, each by itself."""

    def __init__(self, shape: FeatureShape, classes: int = 2, *, reduction: int = 1) -> None:
        super().__init__(shape, classes)
        self.reduction = reduction
        self.pool = nn.AvgPool1d(reduction, ceil_mode=True)
        self.frame_head = nn.Conv1d(shape.bins, classes, 1)
        self.head: nn.Linear | None = None

    def take_frame_head(self, clip: bool | None) -> bool:
        if clip:
            self.head = nn.Linear(self.shape.bins, self.classes)
        return self.head is not None

    @property
    def heads(self) -> Sequence[nn.Module]:
        return [self.frame_head] if self.head is None else [self.frame_head, self.head]

    def localize(self, features: Tensor, own: Tensor | None = None) -> Localized:
        states = self.pool(features[:, 0])
        frames = self.frame_head(states)
        if self.head is None:
            return Localized(pooled(frames, "max", own), frames)
        return Localized(self.head(states.mean(dim=-1)), frames)

    def forward(self, features: Tensor) -> Tensor:
        return self.localize(features).clip
