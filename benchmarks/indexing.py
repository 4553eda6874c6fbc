"""Indexing a corpus on all cores against one process that asks soundfile about each file, in one run.

`python benchmarks/indexing.py`: 10,000 half-second WAV files, headers only. Both ways take turns, over files
that the system has in memory, and must find the same lengths. The target is a ratio of at least 1.7 on two
cores; and that a second run, which finds nothing changed, takes less than a second for 100,000 files.
"""

import os
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import soundfile

from bonafide.corpora.folder import Folder
from bonafide.data import manifest
from bonafide.data.manifest import Depth, Manifest

FILES = 10_000
RATE, SAMPLES = 16_000, 8_000
REPEATS = 5


def write(root: Path) -> list[Path]:
    """As many recordings as spoofs, each with an inode of its own; lengths differ."""
    generator = np.random.default_rng(0)
    noise = (0.1 * generator.standard_normal(2 * SAMPLES)).astype(np.float32)
    paths = []
    for side in ("fake", "real"):
        (root / side).mkdir()
        for number in range(FILES // 2):
            paths.append(root / side / f"{number:06}.wav")
            soundfile.write(paths[-1], noise[: SAMPLES + number % 1_000], RATE, subtype="PCM_16")
    return paths


def index(root: Path, cache: Path) -> tuple[float, Manifest]:
    begin = perf_counter()
    found = manifest.build(Folder(root), Depth(decode=False), cache, announce=lambda _: None)
    return perf_counter() - begin, found


def ask(paths: list[Path]) -> tuple[float, list[int]]:
    begin = perf_counter()
    found = [soundfile.info(path).frames for path in paths]
    return perf_counter() - begin, found


def compare(root: Path, paths: list[Path], folder: Path) -> tuple[float, float, float]:
    """Median seconds of a first run, of a second run, and of one process, measured in turn."""
    times = []
    for repeat in range(REPEATS):
        cache = folder / f"cache_{repeat}"
        first, built = index(root, cache)
        second, again = index(root, cache)
        single, frames = ask(paths)
        assert built.numbers("frames").tolist() == again.numbers("frames").tolist() == frames  # noqa: S101
        times.append((first, second, single))
    first, second, single = (median(column) for column in zip(*times, strict=True))
    return first, second, single


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = folder / "corpus"
        root.mkdir()
        paths = write(root)
        ask(paths)
        first, second, single = compare(root, paths, folder)
    print(f"{FILES:,} WAV files, headers only, {len(os.sched_getaffinity(0))} cores")
    print(f"{'indexed, s':>12} {'one process, s':>16} {'ratio':>8} {'again, s':>10} {'per 100,000, s':>16}")
    ratio, scaled = single / first, second * 100_000 / FILES
    print(f"{first:>12.3f} {single:>16.3f} {ratio:>8.2f} {second:>10.3f} {scaled:>16.2f}")


if __name__ == "__main__":
    main()
