"""What a manifest of a million recordings costs: seconds to load, and memory of each loader worker.

`python benchmarks/manifest_memory.py` (Linux): a worker reads the same few clips over the whole manifest and
over one that lists only them; the difference of their unique set sizes (pages that nobody else shares) is
what the manifest costs. The targets are less than 2 s and less than 200 MB, with `fork` and with `spawn`.
"""

import multiprocessing
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile
from torch.utils.data import DataLoader

from bonafide.data import manifest
from bonafide.data.clips import ClipFormat, Clips
from bonafide.data.manifest import Manifest
from bonafide.data.order import Draw
from bonafide.data.windows import Clipped
from bonafide.types import BONAFIDE, SPOOF, Batch, Utterance

ROWS = 1_000_000
READ = 64  # files that are there
RATE, SAMPLES = 16_000, 32_000
SYSTEMS = 100


def utterance(number: int) -> Utterance:
    system, speaker = number % SYSTEMS, f"speaker_{number % 997:04}"
    name = f"{speaker}_{number // SYSTEMS:06}"
    return Utterance(
        path=f"evaluation/system_{system:03}/{name}_generated.wav",
        utterance=name,
        corpus="synthetic",
        system=f"system_{system:03}" if system else "-",
        speaker=speaker,
        label=SPOOF if system else BONAFIDE,
        split="test",
        listed=f"protocol.txt:{number + 1}",
    )


def write(file: Path) -> None:
    """The manifest; columns that decoding fills have a value of their kind."""
    listed = manifest.columns([utterance(number) for number in range(ROWS)])
    values = {name: listed.column(name) for name in listed.column_names}
    values |= {"frames": pa.array(np.full(ROWS, SAMPLES)), "sample_rate": pa.array(np.full(ROWS, RATE))}
    generator = np.random.default_rng(0)
    for field in manifest.SCHEMA:
        if field.name not in values:
            empty = pa.types.is_string(field.type)
            made = pa.repeat("", ROWS) if empty else pa.array(generator.integers(1, 1 << 20, ROWS))
            values[field.name] = made
    columns = [values[field.name].cast(field.type) for field in manifest.SCHEMA]
    pq.write_table(pa.table(columns, schema=manifest.SCHEMA), file)


def load(root: Path, file: Path) -> tuple[float, Manifest]:
    begin = perf_counter()
    found = Manifest(root, pq.read_table(file))
    return perf_counter() - begin, found


def clips(found: Manifest) -> Clips:
    rows = np.arange(found.table.num_rows)
    return Clips(found, Clipped(rows, np.zeros_like(rows)), ClipFormat(RATE, SAMPLES // 2), crop=True)


def unique_set(process: int) -> float:
    """Megabytes that would be free without this process."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def worker(data: Clips, method: str) -> float:
    """Unique set size of a worker that has read every file that is there."""
    step = len(data) // READ
    draws = [Draw(place * step, place) for place in range(READ)]
    loader: DataLoader[Batch] = DataLoader(
        data,
        batch_size=8,
        sampler=draws,
        num_workers=1,
        collate_fn=whole,  # type: ignore[arg-type]  # `Clips` hands out whole batches
        multiprocessing_context=method,
        persistent_workers=True,
    )
    assert sum(len(batch.waveform) for batch in loader) == READ  # noqa: S101
    (process,) = multiprocessing.active_children()
    return unique_set(process.ident or 0)


def whole(batch: Batch) -> Batch:
    return batch


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        file = root / "manifest.parquet"
        write(file)
        seconds, million = min((load(root, file) for _ in range(3)), key=lambda pair: pair[0])
        few = million._replace(table=million.table.take(pa.array(np.arange(READ) * (ROWS // READ))))
        for path in few.strings("path"):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(root / path, np.full(SAMPLES, 0.1, np.float32), RATE)
        print(f"manifest of {ROWS:,} recordings, {file.stat().st_size / 2**20:.0f} MB on disk")
        print(f"loaded in {seconds:.2f} s")
        print(f"{'start':>6} {'few rows, MB':>14} {'all rows, MB':>14} {'difference, MB':>16}")
        for method in ("fork", "spawn"):
            less, more = worker(clips(few), method), worker(clips(million), method)
            print(f"{method:>6} {less:>14.0f} {more:>14.0f} {more - less:>16.0f}")


if __name__ == "__main__":
    main()
