"""Mel and linear frequency cepstral coefficients, as WaveFake uses them.

Frank and Schönherr (2021), "WaveFake: A Data Set to Facilitate Audio Deepfake Detection",
https://arxiv.org/abs/2111.02813. The chain is torchaudio's: power spectrogram (periodic Hann, centred frames,
reflected edges) → triangular filters → ln(x + 1e-6) → orthonormal DCT-II, then the slopes over time.
"""

import warnings
from typing import Final, final

import torch
import torchaudio.transforms
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.frontends.frontend import Frontend
from bonafide.types import FeatureShape, InputError

REACH: Final = 2  # frames to either side that a slope looks at: the window of 5 frames


def slope(cepstra: Tensor) -> Tensor:
    """Regression slope over five frames, per frame; the outermost frames are repeated at the edges.

    `d[t] = Σ_{n=1,2} n (c[t+n] − c[t−n]) / 10`. Written out, because as a convolution it would run in TF32
    on recent GPUs, which keeps three digits.

    Shape:
        `[batch, bins, frames]` → `[batch, bins, frames]`.

    >>> slope(torch.tensor([[[0.0, 3.0, 6.0, 9.0, 12.0]]]))[0, 0, 2].item()
    3.0
    """
    frames = cepstra.shape[-1]
    padded = F.pad(cepstra, (REACH, REACH), mode="replicate")

    def shifted(by: int) -> Tensor:
        return padded[..., REACH + by : REACH + by + frames]

    return (shifted(1) - shifted(-1) + 2 * (shifted(2) - shifted(-2))) / 10


@final
class _Chain(nn.Module):
    """What MFCC and LFCC share: the frame grid, the slopes, and single precision throughout.

    Args:
        transform: `[batch, time]` → `[batch, bins, frames]` on frames centred at multiples of `hop`.
        bins: that `transform` gives.
        n_fft: samples in a frame.
        hop: samples between frames.
        deltas: how many orders of slopes are stacked below.
    """

    def __init__(self, transform: nn.Module, bins: int, n_fft: int, hop: int, deltas: int) -> None:
        super().__init__()
        self.transform = transform
        self.bins = bins
        self.n_fft = n_fft
        self.hop = hop
        self.deltas = deltas

    def shape(self, samples: int) -> FeatureShape:
        if samples < self.n_fft:
            found = f"a clip of {samples} samples is shorter than one frame of {self.n_fft}"
            raise InputError(f"{found}; lengthen data.clip_seconds.")
        return FeatureShape(1, self.bins * (1 + self.deltas), 1 + samples // self.hop)

    def times(self, samples: int, sample_rate: int) -> Tensor:
        return torch.arange(self.shape(samples).frames, dtype=torch.float64) * self.hop / sample_rate

    def forward(self, waveform: Tensor) -> Tensor:
        self.shape(waveform.shape[-1])
        with torch.autocast(waveform.device.type, enabled=False):
            orders = [self.transform(waveform.float())]
            for _ in range(self.deltas):
                orders.append(slope(orders[-1]))
            return torch.cat(orders, dim=1)[:, None]


def _check(name: str, *, coefficients: int, filters: int, deltas: int, f_min: float, f_max: float) -> None:
    """Refuses settings that have no meaning, before torchaudio trips over them."""
    if not 1 <= coefficients <= filters:
        raise InputError(
            f"{name} cannot take {coefficients} coefficients from {filters} filters; use 1 to {filters}."
        )
    if deltas not in (0, 1, 2):
        raise InputError(f"{name} stacks 0, 1 or 2 orders of slopes, not deltas={deltas}.")
    if not 0 <= f_min < f_max:
        raise InputError(
            f"{name} filters between f_min={f_min:g} and f_max={f_max:g} Hz: f_max must be higher."
        )


def _edge(name: str, f_max: float | None, sample_rate: int) -> float:
    """Upper edge of the filters in Hz: half the sample rate unless a lower one is asked for."""
    nyquist = sample_rate / 2
    if f_max is not None and f_max > nyquist:
        raise InputError(f"{name} cannot filter up to f_max={f_max:g} Hz; use at most {nyquist:g} Hz.")
    return nyquist if f_max is None else float(f_max)


def _check_filters(name: str, bank: Tensor, n_fft: int) -> None:
    """Refuses a filter bank `[frequencies, filters]` with a filter between two lines of the spectrum."""
    empty = int((bank.amax(dim=0) == 0).sum())
    if empty:
        found = f"{name}: {empty} of {bank.shape[1]} filters fall between the lines of n_fft={n_fft}"
        raise InputError(f"{found}; use fewer filters or a larger n_fft.")


@final
class MFCC(Frontend):
    """Mel frequency cepstral coefficients with their slopes: the envelope on a scale like hearing.

    Args:
        sample_rate: of the waveforms, in Hz.
        coefficients: cepstra kept, from 0 upwards; fewer give a smoother envelope.
        filters: triangles on the HTK mel scale, `2595 log10(1 + f / 700)`, of unit height.
        n_fft: samples in a frame and in its Hann window; longer frames resolve pitch, shorter ones clicks.
        hop: samples between frames.
        f_min: lower edge of the filters, in Hz.
        f_max: upper edge of the filters, in Hz; half the sample rate if not given. Lower it to test what a
            detector hears without the highest band.
        deltas: 0 keeps the cepstra alone, 1 appends their slopes, 2 also the slopes of the slopes.

    Shape:
        `[batch, time]` → `[batch, 1, (1 + deltas) * coefficients, 1 + time // hop]`; cepstra first.

    Raises:
        InputError: a setting has no meaning, or a clip is shorter than one frame.

    >>> MFCC(16000).shape(64600)
    FeatureShape(channels=1, bins=60, frames=253)
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        coefficients: int = 20,
        filters: int = 20,
        n_fft: int = 512,
        hop: int = 256,
        f_min: float = 0.0,
        f_max: float | None = None,
        deltas: int = 2,
    ) -> None:
        super().__init__(sample_rate)
        top = _edge("MFCC", f_max, sample_rate)
        _check("MFCC", coefficients=coefficients, filters=filters, deltas=deltas, f_min=f_min, f_max=top)
        scale = {"n_fft": n_fft, "hop_length": hop, "n_mels": filters, "f_min": f_min, "f_max": top}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="At least one mel filterbank")  # refused below
            transform = torchaudio.transforms.MFCC(
                sample_rate, n_mfcc=coefficients, norm="ortho", log_mels=True, melkwargs=scale
            )
        _check_filters("MFCC", transform.get_buffer("MelSpectrogram.mel_scale.fb"), n_fft)
        self.chain = _Chain(transform, coefficients, n_fft, hop, deltas)

    def shape(self, samples: int) -> FeatureShape:
        """`(1, (1 + deltas) * coefficients, 1 + samples // hop)`.

        Raises:
            InputError: the clip is shorter than one frame.
        """
        return self.chain.shape(samples)

    def times(self, samples: int) -> Tensor:
        """Centre of each frame in seconds, `[frames]` float64; the first is centred on the first sample."""
        return self.chain.times(samples, self.sample_rate)

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, 1, (1 + deltas) * coefficients, frames]`, float32 under autocast too."""
        features: Tensor = self.chain(waveform)
        return features


@final
class LFCC(Frontend):
    """Linear frequency cepstral coefficients with their slopes: all bands count alike, the highest too.

    Args:
        sample_rate: of the waveforms, in Hz.
        coefficients: cepstra kept, from 0 upwards; fewer give a smoother envelope.
        filters: triangles with equally spaced edges, of unit height; more resolve narrower bands.
        n_fft: samples in a frame and in its Hann window; longer frames resolve pitch, shorter ones clicks.
        hop: samples between frames.
        f_min: lower edge of the filters, in Hz.
        f_max: upper edge of the filters, in Hz; half the sample rate if not given. Lower it to test what a
            detector hears without the highest band.
        deltas: 0 keeps the cepstra alone, 1 appends their slopes, 2 also the slopes of the slopes.

    Shape:
        `[batch, time]` → `[batch, 1, (1 + deltas) * coefficients, 1 + time // hop]`; cepstra first.

    Raises:
        InputError: a setting has no meaning, or a clip is shorter than one frame.

    >>> LFCC(16000).shape(64600)
    FeatureShape(channels=1, bins=60, frames=253)
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        coefficients: int = 20,
        filters: int = 20,
        n_fft: int = 512,
        hop: int = 256,
        f_min: float = 0.0,
        f_max: float | None = None,
        deltas: int = 2,
    ) -> None:
        super().__init__(sample_rate)
        top = _edge("LFCC", f_max, sample_rate)
        _check("LFCC", coefficients=coefficients, filters=filters, deltas=deltas, f_min=f_min, f_max=top)
        transform = torchaudio.transforms.LFCC(
            sample_rate,
            n_filter=filters,
            f_min=f_min,
            f_max=top,
            n_lfcc=coefficients,
            norm="ortho",
            log_lf=True,
            speckwargs={"n_fft": n_fft, "hop_length": hop},
        )
        _check_filters("LFCC", transform.get_buffer("filter_mat"), n_fft)
        self.chain = _Chain(transform, coefficients, n_fft, hop, deltas)

    def shape(self, samples: int) -> FeatureShape:
        """`(1, (1 + deltas) * coefficients, 1 + samples // hop)`.

        Raises:
            InputError: the clip is shorter than one frame.
        """
        return self.chain.shape(samples)

    def times(self, samples: int) -> Tensor:
        """Centre of each frame in seconds, `[frames]` float64; the first is centred on the first sample."""
        return self.chain.times(samples, self.sample_rate)

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, 1, (1 + deltas) * coefficients, frames]`, float32 under autocast too."""
        features: Tensor = self.chain(waveform)
        return features
