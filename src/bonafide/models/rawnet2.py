"""RawNet2: sinc filters, residual blocks and a recurrent layer on the waveform.

Tak et al. (2021), "End-to-End Anti-Spoofing with RawNet2", https://arxiv.org/abs/2011.01108, in the sizes of
the ASVspoof 2021 LA baseline; the filters are those of Ravanelli and Bengio (2018),
https://arxiv.org/abs/1808.00158, the feature map scaling that of Jung et al. (2020),
https://arxiv.org/abs/2004.00526.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.models.model import Model
from bonafide.types import FeatureShape, InputError

POOL: Final = 3  # every pooling keeps the largest of three


def mel_edges(bands: int, sample_rate: int) -> Tensor:
    """Edges of bands of equal width on the mel scale `2595 log10(1 + f / 700)`, up to half the sample rate.

    Returns:
        `[bands + 1]` float64 in Hz, rising from 0.

    >>> [round(edge, 2) for edge in mel_edges(20, 16000).tolist()[:4]]
    [0.0, 94.0, 200.62, 321.55]
    """
    nyquist = torch.tensor(sample_rate / 2, dtype=torch.float64)
    mel = torch.linspace(0, 1, bands + 1, dtype=torch.float64) * torch.log10(1 + nyquist / 700)
    return 700 * (10**mel - 1)


def sinc_bank(edges: Tensor, taps: int) -> Tensor:
    """Band-pass filters between neighbouring edges: differences of low-passes under a Hamming window.

    A low-pass at `e` times half the sample rate is `e sinc(e n)`. If the edges run from 0 to 1, the filters
    sum to the unit impulse.

    Args:
        edges: `[bands + 1]` in units of half the sample rate.
        taps: odd length of the filters, `n = -(taps - 1) / 2 … (taps - 1) / 2`.

    Returns:
        `[bands, taps]`, symmetric.
    """
    place = torch.arange(taps, dtype=edges.dtype, device=edges.device) - taps // 2
    window = torch.hamming_window(taps, periodic=False, dtype=edges.dtype, device=edges.device)
    lowpass = edges[:, None] * torch.sinc(edges[:, None] * place)
    return lowpass.diff(dim=0) * window


@final
class SincFilters(nn.Module):
    """Fixed band-pass filters on the mel scale, computed once.

    Args:
        bands: filters.
        taps: odd length of each, in samples; longer ones separate bands more sharply.
        sample_rate: in Hz.

    Shape:
        `[batch, 1, time]` → `[batch, bands, time - taps + 1]`.
    """

    filters: Tensor

    def __init__(self, bands: int, taps: int, sample_rate: int) -> None:
        super().__init__()
        edges = mel_edges(bands, sample_rate) / (sample_rate / 2)
        self.register_buffer("filters", sinc_bank(edges, taps).float(), persistent=False)  # [bands, taps]

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, 1, time]` → `[batch, bands, time - taps + 1]`."""
        return F.conv1d(waveform, self.filters[:, None])


@final
class TrainableSincFilters(nn.Module):
    """Band-pass filters that start on the mel scale and move their inner edges.

    The outer edges stay at 0 and half the sample rate, so that the bands always cover the whole spectrum.

    Args:
        bands: filters; one edge fewer is learnt.
        taps: odd length of each, in samples.
        sample_rate: in Hz.

    Shape:
        `[batch, 1, time]` → `[batch, bands, time - taps + 1]`.
    """

    def __init__(self, bands: int, taps: int, sample_rate: int) -> None:
        super().__init__()
        self.taps = taps
        edges = mel_edges(bands, sample_rate) / (sample_rate / 2)
        # In units of half the sample rate, so that a learning rate for weights suits them.
        self.edges = nn.Parameter(edges[1:-1].float())

    def filters(self) -> Tensor:
        """The filters as they are now, `[bands, taps]`."""
        inner = self.edges.clamp(0, 1)
        return sinc_bank(torch.cat([inner.new_zeros(1), inner, inner.new_ones(1)]), self.taps)

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, 1, time]` → `[batch, bands, time - taps + 1]`."""
        return F.conv1d(waveform, self.filters()[:, None])


@final
class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut, activated before each, then pooled to a third of the time.

    Args:
        inputs: channels in.
        outputs: channels out; the shortcut is a convolution of one tap where they differ.
        first: the block before has normalised and activated already.
        faithful: normalises and activates, and then reads the raw input all the same, as the published code.

    Shape:
        `[batch, inputs, time]` → `[batch, outputs, time // 3]`.
    """

    def __init__(self, inputs: int, outputs: int, *, first: bool, faithful: bool) -> None:
        super().__init__()
        activation = nn.LeakyReLU(0.3)
        # The published file holds the parameters it discards, so the faithful block does too.
        self.before = nn.Identity() if first else nn.Sequential(nn.BatchNorm1d(inputs), activation)
        self.discard = faithful
        self.residual = nn.Sequential(
            nn.Conv1d(inputs, outputs, 3, padding=1),
            nn.BatchNorm1d(outputs),
            activation,
            nn.Conv1d(outputs, outputs, 3, padding=1),
        )
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv1d(inputs, outputs, 1)
        self.pool = nn.MaxPool1d(POOL)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, inputs, time]` → `[batch, outputs, time // 3]`."""
        ready = x if self.discard else self.before(x)
        pooled: Tensor = self.pool(self.residual(ready) + self.shortcut(x))
        return pooled


@final
class FeatureMapScaling(nn.Module):
    """Weighs each channel by what all channels hold on average over time: `x s + s`.

    Args:
        channels: in and out.

    Shape:
        `[batch, channels, time]` → `[batch, channels, time]`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, channels, time]` → `[batch, channels, time]`."""
        scale: Tensor = self.weigh(x.mean(dim=-1)).sigmoid()[..., None]  # [batch, channels, 1]
        return x * scale + scale


@final
class RawNet2(Model):
    """Reads the waveform through sinc filters, six residual blocks and a gated recurrent unit.

    Args:
        shape: of the features; one channel, one bin.
        classes: 1 or 2 logits.
        sample_rate: of the waveform, in Hz; places the filters.
        bands: sinc filters.
        taps: odd length of the filters, in samples.
        widths: channels that each residual block gives; each also divides the time by three.
        recurrent: width of the recurrent layers.
        layers: recurrent layers.
        embedding: width of the layer before the logits.
        trainable_sinc: lets the edges of the bands learn; about 20 parameters more.
        faithful: keeps the published slip, by which the blocks after the first discard their pre-activation
            (848 parameters then never learn).

    Raises:
        InputError: the features are no waveform, or too short for the poolings.

    Shape:
        `[batch, 1, 1, time]` → `[batch, classes]`.
    """

    def __init__(
        self,
        shape: FeatureShape,
        classes: int = 2,
        *,
        sample_rate: int = 16000,
        bands: int = 20,
        taps: int = 1025,
        widths: Sequence[int] = (20, 20, 128, 128, 128, 128),
        recurrent: int = 1024,
        layers: int = 3,
        embedding: int = 1024,
        trainable_sinc: bool = False,
        faithful: bool = False,
    ) -> None:
        super().__init__(shape, classes)
        _check(shape, taps, poolings=1 + len(widths), sample_rate=sample_rate)
        filters = TrainableSincFilters if trainable_sinc else SincFilters
        self.sinc: nn.Module = filters(bands, taps, sample_rate)
        self.entry = nn.Sequential(nn.MaxPool1d(POOL), nn.BatchNorm1d(bands), nn.SELU())
        blocks: list[nn.Module] = []
        for depth, (inputs, outputs) in enumerate(pairwise([bands, *widths])):
            blocks.append(ResidualBlock(inputs, outputs, first=depth == 0, faithful=faithful))
            blocks.append(FeatureMapScaling(outputs))
        self.blocks = nn.Sequential(*blocks)
        last = [bands, *widths][-1]
        self.exit = nn.Sequential(nn.BatchNorm1d(last), nn.SELU())
        self.gru = nn.GRU(last, recurrent, layers, batch_first=True)
        self.head = nn.Sequential(nn.Linear(recurrent, embedding), nn.Linear(embedding, classes))

    def forward(self, features: Tensor) -> Tensor:
        """`[batch, 1, 1, time]` → `[batch, classes]`, unnormalised."""
        bands = self.sinc(features.squeeze(2)).abs()  # [batch, bands, time - taps + 1]
        x = self.exit(self.blocks(self.entry(bands)))  # [batch, widths[-1], steps]
        steps, _ = self.gru(x.transpose(1, 2))  # [batch, steps, recurrent]
        logits: Tensor = self.head(steps[:, -1])
        return logits


def _check(shape: FeatureShape, taps: int, *, poolings: int, sample_rate: int) -> None:
    """Refuses what is no waveform, and clips that the poolings would leave empty."""
    if shape.bins != 1:
        raise InputError(f"RawNet2 reads a waveform, not {shape.bins} bins of features; try frontend=raw.")
    if shape.channels != 1:
        raise InputError(f"RawNet2 reads a waveform, not {shape.channels} channels; try frontend=raw.")
    if taps < 1 or taps % 2 == 0:
        raise InputError(
            f"RawNet2 needs filters of odd length, not taps={taps}; try taps={max(taps, 0) + 1}."
        )
    shortest = POOL**poolings + taps - 1
    if shape.frames < shortest:
        raise InputError(
            f"RawNet2 needs clips of at least {shortest} samples ({shortest / sample_rate:.4f} s at "
            f"{sample_rate} Hz), not {shape.frames}; lengthen data.clip_seconds."
        )
