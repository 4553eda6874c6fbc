"""The residual block of AASIST's encoder.

Jung et al. (2022), "AASIST: Audio Anti-Spoofing using Integrated Spectro-Temporal Graph Attention Networks",
https://arxiv.org/abs/2110.01200.
"""

from typing import Final, final

from torch import Tensor, nn

from bonafide.models.layers.normalization import ExactBatchNorm2d

PUBLISHED: Final = {
    "bn1": "before.0",
    "conv1": "residual.0",
    "bn2": "residual.1",
    "conv2": "residual.3",
    "conv_downsample": "shortcut",
}
"""What the layers of a released block are called here."""


@final
class ResidualImage(nn.Module):
    """Two convolutions of 2 bins × 3 frames beside a shortcut, activated before each; keeps the size.

    Args:
        inputs: channels in.
        outputs: channels out; the shortcut is a convolution where they differ.
        first: the layer before has normalised and activated already.
        faithful: reads the raw input instead of its activation, as the published code, which computes the
            activation and then forgets it. Its normalisation is kept, for the released weights hold it, but
            never learns.

    Shape:
        `[batch, inputs, bins, frames]` → `[batch, outputs, bins, frames]`.
    """

    def __init__(self, inputs: int, outputs: int, *, first: bool, faithful: bool) -> None:
        super().__init__()
        self.before = (
            nn.Identity() if first else nn.Sequential(ExactBatchNorm2d(inputs), nn.SELU(inplace=True))
        )
        self.discard = faithful
        # Without this, data-parallel training would wait for gradients that never come.
        self.before.requires_grad_(not faithful)
        self.residual = nn.Sequential(
            nn.Conv2d(inputs, outputs, (2, 3), padding=(1, 1)),
            ExactBatchNorm2d(outputs),
            nn.SELU(inplace=True),
            nn.Conv2d(outputs, outputs, (2, 3), padding=(0, 1)),
        )
        self.shortcut = (
            nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, (1, 3), padding=(0, 1))
        )

    def forward(self, image: Tensor) -> Tensor:
        """`[batch, inputs, bins, frames]` → `[batch, outputs, bins, frames]`."""
        ready = image if self.discard else self.before(image)
        total: Tensor = self.residual(ready) + self.shortcut(image)
        return total
