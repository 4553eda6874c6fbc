"""Pitch of voiced frames by autocorrelation, for a batch at once.

Boersma (1993), "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio
of a sampled sound", Proceedings of the Institute of Phonetic Sciences 17: the autocorrelation of a windowed
frame is divided by that of the window, an octave costs a little, and silence competes with every candidate.
The search for a path through the frames is left out: means need none.
`torchaudio.functional.detect_pitch_frequency` gives every frame a pitch, noise and silence too.
"""

from typing import Final

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torchaudio.functional import resample

_HOP: Final = 0.01  # seconds
_PERIODS: Final = 3  # of the lowest pitch in a frame
_VOICING: Final = 0.45
_SILENCE: Final = 0.03
_OCTAVE: Final = 0.01
_TAPER: Final = (1500.0, 2500.0)
"""Hz between which the spectrum fades out: a smoother autocorrelation, whose peak a parabola finds."""
_ENOUGH: Final = 8000  # Hz; what is sampled much faster is first sampled down by a whole number
_BLOCK: Final = 1 << 18  # numbers at once: they stay in a cache


def pitch(
    waveform: Tensor, length: Tensor, sample_rate: int, *, lowest: float = 50.0, highest: float = 500.0
) -> Tensor:
    """Fundamental frequency every 10 ms.

    Args:
        waveform: `[batch, time]`, with anything behind the end of a clip.
        length: `[batch]` int64, samples of each clip.
        sample_rate: in Hz.
        lowest: pitch that is looked for, in Hz; frames are three of its periods long.
        highest: likewise.

    Returns:
        Hertz, `[batch, frames]`; 0 where a frame is unvoiced, not a number where the clip has ended.
    """
    fold = max(1, sample_rate // _ENOUGH)
    inside = torch.arange(waveform.shape[1], device=waveform.device) < length[:, None]
    waveform, length, rate = resample(waveform * inside, fold, 1), length // fold, sample_rate / fold
    size, hop = round(_PERIODS * rate / lowest), round(_HOP * rate)
    if waveform.shape[1] < size:
        return waveform.new_full((len(waveform), 0), torch.nan)
    frames = waveform.unfold(1, size, hop)
    starts = torch.arange(frames.shape[1], device=waveform.device) * hop
    inside = starts + size <= length[:, None]
    found = waveform.new_full(inside.shape, torch.nan)
    loudest = waveform.abs().amax(1)[:, None].expand(inside.shape)[inside]
    clip, place = inside.nonzero(as_tuple=True)
    at_once = max(1, _BLOCK // size)
    hertz = waveform.new_zeros(len(clip))
    for start in range(0, len(clip), at_once):
        rows = slice(start, start + at_once)
        hertz[rows] = _of_frames(frames[clip[rows], place[rows]], loudest[rows], rate, lowest, highest)
    found[inside] = hertz
    return found


def _of_frames(frames: Tensor, loudest: Tensor, rate: float, lowest: float, highest: float) -> Tensor:
    """`[frames, time]` and the loudest sample of the clip of each → hertz, `[frames]`."""
    frames = frames - frames.mean(1, keepdim=True)
    correlation = _correlation(frames, rate, lowest)
    first, last = max(1, int(rate / highest)), correlation.shape[1] - 2
    middle = correlation[:, first : last + 1]
    before, after = correlation[:, first - 1 : last], correlation[:, first + 1 : last + 2]
    lags = torch.arange(first, last + 1, dtype=frames.dtype, device=frames.device)
    peaks = (middle > before) & (middle >= after)
    # A parabola through each peak: its sampled height depends on how near a sample the true one lies.
    bend = torch.where(peaks, before - 2 * middle + after, -1)
    slope = before - after
    strength = middle - slope.square() / (8 * bend) - _OCTAVE * (lowest * lags / rate).log2()
    best, place = strength.masked_fill(~peaks, -torch.inf).max(1, keepdim=True)
    offset = (0.5 * slope.gather(1, place) / bend.gather(1, place)).clamp(-1, 1)
    hertz = rate / (lags[place] + offset)[:, 0]
    loudness = frames.abs().amax(1) / loudest.clamp(min=torch.finfo(frames.dtype).tiny)
    unvoiced = _VOICING + (2 - loudness * (1 + _VOICING) / _SILENCE).clamp(min=0)
    voiced = (best[:, 0] > unvoiced) & (hertz >= lowest) & (hertz <= highest)
    return torch.where(voiced, hertz, 0)


def _correlation(frames: Tensor, rate: float, lowest: float) -> Tensor:
    """Autocorrelation of the sound under the window, 1 at lag 0; `[frames, lags]` up to the lowest pitch."""
    size, lags = frames.shape[1], int(rate / lowest) + 2
    n_fft = next_fast_len(size + lags, real=True)
    window = torch.hann_window(size, periodic=False, dtype=frames.dtype, device=frames.device)
    hertz = torch.linspace(0, rate / 2, n_fft // 2 + 1, dtype=frames.dtype, device=frames.device)
    kept = 0.5 + 0.5 * torch.cos(torch.pi * ((hertz - _TAPER[0]) / (_TAPER[1] - _TAPER[0])).clamp(0, 1))

    def autocorrelation(signal: Tensor, weight: Tensor | float) -> Tensor:
        spectrum = torch.fft.rfft(signal, n_fft)
        powers = torch.addcmul(spectrum.real.square(), spectrum.imag, spectrum.imag) * weight
        found: Tensor = torch.fft.irfft(powers, n_fft)[..., :lags]
        return found / found[..., :1].clamp(min=torch.finfo(found.dtype).tiny)

    return autocorrelation(frames * window, kept) / autocorrelation(window, 1.0)
