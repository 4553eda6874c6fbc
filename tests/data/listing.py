"""Manifests without files, for what only looks at columns."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from bonafide.data.manifest import SCHEMA, Manifest


def manifest(rows: Sequence[tuple[str, str, str]], split: str = "") -> Manifest:
    """Rows of (utterance, corpus, system); system `-` is bona fide."""
    filled = [
        {
            "path": f"{system}/{utterance}.wav",
            "utterance": utterance,
            "corpus": corpus,
            "system": system,
            "speaker": "-",
            "label": "bonafide" if system == "-" else "spoof",
            "split": split,
            "seconds": 1.0,
            "sample_rate": 16_000,
            "frames": 16_000,
            "channels": 1,
            "segments": [],
            "problem": "",
            "bytes": 1,
            "changed": 1,
        }
        for utterance, corpus, system in rows
    ]
    return Manifest(Path(), pa.Table.from_pylist(filled, schema=SCHEMA))


def paired(utterances: int, systems: Sequence[str], corpus: str = "lj") -> list[tuple[str, str, str]]:
    """Every utterance as bona fide and through every system."""
    return [
        (f"{corpus}-{number:03}", corpus, system)
        for system in ("-", *systems)
        for number in range(utterances)
    ]
