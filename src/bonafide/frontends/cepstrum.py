"""Mel and linear frequency cepstral coefficients: the envelope of the spectrum, a few numbers a frame.

As WaveFake uses them: Frank and Schönherr (2021), "WaveFake: A Data Set to Facilitate Audio Deepfake
Detection", https://arxiv.org/abs/2111.02813: power spectrogram (periodic Hann, centred frames, reflected
edges) → triangular filters → ln(x + 1e-6) → orthonormal DCT-II, then the slopes over time. The options reach
librosa's chain as well (Slaney's filters, decibels, silence beyond the edges).
"""

from typing import Final, Literal, final

import torch
import torchaudio.functional
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.frontends import triangles
from bonafide.frontends.framing import Framed, Padding
from bonafide.frontends.legend import Legend
from bonafide.frontends.scale import Scale, Scaling
from bonafide.frontends.spectrogram import Spectrum
from bonafide.types import InputError

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
    """What MFCC and LFCC share: spectrum → filters → scale → cosine transform → slopes.

    Args:
        name: of the front end, for messages.
        bank: the filters, `[lines, filters]`.
        coefficients: cepstra kept.
        spectrum: power of the frames.
        scaling: of the filters' outputs.
        deltas: how many times the slope is taken.
        stack: whether the cepstra and all slopes are stacked; else the last alone remains.
    """

    bank: Tensor
    cosines: Tensor

    def __init__(
        self,
        name: str,
        bank: Tensor,
        *,
        coefficients: int,
        spectrum: Spectrum,
        scaling: Scaling,
        deltas: int,
        stack: bool,
    ) -> None:
        super().__init__()
        filters = bank.shape[1]
        if not 1 <= coefficients <= filters:
            found = f"{name} cannot take {coefficients} coefficients from {filters} filters"
            raise InputError(f"{found}; use 1 to {filters}.")
        if deltas not in (0, 1, 2):
            raise InputError(f"{name} takes 0, 1 or 2 orders of slopes, not deltas={deltas}.")
        self.spectrum = spectrum
        self.scaling = scaling
        self.deltas = deltas
        self.stack = stack
        cosines = torchaudio.functional.create_dct(coefficients, filters, norm="ortho")
        self.register_buffer("bank", bank, persistent=False)
        self.register_buffer("cosines", cosines, persistent=False)

    def legend(self) -> Legend:
        """Cepstra and slopes, each from its lowest coefficient upwards."""
        orders = ("cepstrum", "Δ", "ΔΔ")[: self.deltas + 1]
        rows = self.cosines.shape[1]
        shown = enumerate(orders) if self.stack else [(0, orders[-1])]
        return Legend("coefficient", "value", marks=tuple((place * rows, name) for place, name in shown))

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, bins]`."""
        loudness = self.scaling(self.spectrum(waveform) @ self.bank)
        orders = [(loudness @ self.cosines).transpose(-2, -1)]
        for _ in range(self.deltas):
            orders.append(slope(orders[-1]))
        chosen = torch.cat(orders, dim=1) if self.stack else orders[-1]
        return chosen.transpose(-2, -1)


@final
class MFCC(Framed):
    """Mel frequency cepstral coefficients with their slopes: the envelope on a scale like hearing.

    Args:
        sample_rate: of the waveforms, in Hz.
        coefficients: cepstra kept, from 0 upwards; fewer give a smoother envelope.
        filters: triangles on the mel scale; more resolve narrower bands.
        n_fft: samples in a frame and in its Hann window; longer frames resolve pitch, shorter ones clicks.
        hop: samples between frames.
        f_min: lower edge of the filters, in Hz.
        f_max: upper edge of the filters, in Hz; half the sample rate if not given. Lower it to test what a
            detector hears without the highest band.
        mel_scale: `htk` (torchaudio's, WaveFake's) or `slaney` (librosa's).
        norm: `slaney` gives the triangles equal areas (librosa's); equal heights if not given.
        deltas: 0 keeps the cepstra alone, 1 takes their slopes, 2 also the slopes of the slopes.
        stack: whether cepstra and slopes are stacked, or the last order of slopes stands alone.
        scale: of the filters' powers: `log` (ln(x + floor)), `decibel` or `linear`.
        floor: power below which nothing is told apart.
        top_db: decibels below the loudest filter of a clip at which it is cut off; none if not given.
        padding: what lies beyond the edges: `reflect` (the clip mirrored) or `zero` (librosa's).

    Shape:
        `[batch, time]` → `[batch, 1, (1 + deltas) * coefficients, 1 + time // hop]`, cepstra first;
        `coefficients` rows if not stacked. For an odd `n_fft` there are `1 + (time - 1) // hop` frames.

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
        mel_scale: triangles.MelScale = "htk",
        norm: Literal["slaney"] | None = None,
        deltas: int = 2,
        stack: bool = True,
        scale: Scale = "log",
        floor: float = 1e-6,
        top_db: float | None = None,
        padding: Padding = "reflect",
    ) -> None:
        bins = coefficients * (1 + deltas) if stack else coefficients
        super().__init__(sample_rate, bins=bins, length=n_fft, hop=hop)
        bank = triangles.mel(
            "MFCC",
            sample_rate,
            filters=filters,
            n_fft=n_fft,
            f_min=f_min,
            f_max=f_max,
            mel_scale=mel_scale,
            norm=norm,
        )
        self.chain = _Chain(
            "MFCC",
            bank,
            coefficients=coefficients,
            spectrum=Spectrum(n_fft, hop, padding=padding),
            scaling=Scaling(scale, 2, floor, top_db),
            deltas=deltas,
            stack=stack,
        )

    def legend(self) -> Legend:
        """Cepstra and slopes, each from its lowest coefficient upwards."""
        return self.chain.legend()

    def features(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, bins]`."""
        features: Tensor = self.chain(waveform)
        return features


@final
class LFCC(Framed):
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
        deltas: 0 keeps the cepstra alone, 1 takes their slopes, 2 also the slopes of the slopes.
        stack: whether cepstra and slopes are stacked, or the last order of slopes stands alone.
        scale: of the filters' powers: `log` (ln(x + floor)), `decibel` or `linear`.
        floor: power below which nothing is told apart.
        top_db: decibels below the loudest filter of a clip at which it is cut off; none if not given.
        padding: what lies beyond the edges: `reflect` (the clip mirrored) or `zero` (librosa's).

    Shape:
        `[batch, time]` → `[batch, 1, (1 + deltas) * coefficients, 1 + time // hop]`, cepstra first;
        `coefficients` rows if not stacked. For an odd `n_fft` there are `1 + (time - 1) // hop` frames.

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
        stack: bool = True,
        scale: Scale = "log",
        floor: float = 1e-6,
        top_db: float | None = None,
        padding: Padding = "reflect",
    ) -> None:
        bins = coefficients * (1 + deltas) if stack else coefficients
        super().__init__(sample_rate, bins=bins, length=n_fft, hop=hop)
        bank = triangles.linear("LFCC", sample_rate, filters=filters, n_fft=n_fft, f_min=f_min, f_max=f_max)
        self.chain = _Chain(
            "LFCC",
            bank,
            coefficients=coefficients,
            spectrum=Spectrum(n_fft, hop, padding=padding),
            scaling=Scaling(scale, 2, floor, top_db),
            deltas=deltas,
            stack=stack,
        )

    def legend(self) -> Legend:
        """Cepstra and slopes, each from its lowest coefficient upwards."""
        return self.chain.legend()

    def features(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, bins]`."""
        features: Tensor = self.chain(waveform)
        return features
