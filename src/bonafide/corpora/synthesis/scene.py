"""Where an utterance was recorded: room, microphone and background noise."""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import oaconvolve

from bonafide.corpora.synthesis.transforms import Signal


def coloured_noise(samples: int, rate: float, slope: float, rng: np.random.Generator) -> Signal:
    """Gaussian noise of unit power whose power falls by `slope` dB an octave above 50 Hz: `[samples]`."""
    size = next_fast_len(samples, real=True)
    frequency = np.maximum(rfftfreq(size, 1 / rate), 50.0)
    shaped = rfft(rng.standard_normal(size)) * frequency ** (-slope / (20 * np.log10(2)))
    noise = np.asarray(irfft(shaped, n=size))[:samples]
    return np.asarray(noise / np.sqrt(np.mean(noise**2)))


def room_response(rate: float, rng: np.random.Generator) -> Signal:
    """Impulse response of a small room: direct sound, six early reflections, a decaying diffuse tail.

    Reverberation time 0.15–0.4 s, tail 8–18 dB below the direct sound and duller than it.
    """
    decay = rng.uniform(0.15, 0.4)
    time = np.arange(round(0.6 * decay * rate)) / rate
    tail = rng.standard_normal(time.size) * 10 ** (-3 * time / decay) * (time > 0.004)
    tail[1:] = 0.6 * tail[1:] + 0.4 * tail[:-1]
    response = tail * 10 ** (-rng.uniform(8, 18) / 20) / np.linalg.norm(tail)
    arrival = (rate * rng.uniform(0.002, 0.02, 6)).astype(int)
    response[arrival] += rng.uniform(-0.25, 0.25, 6)
    response[0] += 1.0
    return np.asarray(response)


def record(dry: Signal, rate: float, rng: np.random.Generator) -> Signal:
    """Speech in a room with background noise, through a microphone of slightly uneven response.

    The noise lies 28–42 dB below the speech, its colour is drawn: `[time]` → `[time]`.
    """
    wet = oaconvolve(dry, room_response(rate, rng))[: dry.size]
    wet = wet / np.sqrt(np.mean(wet**2))
    noise = coloured_noise(dry.size, rate, float(rng.uniform(1.0, 5.0)), rng)
    heard = wet + 10 ** (-rng.uniform(28, 42) / 20) * noise
    size = next_fast_len(dry.size, real=True)
    octave = np.log2(np.maximum(rfftfreq(size, 1 / rate), 60.0) / 1000.0)
    uneven = rng.uniform(-1.0, 1.0) * octave + 1.5 * np.sin(octave * 1.3 + rng.uniform(0, 2 * np.pi))  # dB
    return np.asarray(irfft(rfft(heard, n=size) * 10 ** (uneven / 20), n=size))[: dry.size]
