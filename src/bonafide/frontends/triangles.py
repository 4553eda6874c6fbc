"""Banks of triangular filters over the lines of a spectrum, equally spaced in mel or in Hz."""

import math
import warnings
from typing import Literal

import torch
import torchaudio.functional
from torch import Tensor

from bonafide.types import InputError

MelScale = Literal["htk", "slaney"]
"""`htk`: 2595 log10(1 + f / 700); `slaney`: linear up to 1 kHz and logarithmic above, librosa's."""


def mel(
    name: str,
    sample_rate: int,
    *,
    filters: int,
    n_fft: int,
    f_min: float,
    f_max: float | None,
    mel_scale: MelScale = "htk",
    norm: Literal["slaney"] | None = None,
) -> Tensor:
    """Triangles with equally spaced edges on a mel scale, `[n_fft // 2 + 1, filters]`.

    Args:
        name: of the front end, for messages.
        sample_rate: of the waveforms, in Hz.
        filters: how many.
        n_fft: samples in a frame.
        f_min: lower edge of the lowest, in Hz.
        f_max: upper edge of the highest, in Hz; half the sample rate if `None`.
        mel_scale: see `MelScale`.
        norm: `"slaney"` gives every triangle the same area instead of the same height.

    Raises:
        InputError: the edges have no meaning, or a filter falls between two lines of the spectrum.
    """
    top = _edge(name, f_min, f_max, sample_rate)
    if mel_scale not in ("htk", "slaney") or norm not in ("slaney", None):
        found = f"{name} knows no mel_scale={mel_scale} with norm={norm}"
        raise InputError(f"{found}; use mel_scale=htk or slaney, norm=slaney or null.")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="At least one mel filterbank")  # refused below
        bank: Tensor = torchaudio.functional.melscale_fbanks(
            n_fft // 2 + 1, f_min, top, filters, sample_rate, norm=norm, mel_scale=mel_scale
        )
    return _without_gaps(name, bank, n_fft)


def mel_centres(
    sample_rate: int, *, filters: int, f_min: float, f_max: float | None, mel_scale: MelScale
) -> Tensor:
    """Where the filters of `mel` peak, in Hz, `[filters]` float64.

    >>> mel_centres(16000, filters=3, f_min=0, f_max=None, mel_scale="htk").round().tolist()
    [614.0, 1768.0, 3934.0]
    """
    edges = torch.tensor([f_min, sample_rate / 2 if f_max is None else f_max], dtype=torch.float64)
    low, high = (_htk(edges) if mel_scale == "htk" else _slaney(edges)).tolist()
    mels = torch.linspace(low, high, filters + 2, dtype=torch.float64)[1:-1]
    if mel_scale == "htk":
        return 700 * (10 ** (mels / 2595) - 1)
    return torch.where(mels < 15, mels * 200 / 3, 1000 * torch.exp((mels - 15) * math.log(6.4) / 27))


def _htk(hertz: Tensor) -> Tensor:
    return 2595 * torch.log10(1 + hertz / 700)


def _slaney(hertz: Tensor) -> Tensor:
    above = 15 + 27 * torch.log(hertz.clamp(min=1000) / 1000) / math.log(6.4)
    return torch.where(hertz < 1000, hertz * 3 / 200, above)


def linear(
    name: str, sample_rate: int, *, filters: int, n_fft: int, f_min: float, f_max: float | None
) -> Tensor:
    """Triangles of unit height with equally spaced edges in Hz, `[n_fft // 2 + 1, filters]`.

    Args:
        name: of the front end, for messages.
        sample_rate: of the waveforms, in Hz.
        filters: how many.
        n_fft: samples in a frame.
        f_min: lower edge of the lowest, in Hz.
        f_max: upper edge of the highest, in Hz; half the sample rate if `None`.

    Raises:
        InputError: the edges have no meaning, or a filter falls between two lines of the spectrum.
    """
    top = _edge(name, f_min, f_max, sample_rate)
    bank: Tensor = torchaudio.functional.linear_fbanks(n_fft // 2 + 1, f_min, top, filters, sample_rate)
    return _without_gaps(name, bank, n_fft)


def _edge(name: str, f_min: float, f_max: float | None, sample_rate: int) -> float:
    """Upper edge of the filters in Hz: half the sample rate unless a lower one is asked for."""
    nyquist = sample_rate / 2
    if f_max is not None and f_max > nyquist:
        raise InputError(f"{name} cannot filter up to f_max={f_max:g} Hz; use at most {nyquist:g} Hz.")
    top = nyquist if f_max is None else float(f_max)
    if not 0 <= f_min < top:
        raise InputError(
            f"{name} filters between f_min={f_min:g} and f_max={top:g} Hz: f_max must be higher."
        )
    return top


def _without_gaps(name: str, bank: Tensor, n_fft: int) -> Tensor:
    """Refuses a filter bank with a filter between two lines of the spectrum."""
    empty = int((bank.amax(dim=0) == 0).sum())
    if empty:
        found = f"{name}: {empty} of {bank.shape[1]} filters fall between the lines of n_fft={n_fft}"
        raise InputError(f"{found}; use fewer filters or a larger n_fft.")
    return bank
