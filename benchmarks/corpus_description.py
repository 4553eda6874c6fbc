"""Describing a corpus, against a loop over its clips as one writes it with librosa and PyWavelets.

`python benchmarks/corpus_description.py`: clips of two seconds on disk, all measured by `bonafide describe`
on all cores; the loop takes the first of them, with the packets of level 14, whose tree PyWavelets splits
node by node, and once more without them, though our side has them. Loudness is left to our side alone. The
target is a ratio of at least 5 for the same work.
"""

import io
import os
import tempfile
from pathlib import Path
from statistics import mean
from time import perf_counter

import librosa
import numpy as np
import pywt  # type: ignore[import-untyped]
import soundfile
from rich.console import Console

from bonafide.corpora.folder import Folder
from bonafide.data.manifest import build
from bonafide.data.module import AudioData
from bonafide.explain.corpus.chunks import choose
from bonafide.explain.corpus.profile import Settings
from bonafide.scripts.jobs.corpus_description import measured

RATE, SECONDS = 16_000, 2
UTTERANCES = 500
LOOP = {True: 20, False: 200}
"""Clips that the loop takes with packets, and without."""


def write(root: Path) -> list[Path]:
    """Pulses through noise, so that there is a pitch to be found; two systems of `UTTERANCES` clips."""
    random = np.random.default_rng(0)
    paths = []
    time = np.arange(SECONDS * RATE) / RATE
    for number in range(UTTERANCES):
        hertz = random.uniform(90, 250)
        voice = sum(np.cos(2 * np.pi * order * hertz * time) / order for order in range(1, 12))
        for folder, level in (("real", 0.01), ("fake", 0.02)):
            path = root / folder / f"{number:04}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, 0.05 * voice + level * random.standard_normal(len(time)), RATE)
            paths.append(path)
    return paths


def of_clip(path: Path, *, packets: bool) -> list[np.ndarray]:
    """All that is measured of a clip, one library call after the other."""
    waveform, rate = librosa.load(path, sr=RATE)
    power = np.abs(librosa.stft(waveform, n_fft=256, hop_length=128)) ** 2
    centroid = librosa.feature.spectral_centroid(y=waveform, sr=rate, n_fft=256, hop_length=128)
    pitch = librosa.yin(waveform, fmin=50, fmax=500, sr=rate, hop_length=160)
    found = [10 * np.log10(power.mean(axis=1) + 1e-12), centroid.mean(), pitch.mean(), pitch.std()]
    found += [np.sqrt(np.mean(waveform**2)), np.abs(np.fft.rfft(waveform[:rate]))]
    if packets:
        tree = pywt.WaveletPacket(waveform[:rate], "haar", "reflect", maxlevel=14)
        found.append(np.array([np.abs(node.data).mean() for node in tree.get_level(14, "freq")]))
    return [np.asarray(each) for each in found]


def loop(paths: list[Path], *, packets: bool) -> float:
    """Seconds a clip."""
    of_clip(paths[0], packets=packets)  # librosa imports and compiles at its first call
    taken = []
    for path in paths:
        start = perf_counter()
        of_clip(path, packets=packets)
        taken.append(perf_counter() - start)
    return mean(taken)


def ours(root: Path, cache: Path) -> float:
    """Seconds a clip, processes and files included."""
    data = AudioData(root, Folder, sample_rate=RATE, cache=cache, workers="auto")
    manifest = build(data.corpus, data.depth, data.cache)
    start = perf_counter()
    measured(data, manifest, choose(manifest, None, 0), Settings(RATE), Console(file=io.StringIO()))
    return (perf_counter() - start) / len(manifest.strings("path"))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "corpus"
        paths = write(root)
        print(f"{len(paths)} clips of {SECONDS} s at {RATE} Hz, {os.cpu_count()} cores")
        # In turn: the machine may be busier at one time than at another.
        fast = [ours(root, Path(folder) / "first")]
        slow = {packets: loop(paths[:number], packets=packets) for packets, number in LOOP.items()}
        fast.append(ours(root, Path(folder) / "second"))
        print(f"  bonafide describe, all      {1e3 * mean(fast):8.2f} ms a clip, twice {len(paths)} clips")
        for packets, seconds in slow.items():
            what = "loop, all but loudness     " if packets else "loop, and without packets  "
            ratio = seconds / mean(fast)
            print(f"  {what} {1e3 * seconds:8.2f} ms a clip, {LOOP[packets]} clips, ratio {ratio:6.1f}")


if __name__ == "__main__":
    main()
