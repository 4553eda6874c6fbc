"""RawBoost clip by clip in numpy and scipy, as the published code describes it, from draws that are given."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from bonafide.augment.convolutive import ConvolutiveDrawn
from bonafide.augment.impulsive import ImpulsiveDrawn
from bonafide.augment.notch import Notches
from bonafide.augment.stationary import StationaryDrawn

Signal = NDArray[np.float64]


def plain(tensor: Any) -> Any:
    return tensor.double().numpy() if tensor.is_floating_point() else tensor.numpy()


def normalized(x: Signal, *, always: bool) -> Signal:
    peak = np.amax(np.abs(x))
    return x / peak if always or peak > 1 else x


def notch(notches: Notches, clip: int, number: int, rate: int) -> Signal:
    """One filter: band-stops by the window method, convolved with each other, its highest gain set."""
    b = np.ones(1)
    for centre, width, taps in zip(*(plain(part[clip, number]) for part in notches[:3]), strict=True):
        low, high = max(centre - width / 2, 1 / 1000), min(centre + width / 2, rate / 2 - 1 / 1000)
        b = np.convolve(signal.firwin(int(taps), [low, high], window="hamming", fs=rate), b)
    _, response = signal.freqz(b, 1, fs=rate)
    return 10 ** (float(notches.gain_db[clip, number]) / 20) * b / np.amax(np.abs(response))


def through(x: Signal, b: Signal) -> Signal:
    """The filter on a clip that zeros follow, and the middle of what comes out."""
    n = len(b) + 1
    y = signal.lfilter(b, 1, np.pad(x, (0, n)))
    return y[n // 2 : len(y) - n // 2]


def convolutive(x: Signal, drawn: ConvolutiveDrawn, clip: int, rate: int) -> Signal:
    y = np.zeros(len(x))
    for power in range(drawn.notches.gain_db.shape[1]):
        y = y + through(x ** (power + 1), notch(drawn.notches, clip, power, rate))
    return normalized(y - y.mean(), always=False)


def impulsive(x: Signal, drawn: ImpulsiveDrawn, clip: int, gain: float) -> Signal:
    y, hits = x.copy(), int(drawn.hits[clip])
    p = plain(drawn.position[clip, :hits])
    y[p] = x[p] + gain * x[p] * plain(drawn.factor[clip, :hits])
    return normalized(y, always=False)


def stationary(x: Signal, drawn: StationaryDrawn, clip: int, rate: int) -> Signal:
    noise = through(plain(drawn.noise[clip]), notch(drawn.notches, clip, 0, rate))
    noise = normalized(noise, always=True)
    snr = float(drawn.snr_db[clip])
    return x + noise / np.linalg.norm(noise) * np.linalg.norm(x) / 10 ** (0.05 * snr)


def rawboost(x: Signal, drawn: Any, clip: int, *, algorithm: int, rate: int, gain: float = 2.0) -> Signal:
    def one(x: Signal) -> Signal:
        return convolutive(x, drawn.convolutive, clip, rate)

    def two(x: Signal) -> Signal:
        return impulsive(x, drawn.impulsive, clip, gain)

    def three(x: Signal) -> Signal:
        return stationary(x, drawn.stationary, clip, rate)

    made: Signal = {
        0: lambda: x,
        1: lambda: one(x),
        2: lambda: two(x),
        3: lambda: three(x),
        4: lambda: three(two(one(x))),
        5: lambda: two(one(x)),
        6: lambda: three(one(x)),
        7: lambda: three(two(x)),
        8: lambda: normalized(one(x) + two(x), always=False),
    }[algorithm]()
    return made
