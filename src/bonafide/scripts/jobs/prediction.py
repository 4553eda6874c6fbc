"""Scores recordings: a table on the screen, JSON lines in a file, a timeline for each."""

import hashlib
import json
import math
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import torch
from omegaconf import DictConfig
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bonafide import assembly
from bonafide.audio import clip, condition, files, frames
from bonafide.audio.condition import Condition
from bonafide.scripts.jobs import recordings, results
from bonafide.tasks.detection import Detection
from bonafide.types import InputError


class Settings(NamedTuple):
    """How recordings are heard and judged.

    Args:
        sample_rate: of the model, in Hz.
        samples: of a window.
        hop: between windows, in samples.
        resampler: of the recipe.
        channel: see `bonafide.audio.files.read`.
        batch_size: windows scored at once.
        prior: probability of spoof before listening.
        threshold: accept as bona fide at this score or above.
        condition: what was done to every clip in training.
    """

    sample_rate: int
    samples: int
    hop: int
    resampler: str
    channel: int | None
    batch_size: int
    prior: float
    threshold: float
    condition: Condition


def run(cfg: DictConfig) -> None:
    """Scores every recording; a recording that cannot be read is named, and the rest goes on."""
    results.quiet()
    found = recordings.find(cfg.audio)
    recipe = assembly.recipe(Path(cfg.run).expanduser(), trust=cfg.trust)
    task = assembly.load(Path(cfg.run).expanduser(), cfg.checkpoint, trust=cfg.trust)
    task.to(results.device(cfg.hardware))
    settings = _settings(cfg, recipe, float(task.threshold))
    output = Path(cfg.output).expanduser()
    part = output.with_name(output.name + ".part")
    done = _resume(part, _identity(cfg, settings))
    rows, failed = [], []
    console = Console(stderr=True)
    try:
        with part.open("a", encoding="utf-8") as file, Progress(console=console) as progress:
            for path in progress.track(found, description="scoring"):
                try:
                    row = done.get(str(path)) or judge(task, path, settings)
                except InputError as error:
                    failed.append(str(error))
                    continue
                rows.append(row)
                if str(path) not in done:
                    file.write(json.dumps(row) + "\n")
                    file.flush()
    except OSError as error:
        raise InputError(
            f"{output} cannot be written ({error.strerror}); choose another output=FILE"
        ) from error
    if rows:
        _finish(part, output, rows)
        _show(rows, output)
    else:
        part.unlink()
    if failed:
        for line in failed[:-1]:
            sys.stderr.write(f"bonafide: {line}\n")
        raise InputError(failed[-1])


def judge(task: Detection, path: Path, settings: Settings) -> dict[str, Any]:
    """Score, probability of spoof, decision and timeline of one recording.

    The score of a recording is the mean of its windows' scores; a recording of up to one window has the
    score that evaluation gives it.
    """
    timeline = []
    for start, length, score in _windows(task, path, settings):
        timeline.append(
            {
                "start": round(start / settings.sample_rate, 4),
                "end": round((start + length) / settings.sample_rate, 4),
                "score": score,
                "probability": probability(score, settings.prior),
            }
        )
    if not timeline:
        raise InputError(f"{path} holds no audio; remove it or record it again")
    score = math.fsum(window["score"] for window in timeline) / len(timeline)
    return {
        "path": str(path),
        "score": score,
        "probability": probability(score, settings.prior),
        "decision": "bonafide" if score >= settings.threshold else "spoof",
        "threshold": settings.threshold,
        "prior": settings.prior,
        "seconds": timeline[-1]["end"],
        "windows": timeline,
    }


def probability(score: float, prior: float) -> float:
    """Probability of spoof after a score, given the probability before it."""
    odds = score + math.log((1 - prior) / prior)
    return 1 / (1 + math.exp(odds)) if odds < 700 else 0.0


def _windows(task: Detection, path: Path, settings: Settings) -> Iterator[tuple[int, int, float]]:
    """Start, length (samples) and score of each window, a batch at a time."""
    _refuse_bad(path, settings)
    stream = files.windows(
        path,
        settings.sample_rate,
        settings.samples,
        settings.hop,
        ends=frames.to_samples(settings.condition.trim_seconds, settings.sample_rate),
        resampler=settings.resampler,
        channel=settings.channel,
    )
    while batch := list(islice(stream, settings.batch_size)):
        starts, found = zip(*batch, strict=True)
        seeds = [crc32(f"{path}:{start}".encode()) for start in starts]
        heard = [
            condition.apply(settings.condition, window, settings.sample_rate, seed)
            for window, seed in zip(found, seeds, strict=True)
        ]
        waveform = torch.from_numpy(np.stack([clip.repeat(window, settings.samples) for window in heard]))
        if not torch.isfinite(waveform).all():
            raise InputError(f"{path} holds samples that are not numbers; mend or remove it")
        with torch.inference_mode():
            scores = task.score(waveform.to(task.device)).double().cpu()
        yield from zip(starts, map(len, found), scores.tolist(), strict=True)


def _refuse_bad(path: Path, settings: Settings) -> None:

    shortest = 0.032
    found = files.inspect(path, shortest_seconds=shortest, channel=settings.channel)
    if found.problem:
        raise InputError(f"{path}: {found.problem}".replace("data.channel", "channel"))


def _settings(cfg: DictConfig, recipe: DictConfig, threshold: float) -> Settings:

    if not 0 < cfg.prior < 1:
        raise InputError(f"prior={cfg.prior} is not a probability between 0 and 1")
    rate = recipe.data.sample_rate
    samples = frames.to_samples(recipe.data.clip_seconds, rate)
    hop = samples if cfg.hop_seconds is None else frames.to_samples(cfg.hop_seconds, rate)
    if not 0 < hop <= samples:
        raise InputError(
            f"hop_seconds={cfg.hop_seconds} must be above 0 and at most {recipe.data.clip_seconds}"
        )
    return Settings(
        rate,
        samples,
        hop,
        recipe.data.resampler,
        cfg.channel,
        cfg.batch_size,
        cfg.prior,
        threshold if cfg.threshold is None else cfg.threshold,
        Condition(**(recipe.data.get("condition") or {})),
    )


def _identity(cfg: DictConfig, settings: Settings) -> str:
    """Of whatever decides a prediction: an interrupted output is continued only by its like."""
    checkpoint = assembly.checkpoint_path(Path(cfg.run).expanduser(), cfg.checkpoint)
    stamp = checkpoint.stat()
    text = json.dumps([str(checkpoint.resolve()), stamp.st_size, stamp.st_mtime_ns, settings])
    return hashlib.sha256(text.encode()).hexdigest()


def _resume(part: Path, identity: str) -> dict[str, dict[str, Any]]:
    """What an interrupted call with the same run and settings has already judged."""
    lines = part.read_text(encoding="utf-8").split("\n")[:-1] if part.exists() else []
    if not lines or lines[0] != json.dumps({"identity": identity}):
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({"identity": identity}) + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"{part} cannot be written ({error.strerror}); choose another output=FILE"
            ) from error
        return {}
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")  # without a last line cut in half
    rows = [json.loads(line) for line in lines[1:]]
    return {row["path"]: row for row in rows}


def _finish(part: Path, output: Path, rows: list[dict[str, Any]]) -> None:
    part.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    part.replace(output)


def _show(rows: list[dict[str, Any]], output: Path) -> None:

    table = Table("recording", "seconds", "score", "P(spoof)", "decision", "most suspicious")
    for row in rows:
        worst = min(row["windows"], key=lambda window: window["score"])
        table.add_row(
            row["path"],
            f"{row['seconds']:.2f}",
            f"{row['score']:+.2f}",
            f"{row['probability']:.3f}",
            row["decision"],
            f"{worst['start']:.1f}-{worst['end']:.1f} s",
        )
    Console().print(table)
    sys.stdout.write(
        f"score: log-odds of bona fide; P(spoof) at a prior of {rows[0]['prior']}, not calibrated; "
        f"bona fide from {rows[0]['threshold']:+.2f}\nwritten to {output}\n"
    )
