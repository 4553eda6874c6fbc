"""Recordings on their timelines, to be seen and heard in a report."""

from pathlib import Path
from typing import Final

import numpy as np

from bonafide.audio import mp3
from bonafide.data.module import AudioData
from bonafide.evaluation.cells import score
from bonafide.evaluation.localization.choosing import Chosen
from bonafide.evaluation.localization.found import Clip
from bonafide.evaluation.localization.outcome import Outcome, spoof_probability
from bonafide.evaluation.localization.words import share
from bonafide.evaluation.mistakes import excerpt
from bonafide.figures.style import save
from bonafide.figures.timeline import Sound, Stretch, timeline
from bonafide.metrics.localization.timeline import Regions
from bonafide.types import InputError

_SECONDS: Final = 12.0
"""Shown and heard of a longer recording."""
_LISTED: Final = 5
"""Regions told of in words."""


def draw(figure: Path, data: AudioData, outcome: Outcome, path: str, chosen: Chosen) -> Clip:
    """A recording on its timeline; one that is gone must not end a long training, and is only seen.

    Args:
        figure: PNG that is written.
        data: that was tested on.
        outcome: of a group.
        path: of the recording.
        chosen: which one of the outcome.
    """
    file = chosen.file
    recordings, step = outcome.recordings, outcome.recordings.step
    true, found = (_stretches(outcome, side, file) for side in (outcome.true, outcome.predicted))
    early, seconds = _shown(outcome, file)
    start = outcome.first[file] + early * step
    problem, sound, coded = "", None, b""
    try:
        heard = excerpt(
            f"{path}#t={start:.9g},{start + seconds:.9g}",
            data.manifest.root if data.manifest else data.corpus.root,
            data.form.sample_rate,
            seconds=seconds,
            resampler=data.form.resampler,
            channel=data.form.channel,
        )
        sound, coded = Sound(heard.waveform, heard.sample_rate), mp3.encode(heard.waveform, heard.sample_rate)
    except InputError as error:
        problem = f"Not to be heard: {error}."
    begin, end = recordings.bounds[file : file + 2]
    probability = spoof_probability(recordings.scores[begin:end])
    last = early + int(np.ceil(round(seconds / step, 6)))
    drawn = timeline(
        probability[early:last],
        step,
        seconds,
        found,
        true=true,
        threshold=float(spoof_probability(outcome.threshold)),
        start=start,
        sound=sound,
    )
    save(drawn, figure)
    told = f"; time is told apart to {1000 * outcome.resolution:g} ms" * (outcome.resolution > 1.01 * step)
    caption = f"Truth above what was found, and the probability of a fake every {1000 * step:g} ms{told}."
    facts = [
        ("Truth", _listed(true) or "genuine"),
        ("Found", _listed(found) or "nothing"),
        *([] if chosen.f1 is None else [("F1, 20 ms", share(chosen.f1))]),
        ("Score", score(outcome.score[file])),
    ]
    return Clip(chosen.title, outcome.names[file], figure, caption, facts, coded, problem)


def _shown(outcome: Outcome, file: int) -> tuple[int, float]:
    """The first frame that is shown, and for how many seconds: all, or what lies about a region."""
    step, whole = outcome.recordings.step, float(outcome.recordings.seconds[file])
    if whole <= _SECONDS:
        return 0, whole
    side = outcome.true if outcome.true.spoofed[file] else outcome.predicted
    rows = slice(*side.bounds[file : file + 2])
    lengths = side.end[rows] - side.start[rows]
    middle = 0.0
    if lengths.size:
        longest = int(np.argmax(lengths))
        middle = float(side.start[rows][longest] + min(lengths[longest], _SECONDS) / 2)
    early = int(np.clip(middle - _SECONDS / 2, 0, whole - _SECONDS) / step)
    return early, min(_SECONDS, whole - early * step)


def _stretches(outcome: Outcome, side: Regions, file: int) -> list[Stretch]:
    """Regions of a file in seconds of its recording."""
    rows = range(*side.bounds[file : file + 2])
    first, told = float(outcome.first[file]), side is outcome.predicted
    return [
        Stretch(
            first + float(side.start[row]),
            first + float(side.end[row]),
            float(outcome.probability[row]) if told else None,
        )
        for row in rows
    ]


def _listed(stretches: list[Stretch]) -> str:
    """Seconds and probabilities of the first few."""
    said = []
    for one in stretches[:_LISTED]:
        sure = "" if one.probability is None else f" ({100 * one.probability:.0f} %)"
        said.append(f"{one.start:.2f} – {one.end:.2f} s{sure}")
    more = len(stretches) - len(said)
    return ", ".join(said) + (f" and {more:,} more" if more > 0 else "")
