"""The spectrogram that AudioLDM's encoder reads and its vocoder turns into sound.

Liu et al. (2023), "AudioLDM", https://arxiv.org/abs/2301.12503, and "AudioLDM 2",
https://arxiv.org/abs/2308.05734: windows of 1,024 samples at 16 kHz, one every 160, 64 mel bands up to 8 kHz,
natural logarithm of the magnitude as HiFi-GAN takes it (Slaney's scale and area,
https://arxiv.org/abs/2010.05646).
"""

from typing import Final, final

import torch
import torchaudio
from torch import Tensor

_FLOOR: Final = 1e-5
"""Magnitude below which nothing is told apart, of HiFi-GAN."""

_PEAK: Final = 0.5
"""Of the waveforms that AudioLDM was trained on, mean removed."""


@final
class LogMel:
    """Log-mel magnitudes, time before frequency as a VAE of images has height before width.

    Args:
        sample_rate: Hz.
        bins: mel bands, lowest first.
        hop: samples between frames.
        window: samples under one frame.
        highest: Hz, upper edge of the last band.
    """

    def __init__(
        self,
        sample_rate: int = 16_000,
        bins: int = 64,
        hop: int = 160,
        window: int = 1024,
        highest: int = 8000,
    ) -> None:
        self.hop = hop
        self._window = torch.hann_window(window)
        self._bank: Tensor = torchaudio.functional.melscale_fbanks(
            window // 2 + 1, 0.0, float(highest), bins, sample_rate, norm="slaney", mel_scale="slaney"
        )

    def __call__(self, waveform: Tensor) -> Tensor:
        """`[time]` → `[time // hop, bins]`; frame j is centred on sample `j · hop`."""
        spectrum = torch.stft(
            waveform, len(self._window), self.hop, window=self._window, center=True, return_complex=True
        )
        mel = spectrum.abs()[:, : len(waveform) // self.hop].T @ self._bank
        return mel.clamp(min=_FLOOR).log()


def levelled(waveform: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The clip as these networks were shown theirs, and what brings it back: `levelled · scale + mean`."""
    mean = waveform.mean()
    centred = waveform - mean
    peak = centred.abs().max()
    scale = torch.where(peak > 0, peak / _PEAK, 1.0)
    return centred / scale, scale, mean
