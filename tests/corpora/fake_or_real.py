"""Writes Fake-or-Real in miniature."""

from pathlib import Path

from tests.corpora.miniature import _write, voice

ENDINGS = {
    "original": ".wav",
    "norm": ".wav_16k.wav_norm.wav_mono.wav_silence.wav",
    "2sec": ".wav_16k.wav_norm.wav_mono.wav_silence.wav_2sec.wav",
    "rerec": ".wav_16k.wav_norm.wav_mono.wav_silence.wav_2sec_rec.wav",
}
FOLDERS = {
    "original": "for-original", "norm": "for-norm", "2sec": "for-2seconds", "rerec": "for-rerecorded",
}  # fmt: skip
ARENA = "/data/data/AntiSpoofing-Datasets"


def write(root: Path, version: str = "norm", folder: str = "", each: int = 5, seconds: float = 0.3) -> Path:
    """The three parts of a version in `folder`, by default that of its archive; returns `root`.

    Real and fake files have the same names in every part, and speak other sentences.
    """
    for part in ("training", "validation", "testing"):
        for side in ("real", "fake"):
            for number in range(1, each + 1):
                sound = voice(
                    f"{part} {side} {number}", 16_000, int(seconds * 16_000), "tts" if side == "fake" else ""
                )
                path = root / (folder or FOLDERS[version]) / part / side / f"file{number}{ENDINGS[version]}"
                _write(path, sound, 16_000)
    return root
