"""Draws the features of recordings: one picture each, and a line that says what is in it.

Without recordings it is the corpus of `data=` that is described, see `corpus_description`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bonafide import assembly
from bonafide.audio import condition, files, frames
from bonafide.audio.condition import Condition
from bonafide.figures.features import features as picture
from bonafide.figures.style import save
from bonafide.frontends.frontend import Frontend
from bonafide.scripts.jobs import corpus_description, recordings, results
from bonafide.types import FeatureShape, InputError


class Hearing(NamedTuple):
    """How recordings come to the front end.

    Args:
        sample_rate: in Hz.
        resampler: to that rate.
        channel: see `bonafide.audio.files.read`.
        condition: what is done to every clip.
        start: in seconds.
        seconds: from there; None for the rest.
    """

    sample_rate: int
    resampler: str
    channel: int | None
    condition: Condition
    start: float
    seconds: float | None


class Drawn(NamedTuple):
    """A picture that was made.

    Args:
        path: of the recording.
        seconds: heard of it.
        shape: of its features.
        step: between frames, in seconds.
        low: smallest value.
        high: largest value.
        file: the picture.
    """

    path: Path
    seconds: float
    shape: FeatureShape
    step: float
    low: float
    high: float
    file: Path


def run(cfg: DictConfig) -> None:
    """Draws every recording; one that cannot be read is named, and the rest goes on."""
    results.quiet()
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    if cfg.audio is None:
        corpus_description.run(cfg)
        return
    found = recordings.find(cfg.audio)
    if cfg.run is None:
        data, frontend = cfg.data, assembly.frontend(cfg)
        if not frontend.fitted:
            raise InputError(
                "this front end learns from training clips first; "
                "draw that of a trained run with run=outputs/DATE/TIME"
            )
    else:
        folder = Path(cfg.run).expanduser()
        data = assembly.recipe(folder, trust=cfg.trust).data
        frontend = assembly.load(folder, cfg.checkpoint, trust=cfg.trust).frontend
    hearing = _hearing(cfg, data)
    frontend = frontend.eval().to(results.device(cfg.hardware))
    drawn, failed = [], []
    with Progress(console=Console(stderr=True)) as progress:
        for path, file in progress.track(_places(found, Path(cfg.folder)), description="drawing"):
            try:
                drawn.append(draw(frontend, path, hearing, file))
            except InputError as error:
                failed.append(str(error))
    if drawn:
        _show(drawn)
    if failed:
        for line in failed[:-1]:
            sys.stderr.write(f"bonafide: {line}\n")
        raise InputError(failed[-1])


def _hearing(cfg: DictConfig, data: DictConfig) -> Hearing:
    if cfg.start < 0 or (cfg.seconds is not None and cfg.seconds <= 0):
        raise InputError(
            f"start={cfg.start:g} with seconds={cfg.seconds} is no stretch of a recording; "
            "choose start from 0 on and seconds above 0, or seconds=null for all"
        )
    wanted = Condition(**(data.get("condition") or {}))
    condition.check(wanted, data.sample_rate)
    return Hearing(data.sample_rate, data.resampler, data.channel, wanted, cfg.start, cfg.seconds)


def _places(found: list[Path], folder: Path) -> list[tuple[Path, Path]]:
    """A picture for each recording, named after it, and after its folders where names meet."""
    stems = [path.stem for path in found]
    pictures = []
    for path in found:
        alone = stems.count(path.stem) == 1
        name = (
            path.stem if alone else "_".join(path.with_suffix("").parts[-3:]) + path.suffix.replace(".", "_")
        )
        pictures.append((path, folder / f"{name}.png"))
    return pictures


def draw(frontend: Frontend, path: Path, hearing: Hearing, file: Path) -> Drawn:
    """Draws the features of one recording.

    Raises:
        InputError: it cannot be read, or is too short for the front end.
    """
    rate = hearing.sample_rate
    waveform = _heard(path, hearing)
    seconds = len(waveform) / rate
    try:
        shape = frontend.shape(len(waveform))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    clip = torch.from_numpy(waveform)[None]
    with torch.inference_mode():
        values = frontend(clip.to(next(_devices(frontend), "cpu")))[0].float().cpu().numpy()
    times = frontend.times(len(waveform)).numpy()
    figure = picture(
        values,
        times,
        frontend.legend(),
        waveform=waveform,
        sample_rate=rate,
        start=hearing.start,
        title=path.name,
    )
    save(figure, file)
    step = float(np.median(np.diff(times))) if len(times) > 1 else seconds
    return Drawn(path, seconds, shape, step, float(values.min()), float(values.max()), file)


def _heard(path: Path, hearing: Hearing) -> NDArray[np.float32]:
    """The stretch of a recording as the front end is given it."""
    rate = hearing.sample_rate
    waveform = files.read(
        path,
        rate,
        start=round(hearing.start * rate),
        length=None if hearing.seconds is None else frames.to_samples(hearing.seconds, rate),
        resampler=hearing.resampler,
        channel=hearing.channel,
    )
    if not len(waveform):
        raise InputError(f"{path} ends before start={hearing.start:g} s; choose an earlier start")
    return condition.apply(hearing.condition, waveform, rate, crc32(str(path).encode()))


def _devices(frontend: Frontend) -> Iterator[torch.device]:
    yield from (tensor.device for tensor in (*frontend.parameters(), *frontend.buffers()))


def _show(drawn: list[Drawn]) -> None:
    table = Table("recording", "seconds", "channels × bins × frames", "a frame every", "values", "picture")
    for one in drawn:
        table.add_row(
            one.path.name,
            f"{one.seconds:.2f}",
            " × ".join(map(str, one.shape)),
            f"{1000 * one.step:.4g} ms",
            f"{one.low:.4g} … {one.high:.4g}",
            str(one.file),
        )
    Console(width=None if sys.stdout.isatty() else 160).print(table)
