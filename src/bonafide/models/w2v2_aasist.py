"""AASIST's residual encoder and graphs behind a self-supervised transformer.

Xie et al. (2024), "The Codecfake Dataset and Countermeasures", https://arxiv.org/abs/2405.04880, after
Tak et al. (2022), "Automatic Speaker Verification Spoofing and Deepfake Detection Using Wav2vec 2.0 and Data
Augmentation", https://arxiv.org/abs/2202.12233, and Jung et al. (2022), https://arxiv.org/abs/2110.01200.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, final

from torch import Tensor, nn

from bonafide.models import published as released
from bonafide.models.layers import residual
from bonafide.models.layers.residual import ResidualImage
from bonafide.models.layers.spectrotemporal import GraphSettings, SpectroTemporalGraph, published_names
from bonafide.models.model import Network
from bonafide.types import FeatureShape, InputError

POOL: Final = 3  # the one pooling keeps the largest of 3 × 3


@final
class W2V2AASIST(Network):
    """Reads the hidden units of a transformer, or any other image, and lets its bins and times attend.

    The nodes are sums over time and over frequency, weighted by what a small network finds important. The
    embedding is what the read-out gathers from the graphs, before the dropout in front of the logits.

    Args:
        shape: of the features; one channel; bins are the hidden units of a transformer.
        classes: 1 or 2 logits.
        reduced: what the bins are projected to, frame by frame, before the image is pooled.
        widths: channels that each residual block gives.
        graph_widths: sizes of a node behind the attention within each kind, and behind that across kinds.
        pool_ratios: nodes that remain of the spectral ones, of the temporal ones, and at the inner poolings.
        temperatures: of the attention among spectral nodes, among temporal ones, and across kinds; a higher
            one spreads it.
        dropout: share of the embedding that a training step leaves out before the logits.
        faithful: keeps the published slip, by which the blocks after the first forget their pre-activation.
            The released weights need it.

    Raises:
        InputError: the features are a waveform, have several channels or are too short to pool, or a setting
            is out of range.

    Shape:
        `[batch, 1, bins, frames]` → `[batch, classes]`.
    """

    def __init__(
        self,
        shape: FeatureShape,
        classes: int = 2,
        *,
        reduced: int = 128,
        widths: Sequence[int] = (32, 32, 64, 64, 64, 64),
        graph_widths: Sequence[int] = (64, 32),
        pool_ratios: Sequence[float] = (0.5, 0.5, 0.5),
        temperatures: Sequence[float] = (2.0, 2.0, 100.0),
        dropout: float = 0.5,
        faithful: bool = False,
    ) -> None:
        super().__init__(shape, classes)
        settings = GraphSettings(graph_widths, pool_ratios, temperatures)
        settings.check("W2V2AASIST")
        _check(shape, reduced)
        self.faithful = faithful
        # A linear layer a frame; as a convolution it needs no transposed copy of the features.
        self.project = nn.Conv1d(shape.bins, reduced, 1)
        self.entry = nn.Sequential(nn.MaxPool2d(POOL), nn.BatchNorm2d(1), nn.SELU(inplace=True))
        self.blocks = nn.Sequential(
            *(
                ResidualImage(inputs, outputs, first=depth == 0, faithful=faithful)
                for depth, (inputs, outputs) in enumerate(pairwise([1, *widths]))
            )
        )
        channels = [1, *widths][-1]
        self.exit = nn.Sequential(nn.BatchNorm2d(channels), nn.SELU(inplace=True))
        self.attention = nn.Sequential(
            nn.Conv2d(channels, 128, 1),
            nn.SELU(inplace=True),
            nn.BatchNorm2d(128),
            nn.Conv2d(128, channels, 1),
        )
        self.graph = SpectroTemporalGraph(channels, reduced // POOL, shape.frames // POOL, settings)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.graph.width, classes))

    @property
    def width(self) -> int:
        """Size of the embedding: what the read-out gathers."""
        return self.graph.width

    def embed(self, features: Tensor) -> Tensor:
        """`[batch, 1, bins, frames]` → `[batch, 5 * graph_widths[1]]`."""
        image = self.project(features.squeeze(1))[:, None]  # [batch, 1, reduced, frames]
        image = self.exit(self.blocks(self.entry(image)))  # [batch, widths[-1], reduced // 3, frames // 3]
        importance = self.attention(image)  # of the same shape
        spectral = (image * importance.softmax(dim=3)).sum(dim=3).mT  # [batch, reduced // 3, widths[-1]]
        temporal = (image * importance.softmax(dim=2)).sum(dim=2).mT  # [batch, frames // 3, widths[-1]]
        embedding: Tensor = self.graph(spectral, temporal)
        return embedding

    def renamed(self, published: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The released weights of Codecfake, which take `faithful` residual blocks; genuine came first there.

        Raises:
            InputError: these are not they, or this model is not faithful.
        """
        if not self.faithful:
            raise InputError(
                "the released weights of W2V2AASIST were trained with the published residual blocks; "
                "set model.faithful=true."
            )
        names = {
            "LL": "project",
            "first_bn": "entry.1",
            "first_bn1": "exit.0",
            "attention": "attention",
            "out_layer": "head.1",
        } | published_names("graph")
        for depth in range(len(self.blocks)):
            block = {f"encoder.{depth}.0.{name}": layer for name, layer in residual.PUBLISHED.items()}
            names |= {name: f"blocks.{depth}.{layer}" for name, layer in block.items()}
        found = released.rename(published, names, "W2V2AASIST")
        if "project.weight" in found:  # [reduced, bins] → [reduced, bins, 1]
            found["project.weight"] = found["project.weight"][..., None]
        return found | {
            name: found[name].flip(0) for name in ("head.1.weight", "head.1.bias") if name in found
        }


def _check(shape: FeatureShape, reduced: int) -> None:
    if shape.channels != 1:
        raise InputError(
            f"W2V2AASIST reads one channel of features, not {shape.channels}; try frontend=xlsr_layer5."
        )
    if shape.bins == 1:
        raise InputError("W2V2AASIST reads bins by frames, not a waveform; try frontend=xlsr_layer5.")
    if reduced < POOL:
        raise InputError(f"W2V2AASIST pools by {POOL} and needs reduced={POOL} or more, not {reduced}.")
    if shape.frames < POOL:
        raise InputError(
            f"W2V2AASIST pools by {POOL} and needs at least {POOL} frames, not {shape.frames}; "
            "lengthen data.clip_seconds or choose a smaller hop."
        )
