"""Training batches from the data module against a plain data set that reads whole files, in one run.

`python benchmarks/loader_throughput.py`: one-second clips, cut at random, from files of ten seconds; the same
files, workers and batch size on both sides, epochs in turn. The target is a ratio of at least 3.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import final

import numpy as np
import soundfile
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from bonafide.corpora.folder import Folder
from bonafide.data.module import AudioData

RATE, SECONDS = 16_000, 10
VOICES, UTTERANCES = 20, 1_000
"""Different recordings on each side, and names they are linked to, for epochs of some length."""

WORKERS, BATCH = 2, 32
EPOCHS = 3


@final
class WholeFiles(Dataset[tuple[Tensor, float]]):
    """As data sets are usually written: the file is decoded, and a second of it kept."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, place: int) -> tuple[Tensor, float]:
        path = self.paths[place]
        waveform, _ = soundfile.read(path, dtype="float32")
        start = int(torch.randint(len(waveform) - RATE + 1, ()))
        return torch.from_numpy(waveform[start : start + RATE]), float(path.parent.name == "real")


def write(root: Path, ending: str) -> Path:
    """Noise with a spectrum that falls as that of speech, so that FLAC has work to do."""
    generator = np.random.default_rng(0)
    for number in range(UTTERANCES):
        for side in ("real", "fake"):
            path = root / side / f"{number:04}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            if number >= VOICES:
                path.hardlink_to(root / side / f"{number % VOICES:04}.{ending}")
                continue
            noise = np.cumsum(generator.standard_normal(SECONDS * RATE))
            noise -= np.convolve(noise, np.full(200, 1 / 200), mode="same")
            soundfile.write(path, 0.5 * noise / np.abs(noise).max(), RATE)
    return root


def clips_per_second(loader: Iterable[tuple[Tensor, ...]]) -> float:
    begin = perf_counter()
    clips = sum(len(waveform) for waveform, *_ in loader)
    return clips / (perf_counter() - begin)


def compare(root: Path, cache: Path) -> tuple[float, float]:
    """Median clips a second of each way, measured in turn; the first epochs start the workers."""
    data = AudioData(
        root, Folder, sample_rate=RATE, clip_seconds=1.0, batch_size=BATCH, workers=WORKERS, cache=cache,
        split={"validation": 0.05, "test": 0.05},
    )  # fmt: skip
    ours = data.train_dataloader()
    utterances = round(0.9 * UTTERANCES)
    paths = [path for path in sorted(root.rglob("*.*")) if int(path.stem) < utterances]
    theirs = DataLoader(WholeFiles(paths), BATCH, shuffle=True, num_workers=WORKERS, persistent_workers=True)
    rates = [(clips_per_second(ours), clips_per_second(theirs)) for _ in range(EPOCHS + 1)][1:]
    windows, files = (median(column) for column in zip(*rates, strict=True))
    return windows, files


def main() -> None:
    print(f"clips of 1 s from files of {SECONDS} s at {RATE} Hz, {WORKERS} workers, batches of {BATCH}")
    print(f"{'file':>6} {'bonafide, clips/s':>20} {'whole files, clips/s':>22} {'ratio':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("flac", "wav"):
            ours, theirs = compare(write(Path(folder) / ending, ending), Path(folder) / "cache")
            print(f"{ending:>6} {ours:>20.0f} {theirs:>22.0f} {ours / theirs:>8.2f}")


if __name__ == "__main__":
    main()
