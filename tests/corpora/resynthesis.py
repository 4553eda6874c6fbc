"""A person's recordings in miniature: several formats, rates, levels and speakers, and bad files."""

from pathlib import Path
from typing import Final

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from bonafide.audio.resample import resample
from bonafide.corpora.synthesis.scene import record
from bonafide.corpora.synthesis.speech import VOICES, speak

SOURCE: Final = "recordings"
"""Where they lie below what `write` returns: `data.corpus.source`."""

SPEAKERS: Final = ("ada", "ben", "cleo", "dan")
USABLE: Final = 13


def write(root: Path, seconds: float = 0.5) -> Path:
    """`root/recordings/`, sources of the corpus; returns `root`, where it will be made.

    A stereo recording, one that begins with digital silence, one at 8 kHz in MP3, one in no folder; and four
    that cannot be used: too short, silent, not a number, not audio. `notes.txt` is no recording.
    """
    source = root / SOURCE
    for number in range(12):
        rate = (16_000, 22_050, 16_000, 24_000)[number % 4] if number else 44_100
        wave = speech(number, seconds + 0.02 * number, rate)
        ending = ("wav", "flac")[number % 2]
        file = source / SPEAKERS[number % 4] / "session" / f"{number:02}.{ending}"
        if number == 0:
            wave = np.stack([wave, 0.5 * wave], axis=1)
        if number == 1:
            wave[: round(0.2 * rate)] = 0.0
        put(file, wave, rate)
    compressed(source / "telephone.mp3", speech(12, seconds, 8_000), 8_000)
    put(source / "bad/short.wav", speech(13, 0.2, 16_000), 16_000)
    put(source / "bad/silent.wav", np.zeros(16_000), 16_000)
    soundfile.write(source / "bad/nan.wav", np.full(16_000, np.nan, np.float32), 16_000, subtype="FLOAT")
    (source / "bad/text.wav").write_text("not audio", encoding="utf-8")
    (source / "notes.txt").write_text("recorded in spring", encoding="utf-8")
    return root


def speech(number: int, seconds: float, rate: int) -> NDArray[np.float64]:
    """Speech-like sound in a room, louder or softer from number to number."""
    rng = np.random.default_rng(number)
    spoken = record(speak(VOICES[number % len(VOICES)], seconds + 0.5, 22_050, rng), 22_050, rng)
    wave = resample(spoken.astype(np.float32), 22_050, rate)[rate // 4 :][: round(seconds * rate)]
    return (rng.uniform(0.15, 0.95) * wave / np.abs(wave).max()).astype(np.float64)


def put(file: Path, wave: NDArray[np.float64], rate: int) -> None:
    """A file of 16 bits."""
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, wave, rate, subtype="PCM_16")


def compressed(file: Path, wave: NDArray[np.float64], rate: int) -> None:
    """An MP3."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(file, "w") as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(wave[None].astype(np.float32), format="fltp", layout="mono")
        frame.rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
