"""What drives a vocal tract: pulses of the vocal folds, placed between samples."""

import numpy as np

from bonafide.corpora.synthesis.transforms import Signal

TAPS = 32


def pulses(f0: Signal, rate: float, rng: np.random.Generator, jitter: float, shimmer: float) -> Signal:
    """Band-limited pulse train of unit power: each pulse is a windowed sinc at its exact instant.

    Args:
        f0: `[time]`, Hz, positive.
        rate: Hz.
        rng: draws the irregularities.
        jitter: standard deviation of a pulse's instant, as a share of the period.
        shimmer: standard deviation of the natural logarithm of a pulse's amplitude.

    Returns:
        `[time]`.
    """
    phase = np.cumsum(f0) / rate
    count = int(phase[-1])
    instant = np.interp(np.arange(1, count + 1), phase, np.arange(f0.size, dtype=np.float64))
    period = rate / np.interp(instant, np.arange(f0.size), f0)
    instant = instant + jitter * period * rng.standard_normal(count)
    amplitude = np.sqrt(period) * np.exp(shimmer * rng.standard_normal(count))
    first = np.floor(instant).astype(int) - TAPS // 2 + 1
    position = first[:, None] + np.arange(TAPS)  # [pulses, taps]
    distance = position - instant[:, None]
    shape = np.sinc(distance) * (0.5 + 0.5 * np.cos(np.pi * np.clip(distance / (TAPS / 2), -1, 1)))
    train = np.zeros(f0.size)
    inside = (position >= 0) & (position < f0.size)
    np.add.at(train, position[inside], (amplitude[:, None] * shape)[inside])
    return train
