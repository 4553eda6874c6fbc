"""RawBoost of a whole batch, against the published way: clip by clip in numpy and scipy.

Run: `.venv/bin/python benchmarks/rawboost.py`
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import signal
from torch import Tensor

from bonafide.augment.change import seeded
from bonafide.augment.rawboost import RawBoost

SAMPLE_RATE, SAMPLES, CLIPS = 16000, 64600, 32
THREADS, WARM_UP, REPEATS = 2, 2, 11
ALGORITHMS = {4: "all in series", 5: "logical access", 3: "deepfakes"}

Signal = NDArray[np.float64]


def normalized(x: Signal, *, always: bool) -> Signal:
    peak = np.amax(np.abs(x))
    return x / peak if always or peak > 1 else x


def notch(random: np.random.Generator, gain_low: float, gain_high: float) -> Signal:
    b = np.ones(1)
    for _ in range(5):
        centre, width = random.uniform(20, 8000), random.uniform(100, 1000)
        taps = int(random.uniform(10, 100)) | 1
        low = max(centre - width / 2, 1 / 1000)
        high = min(centre + width / 2, SAMPLE_RATE / 2 - 1 / 1000)
        b = np.convolve(signal.firwin(taps, [low, high], window="hamming", fs=SAMPLE_RATE), b)
    _, response = signal.freqz(b, 1, fs=SAMPLE_RATE)
    return np.asarray(10 ** (random.uniform(gain_low, gain_high) / 20) * b / np.amax(np.abs(response)))


def through(x: Signal, b: Signal) -> Signal:
    n = len(b) + 1
    y: Signal = signal.lfilter(b, np.ones(1), np.pad(x, (0, n)))
    return y[n // 2 : len(y) - n // 2]


def convolutive(x: Signal, random: np.random.Generator) -> Signal:
    y = np.zeros(len(x))
    for power in range(1, 6):
        gains = (0, 0) if power == 1 else (-20, -5)
        y = y + through(np.power(x, power), notch(random, *gains))
    return normalized(y - np.mean(y), always=False)


def impulsive(x: Signal, random: np.random.Generator) -> Signal:
    n = int(len(x) * random.uniform(0, 10) / 100)
    p = random.permutation(len(x))[:n]
    y = x.copy()
    y[p] = x[p] + 2 * x[p] * random.uniform(-1, 1, n) * random.uniform(-1, 1, n)
    return normalized(y, always=False)


def stationary(x: Signal, random: np.random.Generator) -> Signal:
    noise = normalized(through(random.normal(0, 1, len(x)), notch(random, 0, 0)), always=True)
    snr = random.uniform(10, 40)
    return np.asarray(x + noise / np.linalg.norm(noise) * np.linalg.norm(x) / 10 ** (0.05 * snr))


def published(algorithm: int) -> Callable[[Tensor], Tensor]:
    """The noises of an algorithm, one clip after the other."""
    noises = {3: (stationary,), 4: (convolutive, impulsive, stationary), 5: (convolutive, impulsive)}
    random = np.random.default_rng(0)

    def run(waveform: Tensor) -> Tensor:
        made = []
        for clip in waveform.double().numpy():
            x = clip
            for noise in noises[algorithm]:
                x = noise(x, random)
            made.append(x)
        return torch.from_numpy(np.stack(made)).float()

    return run


def batched(algorithm: int) -> Callable[[Tensor], Tensor]:
    augmentation, generator = RawBoost(SAMPLE_RATE, algorithm), seeded([0])
    return lambda waveform: augmentation(waveform, generator)


def seconds(side: Callable[[Tensor], Tensor], waveform: Tensor) -> float:
    start = perf_counter()
    made = side(waveform)
    if made.is_cuda:
        torch.cuda.synchronize()
    return perf_counter() - start


def main() -> None:
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    waveform = 0.1 * torch.randn(CLIPS, SAMPLES)
    there = waveform.to(device)
    print(f"torch {torch.__version__} on {device}, torch.set_num_threads({torch.get_num_threads()})")
    print(f"{CLIPS} clips of {SAMPLES} samples, draws included, median of {REPEATS} turns after {WARM_UP}")
    for algorithm, name in ALGORITHMS.items():
        ours, theirs = batched(algorithm), published(algorithm)
        # The sides draw on their own, so they agree in level only; the tests compare them draw by draw.
        levels = [side(x).cpu().std() for side, x in ((ours, there), (theirs, waveform))]
        torch.testing.assert_close(levels[0], levels[1], rtol=0.3, atol=0)
        # The sides take turns, and the ratio is taken turn by turn, so that a busy machine hits both alike.
        turns = [(seconds(ours, there), seconds(theirs, waveform)) for _ in range(WARM_UP + REPEATS)]
        fast, slow = (1e3 * median(side) for side in zip(*turns[WARM_UP:], strict=True))
        ratio = median(s / f for f, s in turns[WARM_UP:])
        label = f"{algorithm} ({name})"
        print(f"  {label:20} batch {fast:8.1f} ms   clip by clip {slow:8.1f} ms   ratio {ratio:6.2f}")


if __name__ == "__main__":
    main()
