"""Fingerprints that can be heard: mean magnitudes, turned back into sound with a phase that is stated.

Magnitudes say nothing of phase. With a random one, a fingerprint sounds like the noise that has its spectrum;
with that of a recording, like that recording in the fingerprint's colour. Analysed again, the sound has the
magnitudes that it was made of: exactly with the Fourier transform and with the Haar wavelet, and up to the
edges of the signal with longer filters. Gasenzer and Wolter (2024) wrote the inverse transform of the mean
*waveform* instead, which is kept as `published`.
"""

from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bonafide.frontends.packet_tree import PacketTree

_ROUNDS: Final = 16
LEVEL: Final = -26.0  # dB re full scale
PEAK: Final = -3.0


class Safe(NamedTuple):
    """Sound at a level that harms neither ears nor converters.

    Args:
        waveform: `[time]`.
        gain: that brought it there, in dB; what it would take to hear it at its own level.
    """

    waveform: NDArray[np.float32]
    gain: float


def of_lines(magnitude: Tensor, samples: int, *, seed: int = 0, carrier: Tensor | None = None) -> Tensor:
    """Sound whose Fourier transform has these magnitudes.

    Args:
        magnitude: `[samples // 2 + 1]`, never negative.
        samples: of the sound.
        seed: of the random phase.
        carrier: `[samples]`, whose phase is taken instead.

    Returns:
        `[samples]` float64.
    """
    if carrier is None:
        generator = torch.Generator().manual_seed(seed)
        turn = 2 * torch.pi * torch.rand(len(magnitude), generator=generator, dtype=torch.float64)
        turn[0] = 0  # the mean, and the line at half the sample rate, are real
        if samples % 2 == 0:
            turn[-1] = 0
    else:
        turn = torch.fft.rfft(carrier.double()).angle()
    sound: Tensor = torch.fft.irfft(torch.polar(magnitude.double(), turn), samples)
    return sound


def of_packets(
    magnitude: Tensor, tree: PacketTree, samples: int, *, seed: int = 0, carrier: Tensor | None = None
) -> Tensor:
    """Sound whose packets have these mean absolute coefficients, the same at every moment.

    The signs are random or the carrier's. Packets of longer filters overlap at the edges; there, analysis and
    synthesis take turns, and the signs follow (Griffin and Lim, 1984).

    Args:
        magnitude: `[2**level]`, never negative.
        tree: the transform.
        samples: at least; up to a multiple of `2**level`, where no packet reaches beyond the end.
        seed: of the random signs.
        carrier: whose signs are taken instead, `[time]`, repeated as needed.

    Returns:
        `[time]` float64.
    """
    samples = -(-samples // 2**tree.level) * 2**tree.level
    wanted = magnitude.double()[None, :, None]
    if carrier is None:
        frames = tree.lengths(samples)[-1]
        generator = torch.Generator().manual_seed(seed)
        draw = torch.rand((1, len(magnitude), frames), generator=generator, dtype=torch.float64)
        sign = torch.where(draw < 0.5, -1.0, 1.0).double()
    else:
        copies = -(-samples // len(carrier))
        sign = _sign(tree(carrier.double().repeat(copies)[None, :samples]))
    sound = tree.inverse(wanted * sign, samples)
    for _ in range(0 if len(tree.lowpass) == 2 else _ROUNDS):
        found = tree(sound)
        mean = found.abs().mean(-1, keepdim=True).clamp(min=1e-300)
        # Scaling keeps what varies over time, which an overlapping transform cannot do without.
        sound = tree.inverse(found * (wanted / mean), samples)
    return sound[0]


def published(mean_waveform: Tensor) -> Tensor:
    """The inverse Fourier transform of a mean waveform, peak 1: `[n]` → `[2 * (n - 1)]`.

    >>> len(published(torch.ones(22050)))
    44098
    """
    sound: Tensor = torch.fft.irfft(mean_waveform.double().to(torch.complex128))
    return sound / sound.abs().max().clamp(min=1e-300)


def safe(sound: Tensor, *, level: float = LEVEL, peak: float = PEAK) -> Safe:
    """The same at an RMS of `level`, or less where its peak would exceed `peak`; both dB re full scale."""
    rms, highest = float(sound.square().mean().sqrt()), float(sound.abs().max())
    if rms < 1e-12:
        return Safe(np.zeros(len(sound), np.float32), 0.0)
    factor = min(10 ** (level / 20) / rms, 10 ** (peak / 20) / highest)
    return Safe((sound * factor).numpy().astype(np.float32), float(20 * np.log10(factor)))


def _sign(values: Tensor) -> Tensor:
    """+1 for what is not negative, 0 included."""
    return torch.where(values < 0, -1.0, 1.0).to(values.dtype)
