"""Seven ways to make a recording again from a description of it: the demo corpus's spoofing systems.

Each takes a waveform `[time]`, its rate in Hz and a random generator, and gives `[time]`, aligned with it.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from scipy.fft import irfft, rfft
from scipy.signal import firwin, oaconvolve

from bonafide.corpora.synthesis.analysis import (
    LOWEST_PITCH,
    aperiodicity,
    bridged,
    envelope,
    linear_prediction,
    minimum_phase,
    per_sample,
    pitch,
    power_density,
    truncated,
)
from bonafide.corpora.synthesis.excitation import pulses
from bonafide.corpora.synthesis.transforms import (
    Signal,
    Spectrum,
    filter_frames,
    frames,
    imdct,
    istft,
    mdct,
    mel_filters,
    stft,
    window,
)

SIZE: Final = 1024  # points of the vocoders' spectra

Resynthesis = Callable[[Signal, float, np.random.Generator], Signal]


def spectral_convergence(wave: Signal, magnitude: Signal, length: int, hop: int) -> float:
    """‖|STFT(wave)| - magnitude‖ / ‖magnitude‖, the quantity that Griffin–Lim lowers."""
    return float(np.linalg.norm(np.abs(stft(wave, length, hop)) - magnitude) / np.linalg.norm(magnitude))


def estimate_phase(
    magnitude: Signal, hop: int, samples: int, rng: np.random.Generator, *, rounds: int
) -> Signal:
    """Fast Griffin–Lim with momentum 0.99 from random phases (Perraudin, Balazs and Søndergaard, 2013).

    Args:
        magnitude: `[frames, bins]`, of windows of `2·(bins - 1)` samples.
        hop: samples.
        samples: wanted.
        rng: draws the first phases.
        rounds: iterations.
    """
    length = 2 * (magnitude.shape[-1] - 1)
    phase: Spectrum = np.exp(2j * np.pi * rng.random(magnitude.shape))
    previous = np.zeros_like(phase)
    for _ in range(rounds):
        rebuilt = stft(istft(magnitude * phase, length, hop, samples), length, hop)
        pushed = rebuilt + 0.99 * (rebuilt - previous)
        previous = rebuilt
        phase = pushed / np.maximum(np.abs(pushed), 1e-12)
    return istft(magnitude * phase, length, hop, samples)


def griffin_lim(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """From a 20-band mel spectrogram in steps of 23 ms: straight lines between bands, four rounds of phases.

    The bands, several hundred hertz wide above 4 kHz, smooth the envelope; windows of 93 ms smear it in time.
    """
    length, hop = 2048, 512
    filters = mel_filters(20, 1 + length // 2, rate)
    mel = np.abs(stft(wave, length, hop)) @ filters / filters.sum(axis=0)
    magnitude = mel @ filters.T / np.maximum(filters.sum(axis=1), 1e-3)
    return estimate_phase(magnitude, hop, wave.size, rng, rounds=4)


def lpc_vocoder(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """All-pole vocoder with a strictly pulse-or-noise excitation (Atal and Hanauer, 1971).

    Order 10, which LPC-10 had for 4 kHz (Tremain, 1982), leaves five resonances for the whole band.
    """
    hop, length, size = round(0.01 * rate), round(0.03 * rate), 4 * SIZE
    taper = window(length)
    predictor, error = linear_prediction(frames(wave, length, hop) * taper, order=10)
    f0 = pitch(wave, rate, hop)
    voiced = per_sample((f0 > 0).astype(np.float64), hop, wave.size) > 0.5
    train = pulses(per_sample(bridged(f0, 100.0), hop, wave.size), rate, rng, jitter=0.0, shimmer=0.0)
    excitation = np.where(voiced, train, rng.standard_normal(wave.size))
    gain = np.sqrt(error / np.sum(taper**2))
    return filter_frames(excitation, gain[:, None] / np.asarray(rfft(predictor, n=size, axis=-1)), hop)


def world(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """Pitch, smooth envelope, aperiodicity; minimum-phase pulses and noise: after WORLD (Morise, 2016).

    The envelope keeps 24 cepstral coefficients, as many as in HMM synthesis (Zen et al., 2009); the
    aperiodicity has three bands.
    """
    hop, size = round(0.005 * rate), SIZE
    f0 = pitch(wave, rate, hop)
    steady = bridged(f0, 150.0)
    density = power_density(wave, round(0.025 * rate), size, hop)
    magnitude = np.sqrt(truncated(envelope(density, steady, rate), 24))
    long_density = power_density(wave, round(3 * rate / LOWEST_PITCH), size, hop)
    noisy = aperiodicity(long_density, f0, rate, edges=(2000.0, 5000.0))
    response = minimum_phase(magnitude)
    train = pulses(per_sample(steady, hop, wave.size), rate, rng, jitter=0.0, shimmer=0.0)
    periodic = filter_frames(train, response * np.sqrt(1 - noisy), hop)
    return periodic + filter_frames(rng.standard_normal(wave.size), response * np.sqrt(noisy), hop)


def phase_noise(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """Keeps the magnitudes of a spectrum of 93 ms windows and turns each phase by up to ±0.8π at random.

    Neighbouring windows no longer agree, so what is short spreads over a window.
    """
    length = 1 << round(np.log2(0.09 * rate))
    spectrum = stft(wave, length, length // 4)
    turned = spectrum * np.exp(1j * np.pi * rng.uniform(-0.8, 0.8, spectrum.shape))
    return istft(turned, length, length // 4, wave.size)


def upsampling(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """Brings a quarter-rate signal back up by transposed convolutions whose short kernels leave images.

    As in GAN vocoders (Odena et al., 2016; Pons et al., 2021): two stages of stride 2 and kernel 4 mirror the
    low band into the high ones; band gains, as a trained network would learn them, then restore the envelope.
    """
    # A short filter: what folds over at the band's edge fills the gap that a sharp one would leave.
    low = oaconvolve(wave, firwin(25, 0.25), mode="same")[::4]
    for _ in range(2):
        stuffed = np.zeros(2 * low.size)
        stuffed[::2] = low
        kernel = np.array([0.35, 1.0, 0.75, 0.1]) + 0.05 * rng.standard_normal(4)
        low = np.convolve(stuffed, kernel)[1 : 1 + stuffed.size]
    rough = low[: wave.size] + 1e-6 * rng.standard_normal(wave.size)
    length, hop = 1024, 256
    filters = mel_filters(40, 1 + length // 2, rate)
    wanted = np.abs(stft(wave, length, hop)) ** 2 @ filters
    spectrum = stft(rough, length, hop)
    found = np.abs(spectrum) ** 2 @ filters
    gain = np.sqrt(wanted / np.maximum(found, 1e-14)) @ filters.T / np.maximum(filters.sum(axis=1), 1e-3)
    return istft(spectrum * gain, length, hop, wave.size)


def codec(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """Quantises MDCT coefficients by bands, coarser towards high frequencies, and fills the holes with noise.

    As low-rate transform codecs do (Bosi and Goldberg, 2003): a scale factor in steps of 1.5 dB a band, a
    uniform quantiser relative to it, noise substitution above about 5 kHz. Windows of 93 ms without block
    switching spread the noise before an onset (pre-echo).
    """
    hop = 1024
    coefficients = mdct(wave, hop)
    frequency = (np.arange(hop) + 0.5) * rate / (2 * hop)
    bark = 26.81 * frequency / (1960 + frequency) - 0.53  # Traunmüller, 1990
    band = np.maximum(0, np.floor(bark)).astype(int)
    start = np.flatnonzero(np.diff(band, prepend=-1))
    width = np.diff(np.append(start, hop))
    power = np.add.reduceat(coefficients**2, start, axis=-1) / width
    scale = 10 ** (np.rint(10 * np.log10(power + 1e-14) / 1.5) * 1.5 / 20)
    step = np.interp(frequency, [0.0, 1500.0, 5000.0, rate / 2], [0.9, 1.4, 2.6, 4.0])
    scale = np.repeat(scale, width, axis=-1)
    level = np.rint(coefficients / (scale * step))
    filling = np.where(frequency < 5000.0, 0.35, 1.0) * rng.choice([-1.0, 1.0], size=level.shape)
    return imdct(np.where(level == 0, filling, level * step) * scale, wave.size)


def sinusoidal(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """Nothing but 32 sinusoids: harmonics of the pitch, or one every 100 Hz where there is none.

    After McAulay and Quatieri (1986): amplitudes follow the spectral envelope and are interpolated between
    frames; phases are the integral of the frequency, dispersed by the envelope's minimum phase, and random in
    unvoiced frames. Harmonics share one phase, so each frame's sum is a wave table read at that phase.
    """
    hop, size, table = round(0.005 * rate), SIZE, 2 * SIZE
    f0 = pitch(wave, rate, hop)
    spacing = np.where(f0 > 0, f0, 100.0)
    density = power_density(wave, round(0.025 * rate), size, hop)
    response = minimum_phase(np.sqrt(envelope(density, spacing, rate)))
    order = np.arange(1, 33)
    frequency = order * spacing[:, None]  # [frames, harmonics]
    place = np.minimum(np.rint(frequency * size / rate).astype(int), size // 2)
    row = np.arange(len(f0))[:, None]
    scatter = np.where(f0[:, None] > 0, 0.0, rng.uniform(-np.pi, np.pi, frequency.shape))
    audible = (frequency < rate / 2) * np.sqrt(spacing / rate)[:, None]
    harmonics = np.zeros((len(f0), table // 2 + 1), dtype=np.complex128)
    harmonics[:, order] = response[row, place] * audible * np.exp(1j * scatter) * table
    tables = np.asarray(irfft(harmonics, n=table, axis=-1))
    phase = np.cumsum(per_sample(spacing, hop, wave.size)) / rate
    return _read_tables(tables, phase, hop)


def _read_tables(tables: Signal, phase: Signal, hop: int) -> Signal:
    """Oscillator: `[frames, table]` read at `phase` (`[time]`, cycles), bilinear in phase and frame."""
    count, size = tables.shape
    place = np.arange(phase.size) / hop
    early = np.minimum(place.astype(int), count - 1)
    late = np.minimum(early + 1, count - 1)
    position = (phase % 1.0) * size
    left = position.astype(int) % size
    right = (left + 1) % size
    across, along = position - np.floor(position), place - early
    first = tables[early, left] * (1 - across) + tables[early, right] * across
    second = tables[late, left] * (1 - across) + tables[late, right] * across
    return np.asarray(first * (1 - along) + second * along)


METHODS: Final[Mapping[str, Resynthesis]] = {
    "codec": codec,
    "griffin_lim": griffin_lim,
    "lpc_vocoder": lpc_vocoder,
    "phase_noise": phase_noise,
    "sinusoidal": sinusoidal,
    "upsampling": upsampling,
    "world": world,
}
