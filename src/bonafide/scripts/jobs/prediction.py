"""Scores recordings: a table on the screen, JSON lines in a file, a timeline for each."""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from omegaconf import DictConfig
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bonafide import assembly
from bonafide.audio import frames
from bonafide.audio.condition import Condition
from bonafide.metrics.localization.median import refuse_width
from bonafide.metrics.localization.runs import refuse_threshold
from bonafide.scripts.jobs import (
    fitting,
    judging,
    predicted_regions,
    predicted_timelines,
    recordings,
    results,
)
from bonafide.scripts.jobs.judging import Settings
from bonafide.scripts.jobs.predicted_regions import Where
from bonafide.tasks.localization import Localization
from bonafide.tasks.scoring import Scoring
from bonafide.tasks.streaming import whole_frames
from bonafide.types import InputError

Judge: TypeAlias = Callable[[Path, Settings], dict[str, Any]]

_OF_REGIONS = ("timelines", "frames", "frame_threshold", "median_filter")
"""Options that only a detector which says where can heed."""


def run(cfg: DictConfig) -> None:
    """Scores every recording; a recording that cannot be read is named, and the rest goes on."""
    results.quiet()
    found = recordings.find(cfg.audio)
    recipe = assembly.recipe(Path(cfg.run).expanduser(), trust=cfg.trust)
    task = assembly.load(Path(cfg.run).expanduser(), cfg.checkpoint, trust=cfg.trust)
    task.to(results.device(cfg.hardware))
    settings = _settings(cfg, recipe, task)
    output = Path(cfg.output).expanduser()
    judge, where = _judge(cfg, task, found, output)
    part = output.with_name(output.name + ".part")
    done = _resume(part, _identity(cfg, settings, where))
    rows, failed = [], []
    began, heard = time.monotonic(), 0.0
    console = Console(stderr=True)
    try:
        with part.open("a", encoding="utf-8") as file, Progress(console=console) as progress:
            for path in progress.track(found, description="scoring"):
                try:
                    row = done.get(str(path)) or judge(path, settings)
                except InputError as error:
                    if isinstance(error.__cause__, OSError):  # a full disk, not a bad recording
                        raise
                    failed.append(str(error))
                    continue
                rows.append(row)
                if str(path) not in done:
                    heard += row["seconds"]
                    file.write(json.dumps(row) + "\n")
                    file.flush()
    except OSError as error:
        raise InputError(
            f"{output} cannot be written ({error.strerror}); choose another output=FILE"
        ) from error
    if rows:
        _finish(part, output, rows)
        _show(rows, output)
        _tell_speed(heard, time.monotonic() - began)
        if where is not None and where.pictures is not None:
            report = where.pictures / "timelines.html"
            predicted_timelines.write(report, rows, str(cfg.run), settings)
            sys.stdout.write(f"timelines: {report}\n")
    else:
        part.unlink()
    if failed:
        for line in failed[:-1]:
            sys.stderr.write(f"bonafide: {line}\n")
        raise InputError(failed[-1])


def _judge(cfg: DictConfig, task: Scoring, found: Sequence[Path], output: Path) -> tuple[Judge, Where | None]:
    """How a recording is judged, and how its regions are found, by a detector that says where."""
    if not isinstance(task, Localization):
        for name in _OF_REGIONS:
            if cfg[name] is not None and cfg[name] is not False:
                raise InputError(
                    f"{name}={cfg[name]} is about regions of recordings, and {cfg.run} judges whole clips; "
                    "leave it out, or train with task=localization"
                )
        return partial(judging.judge, task), None
    try:
        threshold = float(task.frame_threshold if cfg.frame_threshold is None else cfg.frame_threshold)
        width = int(task.median_filter if cfg.median_filter is None else cfg.median_filter)
    except ValueError as error:
        raise InputError(f"frame_threshold and median_filter are numbers: {error}") from error
    refuse_threshold(threshold)
    refuse_width(width)
    where = Where(
        threshold,
        width,
        _folder(cfg.timelines, output, "timelines"),
        _folder(cfg.frames, output, "frames"),
        Path(os.path.commonpath([path.absolute().parent for path in found])),
    )
    return partial(predicted_regions.judge, task, where), where


def _folder(asked: bool | str | None, output: Path, what: str) -> Path | None:
    """Where something is kept that was asked for, beside the output unless a folder was named."""
    if not asked:
        return None
    return output.with_name(f"{output.stem}_{what}") if asked is True else Path(str(asked)).expanduser()


def _settings(cfg: DictConfig, recipe: DictConfig, task: Scoring) -> Settings:
    if not 0 < cfg.prior < 1:
        raise InputError(f"prior={cfg.prior} is not a probability between 0 and 1")
    rate = recipe.data.sample_rate
    samples = frames.to_samples(recipe.data.clip_seconds, rate)
    hop = samples if cfg.hop_seconds is None else frames.to_samples(cfg.hop_seconds, rate)
    if not 0 < hop <= samples:
        raise InputError(
            f"hop_seconds={cfg.hop_seconds} must be above 0 and at most {recipe.data.clip_seconds}"
        )
    if isinstance(task, Localization):
        hop = samples // 2 if cfg.hop_seconds is None else hop
        hop = min(whole_frames(hop, rate, task.frame_seconds), samples)
    frozen = None if cfg.calibration is None else fitting.read(Path(str(cfg.calibration)).expanduser())
    threshold = float(task.threshold) if frozen is None else frozen.threshold
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
        None if frozen is None else frozen.fitted,
    )


def _identity(cfg: DictConfig, settings: Settings, where: Where | None) -> str:
    """Of whatever decides a prediction: an interrupted output is continued only by its like."""
    checkpoint = assembly.checkpoint_path(Path(cfg.run).expanduser(), cfg.checkpoint)
    stamp = checkpoint.stat()
    said = [str(checkpoint.resolve()), stamp.st_size, stamp.st_mtime_ns, settings, where]
    text = json.dumps(said, default=str)  # folders
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
    kept = ([row[name] for name in ("timeline", "frames") if name in row] for row in rows)
    return {
        row["path"]: row for row, files in zip(rows, kept, strict=True) if all(map(os.path.exists, files))
    }


def _finish(part: Path, output: Path, rows: list[dict[str, Any]]) -> None:
    part.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    part.replace(output)


def _show(rows: list[dict[str, Any]], output: Path) -> None:
    located = "regions" in rows[0]
    table = Table()
    table.add_column("recording", overflow="fold")
    for name in ("seconds", "score", "P(spoof)"):
        table.add_column(name, justify="right")
    table.add_column("decision")
    if located:
        table.add_column("regions", justify="right")
    table.add_column("most suspicious")
    for row in rows:
        table.add_row(
            row["path"],
            f"{row['seconds']:.2f}",
            f"{row['score']:+.2f}",
            f"{row['probability']:.3f}",
            row["decision"],
            *([str(len(row["regions"]))] if located else []),
            _region(row) if located else _window(row),
        )
    Console().print(table)
    calibrated = "calibrated" in rows[0]
    sys.stdout.write(
        f"score: log-odds of bona fide; P(spoof) at a prior of {rows[0]['prior']}, "
        f"{'calibrated' if calibrated else 'not calibrated'}; "
        f"bona fide from {rows[0]['threshold']:+.2f}{' after calibration' if calibrated else ''}\n"
    )
    if located:
        sys.stdout.write(
            f"regions: frames of {1000 * rows[0]['frame_seconds']:g} ms with log-odds below "
            f"{rows[0]['frame_threshold']:+.2f}, with their mean P(spoof)\n"
        )
    sys.stdout.write(f"written to {output}\n")


def _tell_speed(heard: float, spent: float) -> None:
    """Seconds of recordings that were not known before, and seconds spent; a short time says little."""
    if heard >= 60:
        times = heard / spent
        sys.stdout.write(
            f"{heard / 60:.1f} minutes heard in {spent:.0f} s, {times:.1f} times as fast as they last\n"
        )


def _window(row: dict[str, Any]) -> str:
    worst = min(row["windows"], key=lambda window: window["score"])
    return f"{worst['start']:.1f}-{worst['end']:.1f} s"


def _region(row: dict[str, Any]) -> str:
    worst = predicted_timelines.most_suspicious(row)
    if worst is None:
        return "-"
    return f"{worst['start']:.2f}-{worst['end']:.2f} s ({100 * worst['probability']:.0f} %)"
