"""AASIST: sinc filters, a residual encoder and spectro-temporal graph attention on the waveform.

Jung et al. (2022), "AASIST: Audio Anti-Spoofing using Integrated Spectro-Temporal Graph Attention Networks",
https://arxiv.org/abs/2110.01200; AASIST-L is the same with fewer channels.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, final

import torch
from torch import Tensor, nn

from bonafide.models import published as released
from bonafide.models.layers import residual
from bonafide.models.layers.residual import ResidualImage
from bonafide.models.layers.sinc import SincFilters
from bonafide.models.layers.spectrotemporal import GraphSettings, SpectroTemporalGraph, published_names
from bonafide.models.model import Network
from bonafide.types import FeatureShape, InputError

POOL: Final = 3  # every pooling keeps the largest of three


@final
class BandMask(nn.Module):
    """Silences neighbouring bands while training: frequency masking.

    Park et al. (2019), "SpecAugment", https://arxiv.org/abs/1904.08779.

    Args:
        most: bands that are silenced at most; as many as are drawn, from 0 on.
        shared: one draw for the whole batch, as the published code, instead of one a clip.

    Shape:
        `[batch, bands, time]` → `[batch, bands, time]`.
    """

    def __init__(self, most: int, *, shared: bool) -> None:
        super().__init__()
        self.most = most
        self.shared = shared

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, bands, time]` → `[batch, bands, time]`."""
        if not self.training or self.most == 0:
            return x
        draws = (1 if self.shared else x.shape[0], 1)
        count = torch.randint(0, self.most + 1, draws, device=x.device)
        start = (torch.rand(draws, device=x.device) * (x.shape[1] - count + 1)).long()
        band = torch.arange(x.shape[1], device=x.device)
        silent = (start <= band) & (band < start + count)  # [batch or 1, bands]
        return x.masked_fill(silent[..., None], 0)


@final
class AASIST(Network):
    """Sees the waveform as an image of sinc bands, whose bins and times attend to each other once encoded.

    The embedding is what the read-out gathers from the graphs, before the dropout in front of the logits.

    Args:
        shape: of the features; one channel, one bin.
        classes: 1 or 2 logits.
        sample_rate: of the waveform, in Hz; places the filters.
        bands: sinc filters.
        taps: odd length of the filters, in samples.
        widths: channels that each residual block gives; each also divides the time by three.
        graph_widths: sizes of a node behind the attention within each kind, and behind that across kinds.
        pool_ratios: nodes that remain of the spectral ones, of the temporal ones, and at the inner poolings.
        temperatures: of the attention among spectral nodes, among temporal ones, and across kinds; a higher
            one spreads it.
        masked_bands: neighbouring bands that a training step silences at most; 0 for none.
        dropout: share of the embedding that a training step leaves out before the logits.
        faithful: keeps two published slips: the blocks after the first forget their pre-activation, and a
            batch shares one mask of bands. The released weights need it.

    Raises:
        InputError: the features are no waveform or too short for the poolings, or a setting is out of range.

    Shape:
        `[batch, 1, 1, time]` → `[batch, classes]`.
    """

    def __init__(
        self,
        shape: FeatureShape,
        classes: int = 2,
        *,
        sample_rate: int = 16000,
        bands: int = 70,
        taps: int = 129,
        widths: Sequence[int] = (32, 32, 64, 64, 64, 64),
        graph_widths: Sequence[int] = (64, 32),
        pool_ratios: Sequence[float] = (0.5, 0.7, 0.5),
        temperatures: Sequence[float] = (2.0, 2.0, 100.0),
        masked_bands: int = 0,
        dropout: float = 0.5,
        faithful: bool = False,
    ) -> None:
        super().__init__(shape, classes)
        settings = GraphSettings(graph_widths, pool_ratios, temperatures)
        settings.check("AASIST")
        _check_filters(bands, taps, masked_bands)
        _check_shape(shape, taps, poolings=1 + len(widths), sample_rate=sample_rate)
        self.faithful = faithful
        self.sinc = SincFilters(bands, taps, sample_rate)
        self.mask = BandMask(masked_bands, shared=faithful)
        self.entry = nn.Sequential(nn.MaxPool2d(POOL), nn.BatchNorm2d(1), nn.SELU(inplace=True))
        blocks: list[nn.Module] = []
        for depth, (inputs, outputs) in enumerate(pairwise([1, *widths])):
            blocks.append(ResidualImage(inputs, outputs, first=depth == 0, faithful=faithful))
            blocks.append(nn.MaxPool2d((1, POOL)))
        self.blocks = nn.Sequential(*blocks)
        # Halves the time of a training step on a CPU, and is what tensor cores read.
        self.blocks.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        spectral, temporal = bands // POOL, (shape.frames - taps + 1) // POOL ** (1 + len(widths))
        self.graph = SpectroTemporalGraph([1, *widths][-1], spectral, temporal, settings)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.graph.width, classes))

    @property
    def width(self) -> int:
        """Size of the embedding: what the read-out gathers."""
        return self.graph.width

    def embed(self, features: Tensor) -> Tensor:
        """`[batch, 1, 1, time]` → `[batch, 5 * graph_widths[1]]`."""
        bands = self.mask(self.sinc(features.squeeze(2))).abs()  # [batch, bands, time - taps + 1]
        image = self.blocks(self.entry(bands[:, None]))  # [batch, widths[-1], bands // 3, times]
        size = image.abs()
        embedding: Tensor = self.graph(size.amax(dim=3).mT, size.amax(dim=2).mT)
        return embedding

    def renamed(self, published: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The released weights of AASIST or AASIST-L, which take `faithful` residual blocks.

        Raises:
            InputError: these are not they, or this model is not faithful.
        """
        if not self.faithful:
            raise InputError(
                "the released weights of AASIST were trained with the published residual blocks; "
                "set model.faithful=true."
            )
        names = {"first_bn": "entry.1", "out_layer": "head.1"} | published_names("graph")
        for depth in range(len(self.blocks) // 2):
            block = {f"encoder.{depth}.0.{name}": layer for name, layer in residual.PUBLISHED.items()}
            names |= {name: f"blocks.{2 * depth}.{layer}" for name, layer in block.items()}
        return released.rename(published, names, "AASIST")


def _check_filters(bands: int, taps: int, masked_bands: int) -> None:
    """Refuses filters that no image can be made of."""
    if bands < POOL:
        raise InputError(f"AASIST pools its bands by {POOL} and needs {POOL} or more, not bands={bands}.")
    if taps < 1 or taps % 2 == 0:
        raise InputError(f"AASIST needs filters of odd length, not taps={taps}; try taps={max(taps, 0) + 1}.")
    if not 0 <= masked_bands <= bands:
        raise InputError(
            f"AASIST has {bands} bands and cannot silence masked_bands={masked_bands}; "
            f"give 0 (none) to {bands}."
        )


def _check_shape(shape: FeatureShape, taps: int, *, poolings: int, sample_rate: int) -> None:
    """Refuses what is no waveform, and clips that the poolings would leave empty."""
    if (shape.channels, shape.bins) != (1, 1):
        raise InputError(
            f"AASIST reads a waveform, not {shape.channels} × {shape.bins} features; try frontend=raw."
        )
    shortest = POOL**poolings + taps - 1
    if shape.frames < shortest:
        raise InputError(
            f"AASIST needs clips of at least {shortest} samples ({shortest / sample_rate:.4f} s at "
            f"{sample_rate} Hz), not {shape.frames}; lengthen data.clip_seconds."
        )
