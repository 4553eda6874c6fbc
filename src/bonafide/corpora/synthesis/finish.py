"""The last steps that every version of an utterance takes, so that no trivial feature tells which it is."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import butter, sosfilt, sosfiltfilt

from bonafide.corpora.synthesis.scene import coloured_noise
from bonafide.corpora.synthesis.transforms import Signal

CUTOFF = 70.0  # Hz, so that little is left below 60


class Chain(NamedTuple):
    """What the versions of one utterance share.

    Args:
        samples: length of the file.
        level: root mean square, dB relative to full scale.
        floor: hiss of the recording chain, dB relative to `level`.
        rumble: its noise below 60 Hz, dB relative to `level`.
        dispersion: `[4]`, group delays in seconds at 0, 1/3, 2/3 and all of half the rate.
    """

    samples: int
    level: float
    floor: float
    rumble: float
    dispersion: tuple[float, float, float, float]


def draw_chain(samples: int, rng: np.random.Generator) -> Chain:
    """A recording chain such as one utterance may have met."""
    first, second, third, last = rng.uniform(-0.012, 0.012, 4)
    return Chain(
        samples,
        level=rng.uniform(-42.0, -24.0),
        floor=rng.uniform(-50.0, -42.0),
        rumble=rng.uniform(-46.0, -30.0),
        dispersion=(first, second, third, last),
    )


def finish(wave: Signal, rate: float, chain: Chain, rng: np.random.Generator) -> Signal:
    """High-pass, dispersion, cut, noise, level: all but the dither, which `quantise` adds.

    The zero-phase high-pass works on the long signal and the edges are cut afterwards, so neither its ringing
    nor a resynthesis's start is left. The chain's rumble then decides what lies below the cut-off. Its
    dispersion, the same for all versions, spreads the pulses of some vocoders, which would show as peaks.

    Args:
        wave: `[time]`, longer than the file.
        rate: Hz.
        chain: of the utterance.
        rng: draws this version's own noise.

    Returns:
        `[chain.samples]`, mean 0, root mean square exactly as the chain says, full scale 1.
    """
    sections = butter(8, CUTOFF, "highpass", fs=rate, output="sos")
    passed = disperse(np.asarray(sosfiltfilt(sections, wave - wave.mean())), rate, chain.dispersion)
    start = (passed.size - chain.samples) // 2
    cut = _unit(passed[start : start + chain.samples])
    hiss = coloured_noise(chain.samples, rate, 3.0, rng)
    sections = butter(2, [15.0, 45.0], "bandpass", fs=rate, output="sos")
    rumble = _unit(np.asarray(sosfilt(sections, rng.standard_normal(chain.samples))))
    noisy = cut + 10 ** (chain.floor / 20) * hiss + 10 ** (chain.rumble / 20) * rumble
    return _unit(noisy) * 10 ** (chain.level / 20)


def disperse(wave: Signal, rate: float, delays: tuple[float, ...]) -> Signal:
    """All-pass whose group delay runs straight between `delays` seconds, equally spaced in frequency.

    `[time]` → `[time]`, circular: the ends should be padding.
    """
    size = next_fast_len(wave.size, real=True)
    frequency = rfftfreq(size, 1 / rate)
    delay = np.interp(frequency, np.linspace(0.0, rate / 2, len(delays)), delays)
    phase = -2 * np.pi * np.cumsum(delay) * frequency[1]
    return np.asarray(irfft(rfft(wave, n=size) * np.exp(1j * phase), n=size))[: wave.size]


def quantise(wave: Signal, rng: np.random.Generator) -> NDArray[np.int16]:
    """16 bits with triangular dither: mean and power of the error do not follow the signal."""
    dither = rng.random(wave.size) - rng.random(wave.size)
    return np.rint(wave * 32768 + dither).astype(np.int16)


def _unit(wave: Signal) -> Signal:
    centred = wave - wave.mean()
    return np.asarray(centred / np.sqrt(np.mean(centred**2)))
