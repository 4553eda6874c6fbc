"""What a localization run leaves beside the scores of whole clips: where each recording was called fake."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bonafide.data.module import AudioData
from bonafide.data.windows import Clipped
from bonafide.evaluation.localization import frames, segments
from bonafide.evaluation.localization.choosing import choose
from bonafide.evaluation.localization.found import Where
from bonafide.evaluation.localization.joining import joined
from bonafide.evaluation.localization.joint import joint
from bonafide.evaluation.localization.measures import Localization as Measures
from bonafide.evaluation.localization.measures import measure
from bonafide.evaluation.localization.outcome import Outcome, Truth, decided, heard_truth
from bonafide.evaluation.scores import Texts
from bonafide.metrics.localization.median import median_filtered
from bonafide.metrics.localization.timeline import Regions, Timelines
from bonafide.scripts.jobs import timelines
from bonafide.tasks.localization import Localization, Located
from bonafide.tasks.scoring import Scores, Scoring

_CLIPS: Final = 12
"""Shown of all groups together, about 200 kB each."""
_OF_EACH: Final = 5


class Tested(NamedTuple):
    """A test group as a localization model heard it.

    Args:
        outcome: truth, scores, decisions.
        path: `[files]` of the recordings; a file of the outcome may be a stretch of one.
    """

    outcome: Outcome
    path: Texts


def tested(task: Scoring, data: AudioData) -> dict[str, Tested]:
    """Every test group, by name; none if the task judges whole clips."""
    if not isinstance(task, Localization):
        return {}
    return {
        name: of_group(task, data, clips, scored, located)
        for (name, clips), scored, located in zip(
            data.groups().items(), task.scored, task.located, strict=True
        )
    }


def of_group(task: Localization, data: AudioData, clips: Clipped, scored: Scores, located: Located) -> Tested:
    """A test group on the timelines of its recordings; its windows are joined.

    Args:
        task: what was tested; its step, thresholds and filter are read.
        data: that it was tested on.
        clips: of the group.
        scored: scores of the clips.
        located: scores of their frames.
    """
    manifest, form = data.manifest, data.form
    if manifest is None:
        raise RuntimeError("recordings are only known after the data was prepared")
    row, whose = np.unique(clips.rows, return_inverse=True)
    found = joined(
        whose,
        clips.starts,
        _in_order(scored, len(clips)),
        _in_order(located, len(clips)),
        lengths=data.lengths[row],
        window=form.samples,
        sample_rate=form.sample_rate,
        step=task.frame_seconds,
        judge=task.of_recording,
    )
    first, seconds = (found.start + form.trim) / form.sample_rate, found.samples / form.sample_rate
    row = row[found.recording]
    path, unit = manifest.strings("path")[row], manifest.strings("utterance")[row]
    truth = _truth(data, row)
    file, regions = heard_truth(truth, np.arange(len(row)), first, seconds)
    bounds = np.searchsorted(file, np.arange(len(row) + 1))
    names = _names(path, first, seconds)
    true = Regions(names, np.ascontiguousarray(regions[:, 0]), np.ascontiguousarray(regions[:, 1]), bounds)
    recordings = Timelines(true, seconds, found.frames, found.bounds, task.frame_seconds)
    outcome = decided(
        median_filtered(recordings, task.median_filter),
        float(task.frame_threshold),
        label=truth.label,
        unit=np.where(np.isin(unit, ("-", "")), path, unit),
        score=found.score,
        clip_threshold=float(task.threshold),
        first=first,
        whole=manifest.numbers("seconds")[row].astype(np.float64),
        resolution=max(task.frame_seconds, task.frontend.resolution),
    )
    return Tested(outcome, path)


def measured(groups: Mapping[str, Tested], seed: int) -> dict[str, Measures]:
    """Measures of every group.

    Raises:
        InputError: nothing that was heard of a group is spoofed, or all of it is.
    """
    return {name: measure(group.outcome, group=name, seed=seed) for name, group in groups.items()}


def write(folder: Path, groups: Mapping[str, Tested]) -> None:
    """Regions and frame scores of every group, beside its score table."""
    for name, group in groups.items():
        segments.write(folder / f"{name}.segments.jsonl", group.outcome)
        frames.write(folder / f"{name}.frames.npz", group.outcome)


def where(
    folder: Path,
    data: AudioData,
    groups: Mapping[str, Tested],
    measures: Mapping[str, Measures],
    seed: int,
) -> Where | None:
    """What the report says of localization; None of a task that judges whole clips.

    Args:
        folder: that figures are written to.
        data: that was tested on.
        groups: what was found.
        measures: of each group.
        seed: of the bootstrap, and of the choice among equals.
    """
    if not groups:
        return None
    most = max(1, min(_OF_EACH, _CLIPS // len(groups)))
    clips = []
    for name, (outcome, path) in groups.items():
        for place, chosen in enumerate(choose(outcome, most, seed=seed), start=1):
            figure = folder / f"timeline_{name}_{place}.png"
            clip = timelines.draw(figure, data, outcome, path[chosen.file], chosen)
            clips.append(clip if len(groups) == 1 else clip._replace(title=f"{name}: {clip.title}"))
    together = joint({name: group.outcome for name, group in groups.items()}, seed=seed)
    return Where(measures, together, clips)


def _in_order(found: Scores | Located, clips: int) -> NDArray[np.float32]:
    """Scores by clip; every clip must be there, and once."""
    order = found.clip.argsort(stable=True)
    if found.clip[order].tolist() != list(range(clips)):
        raise RuntimeError("some clips were scored twice or not at all")
    ordered: NDArray[np.float32] = found.score[order].numpy()
    return ordered


def _truth(data: AudioData, row: NDArray[np.int64]) -> Truth:
    """Labels and segments of rows of the manifest."""
    assert data.manifest is not None  # noqa: S101 - for the type checker
    table = data.manifest.table.select(["label", "segments"]).take(pa.array(row))
    listed = table.column("segments").combine_chunks()
    start, end = (
        listed.flatten().field(side).to_numpy(zero_copy_only=False).astype(np.float64)
        for side in ("start", "end")
    )
    counts = listed.value_lengths().fill_null(0).to_numpy().astype(np.int64)
    label = table.column("label").to_numpy(zero_copy_only=False)
    return Truth(label, start, end, np.concatenate(([0], np.cumsum(counts))))


def _names(path: Texts, first: NDArray[np.float64], seconds: NDArray[np.float64]) -> tuple[str, ...]:
    """Paths; those of several stretches of one recording end in their seconds."""
    _, of, times = np.unique(path.astype(str), return_inverse=True, return_counts=True)
    return tuple(
        name if alone else f"{name}#t={start:.6g},{start + length:.6g}"
        for name, alone, start, length in zip(path, times[of] == 1, first, seconds, strict=True)
    )
