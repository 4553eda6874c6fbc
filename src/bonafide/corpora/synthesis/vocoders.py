"""Vocoders for real recordings of any rate: each describes a recording and makes it again from that.

Each takes a waveform `[time]`, its rate in Hz and a random generator, and gives `[time]`, aligned with it.
Those of `resynthesis`, coarse on purpose, are tuned to the demo corpus and its one rate; these keep what they
can.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from bonafide.audio.resample import resample
from bonafide.corpora.synthesis.analysis import bridged, linear_prediction, per_sample, pitch
from bonafide.corpora.synthesis.excitation import pulses
from bonafide.corpora.synthesis.finish import disperse
from bonafide.corpora.synthesis.resynthesis import Resynthesis, estimate_phase
from bonafide.corpora.synthesis.transforms import (
    Signal,
    Spectrum,
    filter_frames,
    frames,
    istft,
    mel_filters,
    stft,
    window,
)

WORLD_RATE: Final = (
    16_000  # Hz; D4C looks for voicing up to 7,900 Hz and reads beyond its memory below this rate
)


def griffin_lim(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """From a mel spectrogram such as text-to-speech systems predict: 80 bands, windows of 46 ms every 12 ms.

    Magnitudes run straight from band to band, phases are guessed in 32 rounds (Griffin and Lim, 1984).
    """
    hop = round(0.0116 * rate)
    length = 4 * hop
    filters = mel_filters(80, 1 + length // 2, rate)
    mel = np.abs(stft(wave, length, hop)) @ filters / np.maximum(filters.sum(axis=0), 1e-3)
    magnitude = mel @ filters.T / np.maximum(filters.sum(axis=1), 1e-3)
    return estimate_phase(magnitude, hop, wave.size, rng, rounds=32)


def lpc(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """All-pole vocoder, driven by either pulses or noise (Atal and Hanauer, 1971).

    Two coefficients more than the rate has kilohertz: a pair for each resonance of the vocal tract and two
    for the slope (Markel and Gray, 1976).
    """
    hop, length = round(0.01 * rate), round(0.03 * rate)
    size = 1 << round(0.16 * rate).bit_length()  # points: the resonances have died out after 120 ms
    taper = window(length)
    predictor, error = linear_prediction(frames(wave, length, hop) * taper, order=2 + round(rate / 1000))
    f0 = pitch(wave, rate, hop)
    voiced = per_sample((f0 > 0).astype(np.float64), hop, wave.size) > 0.5
    train = pulses(per_sample(bridged(f0, 100.0), hop, wave.size), rate, rng, jitter=0.0, shimmer=0.0)
    excitation = np.where(voiced, train, rng.standard_normal(wave.size))
    gain = np.sqrt(error / np.sum(taper**2))
    made = filter_frames(excitation, gain[:, None] / np.asarray(rfft(predictor, n=size, axis=-1)), hop)
    return _dispersed(made, rate, rng)


def world(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """WORLD itself (Morise, Yokomori and Ozawa, 2016): DIO and StoneMask, CheapTrick, D4C, every 5 ms."""
    import pyworld  # noqa: PLC0415 - only for who asks

    inner = max(int(rate), WORLD_RATE)
    sound = np.ascontiguousarray(_at(wave, int(rate), inner))
    rough, time = pyworld.dio(sound, inner)
    f0 = pyworld.stonemask(sound, rough, time, inner)
    envelope = pyworld.cheaptrick(sound, f0, time, inner)
    aperiodicity = pyworld.d4c(sound, f0, time, inner)
    made = _at(pyworld.synthesize(f0, envelope, aperiodicity, inner), inner, int(rate))
    return _dispersed(np.pad(made, (0, max(0, wave.size - made.size)))[: wave.size], rate, rng)


def sinusoidal(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:  # noqa: ARG001 - draws nothing
    """Nothing but the 80 strongest sinusoids of each 46 ms (McAulay and Quatieri, 1986), noise included.

    A peak's frequency is read from its two highest bins (Grandke, 1983); each sinusoid is written as the main
    lobe that it has under the window, and the frames are overlapped (Rodet and Depalle, 1992).
    """
    hop = round(0.0116 * rate)
    length = 4 * hop
    spectrum = stft(wave, length, hop)
    made = np.zeros_like(spectrum)
    frame, bin_ = _peaks(np.abs(spectrum), 80)
    left, top, right = (np.abs(spectrum[frame, bin_ + step]) for step in (-1, 0, 1))
    ratio = np.maximum(left, right) / top
    place = bin_ + np.where(right > left, 1, -1) * (2 * ratio - 1) / (1 + ratio)
    amplitude = spectrum[frame, bin_] / _lobe(bin_ - place)
    for step in (-2, -1, 0, 1, 2):
        np.add.at(made, (frame, bin_ + step), amplitude * _lobe(bin_ + step - place))
    return istft(made, length, hop, wave.size)


def _dispersed(wave: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """All-pass with a group delay within ±4 ms, as coders disperse their pulses (McCree and Barnwell, 1995).

    Minimum-phase pulses peak 1.3 dB higher than speech of the same level, which would give them away.
    """
    return disperse(wave, rate, tuple(rng.uniform(-0.004, 0.004, 4).tolist()))


def _peaks(magnitude: Signal, count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Frames and bins of each frame's highest local maxima, two bins or more from either end."""
    inner = magnitude[:, 2:-2]
    peak = (inner > magnitude[:, 1:-3]) & (inner >= magnitude[:, 3:-1])
    height = np.where(peak, inner, 0.0)
    lowest = np.partition(height, -count, axis=-1)[:, -count, None]
    frame, bin_ = np.nonzero(peak & (height >= np.maximum(lowest, 1e-12)))
    return frame, bin_ + 2


def _lobe(distance: Signal) -> Spectrum:
    """Transform of the Hann window at a distance in bins, per sample of the window.

    >>> abs(_lobe(np.array([0.0, 1.0, 2.0]))).round(6).tolist()
    [0.5, 0.25, 0.0]
    """
    near = np.abs(np.abs(distance) - 1) < 1e-6  # where sinc and the denominator are 0
    shape = np.where(near, 0.5, np.sinc(distance) / np.where(near, 1.0, 1 - distance**2))
    return np.asarray(0.5 * shape * np.exp(-1j * np.pi * distance))


def _at(wave: Signal, rate_from: int, rate_to: int) -> Signal:
    """At another rate, without delay."""
    return resample(wave.astype(np.float32), rate_from, rate_to).astype(np.float64)


VOCODERS: Final[Mapping[str, Resynthesis]] = {
    "griffin_lim": griffin_lim,
    "lpc": lpc,
    "sinusoidal": sinusoidal,
    "world": world,
}
