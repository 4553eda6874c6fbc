"""Partial spoofs in miniature: hums, in some of which a stretch was replaced by noise."""

import csv
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000


def write(root: Path, *, utterances: int = 12, seconds: float = 1.0, seed: int = 0) -> Path:
    """A hum and its copy with noise in it for each utterance, in three parts; returns `root`.

    Args:
        root: is made; `manifest.csv` lists the recordings.
        utterances: of all parts; of every four, two are for training.
        seconds: of a recording; every third is half as long.
        seed: of hums, noise and places.
    """
    random = np.random.default_rng(seed)
    (root / "wav").mkdir(parents=True)
    rows = []
    for number in range(utterances):
        samples = int(seconds * RATE * (0.5 if number % 3 == 2 else 1.0))
        time = np.arange(samples) / RATE
        hum = 0.1 * np.sin(2 * np.pi * random.uniform(100, 300) * time) + 0.005 * random.normal(size=samples)
        length = int(random.uniform(0.3, 0.5) * samples)
        start = int(random.integers(0, samples - length))
        spoof = hum.copy()
        spoof[start : start + length] = 0.07 * random.normal(size=length)
        part = ("train", "validation", "train", "test")[number % 4]
        places = {"real": "", "fake": f"{start / RATE:.6f}-{(start + length) / RATE:.6f}"}
        for (kind, place), wave in zip(places.items(), (hum, spoof), strict=True):
            path = f"wav/{number:02}_{kind}.wav"
            soundfile.write(root / path, wave, RATE, subtype="PCM_16")
            system = "noise" if place else "-"
            rows.append([path, "spoof" if place else "bonafide", f"{number:02}", system, part, place])
    with (root / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "utterance", "system", "split", "segments"])
        writer.writerows(rows)
    return root
