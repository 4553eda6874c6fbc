"""Writes the lettered folders of the wavelet-packet paper in miniature, with their traps."""

from collections.abc import Sequence
from pathlib import Path

from tests.corpora.miniature import Maker, _write, voice

SOURCES = {
    "B_melgan": Maker("_gen", 22_050, 256),
    "C_hifigan": Maker("_generated", 22_050, 256),
    "D_mbmelgan": Maker("_gen", 22_050, 256),
    "E_fbmelgan": Maker("_gen", 22_050, 256),
    "F_waveglow": Maker("", 22_050, 256),
    "G_pwg": Maker("_gen", 22_050, 256),
    "H_lmelgan": Maker("_gen", 22_050, 256),
    "I_avocodo": Maker("_generated", 22_050, 256),
    "J_bigvgan": Maker("_generated", 22_050, 256),
    "K_lbigvgan": Maker("_generated", 22_050, 256),
    "L_conformer": Maker("", 22_050, 256),
    "M_jsutmbmelgan": Maker("_gen", 24_000, 300),
    "N_jsutpwg": Maker("_gen", 24_000, 300),
}
LJSPEECH, JSUT = "A_ljspeech", "jsut_ver1.1/basic5000/wav"


def write(
    root: Path,
    utterances: int = 10,
    sources: Sequence[str] = tuple(SOURCES),
    seconds: float = 0.7,
    *,
    ljspeech: str | None = LJSPEECH,
    jsut: str | None = JSUT,
) -> Path:
    """The folders asked for, with recordings; returns `root`.

    As in the real ones, names end differently from system to system, the text-to-speech files are there
    twice, spoofs are whole frames long and LJSpeech's recordings are 157 samples off.

    Args:
        root: is made.
        utterances: in each folder.
        sources: folders of spoofs.
        seconds: length of each file.
        ljspeech: where below the root the recordings of LJSpeech lie; nowhere if None.
        jsut: those of JSUT, which are no part of the published arrangement.
    """
    numbers = range(1, utterances + 1)
    if ljspeech is not None:
        samples = int(seconds * 22_050) // 256 * 256 - 99
        for sentence in (f"LJ001-{number:04}" for number in numbers):
            _write(root / ljspeech / f"{sentence}.wav", voice(sentence, 22_050, samples), 22_050)
    if jsut is not None:
        for sentence in (f"BASIC5000_{number:04}" for number in numbers):
            sound = voice(sentence, 48_000, int(seconds * 48_000) + 17)
            _write(root / jsut / f"{sentence}.wav", sound, 48_000)
    for source in sources:
        maker = SOURCES.get(source, Maker("_gen", 22_050, 256))
        samples = int(seconds * maker.rate) // maker.hop * maker.hop
        for number in numbers:
            if source == "L_conformer":
                sound = voice(f"prompt {number}", maker.rate, samples, source)
                _write(root / source / f"gen_{number}.wav", sound, maker.rate)
                _write(root / source / f"generated/gen_{number}.wav", sound, maker.rate)
            else:
                sentence = f"BASIC5000_{number:04}" if "_jsut" in source else f"LJ001-{number:04}"
                sound = voice(sentence, maker.rate, samples, source)
                _write(root / source / f"{sentence}{maker.suffix}.wav", sound, maker.rate)
    return root
