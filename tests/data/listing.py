"""Manifests without files, for what only looks at columns."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from bonafide.data.manifest import SCHEMA, Manifest, columns
from bonafide.types import BONAFIDE, SPOOF, Utterance


def manifest(rows: Sequence[tuple[str, str, str]], split: str = "", **also: Any) -> Manifest:
    """Rows of (utterance, corpus, system); system `-` is bona fide; `also` sets further fields of all."""
    return of(
        [
            Utterance(
                path=f"{system}/{utterance}.wav",
                utterance=utterance,
                corpus=corpus,
                system=system,
                speaker="-",
                label=BONAFIDE if system == "-" else SPOOF,
                split=split,
                **also,
            )
            for utterance, corpus, system in rows
        ]
    )


def of(utterances: Sequence[Utterance], frames: Sequence[int] | int = 16_000, rate: int = 16_000) -> Manifest:
    """A manifest of utterances whose files were never looked at, but would be sound."""
    lengths = [frames] * len(utterances) if isinstance(frames, int) else list(frames)
    listed = columns(utterances)
    kinds: dict[Any, Any] = {pa.string(): "", pa.int64(): 1, pa.float32(): 0.0, pa.float64(): 0.0}
    known = {name: listed.column(name) for name in listed.column_names}
    known |= {"frames": pa.array(lengths), "sample_rate": pa.array([rate] * len(utterances))}
    known["seconds"] = pa.array([length / rate for length in lengths])
    filled = [
        known.get(field.name, pa.array([kinds.get(field.type)] * len(utterances), field.type))
        for field in SCHEMA
    ]
    return Manifest(Path(), pa.table([*filled], schema=SCHEMA))


def paired(utterances: int, systems: Sequence[str], corpus: str = "lj") -> list[tuple[str, str, str]]:
    """Every utterance as bona fide and through every system."""
    return [
        (f"{corpus}-{number:03}", corpus, system)
        for system in ("-", *systems)
        for number in range(utterances)
    ]
