"""Speech-like utterances: a source of pulses and noise, and a moving tract (Fant, 1960; Klatt, 1980)."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from bonafide.corpora.synthesis.analysis import per_sample
from bonafide.corpora.synthesis.excitation import pulses
from bonafide.corpora.synthesis.phones import Phone, Sound, sentence
from bonafide.corpora.synthesis.transforms import Signal, Spectrum, filter_frames

FRAME = 0.005  # seconds between two targets
SIZE = 1024  # points of the spectra


class Voice(NamedTuple):
    """A speaker.

    Args:
        name: of the speaker.
        pitch: usual fundamental frequency, Hz.
        melody: how far the pitch moves, 1 is usual.
        tract: factor on all formants; 1 for a tract of 17.5 cm, higher for shorter ones.
        jitter: irregularity of the pulses' instants, as a share of the period.
        shimmer: irregularity of their amplitudes (standard deviation of the logarithm).
        breath: noise of the glottis, relative to the pulses.
        tilt: Hz; above it the source falls by another 6 dB an octave, lower is softer.
        tempo: 1 is usual.
    """

    name: str
    pitch: float
    melody: float
    tract: float
    jitter: float
    shimmer: float
    breath: float
    tilt: float
    tempo: float


VOICES: Final[tuple[Voice, ...]] = (
    Voice("ada", 205.0, 1.1, 1.17, 0.006, 0.05, 0.05, 2600.0, 1.00),
    Voice("bela", 112.0, 0.9, 1.00, 0.009, 0.07, 0.03, 3200.0, 0.95),
    Voice("chiyo", 236.0, 1.3, 1.21, 0.005, 0.04, 0.08, 2000.0, 1.10),
    Voice("dov", 96.0, 0.8, 0.96, 0.012, 0.09, 0.05, 2400.0, 0.92),
    Voice("efua", 182.0, 1.0, 1.12, 0.008, 0.06, 0.04, 3600.0, 1.05),
    Voice("farid", 134.0, 1.2, 1.03, 0.007, 0.05, 0.06, 2800.0, 1.12),
    Voice("greta", 166.0, 0.9, 1.09, 0.014, 0.11, 0.10, 1800.0, 0.90),
    Voice("hugo", 122.0, 1.0, 0.98, 0.006, 0.06, 0.02, 4000.0, 1.06),
)


class Tracks(NamedTuple):
    """Controls in steps of `FRAME`, each `[frames]`, formants `[frames, 3]`; names as in `Phone`."""

    formants: Signal
    voicing: Signal
    breath: Signal
    hiss: Signal
    centre: Signal
    spread: Signal
    nasal: Signal
    f0: Signal


def speak(voice: Voice, seconds: float, rate: float, rng: np.random.Generator) -> Signal:
    """A random sentence, dry and clean.

    Args:
        voice: who speaks.
        seconds: duration.
        rate: Hz.
        rng: draws text, melody and noise.

    Returns:
        `[time]`, of about unit power in vowels.
    """
    samples, hop = round(seconds * rate), round(FRAME * rate)
    count = 1 + samples // hop
    controls = tracks(sentence(seconds, voice.tempo, rng), voice, count, rng)
    f0 = per_sample(controls.f0, hop, samples)
    phase = 2 * np.pi * np.cumsum(f0) / rate
    train = pulses(f0, rate, rng, voice.jitter, voice.shimmer) * per_sample(controls.voicing, hop, samples)
    flow = per_sample(controls.breath + voice.breath * controls.voicing, hop, samples)
    # Air is loudest while the folds are open, so the noise pulses with the voice.
    aspiration = flow * (1 + 0.5 * np.cos(phase)) * rng.standard_normal(samples)
    constriction = per_sample(controls.hiss, hop, samples) * rng.standard_normal(samples)
    frequency = np.linspace(0.0, rate / 2, SIZE // 2 + 1)
    tract = _tract(controls, voice, frequency)
    voiced = filter_frames(train, tract * _glottis(voice, frequency), hop)
    breathy = filter_frames(aspiration, tract, hop)
    hissing = filter_frames(constriction, _constriction(controls, frequency), hop)
    return voiced + 0.2 * breathy + hissing


def tracks(sounds: list[Sound], voice: Voice, count: int, rng: np.random.Generator) -> Tracks:
    """Targets of the phones, smoothed as articulators move: formants slowly, the glottis faster."""
    end = np.cumsum([sound.seconds for sound in sounds])
    which = np.minimum(np.searchsorted(end, FRAME * np.arange(count), side="right"), len(sounds) - 1)

    def track(field: str, seconds: float) -> Signal:
        values = np.array([getattr(sound.phone, field) for sound in sounds], dtype=np.float64)[which]
        return gaussian_filter1d(values, seconds / FRAME, axis=0, mode="nearest")

    stress = gaussian_filter1d(np.array([sound.stress for sound in sounds])[which], 0.04 / FRAME)
    return Tracks(
        formants=track("formants", 0.022) * voice.tract,
        voicing=np.clip(track("voicing", 0.009), 0.0, None) * (1 + 0.35 * stress),
        breath=track("breath", 0.006),
        hiss=track("hiss", 0.005),
        centre=track("centre", 0.004),
        spread=track("spread", 0.004),
        nasal=track("nasal", 0.006),
        f0=_melody(sounds, which, voice, stress, rng),
    )


def _melody(
    sounds: list[Sound], which: NDArray[np.intp], voice: Voice, stress: Signal, rng: np.random.Generator
) -> Signal:
    """Pitch in Hz: declines through a phrase, rises on stress, dips or jumps beside obstruents, wanders."""
    phrase = np.array([sound.phrase for sound in sounds])[which]
    change = np.flatnonzero(np.diff(phrase, prepend=-1))
    elapsed = FRAME * (np.arange(len(which)) - change[np.cumsum(np.diff(phrase, prepend=-1) != 0) - 1])
    micro = np.array([_microprosody(sound.phone) for sound in sounds])[which]
    wander = gaussian_filter1d(rng.standard_normal(len(which)), 0.06 / FRAME) * np.sqrt(0.06 / FRAME)
    logarithm = (
        0.10 - 0.16 * elapsed + 0.20 * stress + 0.035 * wander + gaussian_filter1d(micro, 0.015 / FRAME)
    )
    return np.asarray(voice.pitch * np.exp(voice.melody * logarithm))


def _microprosody(phone: Phone) -> float:
    """Voiceless obstruents raise the pitch around them, voiced ones lower it (Hombert, 1978)."""
    if phone.voicing == 0.0 and (phone.hiss > 0 or phone.breath > 0):
        return 0.08
    return -0.06 if 0 < phone.voicing < 0.5 else 0.0


def _resonance(frequency: Signal, centre: Signal, width: Signal) -> Spectrum:
    """Pair of poles with gain 1 at 0 Hz: `[bins]`, `[frames]`, `[frames]` → `[frames, bins]`."""
    pole = -np.pi * width + 2j * np.pi * centre
    s = 2j * np.pi * frequency
    return np.asarray(
        np.abs(pole[:, None]) ** 2 / ((s - pole[:, None]) * (s - pole.conj()[:, None])), dtype=np.complex128
    )


def _width(centre: Signal) -> Signal:
    """Bandwidth of a formant, Hz: losses in the walls below, radiation above."""
    return np.asarray(45.0 + 0.035 * centre + 1.2e-5 * centre**2)


def _tract(controls: Tracks, voice: Voice, frequency: Signal) -> Spectrum:
    """Cascade of ten formants, the nasal pole and zero, and radiation: `[frames, bins]`."""
    count = len(controls.f0)
    # Upper formants stay at (2n - 1)·500 Hz of a neutral tube.
    upper = np.arange(3500.0, 10000.0, 1000.0) * voice.tract
    response = np.prod(_resonance(frequency, upper, _width(upper)), axis=0)[None]
    for centre in controls.formants.T:
        response = response * _resonance(frequency, centre, _width(centre) * (1 + 1.2 * controls.nasal))
    nose = np.full(count, 270.0)
    zero = nose + 700.0 * controls.nasal  # pole and zero cancel in oral sounds
    response = response * _resonance(frequency, nose, 0.4 * nose) / _resonance(frequency, zero, 0.4 * nose)
    # The tube's infinitely many higher poles lift what ten of them leave (Fant, 1960): Σ 1/F_n² for n > 10.
    correction = np.exp(np.minimum(frequency, 9500.0) ** 2 / (4 * 10 * (500.0 * voice.tract) ** 2))
    radiation = 1j * frequency / (1j * frequency + 1500.0)
    return np.asarray(response * correction * radiation * 4)


def _glottis(voice: Voice, frequency: Signal) -> Spectrum:
    """Spectrum of a glottal pulse: a maximum-phase resonance near the pitch, a tilt (Doval et al., 2006)."""
    opening = voice.pitch * 1.1
    s = 1j * frequency
    pole = -0.6 * opening + 1j * opening
    flow = np.abs(pole) ** 2 / ((-s - pole) * (-s - pole.conjugate()))
    return np.asarray(flow * (1 + s / 900.0) / (1 + s / voice.tilt), dtype=np.complex128)


def _constriction(controls: Tracks, frequency: Signal) -> Signal:
    """Hiss: a broad hump around its centre over a weak flat floor, `[frames, bins]`, real."""
    away = (frequency - controls.centre[:, None]) / controls.spread[:, None]
    return np.asarray((0.04 + np.exp(-0.5 * away**2)) * np.minimum(1.0, frequency / 400.0))
