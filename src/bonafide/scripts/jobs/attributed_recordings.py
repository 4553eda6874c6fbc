"""What a detector listens to in given recordings: a map over each spectrogram, with a player."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig

from bonafide import counting
from bonafide.audio import clip, condition, files, frames
from bonafide.audio.condition import Condition
from bonafide.explain.detector.answer import Answer
from bonafide.explain.detector.attribution import Case, completeness
from bonafide.explain.detector.baselines import Baseline, reference
from bonafide.figures.attributed_clip import attributed_clip
from bonafide.figures.style import save
from bonafide.scripts.jobs import attribution_page, attribution_recordings
from bonafide.scripts.jobs.explaining import Explainer
from bonafide.types import InputError
from bonafide.whole import whole

Array = NDArray[np.float64]


class Hearing(NamedTuple):
    """How recordings are heard and explained.

    Args:
        sample_rate: of the detector, in Hz.
        samples: of a clip.
        resampler: of the recipe.
        channel: see `bonafide.audio.files.read`.
        condition: what was done to every clip in training.
        seconds: heard of each recording; None for all.
        baseline: what clips are compared with.
        blur: deviation of the blurred baseline.
        background: clips behind the mean baseline, at the most.
        batch: clips at a time.
        facts: about the run and the settings, for the page.
    """

    sample_rate: int
    samples: int
    resampler: str
    channel: int | None
    condition: Condition
    seconds: float | None
    baseline: Baseline
    blur: float
    background: int
    batch: int
    facts: dict[str, str]

    @classmethod
    def of(cls, cfg: DictConfig, recipe: DictConfig) -> Self:
        """As a command and the recipe of a run say.

        Raises:
            InputError: nothing of a recording would be heard.
        """
        if cfg.seconds is not None and cfg.seconds <= 0:
            raise InputError(f"seconds={cfg.seconds:g} leaves nothing to explain; use seconds=null for all")
        data = recipe.data
        return cls(
            data.sample_rate,
            frames.to_samples(data.clip_seconds, data.sample_rate),
            data.resampler,
            data.channel,
            Condition(**(data.get("condition") or {})),
            cfg.seconds,
            cfg.baseline,
            cfg.blur,
            cfg.background,
            data.batch_size,
            attribution_page.facts(cfg, recipe),
        )


class Window(NamedTuple):
    """A stretch of a recording.

    Args:
        start: first sample.
        sound: `[time]` of the recording itself.
    """

    start: int
    sound: NDArray[np.float32]


class Explained(NamedTuple):
    """What was found in a recording.

    Args:
        path: of it.
        waveform: `[time]` as the detector hears it.
        score: mean log-odds of its windows.
        values: `[channels, bins, frames]` attributions of all windows, end to end.
        times: `[frames]` seconds.
        error: completeness of the windows; not a number where the method promises no sum.
    """

    path: Path
    waveform: NDArray[np.float32]
    score: float
    values: Array
    times: Array
    error: float


def explain(hearing: Hearing, explainer: Explainer, found: Sequence[Path], folder: Path) -> None:
    """A map of each recording and a page of all; one that cannot be read is named, and the rest goes on."""
    done: list[tuple[Explained, Path]] = []
    failed: list[str] = []
    answer = explainer.answers["-"]
    try:
        with counting.bar() as progress:
            background = _background(hearing, answer, found)
            for path in progress.track(found, description="explaining"):
                try:
                    windows = _windows(path, hearing)
                except InputError as error:
                    failed.append(str(error))
                    continue
                one = _explained(path, windows, hearing, explainer, background)
                done.append(
                    (one, _write(one, hearing, answer, folder, len(done), signed=explainer.method.signed))
                )
    finally:
        if done:
            attribution_recordings.write(folder, done, hearing)
    if failed:
        for line in failed[:-1]:
            sys.stderr.write(f"bonafide: {line}\n")
        raise InputError(failed[-1])


def _windows(path: Path, hearing: Hearing) -> list[Window]:
    """Windows side by side; the last one ends with the recording."""
    rate, most = hearing.sample_rate, hearing.seconds
    made: list[Window] = []
    for start, sound in files.windows(
        path,
        rate,
        hearing.samples,
        hearing.samples,
        ends=frames.to_samples(hearing.condition.trim_seconds, rate),
        resampler=hearing.resampler,
        channel=hearing.channel,
    ):
        if made and most is not None and start - made[0].start >= most * rate:
            break
        heard = condition.apply(hearing.condition, sound, rate, crc32(f"{path}:{start}".encode()))
        if not np.isfinite(heard).all():
            raise InputError(f"{path} holds samples that are not numbers; mend or remove it")
        made.append(Window(start, heard))
    if not made or not len(made[0].sound):
        raise InputError(f"{path} holds no audio; remove it or record it again")
    return made


def _inputs(windows: Sequence[Window], hearing: Hearing, answer: Answer) -> tuple[torch.Tensor, torch.Tensor]:
    """Waveforms as the detector hears them, and what is attributed to."""
    sounds = np.stack([clip.repeat(window.sound, hearing.samples) for window in windows])
    device = next((tensor.device for tensor in answer.model.parameters()), torch.device("cpu"))
    waveform = torch.from_numpy(sounds).to(device)
    return waveform, answer.inputs(waveform)


def _background(hearing: Hearing, answer: Answer, found: Sequence[Path]) -> torch.Tensor:
    """Of the recordings themselves: nothing else is at hand."""
    windows: list[Window] = []
    for path in found:
        if len(windows) >= hearing.background:
            break
        try:
            windows += _windows(path, hearing)
        except InputError:  # it is named when its turn comes
            continue
    if not windows:
        return torch.empty(0)
    return _inputs(windows[: hearing.background], hearing, answer)[1]


def _explained(
    path: Path,
    windows: Sequence[Window],
    hearing: Hearing,
    explainer: Explainer,
    background: torch.Tensor,
) -> Explained:
    task, answer, method = explainer.task, explainer.answers["-"], explainer.method
    maps, scores, errors, dues = [], [], [], []
    for first in range(0, len(windows), hearing.batch):
        waveform, inputs = _inputs(windows[first : first + hearing.batch], hearing, answer)
        baseline = reference(inputs, background, hearing.baseline, sigma=hearing.blur)
        found = method.attribute(answer, Case(inputs, baseline, background))
        if found.due is not None and found.error is not None:
            errors.append(found.error)
            dues.append(found.due)
        with torch.inference_mode():
            scores.append(task.score(waveform))
        maps.append(found.values.double().cpu())
    values = torch.cat(maps).numpy()
    values = values if values.ndim == 4 else values[:, None, None]
    values, times, waveform_heard = _joined(windows, values, _times(answer, hearing), hearing)
    return Explained(
        path,
        waveform_heard,
        float(torch.cat(scores).double().mean()),
        values,
        times,
        completeness(torch.cat(errors), torch.cat(dues)) if errors else float("nan"),
    )


def _times(answer: Answer, hearing: Hearing) -> Array:
    """Of the frames of a clip, in seconds."""
    if answer.on == "waveform":
        return np.arange(hearing.samples) / hearing.sample_rate
    found: Array = answer.frontend.times(hearing.samples).double().numpy()
    return found


def _joined(
    windows: Sequence[Window], values: Array, times: Array, hearing: Hearing
) -> tuple[Array, Array, NDArray[np.float32]]:
    """Windows end to end: the last one gives what those before it have not.

    What a short recording was lengthened by is folded back onto the frames that it repeats.
    """
    rate, origin = hearing.sample_rate, windows[0].start
    maps, places, sounds = [], [], []
    end = 0  # sample from which nothing is covered
    for window, found in zip(windows, values, strict=True):
        start, size = window.start - origin, len(window.sound)
        own = times < size / rate if size < hearing.samples else np.ones(len(times), bool)
        folded = found[..., own].copy()
        if not own.all():
            nearest = np.abs(times[own][:, None] - np.mod(times[~own], size / rate)).argmin(0)
            np.add.at(
                folded.reshape(-1, folded.shape[-1]).T, nearest, found[..., ~own].reshape(-1, len(nearest)).T
            )
        new = start + times[own] * rate >= end if end else np.ones(int(own.sum()), bool)
        maps.append(folded[..., new])
        places.append(start / rate + times[own][new])
        sounds.append(window.sound[max(0, end - start) :])
        end = start + size
    return np.concatenate(maps, axis=-1), np.concatenate(places), np.concatenate(sounds)


def _write(
    one: Explained, hearing: Hearing, answer: Answer, folder: Path, number: int, *, signed: bool
) -> Path:
    """The picture of a recording and its arrays."""
    name = f"{number + 1:03}_{one.path.stem}"
    legend = attribution_page.legend(answer)
    figure = attributed_clip(
        one.waveform,
        hearing.sample_rate,
        one.values,
        one.times,
        legend,
        title=f"{one.path.name}: score {one.score:+.2f}",
        signed=signed,
    )
    save(figure, folder / "figures" / f"{name}.png")
    with whole(folder / f"{name}.npz") as part, part.open("wb") as file:
        arrays: dict[str, Any] = {"attribution": one.values.astype(np.float32), "times": one.times}
        arrays |= {} if legend.hertz is None else {"hertz": legend.hertz.numpy()}
        np.savez_compressed(file, **arrays)
    return folder / "figures" / f"{name}.png"
