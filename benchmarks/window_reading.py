"""Reading a window against decoding the whole file and cutting, side by side in one run.

`python benchmarks/window_reading.py`: one-second windows from ten-second FLAC files, as a random crop asks
for them. Both ways must give the same samples. The target is a ratio of at least 3 without resampling.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from bonafide.audio import clip, files, frames

RATE = 16_000
READS = 300
REPEATS = 3

Reader = Callable[["Window"], NDArray[np.float32]]


class Window(NamedTuple):
    """Which second of which file."""

    path: Path
    start: int


def write(folder: Path, rate: int, count: int = 20) -> list[Path]:
    """Ten seconds of noise with a spectrum that falls as that of speech, so that FLAC has work to do."""
    generator = np.random.default_rng(0)
    paths = [folder / f"{rate}_{number}.flac" for number in range(count)]
    for path in paths:
        noise = np.cumsum(generator.standard_normal(10 * rate))
        noise -= np.convolve(noise, np.full(200, 1 / 200), mode="same")
        soundfile.write(path, 0.5 * noise / np.abs(noise).max(), rate)
    return paths


def draw(paths: list[Path]) -> list[Window]:
    generator = np.random.default_rng(1)
    starts = [clip.crop_start(10 * RATE, RATE, int(generator.integers(2**62))) for _ in range(READS)]
    return [Window(paths[number % len(paths)], start) for number, start in enumerate(starts)]


def by_window(window: Window) -> NDArray[np.float32]:
    return files.read(window.path, RATE, start=window.start, length=RATE)


def by_file(window: Window) -> NDArray[np.float32]:
    whole, rate = soundfile.read(window.path, dtype="float32")
    if rate != RATE:
        whole = soxr.resample(whole, rate, RATE, quality="HQ")
    return np.asarray(whole[window.start : window.start + RATE])


def seconds(reader: Reader, windows: list[Window]) -> float:
    begin = perf_counter()
    for window in windows:
        reader(window)
    return perf_counter() - begin


def compare(paths: list[Path], tolerance: float) -> tuple[float, float]:
    """Median milliseconds a read of each way, measured in turn."""
    windows = draw(paths)
    for window in windows:
        np.testing.assert_allclose(by_window(window), by_file(window), rtol=0, atol=tolerance)
    times = [(seconds(by_window, windows), seconds(by_file, windows)) for _ in range(REPEATS)]
    ours, theirs = (1e3 * median(column) / READS for column in zip(*times, strict=True))
    return ours, theirs


def main() -> None:
    print(f"{READS} windows of {frames.to_seconds(RATE, RATE):g} s from FLAC files of 10 s, at {RATE} Hz")
    print(f"{'file':>12} {'window, ms':>12} {'whole file, ms':>16} {'ratio':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for rate, tolerance in ((RATE, 0.0), (22_050, 1e-4)):
            ours, theirs = compare(write(Path(folder), rate), tolerance)
            print(f"{rate:>9} Hz {ours:>12.3f} {theirs:>16.3f} {theirs / ours:>8.2f}")


if __name__ == "__main__":
    main()
