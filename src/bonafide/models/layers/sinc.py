"""Band-pass filters between band edges, on the waveform.

Ravanelli and Bengio (2018), "Speaker Recognition from Raw Waveform with SincNet",
https://arxiv.org/abs/1808.00158; on the mel scale as RawNet2 and AASIST of anti-spoofing have them.
"""

from typing import Final, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LONG: Final = 512  # taps from which transforms are worth their while on a CPU
BLOCK: Final = 8192  # samples under one transform, or the power of two that holds the filter twice


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


def filtered(waveform: Tensor, filters: Tensor) -> Tensor:
    """Each filter laid over every place of the waveform, without a border: `F.conv1d`.

    Long filters on a CPU go through Fourier transforms, in the precision of the waveform, which for 1025 taps
    makes this several times faster; there is none of half precision there. A GPU has faster convolutions.

    Args:
        waveform: `[batch, 1, time]`.
        filters: `[bands, taps]`.

    Returns:
        `[batch, bands, time - taps + 1]`.
    """
    precise = waveform.dtype == filters.dtype and waveform.dtype.itemsize >= 4
    if waveform.device.type == "cpu" and precise and LONG <= filters.shape[1] <= waveform.shape[-1]:
        # Inductor has no complex numbers: it would warn, and fall back on the same calls.
        found: Tensor = torch.compiler.disable(_overlap_save)(waveform, filters)  # type: ignore[no-untyped-call]
        return found
    return F.conv1d(waveform, filters[:, None])


def _overlap_save(waveform: Tensor, filters: Tensor) -> Tensor:
    """`filtered`, block by block: a product of spectra is right where the filter lies within its block.

    Oppenheim and Schafer, "Discrete-Time Signal Processing", section 8.7.3.
    """
    taps = filters.shape[1]
    block = max(BLOCK, 2 ** (2 * taps - 1).bit_length())
    hop, frames = block - taps + 1, waveform.shape[-1] - taps + 1
    count = -(-frames // hop)
    padded = F.pad(waveform, (0, count * hop + taps - 1 - waveform.shape[-1]))
    spectra = torch.fft.rfft(padded.unfold(-1, block, hop))  # [batch, 1, count, block / 2 + 1]
    responses = torch.fft.rfft(filters, block).conj()[:, None]  # [bands, 1, block / 2 + 1]
    blocks: Tensor = torch.fft.irfft(spectra * responses, block)[..., :hop]  # [batch, bands, count, hop]
    return blocks.flatten(2)[..., :frames]


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
        return filtered(waveform, self.filters)


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
        return filtered(waveform, self.filters())
