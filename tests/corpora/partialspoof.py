"""PartialSpoof in miniature: its protocols, its folders, its pickled segment labels."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from tests.corpora.miniature import _write, voice

SETS = ("train", "dev", "eval")
STEPS = (0.01, 0.02, 0.16)
REGIONS = ([(0.1, 0.25)], [(0.0, 0.12), (0.33, 0.405)], [(0.0, 0.405)], [(0.2, 0.4)])
"""Spoofed stretches in seconds, of one spoof each; the third is spoof throughout."""
SECONDS = 0.405
UNLISTED = ("CON_E_0034982", "CON_E_0058039")


def pickled(labels: Mapping[str, NDArray[np.str_]], protocol: int = 3, module: str = "numpy.core") -> bytes:
    """A dictionary as some version of `numpy.save` writes it."""
    stream = io.BytesIO()
    npy.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": ()})
    array = np.array(labels, dtype=object)
    assert module in {"numpy.core", "numpy._core"}
    body = pickle.dumps(array, protocol=protocol)
    if module == "numpy.core" and protocol < 4:
        body = body.replace(b"cnumpy._core.", b"cnumpy.core.")
    return stream.getvalue() + body


def labels(step: float) -> dict[str, dict[str, NDArray[np.str_]]]:
    """Labels of each set's utterances; a step is genuine only if all of it is."""
    found: dict[str, dict[str, NDArray[np.str_]]] = {}
    count = int(np.ceil(round(SECONDS / step, 6)))
    for part in SETS:
        letter = "TDE"[SETS.index(part)]
        found[part] = {}
        for number, regions in enumerate(REGIONS):
            spoof = np.zeros(count, bool)
            for start, end in regions:
                spoof[int(round(start / step, 6)) : int(np.ceil(round(end / step, 6)))] = True
            found[part][f"CON_{letter}_{number:07}"] = np.where(spoof, "0", "1").astype("<U21")
            found[part][f"LA_{letter}_{9_497_115 + number}"] = np.full(count, "1").astype("<U21")
    return found


def write(root: Path) -> Path:
    """`database/` with three sets of four recordings and four spoofs of them; returns `root`."""
    base = root / "database"
    for part in SETS:
        for place, (utterance, regions, line) in enumerate(_lines(part)):
            sentence = f"{part} {place // 2}"
            recording = voice(sentence, 16_000, int(SECONDS * 16_000))
            spoof = voice(sentence, 16_000, int(SECONDS * 16_000), "A01")
            for start, end in regions:
                inside = slice(int(start * 16_000), int(end * 16_000))
                recording[inside] = spoof[inside]
            _write(base / part / f"con_wav/{utterance}.wav", recording, 16_000)
            _append(base / f"protocols/PartialSpoof_LA_cm_protocols/PartialSpoof.LA.cm.{part}.trl.txt", line)
            _append(base / part / f"{part}.lst", utterance)
    for utterance in UNLISTED:
        _append(base / "eval/eval.lst", utterance)
    (base / "segment_labels").mkdir()
    for step in STEPS:
        for part, content in labels(step).items():
            (base / f"segment_labels/{part}_seglab_{step}.npy").write_bytes(pickled(content))
    return root


def _lines(part: str) -> list[tuple[str, list[tuple[float, float]], str]]:
    """Utterance, spoofed stretches and line of the protocol; no speaker is in two sets."""
    letter, speaker = "TDE"[SETS.index(part)], f"LA_00{70 + SETS.index(part)}"
    found: list[tuple[str, list[tuple[float, float]], str]] = []
    for number, regions in enumerate(REGIONS):
        spoof, recording = f"CON_{letter}_{number:07}", f"LA_{letter}_{9_497_115 + number}"
        found.append((spoof, regions, f"{speaker} {spoof} - CON spoof"))
        found.append((recording, [], f"{speaker} {recording} - - bonafide"))
    return found


def _append(file: Path, line: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as stream:
        stream.write(f"{line}\n")
