"""Describes a corpus: numbers, spectra and fingerprints of every system beside its bona fide reference.

One pass over the files on all cores. What is measured is kept in the cache under the files and settings that
it comes from, so an interrupted start goes on where it stopped, and another one only draws again.
"""

import hashlib
import json
import os
from pathlib import Path
from time import monotonic
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig
from rich.console import Console
from torch.utils.data import DataLoader

from bonafide import assembly, counting
from bonafide.data import manifest as manifests
from bonafide.data.forking import READERS
from bonafide.data.manifest import Manifest
from bonafide.data.module import AudioData
from bonafide.explain.corpus.chunks import Chunks, Portion, choose, divide
from bonafide.explain.corpus.profile import Settings
from bonafide.explain.corpus.tally import Tally
from bonafide.scripts.jobs import corpus_results
from bonafide.types import InputError

_VERSION: Final = 2
"""Of what is measured; a higher one does not read what was kept before."""

_SAVE_EVERY_SECONDS: Final = 30.0


def run(cfg: DictConfig) -> None:
    """Measures, compares, draws and writes."""
    if cfg.run is not None:
        raise InputError(
            "run= draws the front end of a run; add audio=FILE, or leave run= out to describe data="
        )
    if cfg.amount is not None and cfg.amount < 1:
        raise InputError(f"amount={cfg.amount} leaves nothing; choose 1 or more recordings, or null for all")
    data = assembly.data(cfg)
    settings = settings_of(cfg, data)
    settings.check()
    corpus_results.check_phase(cfg.phase)
    console = Console(stderr=True)
    manifest, left_out = _usable(data, console)
    rows = choose(manifest, cfg.amount, cfg.seed, faithful=cfg.faithful)
    tally, problems = measured(data, manifest, rows, settings, console)
    facts = corpus_results.Facts(
        data, manifest.table.take(rows), settings, cfg.amount, cfg.seed, left_out + len(problems)
    )
    corpus_results.write(Path(cfg.folder), tally, facts, cfg.phase)


def settings_of(cfg: DictConfig, data: AudioData) -> Settings:
    """How the config wants recordings to be measured."""
    return Settings(
        data.form.sample_rate,
        **cfg.spectrum,
        **cfg.fingerprint,
        lowest_pitch=cfg.pitch.lowest,
        highest_pitch=cfg.pitch.highest,
        faithful=cfg.faithful,
    )


def _usable(data: AudioData, console: Console) -> tuple[Manifest, int]:
    """The recordings, and how many files are left out."""
    found = manifests.build(data.corpus, data.depth, data.cache, announce=console.print)
    problems = found.problems()
    if problems and data.on_bad_file == "fail":
        raise InputError(
            f"{len(problems)} of {found.table.num_rows} files in {found.root} cannot be used ({problems[0]});"
            " mend or remove them, or leave them out with data.on_bad_file=skip"
        )
    usable = found.usable()
    if not usable.table.num_rows:
        raise InputError(f"{found.root} holds no usable recordings; look at it with bonafide prepare")
    return usable, len(problems)


def measured(
    data: AudioData, manifest: Manifest, rows: NDArray[np.int64], settings: Settings, console: Console
) -> tuple[Tally, list[str]]:
    """Measures what was not measured before; what is done is kept, also when interrupted.

    Args:
        data: the corpus.
        manifest: of usable files.
        rows: of it.
        settings: how recordings are measured.
        console: where the progress is shown.

    Returns:
        What was measured, and files that could not be, a line each.
    """
    chunks = divide(manifest, rows)
    sizes = [len(chunk) for chunk in chunks]
    file = data.cache / "descriptions" / f"{data.corpus.name}-{_key(data, manifest, rows, settings)}.npz"
    tally, finished = Tally.load(file, len(chunks))
    problems: list[str] = []
    if finished.all():
        return tally, problems
    work = Chunks(manifest, chunks, data.form, settings, skip=data.on_bad_file == "skip")
    pending = np.flatnonzero(~finished).tolist()
    workers = _workers(data, len(pending))
    loader: DataLoader[Portion] = DataLoader(
        work,
        batch_size=None,
        sampler=pending,
        num_workers=workers,
        collate_fn=_as_is,
        multiprocessing_context=READERS if workers else None,
    )
    saved, changed = monotonic(), False
    try:
        with counting.bar(console) as progress:
            bar = progress.add_task(f"describing {data.corpus.name}", total=sum(sizes))
            progress.advance(bar, sum(size for size, done in zip(sizes, finished, strict=True) if done))
            for portion in loader:
                tally.add(portion.tally)
                finished[portion.chunk], changed = True, True
                problems += portion.problems
                progress.advance(bar, sizes[portion.chunk])
                if monotonic() - saved > _SAVE_EVERY_SECONDS:
                    tally.save(file, finished)
                    saved = monotonic()
    finally:
        if changed:
            tally.save(file, finished)
    for problem in problems:
        console.print(f"left out: {problem}", soft_wrap=True)
    if not tally.moments:
        raise InputError(f"none of {len(rows)} recordings could be measured ({problems[0]})")
    return tally, problems


def _as_is(portion: Any) -> Any:
    return portion


def _workers(data: AudioData, chunks: int) -> int:
    """All cores: this process only waits."""
    if data.workers != "auto":
        return data.workers
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, chunks) if cores > 1 and chunks > 1 else 0


def _key(data: AudioData, manifest: Manifest, rows: NDArray[np.int64], settings: Settings) -> str:
    """Of everything that decides what is measured: the files as they are, and how they are heard."""
    made = hashlib.sha256()
    form = data.form._replace(samples=0)  # recordings are measured as a whole
    text: Any = [_VERSION, str(manifest.root.resolve()), form, settings]
    made.update(json.dumps(text).encode())
    for name in ("path", "corpus", "system", "utterance"):
        made.update("\0".join(manifest.strings(name)[rows]).encode("utf-8", "surrogatepass"))
    for name in ("bytes", "changed"):
        made.update(np.ascontiguousarray(manifest.numbers(name)[rows]).tobytes())
    return made.hexdigest()[:16]
