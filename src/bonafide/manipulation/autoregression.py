"""Autoregressive models of sound, and what they expect to follow it.

Burg, Maximum entropy spectral analysis (1975): a model whose poles never leave the unit circle, so what it
continues dies out and never grows, however long. Kauppinen and Roth, Audio signal extrapolation: theory and
applications (DAFx 2002): with an order of hundreds such a model continues tones and their decay.
"""

import numpy as np
from scipy.signal import lfilter, lfiltic

from bonafide.corpora.synthesis.transforms import Signal

_FLOOR = 1e-13  # of the power; what lies below it is rounding, and a model of it noise


def burg(wave: Signal, order: int) -> tuple[Signal, float]:
    """Inverse filter `1 + a_1 z⁻¹ + …` and power of the residual, by Burg's recursion.

    Each step chooses the reflection coefficient that makes forward and backward residuals together the
    smallest, weighted by a Hamming window (Swingler, 1979), without which a tone's frequency comes out wrong
    by an amount that its phase decides. It ends early when nothing but rounding is left.

    Args:
        wave: `[time]`, longer than `order`.
        order: of the model, at the most.

    Returns:
        `[order + 1]`, zeros behind an early end; the residual's power.
    """
    a = np.zeros(order + 1)
    a[0] = 1.0
    power = start = float(np.mean(wave**2))
    forward, backward = wave[1:].copy(), wave[:-1].copy()
    for step in range(1, order + 1):
        weight = 0.54 - 0.46 * np.cos(2 * np.pi * (np.arange(forward.size) + 0.5) / forward.size)
        energy = float(weight @ (forward**2 + backward**2))
        if power <= _FLOOR * start or energy <= 0:
            break
        reflection = -2 * float(weight @ (forward * backward)) / energy
        a[1 : step + 1] += reflection * a[step - 1 :: -1][:step]
        power *= 1 - reflection**2
        ahead = forward + reflection * backward
        backward = (backward + reflection * forward)[:-1]
        forward = ahead[1:]
    return a, power


def continued(wave: Signal, inverse: Signal, samples: int) -> Signal:
    """What a model expects to follow: each sample is predicted from those before it.

    Args:
        wave: `[time]`, at least as long as the order.
        inverse: `[order + 1]`, the inverse filter.
        samples: wanted.

    Returns:
        `[samples]`.
    """
    order = inverse.size - 1
    state = lfiltic([1.0], inverse, wave[: -order - 1 : -1])
    return np.asarray(lfilter([1.0], inverse, np.zeros(samples), zi=state)[0])


def excited(inverse: Signal, excitation: Signal) -> Signal:
    """A model's answer to an excitation, from rest: `[time]` → `[time]`."""
    return np.asarray(lfilter([1.0], inverse, excitation))
