"""Writes corpora in miniature: their true layout, with their traps, a second of sound in each file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple
from zlib import crc32

import numpy as np
import soundfile
from numpy.typing import NDArray

TTS = "common_voices_prompts_from_conformer_fastspeech2_pwg_ljspeech"


class Maker(NamedTuple):
    """How WaveFake stores one system."""

    suffix: str
    rate: int
    hop: int


WAVEFAKE = {
    "ljspeech_melgan": Maker("_gen", 22_050, 256),
    "ljspeech_melgan_large": Maker("_gen", 22_050, 256),
    "ljspeech_multi_band_melgan": Maker("_gen", 22_050, 256),
    "ljspeech_full_band_melgan": Maker("_gen", 22_050, 256),
    "ljspeech_hifiGAN": Maker("_generated", 22_050, 256),
    "ljspeech_parallel_wavegan": Maker("_gen", 22_050, 256),
    "ljspeech_waveglow": Maker("", 22_050, 256),
    "jsut_multi_band_melgan": Maker("_gen", 24_000, 300),
    "jsut_parallel_wavegan": Maker("_gen", 24_000, 300),
    TTS: Maker("", 22_050, 256),
}


def voice(sentence: str, rate: int, samples: int, system: str = "") -> NDArray[np.float32]:
    """Something like speech that depends on the sentence: harmonics under a slow envelope, and noise.

    A system adds a faint whistle of its own above 5 kHz, so that there is something to detect.
    """
    generator = np.random.default_rng(crc32(sentence.encode()))
    time = np.arange(samples) / rate
    pitch = generator.uniform(90, 220)
    sound = sum(
        generator.uniform(0.2, 1) / k * np.sin(2 * np.pi * k * pitch * time + generator.uniform(0, 6))
        for k in range(1, 12)
    )
    sound = sound * (0.6 + 0.4 * np.sin(2 * np.pi * generator.uniform(2, 5) * time))
    if system:
        whistle = 5000 + crc32(system.encode()) % 2000
        sound = sound + 0.1 * np.sin(2 * np.pi * whistle * time)
    sound = sound + 0.02 * np.random.default_rng(crc32((sentence + system).encode())).standard_normal(samples)
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


def wavefake(
    root: Path,
    utterances: int = 5,
    systems: Sequence[str] = tuple(WAVEFAKE),
    seconds: float = 1.0,
    genuine: Sequence[Literal["ljspeech", "jsut"]] = ("ljspeech", "jsut"),
) -> Path:
    """`generated_audio/` with the systems asked for, and the recordings beside it; returns `root`.

    As in the real corpus, names end differently from system to system, the text-to-speech files are there
    twice, spoofs are whole frames long and LJSpeech's recordings are 157 samples off.
    """
    sentences = {
        "ljspeech": [f"LJ001-{number:04}" for number in range(1, utterances + 1)],
        "jsut": [f"BASIC5000_{number:04}" for number in range(1, utterances + 1)],
    }
    if "ljspeech" in genuine:
        samples = int(seconds * 22_050) // 256 * 256 - 99
        for sentence in sentences["ljspeech"]:
            _write(root / "LJSpeech-1.1/wavs" / f"{sentence}.wav", voice(sentence, 22_050, samples), 22_050)
    if "jsut" in genuine:
        for sentence in sentences["jsut"]:
            sound = voice(sentence, 48_000, int(seconds * 48_000) + 17)
            _write(root / "jsut_ver1.1/basic5000/wav" / f"{sentence}.wav", sound, 48_000)
    for system in systems:
        maker, folder = WAVEFAKE[system], root / "generated_audio" / system
        samples = int(seconds * maker.rate) // maker.hop * maker.hop
        if system == TTS:
            for number in range(utterances):
                sound = voice(f"prompt {number}", maker.rate, samples, system)
                _write(folder / f"gen_{number}.wav", sound, maker.rate)
                _write(folder / "generated" / f"gen_{number}.wav", sound, maker.rate)
        else:
            for sentence in sentences[system.split("_")[0]]:
                sound = voice(sentence, maker.rate, samples, system)
                _write(folder / f"{sentence}{maker.suffix}.wav", sound, maker.rate)
    return root


def folder(
    root: Path,
    utterances: int = 4,
    systems: Sequence[str] = ("melgan", "hifigan"),
    seconds: float = 1.0,
    *,
    form: Literal["fake", "generators", "parts"] = "fake",
    ending: str = "wav",
) -> Path:
    """`real/` and `fake/<system>/`; `genuine/` and `<system>/`; or the former in three parts; returns `root`.

    Args:
        root: is made.
        utterances: how many recordings (in each part).
        systems: each makes one spoof of each.
        seconds: length of each file.
        form: which of the layouts.
        ending: `wav` or `flac`.
    """
    parts = ("training", "validation", "testing") if form == "parts" else ("",)
    real, fake = ("genuine", "") if form == "generators" else ("real", "fake")
    for part in parts:
        for number in range(utterances):
            sentence = f"{part or 'utterance'}_{number:03}"
            samples = int(seconds * 16_000)
            sound = voice(sentence, 16_000, samples)
            _write(root / part / real / f"{sentence}.{ending}", sound, 16_000)
            for system in systems:
                path = root / part / fake / system / f"{sentence}_gen.{ending}"
                _write(path, voice(sentence, 16_000, samples, system), 16_000)
    return root


def _write(path: Path, waveform: NDArray[np.float32], rate: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, waveform, rate, subtype="PCM_16")
