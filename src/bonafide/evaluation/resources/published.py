"""Beside the comparison of Firc, Malinka and Hanáček (2024), https://doi.org/10.1145/3605098.3635911."""

from collections.abc import Mapping
from statistics import median
from typing import Final, NamedTuple

from bonafide.evaluation.cells import Column, Row, Table, word
from bonafide.evaluation.resources.cost import Cost
from bonafide.evaluation.resources.forms import kilobytes, milliseconds


class Published(NamedTuple):
    """A row of their comparison.

    Args:
        extraction: seconds for a clip of two seconds.
        storage: gigabytes of 240,000 clips.
    """

    extraction: float
    storage: float


CLIP_SECONDS: Final = 2
CLIPS: Final = 240_000

PUBLISHED: Final[Mapping[str, Published]] = {
    "mel": Published(0.006126218, 31.0),
    "stft": Published(0.000845933, 62.0),
    "cqt": Published(0.025892924, 10.2),
    "vqt": Published(0.023399459, 10.2),
    "iirt": Published(0.167229763, 11.7),
    "mfcc": Published(0.005534417, 2.5),
    "chroma": Published(0.003818023, 1.5),
}


def table(costs: Mapping[str, Cost]) -> Table | None:
    """Both side by side; None where none of their features was measured.

    Args:
        costs: by front end.
    """
    columns = (
        Column("Front end", ("frontend",), text=True),
        Column("here", ("extraction",), over="Extraction, ms"),
        Column("published", ("published_extraction",), over="Extraction, ms"),
        Column("here", ("storage",), over="Storage, kB"),
        Column("published", ("published_storage",), over="Storage, kB"),
    )
    rows = []
    for name, published in PUBLISHED.items():
        cost = costs.get(f"idsd_{name}")
        if cost is None:
            continue
        line = [milliseconds(median(cost.extraction)), milliseconds(published.extraction / CLIP_SECONDS)]
        stored = published.storage * 1e9 / CLIPS / CLIP_SECONDS
        line += [kilobytes(cost.storage), kilobytes(stored)]
        rows.append(Row((word(f"idsd_{name}"), *line)))
    note = (
        "Of a second of audio. Published: Firc, Malinka and Hanáček (2024), librosa on one thread of another "
        "machine, clips of about two seconds one by one; storage from their gigabytes for 240,000 clips."
    )
    return (
        Table("published", "The seven features beside each other", columns, tuple(rows), note)
        if rows
        else None
    )
