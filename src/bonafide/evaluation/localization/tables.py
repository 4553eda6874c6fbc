"""The tables of the part of a report that says where the fakes were found."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from bonafide.evaluation.cells import (
    Cell,
    Column,
    Row,
    Table,
    bounds,
    count,
    measured,
    missing,
    percent,
    word,
)
from bonafide.evaluation.localization.joint import Joint
from bonafide.evaluation.localization.measures import Localization
from bonafide.evaluation.localization.words import MEASURES, THRESHOLD, segment_title
from bonafide.evaluation.words import INTERVAL, Measure

_NAMED = {measure.key: measure for measure in MEASURES}
_HEADLINE = [_NAMED[key] for key in ("score", "accuracy", "f1_1s", "f1_20ms", "event_f1")]
_WITH_INTERVAL = ("score", "f1_1s")


def detectors(groups: Mapping[str, Localization], joint: Joint | None = None) -> Table:
    """Each group's headline, and below it what detectors reach that do not listen."""
    columns = [Column("Group", ("group",), text=True), Column("Detector", ("detector",), text=True)]
    for measure in _HEADLINE:
        columns.append(Column(measure.title, (measure.key,)))
        if measure.key in _WITH_INTERVAL:
            columns.append(Column(INTERVAL, (f"{measure.key}_low", f"{measure.key}_high")))
    rows = []
    for name, group in groups.items():
        rows.append(Row((word(name), word("this model"), *_line(group, group["intervals"], strong=True))))
        for trivial, found in group["trivial"].items():
            rows.append(Row((Cell("", (name,)), word(trivial), *_line(found, {}))))
    note = "The detectors that do not listen were measured on the same clips, like the model."
    if joint is not None:
        mean = joint["mean"], joint["intervals"]
        rows.append(Row((word("Mean of groups"), word("this model"), *_line(*mean)), total=True))
        note += (
            f" The groups are not independent: {joint['shared']:,} recordings or sentences are in more than "
            "one. The interval of their mean draws these once for all groups."
        )
    return Table(
        "localization",
        "Localization, against detectors that do not listen",
        tuple(columns),
        tuple(rows),
        note,
    )


def measures(groups: Mapping[str, Localization]) -> Table:
    """Every measure of every group."""
    columns = [Column("Measure", ("measure",), text=True)]
    for name in groups:
        columns += [
            Column("Value", (name,), over=name),
            Column(INTERVAL, (f"{name}_low", f"{name}_high"), over=name),
        ]
    rows = []
    for measure in [*MEASURES, *_segments(groups)]:
        line = [Cell(measure.title, (measure.key,))]
        for group in groups.values():
            value = _value(group, measure.key)
            if value is None:
                line += [missing(), missing(2)]
                continue
            line.append(measured(value, measure.form, strong=measure.key == "score"))
            line.append(bounds(group["intervals"].get(measure.key), measure.form))
        rows.append(Row(tuple(line)))
    return Table("localization_measures", "Every measure", tuple(columns), tuple(rows))


def heard(groups: Mapping[str, Localization]) -> Table:
    """How much there was to hear, and how finely the model tells time."""
    columns = (
        Column("Group", ("group",), text=True),
        Column("Recordings", ("recordings",)),
        Column("With a fake region", ("spoofed_recordings",)),
        Column("Minutes", ("seconds",)),
        Column("Fake time %", ("spoofed_share",)),
        Column("Step of frames, ms", ("step",)),
        Column("True resolution, ms", ("resolution",)),
        Column(THRESHOLD.title, (THRESHOLD.key,)),
    )
    rows = tuple(
        Row(
            (
                word(name),
                count(group["recordings"]),
                count(group["spoofed_recordings"]),
                measured(group["seconds"], lambda seconds: f"{seconds / 60:.1f}"),
                measured(group["spoofed_seconds"] / group["seconds"], percent),
                measured(group["step"], _milliseconds),
                measured(group["resolution"], _milliseconds, strong=True),
                measured(group["threshold"], THRESHOLD.form),
            )
        )
        for name, group in groups.items()
    )
    note = (
        "The true resolution is the time within which what the front end hears cannot tell where: measures "
        "and timelines that are finer show guesses."
    )
    return Table("localization_heard", "What was heard, and how finely", columns, rows, note)


def _line(
    found: Mapping[str, Any], intervals: Mapping[str, Sequence[float]], *, strong: bool = False
) -> list[Cell]:
    line = []
    for measure in _HEADLINE:
        line.append(measured(found[measure.key], measure.form, strong=strong and measure.key == "score"))
        if measure.key in _WITH_INTERVAL:
            line.append(bounds(intervals.get(measure.key), measure.form))
    return line


def _segments(groups: Mapping[str, Localization]) -> list[Measure]:
    lengths = {float(length) for group in groups.values() for length in group["segment_eer"]}
    return [Measure(f"segment_eer_{one:g}", segment_title(one), percent, "") for one in sorted(lengths)]


def _value(group: Localization, key: str) -> float | None:
    if key.startswith("segment_eer_"):
        return group["segment_eer"].get(key.removeprefix("segment_eer_"))
    return cast(Mapping[str, float], group).get(key)


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:g}"
