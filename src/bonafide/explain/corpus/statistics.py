"""Spectrum, spectral centroid and level of whole recordings, for a batch of several lengths at once.

The numbers are those that WaveFake (Frank and Schönherr, 2021, https://arxiv.org/abs/2111.02813) compares its
generators by. Every recording is measured as if it were alone: mirrored at its own ends, its own frames only.
"""

from typing import Final

import torch
from torch import Tensor

FLOOR: Final = 1e-12
"""Power that is added before a logarithm: digital silence lies at −120 dB."""


def power(waveform: Tensor, length: Tensor, n_fft: int, hop: int) -> tuple[Tensor, Tensor]:
    """Power spectrogram with a periodic Hann window, frames centred on multiples of `hop`.

    Args:
        waveform: `[batch, time]`, with anything behind the end of a clip.
        length: `[batch]` int64, samples of each clip, at least one.
        n_fft: samples in a frame and in its window.
        hop: samples between frames.

    Returns:
        Powers `[batch, frames, n_fft // 2 + 1]`, and which frames a clip has, `[batch, frames]`.
    """
    margin = n_fft // 2
    padded = mirrored(waveform, length, margin)
    window = torch.hann_window(n_fft, dtype=waveform.dtype, device=waveform.device)
    spectrum = torch.stft(padded, n_fft, hop, window=window, center=False, return_complex=True)
    spectrum = spectrum.transpose(-2, -1)
    powers = torch.addcmul(spectrum.real.square(), spectrum.imag, spectrum.imag)
    frames = torch.arange(powers.shape[1], device=waveform.device)
    return powers, frames <= (length // hop)[:, None]


def mirrored(waveform: Tensor, length: Tensor, margin: int) -> Tensor:
    """Continues each clip beyond both ends as in a mirror, several times over where it is short.

    Shape:
        `[batch, time]`, `[batch]` → `[batch, margin + time + margin]`; 0 beyond that of a shorter clip.

    >>> mirrored(torch.tensor([[1.0, 2, 3, 4], [5, 6, 0, 0]]), torch.tensor([4, 2]), 2).tolist()
    [[3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0], [5.0, 6.0, 5.0, 6.0, 5.0, 6.0, 0.0, 0.0]]
    """
    batch, time = waveform.shape
    inside = torch.arange(time, device=waveform.device) < length[:, None]
    padded = waveform.new_zeros(batch, margin + time + margin)
    padded[:, margin : margin + time] = waveform * inside
    beyond = torch.arange(margin, device=waveform.device)
    for places in (beyond.expand(batch, -1), margin + length[:, None] + beyond):
        period = (2 * (length[:, None] - 1)).clamp(min=1)
        source = (places - margin) % period
        source = torch.minimum(source, period - source).clamp(max=time - 1)
        source = torch.where(length[:, None] > 1, source, 0)
        padded.scatter_(1, places, waveform.gather(1, source))
    return padded


def level_spectrum(powers: Tensor, present: Tensor) -> Tensor:
    """Mean power of each line over the frames of a clip, in decibels: 10 log10(mean + 1e-12).

    Shape:
        `[batch, frames, bins]`, `[batch, frames]` → `[batch, bins]` float64.
    """
    total = (powers * present[..., None]).sum(1, dtype=torch.float64)
    mean = total / present.sum(1, keepdim=True)
    return 10 * (mean + FLOOR).log10()


def centroid(powers: Tensor, present: Tensor, sample_rate: int) -> Tensor:
    """Centre of gravity of the magnitudes of each frame, averaged over the frames that hold any sound.

    Args:
        powers: `[batch, frames, bins]`.
        present: which frames a clip has, `[batch, frames]`.
        sample_rate: in Hz.

    Returns:
        Hertz, `[batch]` float64; not a number for digital silence.
    """
    magnitude = powers.sqrt()
    hertz = torch.linspace(0, sample_rate / 2, powers.shape[-1], dtype=powers.dtype, device=powers.device)
    total = magnitude.sum(-1)
    sounding = present & (total > 0)
    each = (magnitude @ hertz / total.clamp(min=torch.finfo(powers.dtype).tiny)).double()
    return torch.where(sounding, each, 0).sum(1) / sounding.sum(1)


def rms(waveform: Tensor, length: Tensor) -> Tensor:
    """Root mean square in dB re full scale, `[batch]` float64; −120 for digital silence."""
    inside = torch.arange(waveform.shape[1], device=waveform.device) < length[:, None]
    energy = (waveform * inside).square().sum(1, dtype=torch.float64)
    return 10 * (energy / length + FLOOR).log10()
