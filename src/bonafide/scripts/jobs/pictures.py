"""What a report shows beside its tables: figures, and the worst mistakes to be seen and heard."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bonafide.audio import mp3
from bonafide.evaluation.breakdown import Group
from bonafide.evaluation.mistakes import Excerpt, Mistake, Shown, excerpt, worst
from bonafide.evaluation.scores import Trials
from bonafide.evaluation.summary import Picture
from bonafide.figures.calibration import calibration
from bonafide.figures.det import det
from bonafide.figures.scores import histogram
from bonafide.figures.style import save
from bonafide.figures.systems import Rate, systems
from bonafide.figures.thumbnail import thumbnail
from bonafide.types import InputError

if TYPE_CHECKING:
    from bonafide.data.module import AudioData  # brings torch, which a report on score files does not need

_MOST: Final = 10
_ALL: Final = 60
"""Clips in a page of all groups together, which keeps it below 5 MB."""
_SECONDS: Final = 5.0


def draw(
    folder: Path, tables: Mapping[str, Trials], groups: Mapping[str, Group], trained: Sequence[str] | None
) -> list[Picture]:
    """Draws every figure of a report.

    Args:
        folder: that they are written to.
        tables: trials of each test group.
        groups: measures of each.
        trained: systems in the training data; None if that is not known.
    """
    scores = {name: (trials.bonafide, trials.spoof) for name, trials in tables.items()}
    found = [
        Picture(folder / "det.png", "Detection error trade-off of each test group"),
        Picture(folder / "calibration.png", "Calibration of each test group"),
    ]
    save(det(scores), found[0].file)
    save(calibration(scores), found[1].file)
    for name, trials in tables.items():
        found += [
            Picture(folder / f"systems_{name}.png", f"EER of each system of {name}", name),
            Picture(folder / f"scores_{name}.png", f"Scores of {name}", name),
        ]
        rates = {
            system: Rate(entry["eer"], *entry["intervals"]["eer"])
            for system, entry in groups[name]["systems"].items()
        }
        save(systems(rates, pooled=groups[name]["eer"], trained=trained), found[-2].file)
        spoofs = {system: trials.score[trials.system == system] for system in rates}
        save(histogram(trials.bonafide, spoofs, groups[name]["threshold"]), found[-1].file)
    return found


def mistakes(
    data: "AudioData", tables: Mapping[str, Trials], threshold: float, seed: int
) -> dict[str, list[Shown]]:
    """The worst mistakes of each group; fewer of each where there are many groups."""
    most = max(1, min(_MOST, _ALL // len(tables)))
    return {
        name: [shown(data, mistake) for mistake in worst(trials, threshold, most=most, seed=seed)]
        for name, trials in tables.items()
    }


def shown(data: "AudioData", mistake: Mistake) -> Shown:
    """A mistake with its sound, or without: a recording that is gone must not end a long training."""
    try:
        found = heard(data, mistake)
        sound = mp3.encode(found.waveform, found.sample_rate)
    except InputError as error:
        return Shown(mistake, problem=f"Not to be heard: {error}.")
    return Shown(mistake, sound, thumbnail(found.waveform, found.sample_rate))


def heard(data: "AudioData", mistake: Mistake) -> Excerpt:
    """What a detector heard of a trial, or the beginning of it.

    Raises:
        InputError: the recording cannot be had.
    """
    form = data.form
    return excerpt(
        mistake.path,
        data.manifest.root if data.manifest else data.corpus.root,
        form.sample_rate,
        seconds=_SECONDS if data.windows.tile else min(_SECONDS, form.samples / form.sample_rate),
        resampler=form.resampler,
        channel=form.channel,
    )
