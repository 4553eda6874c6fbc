"""Where recordings were called fake, as pictures of each and as a page with players."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from bonafide.audio import files, mp3
from bonafide.evaluation import page
from bonafide.evaluation.cells import Column, Row, Table, count, measured, word
from bonafide.evaluation.cells import score as signed
from bonafide.evaluation.document import Document, Section
from bonafide.evaluation.localization.found import Clip
from bonafide.evaluation.localization.outcome import Outcome, spoof_probability
from bonafide.evaluation.mistakes import excerpt
from bonafide.evaluation.summary import Picture
from bonafide.figures.spectrum import Spectrum
from bonafide.figures.style import save
from bonafide.figures.timeline import Sound, Stretch, timeline
from bonafide.scripts.jobs.judging import Settings
from bonafide.types import InputError
from bonafide.whole import whole

_WHOLE: Final = 20.0
"""Seconds up to which a recording is shown and heard as a whole."""
_PART: Final = 12.0
"""Seconds shown and heard around a region of a longer one."""
_PARTS: Final = 4
_BLOCK: Final = 30  # seconds of a recording held at once
_SHOWN: Final = 30
"""Recordings on the page, the most suspicious ones; each sound is about 100 kB."""
_LISTED: Final = 1000

_WORDS: Final = (
    ("Score", "log-odds that a recording is genuine; the lowest of its windows, or their mean."),
    ("P(fake)", "probability of a fake that follows from log-odds; not calibrated."),
    ("Region", "frames whose P(fake) lies above the threshold; its P(fake) is the mean of its frames."),
)


class _Part(NamedTuple):
    """A stretch of a recording that is shown.

    Args:
        start: in seconds of the recording.
        seconds: of the stretch.
        place: among those of a long recording, from 1; 0 for a whole one.
    """

    start: float
    seconds: float
    place: int = 0


def draw(figure: Path, row: dict[str, Any], outcome: Outcome, settings: Settings) -> None:
    """The timeline of a recording, and of the parts about the most suspicious regions of a long one.

    Args:
        figure: PNG that is written; parts have numbers in front of its ending.
        row: what is said of the recording.
        outcome: its frames, in seconds from where hearing began.
        settings: by which it was heard.
    """
    first, seconds = float(outcome.first[0]), float(outcome.recordings.seconds[0])
    step = outcome.recordings.step
    probability = spoof_probability(outcome.recordings.scores)
    threshold = float(spoof_probability(outcome.threshold))
    regions = [Stretch(*region.values()) for region in row["regions"]]
    long = seconds > _WHOLE
    drawn = timeline(
        probability, step, seconds, regions, threshold=threshold, start=first,
        spectrum=_spectrum(row["path"], first, seconds, settings), width=11.6 if long else 5.4,
    )  # fmt: skip
    save(drawn, figure)
    for start, length, place in _parts(row):
        early = round((start - first) / step)
        heard = _excerpt(row["path"], start, length, settings)
        drawn = timeline(
            probability[early : early + int(np.ceil(round(length / step, 6)))],
            step, length, regions, threshold=threshold, start=start, sound=Sound(*heard),
        )  # fmt: skip
        save(drawn, _figure(figure, place))


def write(path: Path, rows: Sequence[dict[str, Any]], run: str, settings: Settings) -> None:
    """The page of all recordings, the most suspicious first.

    Args:
        path: HTML file.
        rows: what is said of each recording; pictures are there.
        run: folder of the detector.
        settings: by which they were heard.
    """
    ordered = sorted(rows, key=lambda row: (not row["regions"], row["score"]))
    shown, step = ordered[:_SHOWN], rows[0]["frame_seconds"]
    short = [row for row in shown if not _long(row)]
    clips = []
    for row in short:
        start = row["windows"][0]["start"]
        clips.append(_clip(row, _Part(start, row["seconds"] - start), Path(row["path"]).name, settings))
    sections = [
        Section("Recordings", _remarks(rows), [_table(ordered[:_LISTED])], (), stacked=True, clips=clips)
    ]
    sections += [_section(row, settings) for row in shown if _long(row)]
    facts = {
        "Detector": run,
        "Recordings": f"{len(rows):,}",
        "With a suspicious region": f"{sum(bool(row['regions']) for row in rows):,}",
        "Heard": f"{sum(row['seconds'] for row in rows) / 60:,.1f} min",
        "Step of frames": f"{1000 * step:g} ms",
        "Threshold of frames": f"P(fake) {float(spoof_probability(rows[0]['frame_threshold'])):.3f}",
    }
    document = Document("Where is the fake?", sections, facts=facts, glossary=_WORDS)
    with whole(path) as part:
        part.write_text(page.report(document), encoding="utf-8")


def most_suspicious(row: dict[str, Any]) -> dict[str, float] | None:
    """The region that is most likely fake, the longer one of equals; None without a region."""
    key = lambda region: (region["probability"], region["end"] - region["start"])  # noqa: E731
    return max(row["regions"], key=key, default=None)


def _spectrum(path: str, first: float, seconds: float, settings: Settings) -> Spectrum:
    rate = settings.sample_rate
    block = _BLOCK * rate
    found = files.windows(
        path, rate, block, block, ends=settings.trim, resampler=settings.resampler, channel=settings.channel
    )
    begin = round(first * rate)
    return Spectrum.of(((start - begin, heard) for start, heard in found), round(seconds * rate), rate)


def _parts(row: dict[str, Any]) -> Iterator[_Part]:
    """Stretches about regions of a long recording, the most suspicious first."""
    if not _long(row):
        return
    first, last, step = row["windows"][0]["start"], row["seconds"], row["frame_seconds"]
    shown: list[_Part] = []
    for region in sorted(row["regions"], key=lambda region: -region["probability"]):
        if any(part.start <= region["start"] < part.start + part.seconds for part in shown):
            continue
        middle = region["start"] + min(region["end"] - region["start"], _PART) / 2
        early = round((float(np.clip(middle - _PART / 2, first, last - _PART)) - first) / step)
        start = first + early * step
        shown.append(_Part(start, min(_PART, last - start), len(shown) + 1))
        yield shown[-1]
        if len(shown) == _PARTS:
            return


def _figure(whole_one: Path, place: int) -> Path:
    return whole_one.with_suffix(f".{place}.png") if place else whole_one


def _long(row: dict[str, Any]) -> bool:
    return bool(row["seconds"] - row["windows"][0]["start"] > _WHOLE)


def _excerpt(path: str, start: float, length: float, settings: Settings) -> tuple[Any, int]:
    file = Path(path)
    return excerpt(
        f"{file.name}#t={start:.9g},{start + length:.9g}", file.parent, settings.sample_rate, seconds=length,
        resampler=settings.resampler, channel=settings.channel,
    )[:2]  # fmt: skip


def _clip(row: dict[str, Any], part: _Part, title: str, settings: Settings) -> Clip:
    """A recording or a part of it, to be seen and heard."""
    start, seconds, place = part
    sound, problem = b"", ""
    try:
        sound = mp3.encode(*_excerpt(row["path"], start, seconds, settings))
    except InputError as error:
        problem = f"Not to be heard: {error}."
    inside = [one for one in row["regions"] if one["end"] > start and one["start"] < start + seconds]
    said = [_said(region) for region in inside[:5]]
    more = len(inside) - len(said)
    facts = [("Found", ", ".join(said) + f" and {more:,} more" * (more > 0) or "nothing")]
    if not place:
        facts += [("Called", _called(row)), ("Score", signed(row["score"]))]
    caption = f"What was found, and the probability of a fake every {1000 * row['frame_seconds']:g} ms."
    return Clip(title, row["path"], _figure(Path(row["timeline"]), place), caption, facts, sound, problem)


def _section(row: dict[str, Any], settings: Settings) -> Section:
    """A long recording: all of it, then its most suspicious parts with players."""
    clips = [
        _clip(row, part, f"From {part.start:.1f} to {part.start + part.seconds:.1f} s", settings)
        for part in _parts(row)
    ]
    caption = (
        f"{row['path']}: {row['seconds'] / 60:.1f} minutes, {len(row['regions']):,} regions found; where the "
        "picture is narrower than the frames, the highest probability is drawn."
    )
    picture = Picture(Path(row["timeline"]), caption, broad=True)
    return Section(Path(row["path"]).name, [], [], [picture], stacked=True, clips=clips)


def _remarks(rows: Sequence[dict[str, Any]]) -> list[str]:
    if len(rows) <= _SHOWN:
        return []
    return [f"The {_SHOWN} most suspicious of {len(rows):,} recordings are shown; every one has a picture."]


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    columns = (
        Column("Recording", ("recording",)),
        Column("Seconds", ("seconds",)),
        Column("Score", ("score",)),
        Column("Called", ("called",), text=True),
        Column("Regions", ("regions",)),
        Column("Most suspicious", ("most_suspicious",), text=True),
    )
    lines = []
    for row in rows:
        worst = most_suspicious(row)
        said = "–" if worst is None else _said(worst)
        lines.append(
            Row((
                word(row["path"]), measured(row["seconds"], "{:.2f}".format), measured(row["score"], signed),
                word(_called(row)), count(len(row["regions"])), word(said),
            ))
        )  # fmt: skip
    return Table("predicted", "Recordings", columns, tuple(lines))


def _said(region: dict[str, float]) -> str:
    return f"{region['start']:.2f} – {region['end']:.2f} s ({100 * region['probability']:.0f} %)"


def _called(row: dict[str, Any]) -> str:
    return "genuine" if row["decision"] == "bonafide" else "fake"
