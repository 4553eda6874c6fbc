"""What a vocoder measures in a recording: pitch, linear prediction, spectral envelope, aperiodicity."""

import numpy as np
from scipy.fft import irfft, rfft
from scipy.signal import firwin, medfilt, oaconvolve, resample_poly

from bonafide.corpora.synthesis.transforms import Signal, Spectrum, frames, window

LOWEST_PITCH = 65.0  # Hz
HIGHEST_PITCH = 420.0  # Hz


def pitch(wave: Signal, rate: float, hop: int) -> Signal:
    """Pitch in Hz by autocorrelation, after Boersma (1993), 0 where unvoiced: `[time]` → `[frames]`.

    The autocorrelation of each frame, at a quarter of the rate, is divided by that of its window; the highest
    peak wins, lower octaves pay a small cost, and a median over five frames removes single slips.
    """
    slow = rate / 4
    low = resample_poly(oaconvolve(wave, firwin(129, 1200.0, fs=rate), mode="same"), 1, 4)
    length = int(3 * slow / LOWEST_PITCH)
    taper = window(length)
    centre = np.rint(np.arange(1 + wave.size // hop) * hop / 4).astype(int)
    cut = frames(low, length, 1)[np.minimum(centre, low.size)] * taper
    size = 1 << (2 * length - 1).bit_length()
    # Twice the resolution in lag, else a period between two samples loses to its double.
    fine = 2 * slow
    shortest, longest = int(fine / HIGHEST_PITCH), int(fine / LOWEST_PITCH)
    correlation = np.asarray(irfft(np.abs(rfft(cut, n=size)) ** 2, n=2 * size))[:, : longest + 2]
    reference = np.asarray(irfft(np.abs(rfft(taper, n=size)) ** 2, n=2 * size))[: longest + 2]
    energy = correlation[:, 0]
    normal = correlation / (energy[:, None] + 1e-12) / (reference / reference[0])
    lag = np.arange(shortest, longest + 1)
    peak = shortest + np.argmax(normal[:, lag] - 0.05 * np.log2(lag / shortest), axis=-1)
    row = np.arange(len(peak))
    left, top, right = normal[row, peak - 1], normal[row, peak], normal[row, peak + 1]
    curvature = left - 2 * top + right
    shift = np.where(curvature < 0, 0.5 * (left - right) / np.where(curvature < 0, curvature, -1.0), 0.0)
    voiced = (top > 0.5) & (energy > 1e-3 * np.quantile(energy, 0.95))
    return np.asarray(medfilt(np.where(voiced, fine / (peak + np.clip(shift, -0.5, 0.5)), 0.0), 5))


def per_sample(values: Signal, hop: int, samples: int) -> Signal:
    """Linear interpolation of frame values: `[frames]` → `[samples]`."""
    return np.asarray(np.interp(np.arange(samples) / hop, np.arange(len(values)), values))


def bridged(f0: Signal, fallback: float) -> Signal:
    """Fills the unvoiced frames of a pitch contour by interpolation, `fallback` Hz if none is voiced."""
    voiced = np.flatnonzero(f0)
    if voiced.size == 0:
        return np.full_like(f0, fallback)
    return np.asarray(np.interp(np.arange(len(f0)), voiced, f0[voiced]))


def linear_prediction(cut: Signal, order: int) -> tuple[Signal, Signal]:
    """Autocorrelation method, Levinson–Durbin recursion over all frames at once.

    Args:
        cut: `[frames, length]`, windowed.
        order: of the predictor.

    Returns:
        `[frames, order + 1]`, the inverse filters `1 + a_1 z⁻¹ + …`; `[frames]`, energies of the residuals.
    """
    size = 1 << (2 * cut.shape[-1] - 1).bit_length()
    correlation = np.asarray(irfft(np.abs(rfft(cut, n=size)) ** 2, n=size))[:, : order + 1]
    error = correlation[:, 0] * (1 + 1e-9) + 1e-12
    a = np.zeros((len(cut), order + 1))
    a[:, 0] = 1.0
    for step in range(1, order + 1):
        reflection = -np.sum(a[:, :step] * correlation[:, step:0:-1], axis=-1) / error
        a[:, 1 : step + 1] += reflection[:, None] * a[:, step - 1 :: -1][:, :step]
        error = error * (1 - reflection**2)
    return a, error


def power_density(wave: Signal, length: int, size: int, hop: int) -> Signal:
    """Periodogram of Hann-windowed frames; white noise of variance 1 gives 1: `[frames, 1 + size // 2]`."""
    taper = window(length)
    return np.asarray(np.abs(rfft(frames(wave, length, hop) * taper, n=size)) ** 2 / np.sum(taper**2))


def envelope(density: Signal, f0: Signal, rate: float) -> Signal:
    """Spectral envelope free of harmonics, after CheapTrick (Morise, 2015).

    Power is averaged over two thirds of the pitch, then the log spectrum is liftered by
    sinc(f0·τ)·(1.18 - 0.18·cos(2π·f0·τ)), which removes the pitch ripple and makes up for the smoothing.

    Args:
        density: `[frames, bins]`, power.
        f0: `[frames]`, Hz, positive everywhere.
        rate: Hz.

    Returns:
        `[frames, bins]`, power.
    """
    count, bins = density.shape
    size = 2 * (bins - 1)
    half = np.maximum(1, np.rint(f0 / 3 / (rate / size)).astype(int))[:, None]
    total = np.pad(np.cumsum(density, axis=-1), ((0, 0), (1, 0)))
    bin_ = np.arange(bins)
    upper, lower = np.minimum(bin_ + half + 1, bins), np.maximum(bin_ - half, 0)
    row = np.arange(count)[:, None]
    smooth = (total[row, upper] - total[row, lower]) / (upper - lower)
    cepstrum = np.asarray(irfft(np.log(np.maximum(smooth, 1e-14)), n=size, axis=-1))
    quefrency = np.minimum(np.arange(size), size - np.arange(size)) / rate
    ripple = f0[:, None] * quefrency
    lifter = np.sinc(ripple) * (1.18 - 0.18 * np.cos(2 * np.pi * ripple))
    return np.asarray(np.exp(rfft(cepstrum * lifter, axis=-1).real))


def truncated(density: Signal, order: int) -> Signal:
    """The envelope that the first `order + 1` cepstral coefficients describe.

    `[frames, bins]`, power → `[frames, bins]`, power.
    """
    size = 2 * (density.shape[-1] - 1)
    cepstrum = np.asarray(irfft(np.log(np.maximum(density, 1e-14)), n=size, axis=-1))
    cepstrum[:, order + 1 : size - order] = 0.0
    return np.asarray(np.exp(rfft(cepstrum, axis=-1).real))


def minimum_phase(magnitude: Signal) -> Spectrum:
    """The causal, stable response with this magnitude (cepstrum folded onto positive time).

    `[frames, bins]` → `[frames, bins]`, complex.
    """
    size = 2 * (magnitude.shape[-1] - 1)
    cepstrum = np.asarray(irfft(np.log(np.maximum(magnitude, 1e-9)), n=size, axis=-1))
    fold = np.zeros(size)
    fold[0] = fold[size // 2] = 1.0
    fold[1 : size // 2] = 2.0
    return np.asarray(np.exp(rfft(cepstrum * fold, axis=-1)), dtype=np.complex128)


def aperiodicity(density: Signal, f0: Signal, rate: float, edges: tuple[float, ...]) -> Signal:
    """Share of power that does not repeat with the pitch, band by band; 1 where `f0` is 0.

    The autocorrelation of a band at one period, by the Wiener–Khinchin theorem Σ P(f)·cos(2πf/f0) / Σ P(f),
    relative to that of the Hann window.

    Args:
        density: `[frames, bins]` from windows of `3 / LOWEST_PITCH` seconds.
        f0: `[frames]`, Hz.
        rate: Hz.
        edges: Hz, upper edges of the bands; the last band ends at half the rate.

    Returns:
        `[frames, bins]` in [0.02, 1], interpolated between the band centres.
    """
    frequency = np.linspace(0.0, rate / 2, density.shape[-1])
    period = 1 / np.where(f0 > 0, f0, LOWEST_PITCH)
    wavy = density * np.cos(2 * np.pi * frequency * period[:, None])
    limits = np.array([0.0, *edges, rate / 2])
    start = np.searchsorted(frequency, limits[:-1])
    repeated = np.add.reduceat(wavy, start, axis=-1) / (np.add.reduceat(density, start, axis=-1) + 1e-14)
    x = period * LOWEST_PITCH / 3  # lag as a share of the window, at most 1/3
    taper = (1 - x) * (2 + np.cos(2 * np.pi * x)) / 3 + np.sin(2 * np.pi * x) / (2 * np.pi)
    share = np.where(f0[:, None] > 0, np.clip(1 - repeated / taper[:, None], 0.02, 1.0), 1.0)
    centre = (limits[1:] + limits[:-1]) / 2
    place = np.clip(np.interp(frequency, centre, np.arange(len(centre))), 0, len(centre) - 1)
    below = np.minimum(place.astype(int), len(centre) - 2)
    weight = place - below
    return np.asarray(share[:, below] * (1 - weight) + share[:, below + 1] * weight)
