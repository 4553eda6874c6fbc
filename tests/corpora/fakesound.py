"""FakeSound in miniature: its lists, its folders, its traps."""

import json
from pathlib import Path

from tests.corpora.miniature import _write, voice

TRAIN = tuple(f"{name}0{number:02}" for name in ("-mVGmVjx", "_3fgC_YA") for number in range(1, 7))
EASY = tuple(f"9IIa7qH29p{letter}" for letter in "abcd")
HARD = (*EASY, "eE0Ccm_Jna-")
REGIONS = ((0.12, 0.4), (0.2, 0.96), (0.04, 0.08), (0.5, 0.74), (0.32, 0.68))
"""In seconds; printed without padding, as in the published lists."""
PARTS = {"train": TRAIN, "easy": EASY, "hard": HARD, "zeroshot": HARD}


def write(root: Path, *, audiocaps: Path | None = None, seconds: float = 1.0) -> Path:
    """`FakeSound/meta_data` and `FakeSound/deepfake_data`; returns `root`.

    Spoofs differ from their recordings inside the region only; those of zeroshot have half the rate.

    Args:
        root: is made.
        audiocaps: where the recordings go, each once; into the folder of each part if None.
        seconds: length of each file.
    """
    for part, videos in PARTS.items():
        folder = root / "FakeSound/deepfake_data" / part
        records = []
        for number, video in enumerate(videos):
            start, end = REGIONS[(number + len(part)) % len(REGIONS)]
            region = f"{start:g}_{end:g}"
            for name, label, where in ((f"{video}_{region}", 1, region), (video, 0, "0_0")):
                path = f"FakeSound/deepfake_data/{part}/{name}.wav"
                records.append({"audio_id": name, "label": label, "onset_offset": where, "filepath": path})
            sound = voice(video, 32_000, int(seconds * 32_000))
            _write((audiocaps or folder) / f"{video}.wav", sound, 32_000)
            rate = 16_000 if part == "zeroshot" else 32_000
            spoof = sound[:: 32_000 // rate].copy()
            inside = slice(int(start * rate), int(end * rate))
            spoof[inside] = voice(video, rate, len(spoof), "audioldm")[inside]
            _write(folder / f"{video}_{region}.wav", spoof, rate)
        file = root / f"FakeSound/meta_data/{part}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"audios": records}, indent=4))
    return root
