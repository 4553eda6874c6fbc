"""Real recordings and real vocoder output, linked into WaveFake's layout; None where there are none."""

import csv
import os
from pathlib import Path

import pytest

SOURCE = Path(os.environ.get("BONAFIDE_REAL_AUDIO", Path(__file__).parents[2].parent / "shared" / "data"))

FOLDERS = {
    "melgan": "ljspeech_melgan",
    "mb_melgan": "ljspeech_multi_band_melgan",
    "fb_melgan": "ljspeech_full_band_melgan",
    "hifigan_v1": "ljspeech_hifiGAN",
    "pwg": "ljspeech_parallel_wavegan",
    "waveglow": "ljspeech_waveglow",
}


def link(root: Path) -> Path:
    """LJSpeech and LibriTTS recordings as LJSpeech, JSUT as JSUT, spoofs in WaveFake's folders."""
    if not (SOURCE / "manifest.csv").is_file():
        pytest.skip("no real audio: set BONAFIDE_REAL_AUDIO to its folder")
    with (SOURCE / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["path"].startswith("speech_pairs/")]
    for row in rows:
        utterance = Path(row["path"]).stem.partition("__")[2]
        japanese = row["corpus"] == "JSUT"
        if row["label"] == "bonafide":
            wavs = "jsut_ver1.1/basic5000/wav" if japanese else "LJSpeech-1.1/wavs"
            target = root / wavs / f"{utterance}.wav"
        elif row["generator"] in FOLDERS:
            folder = "jsut_multi_band_melgan" if japanese else FOLDERS[row["generator"]]
            target = root / "generated_audio" / folder / f"{utterance}_gen.wav"
        else:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():  # LJ050 sentences may come from two sets
            target.symlink_to(SOURCE / row["path"])
    return root
