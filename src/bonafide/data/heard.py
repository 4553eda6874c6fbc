"""A corpus as a detector hears it: the trivial numbers of its clips instead of those of its files."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from bonafide.audio import probe
from bonafide.audio.probe import Probe
from bonafide.data.clips import ClipFormat, Clips
from bonafide.data.manifest import SCHEMA, Manifest
from bonafide.data.order import Draw
from bonafide.data.windows import Clipped

_MOST: Final = 20_000  # recordings: what a detector hears of more is no different


def sample(groups: list[NDArray[np.int64]], seed: int) -> NDArray[np.int64]:
    """Rows of all groups, or of each an equal number where all are too many.

    Args:
        groups: rows of each part or test group.
        seed: of the choice.
    """
    share = max(1, _MOST // max(len(groups), 1))
    random = np.random.default_rng(seed)
    chosen = [rows if len(rows) <= share else random.choice(rows, share, replace=False) for rows in groups]
    return np.unique(np.concatenate([np.empty(0, np.int64), *chosen]))


def heard(manifest: Manifest, rows: NDArray[np.int64], form: ClipFormat) -> Manifest:
    """The rows, with the numbers of the first clip of each: cut, resampled and conditioned, never repeated.

    Args:
        manifest: of usable files.
        rows: of it.
        form: of the clips.
    """
    clips = Clips(manifest, Clipped(rows, np.zeros(len(rows), np.int64)), form, crop=False)

    def numbers(item: int) -> tuple[int, Probe]:
        batch = clips[Draw(item, 0)]
        length = int(batch.length.item())
        return length, probe.of(batch.waveform[0, :length].numpy(), form.sample_rate)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        steps = pool.map(numbers, range(len(rows)))
        shown = track(steps, "listening", total=len(rows), console=Console(stderr=True), transient=True)
        lengths, probes = zip(*shown, strict=True) if len(rows) else ((), ())
    table = manifest.table.take(pa.array(rows))
    frames = np.array(lengths, np.int64)
    found: dict[str, Any] = dict(zip(Probe._fields, map(list, zip(*probes, strict=True)), strict=False))
    found |= {
        "frames": frames,
        "seconds": frames / form.sample_rate,
        "sample_rate": np.full(len(rows), form.sample_rate),
        "container": ["clip"] * len(rows),
        "encoding": ["clip"] * len(rows),
    }
    for name, values in found.items():
        place = SCHEMA.get_field_index(name)
        table = table.set_column(place, SCHEMA.field(name), pa.array(values, SCHEMA.field(name).type))
    return manifest._replace(table=table)
