"""Writes recordings and a list of them."""

from pathlib import Path

from tests.corpora.miniature import _write, voice

HEADER = "path,label,utterance,system,speaker,split"


def write(root: Path, utterances: int = 4, seconds: float = 0.3) -> Path:
    """`manifest.csv` with a recording and two spoofs of each utterance, in three parts; returns `root`."""
    rows = [HEADER]
    for part in ("train", "dev", "test"):
        for number in range(utterances):
            utterance, speaker = f"{part}_{number}", f"speaker {part} {number % 2}"
            for system in ("", "melgan", "hifigan"):
                path = f"{system or 'genuine'}/{utterance}.flac"
                _write(root / path, voice(utterance, 16_000, int(seconds * 16_000), system), 16_000)
                label = "spoof" if system else "bonafide"
                rows.append(f'{path},{label},{utterance},{system or "-"},"{speaker}",{part}')
    (root / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root
