"""Constant-Q and variable-Q transforms: bins spaced like the keys of a piano.

Brown (1991), "Calculation of a constant Q spectral transform", https://doi.org/10.1121/1.400476; by octaves
as Schörkhuber and Klapuri (2010), "Constant-Q transform toolbox for music processing",
https://doi.org/10.5281/zenodo.849741; bandwidths as Schörkhuber et al. (2014), "A Matlab toolbox for
efficient perfect reconstruction time-frequency transforms", https://www.aes.org/e-lib/browse.cfm?elib=17112.

Wavelets, scaling and edges are those of librosa 0.11 (`cqt` and `vqt` with `sparsity=0`; by default it drops
1 % of each wavelet). Magnitudes agree to 1e-4 of the largest, and to 1e-2 where a wavelet reaches over an end
of the clip, for librosa cuts the clip anew at each of its halvings.

What is special here: one Fourier transform of the whole clip gives the waveform at every halved rate, each by
one short inverse transform, for the whole batch; there each octave is a single matrix product.
"""

import math
from typing import Final, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.frontends.framing import Framed
from bonafide.frontends.legend import Legend
from bonafide.frontends.scale import Scale, Scaling
from bonafide.types import InputError

C1: Final = 440 * 2 ** (-45 / 12)  # 32.70 Hz
HANN_BANDWIDTH: Final = 1.5  # lines of the spectrum: equivalent noise bandwidth of the window
ROLL_OFF: Final = 0.913  # of half the lower rate, where its low-pass begins to fall; that of soxr's "HQ"
RING: Final = 128  # samples at the lowest rate that the low-pass rings on


class Wavelets(NamedTuple):
    """Complex tones under Hann windows, one per bin.

    Args:
        frequencies: in Hz, `[bins]` rising.
        seconds: length of each window, `[bins]`.
        reach: highest frequency that each of them hears, in Hz, `[bins]`.
    """

    frequencies: NDArray[np.float64]
    seconds: NDArray[np.float64]
    reach: NDArray[np.float64]


def wavelets(bins: int, bins_per_octave: int, f_min: float, gamma: float | None) -> Wavelets:
    """Frequencies and lengths; `gamma` in Hz widens all bands, `None` as in the ear."""
    frequencies = f_min * 2.0 ** (np.arange(bins) / bins_per_octave)
    ratio = 2.0 ** (2 / bins_per_octave)
    relative = (ratio - 1) / (ratio + 1)  # bandwidth over frequency: neighbours touch
    widening = relative * 24.7 / 0.108 if gamma is None else gamma
    bandwidth = relative * frequencies + widening
    reach = frequencies * (1 + 0.5 * HANN_BANDWIDTH * relative) + 0.5 * widening
    return Wavelets(frequencies, 1 / bandwidth, reach)


def kernels(frequencies: NDArray[np.float64], lengths: NDArray[np.float64], rate: float) -> Tensor:
    """Wavelets of one octave at one rate, to be multiplied with frames, `[n_fft, bins, 2]`.

    Real and imaginary parts come last. The moduli of each add up to 1 before its negative frequencies are
    removed.

    Args:
        frequencies: in Hz.
        lengths: of the windows, in samples, not whole.
        rate: in Hz.
    """
    n_fft = 2 ** math.ceil(math.log2(lengths.max()))
    rows = np.zeros((len(lengths), n_fft), dtype=np.complex128)
    for row, frequency, length in zip(rows, frequencies, lengths, strict=True):
        place = np.arange(math.floor(-length / 2), math.floor(length / 2))
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(len(place)) / len(place))
        start = (n_fft - len(place)) // 2
        row[start : start + len(place)] = (
            window * np.exp(2j * np.pi * frequency / rate * place) / window.sum()
        )
    spectrum = np.fft.fft(rows)
    spectrum[:, n_fft // 2 + 1 :] = 0
    # Σ_k spectrum[k] · (spectrum of the frame)[k] / n_fft, as a product with the frame itself.
    analytic = np.fft.fft(spectrum).T / n_fft
    return torch.view_as_real(torch.from_numpy(np.ascontiguousarray(analytic))).float()


@final
class Octave(nn.Module):
    """Magnitudes of the bins of one octave, from the waveform at a rate that is just high enough.

    Args:
        frequencies: in Hz.
        seconds: length of each wavelet.
        rate: of the waveform before it is halved, in Hz.
        halvings: how often the rate is halved.
        hop: samples between frames before the rate is halved.
    """

    kernels: Tensor

    def __init__(
        self,
        frequencies: NDArray[np.float64],
        seconds: NDArray[np.float64],
        *,
        rate: float,
        halvings: int,
        hop: int,
    ) -> None:
        super().__init__()
        self.halvings = halvings
        self.hop = hop // 2**halvings
        own = rate / 2**halvings
        # A tone of amplitude 1 gives half the root of the wavelet's length at the full rate.
        loudness = torch.from_numpy(np.sqrt(seconds * rate)).float()
        matrix = kernels(frequencies, seconds * own, own) * loudness[:, None]
        self.n_fft = matrix.shape[0]
        self.register_buffer("kernels", matrix.flatten(1), persistent=False)  # [n_fft, bins * 2]

    def forward(self, waveform: Tensor, frames: int) -> Tensor:
        """`[batch, time]` at the halved rate → `[batch, frames, bins]`."""
        padded = F.pad(waveform, (self.n_fft // 2, self.n_fft // 2))
        parts = padded.unfold(-1, self.n_fft, self.hop)[:, :frames] @ self.kernels
        pairs = parts.view(*parts.shape[:-1], -1, 2)
        return torch.view_as_complex(pairs).abs()


@final
class Octaves(nn.Module):
    """All octaves, lowest bin first.

    Args:
        name: of the front end, for messages.
        sample_rate: of the waveforms, in Hz.
        of: the wavelets.
        bins_per_octave: how many make an octave.
        hop: samples between frames.
    """

    def __init__(self, name: str, sample_rate: int, of: Wavelets, bins_per_octave: int, hop: int) -> None:
        super().__init__()
        nyquist = sample_rate / 2
        top = of.reach[-1]
        if top > nyquist:
            fitting = int((of.reach <= nyquist).sum())
            found = f"{name} with bins={len(of.reach)} reaches up to {top:.0f} Hz"
            remedy = f"use at most bins={fitting}" if fitting else "use a lower f_min"
            raise InputError(f"{found}, above half the sample rate of {sample_rate} Hz; {remedy}.")
        halvings = 0
        while hop % 2 ** (halvings + 1) == 0 and nyquist / 2 ** (halvings + 1) > 2 * top:
            halvings += 1
        octaves = []
        for end in range(len(of.frequencies), 0, -bins_per_octave):
            part = slice(max(0, end - bins_per_octave), end)
            octaves.append(
                Octave(of.frequencies[part], of.seconds[part], rate=sample_rate, halvings=halvings, hop=hop)
            )
            halvings += hop % 2 ** (halvings + 1) == 0
        self.octaves = nn.ModuleList(octaves[::-1])
        self.halvings = tuple(octave.halvings for octave in octaves[::-1])

    def forward(self, waveform: Tensor, frames: int) -> Tensor:
        """`[batch, time]` → `[batch, frames, bins]`."""
        samples = waveform.shape[-1]
        coarsest = 2 ** max(self.halvings)
        length = next_fast_len(-(-samples // coarsest) + RING, real=True) * coarsest
        spectrum = torch.fft.rfft(waveform, n=length)
        signals = {0: waveform} | {
            halvings: _halved(spectrum, length, halvings, samples) for halvings in {*self.halvings} - {0}
        }
        both = zip(self.octaves, self.halvings, strict=True)
        return torch.cat([octave(signals[halvings], frames) for octave, halvings in both], dim=-1)


def _halved(spectrum: Tensor, length: int, halvings: int, samples: int) -> Tensor:
    """The waveform at a rate halved so often, from its spectrum: sample 0 stays where it is."""
    size = length // 2**halvings
    lines = size // 2 + 1
    place = torch.linspace(0, 1, lines, device=spectrum.device)  # of half the lower rate
    fall = ((place - ROLL_OFF) / (1 - ROLL_OFF)).clamp(min=0)
    taper = 0.5 + 0.5 * torch.cos(math.pi * fall)
    signal: Tensor = torch.fft.irfft(spectrum[..., :lines] * taper, n=size) / 2**halvings
    return signal[..., : -(-samples // 2**halvings)]


def _check(name: str, *, bins: int, bins_per_octave: int, f_min: float, gamma: float | None) -> None:
    """Refuses settings that have no meaning."""
    if bins < 1 or bins_per_octave < 1:
        raise InputError(f"{name} needs bins, and bins in an octave: bins=84, bins_per_octave=12 is usual.")
    if not f_min > 0:
        raise InputError(f"{name} cannot begin at f_min={f_min:g} Hz; use 32.7 Hz (the note C1) or another.")
    if gamma is not None and not gamma >= 0:
        raise InputError(f"{name} cannot widen its bands by gamma={gamma:g} Hz; use 0 or more.")


@final
class CQT(Framed):
    """The constant-Q transform: every band is the same fraction of its frequency wide.

    Low bins are long (half a second at C1) and tell semitones apart, high bins are short. At a large `hop`
    the shortest wavelets leave gaps between frames, as they do in librosa.

    Args:
        sample_rate: of the waveforms, in Hz.
        bins: in all; 84 are the seven octaves from C1 to B7.
        bins_per_octave: more of them make all wavelets longer and all bands narrower.
        f_min: frequency of the lowest bin, in Hz. Raise it if the low bins are too slow for short clips.
        hop: samples between frames; the more often it can be halved, the faster.
        scale: `decibel`, `log` (ln(x + floor)) or `linear` (magnitudes).
        floor: power below which nothing is told apart.
        top_db: decibels below the loudest value of a clip at which it is cut off; none if not given.

    Shape:
        `[batch, time]` → `[batch, 1, bins, 1 + time // hop]`, lowest bin first.

    Raises:
        InputError: a setting has no meaning, or a clip is shorter than the shortest wavelet.

    >>> CQT(16000).shape(32000)
    FeatureShape(channels=1, bins=84, frames=126)
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        bins: int = 84,
        bins_per_octave: int = 12,
        f_min: float = C1,
        hop: int = 256,
        scale: Scale = "decibel",
        floor: float = 1e-10,
        top_db: float | None = None,
    ) -> None:
        _check("CQT", bins=bins, bins_per_octave=bins_per_octave, f_min=f_min, gamma=0.0)
        of = wavelets(bins, bins_per_octave, f_min, 0.0)
        super().__init__(sample_rate, bins=bins, length=_shortest(of, sample_rate), hop=hop)
        self.scaling = Scaling(scale, 1, floor, top_db)
        self.frequencies = torch.from_numpy(of.frequencies)
        self.octaves = Octaves("CQT", sample_rate, of, bins_per_octave, hop)

    def legend(self) -> Legend:
        """Wavelets by their frequency."""
        return Legend("frequency", self.scaling.title, hertz=self.frequencies)

    def features(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, bins]`."""
        return self.scaling(self.octaves(waveform, self.shape(waveform.shape[-1]).frames))


@final
class VQT(Framed):
    """The variable-Q transform: as the constant-Q, but low bands are wider and therefore quicker.

    Args:
        sample_rate: of the waveforms, in Hz.
        bins: in all; 84 are the seven octaves from C1 to B7.
        bins_per_octave: more of them make all wavelets longer and all bands narrower.
        f_min: frequency of the lowest bin, in Hz.
        gamma: Hz by which all bands are wider than at constant Q, of which 0 is the special case; if not
            given, as wide as the critical bands of the ear are at low frequencies (librosa's).
        hop: samples between frames; the more often it can be halved, the faster.
        scale: `decibel`, `log` (ln(x + floor)) or `linear` (magnitudes).
        floor: power below which nothing is told apart.
        top_db: decibels below the loudest value of a clip at which it is cut off; none if not given.

    Shape:
        `[batch, time]` → `[batch, 1, bins, 1 + time // hop]`, lowest bin first.

    Raises:
        InputError: a setting has no meaning, or a clip is shorter than the shortest wavelet.

    >>> VQT(16000).shape(32000)
    FeatureShape(channels=1, bins=84, frames=126)
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        bins: int = 84,
        bins_per_octave: int = 12,
        f_min: float = C1,
        gamma: float | None = None,
        hop: int = 256,
        scale: Scale = "decibel",
        floor: float = 1e-10,
        top_db: float | None = None,
    ) -> None:
        _check("VQT", bins=bins, bins_per_octave=bins_per_octave, f_min=f_min, gamma=gamma)
        of = wavelets(bins, bins_per_octave, f_min, gamma)
        super().__init__(sample_rate, bins=bins, length=_shortest(of, sample_rate), hop=hop)
        self.scaling = Scaling(scale, 1, floor, top_db)
        self.frequencies = torch.from_numpy(of.frequencies)
        self.octaves = Octaves("VQT", sample_rate, of, bins_per_octave, hop)

    def legend(self) -> Legend:
        """Wavelets by their frequency."""
        return Legend("frequency", self.scaling.title, hertz=self.frequencies)

    def features(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, frames, bins]`."""
        return self.scaling(self.octaves(waveform, self.shape(waveform.shape[-1]).frames))


def _shortest(of: Wavelets, sample_rate: int) -> int:
    """Samples of the shortest wavelet, an even number of at least 2."""
    return 2 * max(1, math.ceil(float(of.seconds.min()) * sample_rate / 2))
