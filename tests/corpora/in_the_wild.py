"""Writes In-the-Wild in miniature."""

from pathlib import Path

from tests.corpora.miniature import _write, voice

SPEAKERS = (
    "Alec Guinness", "Ayn Rand", "Barack Obama", "Bernie Sanders", "Bill Clinton", "Carl Sagan",
    "Christopher Hitchens", "Donald Trump", "George Carlin", "Orson Welles", "Queen Elizabeth II",
    "Ronald Reagan",
)  # fmt: skip
ARENA = "/data/data/AntiSpoofing-Datasets/In_Wild"


def write(root: Path, each: int = 1, seconds: float = 0.3) -> Path:
    """`release_in_the_wild/` with `each` recordings and spoofs of twelve speakers; returns `root`."""
    folder = root / "release_in_the_wild"
    rows = ["file,speaker,label"]
    for place in range(each):
        for speaker in SPEAKERS:
            for label in ("spoof", "bona-fide"):
                name, system = f"{len(rows) - 1}.wav", "tts" if label == "spoof" else ""
                sound = voice(f"{speaker} {label} {place}", 16_000, int(seconds * 16_000), system)
                _write(folder / name, sound, 16_000)
                rows.append(f"{name},{speaker},{label}")
    (folder / "meta.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root
