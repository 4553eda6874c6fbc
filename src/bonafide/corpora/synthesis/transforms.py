"""Frames, spectra and time-varying filters, batched over frames; time is the last axis of every signal.

Frame `k` is centred on sample `k·hop`, so analyses with different windows line up.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, irfft, rfft
from scipy.signal import get_window
from scipy.sparse import csr_array

Signal = NDArray[np.float64]
Spectrum = NDArray[np.complex128]


def window(length: int) -> Signal:
    """Periodic Hann window; its copies at a quarter of its length add up to 2."""
    return np.asarray(get_window("hann", length), dtype=np.float64)


def frames(wave: Signal, length: int, hop: int) -> Signal:
    """Cuts centred frames: `[time]` → `[1 + time // hop, length]`, zeros beyond the ends."""
    padded = np.pad(wave, (length // 2, length - length // 2))
    return np.lib.stride_tricks.sliding_window_view(padded, length)[: wave.size + 1 : hop]


def overlap_add(pieces: Signal, hop: int, samples: int, lead: int) -> Signal:
    """Adds pieces up, piece `k` starting at sample `k·hop - lead`: `[frames, length]` → `[samples]`."""
    count, length = pieces.shape
    blocks = -(-length // hop)
    padded = np.pad(pieces, ((0, 0), (0, blocks * hop - length))).reshape(count, blocks, hop)
    total = np.zeros((max(count + blocks, -(-(lead + samples) // hop)), hop))
    for block in range(blocks):
        total[block : block + count] += padded[:, block]
    return total.reshape(-1)[lead : lead + samples]


def stft(wave: Signal, length: int, hop: int) -> Spectrum:
    """Short-time Fourier transform with a Hann window: `[time]` → `[frames, 1 + length // 2]`."""
    return np.asarray(rfft(frames(wave, length, hop) * window(length), axis=-1), dtype=np.complex128)


def istft(spectrum: Spectrum, length: int, hop: int, samples: int) -> Signal:
    """The signal whose transform is nearest in the least-squares sense (Griffin and Lim, 1984, eq. 6)."""
    taper = window(length)
    pieces = np.asarray(irfft(spectrum, n=length, axis=-1)) * taper
    weight = np.broadcast_to(taper**2, pieces.shape)
    lead = length // 2
    total = overlap_add(pieces, hop, samples, lead)
    return total / np.maximum(overlap_add(weight, hop, samples, lead), 1e-8)


def filter_frames(wave: Signal, response: Signal | Spectrum, hop: int) -> Signal:
    """Filters with a response that changes from frame to frame, cross-faded by Hann windows of `4·hop`.

    Args:
        wave: `[time]`.
        response: `[1 + time // hop, bins]` from 0 Hz to half the rate; real ones (zero phase) may ring to
            both sides, complex ones are taken to be causal; their ringing should die out within
            `2·(bins - 1) - 4·hop` samples.
        hop: samples between two responses.

    Returns:
        `[time]`, without delay; the first and last `2·hop` samples fade.
    """
    size = 2 * (response.shape[-1] - 1)
    length = 4 * hop
    lead = (size - length) // (8 if np.iscomplexobj(response) else 2)
    pieces = np.zeros((response.shape[0], size))
    pieces[:, lead : lead + length] = frames(wave, length, hop) * (window(length) / 2)
    filtered = irfft(rfft(pieces, axis=-1) * response, n=size, axis=-1)
    return overlap_add(np.asarray(filtered), hop, wave.size, lead + length // 2)


@lru_cache(maxsize=4)
def mel_filters(bands: int, bins: int, rate: float) -> csr_array:
    """Triangles, equally spaced in mel = 2595·log10(1 + f/700), 0 Hz to half the rate: `[bins, bands]`."""
    frequency = np.linspace(0.0, rate / 2, bins)[:, None]
    edge = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + rate / 1400), bands + 2) / 2595) - 1)
    rise = (frequency - edge[:-2]) / (edge[1:-1] - edge[:-2])
    fall = (edge[2:] - frequency) / (edge[2:] - edge[1:-1])
    return csr_array(np.clip(np.minimum(rise, fall), 0.0, None))


def mdct(wave: Signal, hop: int) -> Signal:
    """Modified discrete cosine transform with a sine window (Princen, Johnson and Bradley, 1987).

    Folding the windowed halves turns it into a DCT-IV: `[time]` → `[2 + (time - 1) // hop, hop]`.
    """
    count = 2 + (wave.size - 1) // hop
    padded = np.pad(wave, (hop, count * hop - wave.size)).reshape(count + 1, hop)
    rise = np.sin(np.pi * (np.arange(hop) + 0.5) / (2 * hop))
    first, second = padded[:-1] * rise, padded[1:] * rise[::-1]
    half = hop // 2
    a, b, c, d = first[:, :half], first[:, half:], second[:, :half], second[:, half:]
    folded = np.concatenate([-c[:, ::-1] - d, a - b[:, ::-1]], axis=-1)
    return np.asarray(dct(folded, type=4, norm="ortho", axis=-1))


def imdct(coefficients: Signal, samples: int) -> Signal:
    """Undoes `mdct`: the aliasing of neighbouring frames cancels: `[frames, hop]` → `[samples]`."""
    hop = coefficients.shape[-1]
    half = hop // 2
    folded = np.asarray(dct(coefficients, type=4, norm="ortho", axis=-1))
    r, s = folded[:, :half], folded[:, half:]
    rise = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
    pieces = np.concatenate([s, -s[:, ::-1], -r[:, ::-1], -r], axis=-1) * rise
    return overlap_add(pieces, hop, samples, hop)
