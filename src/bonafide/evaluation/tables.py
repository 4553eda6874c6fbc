"""The tables of a report: which there are, and what stands in them, however they are written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import numpy as np

from bonafide.evaluation import cells, words
from bonafide.evaluation.breakdown import Corpus, Group, System
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
from bonafide.evaluation.mistakes import Mistake
from bonafide.evaluation.summary import Summary
from bonafide.evaluation.words import FORMS, MEASURES, TITLES

_BONAFIDE, _SPOOF = Column("Bona fide", ("bonafide",)), Column("Spoof", ("spoof",))
_EER, _AUC = Column(TITLES["eer"], ("eer",)), Column(TITLES["auc"], ("auc",))
_INTERVAL = Column(words.INTERVAL, ("eer_low", "eer_high"))
_CROSSED = Column(words.CROSSED, ("eer_speaker_x_system_low", "eer_speaker_x_system_high"))
_TRIVIAL = Column(words.TRIVIAL[0], ("trivial_eer",))
_SEEN = Column("In training", ("in_training",), text=True)
_HEADLINE = ("auc", "min_dcf", "cllr", "accuracy", "balanced_accuracy")


def groups(summary: Summary) -> Table:
    """The headline: one line a test group."""
    crossed = any("intervals_speaker_x_system" in group for group in summary.groups.values())
    columns = [Column(summary.lines, ("group",), text=True), _BONAFIDE, _SPOOF, _EER, _INTERVAL]
    columns += [_CROSSED] * crossed + [_TRIVIAL] * bool(summary.trivial)
    columns += [Column(TITLES[key], (key,)) for key in _HEADLINE]
    rows = []
    for name, group in summary.groups.items():
        line = [word(name), count(group["bonafide"]), count(group["spoof"]), *_eer(group)]
        if crossed:
            line.append(bounds(group.get("intervals_speaker_x_system", {}).get("eer"), percent))
        if summary.trivial:
            line.append(trivial(summary, name))
        line += [measured(value, FORMS[key]) for key, value in _numbers(group, _HEADLINE)]
        rows.append(Row(tuple(line)))
    return Table("groups", "Test groups", tuple(columns), tuple(rows))


def comparison(summary: Summary) -> Table | None:
    """EER of the systems that are in several groups; None where there are none."""
    held = Counter(name for group in summary.groups.values() for name in group["systems"])
    shared = sorted(name for name, groups_with in held.items() if groups_with > 1)
    if not shared:
        return None
    columns = (
        Column("System", ("system",), text=True),
        *(Column(name, (name,)) for name in summary.groups),
    )
    rows = []
    for system in shared:
        line = [word(system)]
        for group in summary.groups.values():
            found = group["systems"].get(system)
            line.append(missing() if found is None else measured(found["eer"], percent, bar=True))
        rows.append(Row(tuple(line)))
    return Table("eer_by_system", "Systems in several groups, EER %", columns, tuple(rows))


def measures(summary: Summary, name: str) -> Table:
    """Every measure of a group."""
    group = summary.groups[name]
    columns = (
        Column("Measure", ("measure",), text=True),
        Column("Value", ("value",)),
        Column(words.INTERVAL, ("low", "high")),
    )
    rows = tuple(
        Row(
            (
                Cell(measure.title, (measure.key,)),
                measured(value, measure.form, strong=measure.key == "eer"),
                bounds(group["intervals"].get(measure.key), measure.form),
            )
        )
        for measure, (_, value) in zip(
            MEASURES, _numbers(group, [measure.key for measure in MEASURES]), strict=True
        )
    )
    return Table("measures", "Measures", columns, rows, _demands(group), group=name)


def systems(summary: Summary, name: str) -> Table:
    """The systems of a group, each against the bona fide trials of its own corpus."""
    found = summary.groups[name]["systems"]
    trained = summary.trained
    columns = [Column("System", ("system",), text=True)] + [_SEEN] * (trained is not None)
    columns += [_SPOOF, _EER, _INTERVAL, _AUC]
    rows = []
    for system, entry in found.items():
        line = [word(system)] + ([] if trained is None else [seen(system in trained)])
        line += [count(entry["spoof"]), *_eer(entry, bar=True), measured(entry["auc"], cells.number)]
        rows.append(Row(tuple(line)))
    blank = Cell("", ("",))
    rates, areas = ([entry[key] for entry in found.values()] for key in ("eer", "auc"))
    means = [
        measured(float(np.mean(rates)), percent),
        Cell("", ("", "")),
        measured(float(np.mean(areas)), cells.number),
    ]
    rows.append(Row((word("Mean"), *[blank] * (trained is not None), blank, *means), total=True))
    note = "Each system's spoofs against the bona fide trials of the same corpora."
    return Table("systems", "Systems", tuple(columns), tuple(rows), note, group=name)


def corpora(summary: Summary, name: str) -> Table | None:
    """The corpora of a group; None where there is only one with both classes."""
    found = summary.groups[name]["corpora"]
    if len(found) < 2:
        return None
    columns = (Column("Corpus", ("corpus",), text=True), _BONAFIDE, _SPOOF, _EER, _INTERVAL, _AUC)
    rows = tuple(
        Row(
            (
                word(corpus),
                count(entry["bonafide"]),
                count(entry["spoof"]),
                *_eer(entry, bar=True),
                measured(entry["auc"], cells.number),
            )
        )
        for corpus, entry in found.items()
    )
    return Table("corpora", "Corpora", columns, rows, group=name)


def mistakes(summary: Summary, name: str) -> Table | None:
    """The worst mistakes of a group; None where there are none."""
    shown = summary.mistakes.get(name, ())
    if not shown:
        return None
    said = "The trials farthest on the wrong side of the threshold."
    return mistakes_table([entry.mistake for entry in shown], "Worst mistakes", said, group=name)


def mistakes_table(
    found: Sequence[Mistake], title: str, said: str, *, group: str, scores: Mapping[str, Sequence[float]] = {}
) -> Table:
    """Mistakes of a detector.

    Args:
        found: in the order shown.
        title: above them.
        said: what they are, a sentence.
        group: test group.
        scores: of other detectors on these trials, by their names.
    """
    titles = ("#", "Trial", "Truth", "System", "Speaker", "Score", "Beyond threshold")
    keys = ("rank", "path", "label", "system", "speaker", "score", "margin")
    columns = [
        Column(title, (key,), 0 < at < 5) for at, (title, key) in enumerate(zip(titles, keys, strict=True))
    ]
    columns += [Column(f"Score of {name}", (f"score_{name}",)) for name in scores]
    rows = tuple(
        Row(
            (
                count(place + 1),
                *(word(text) for text in (mistake.path, mistake.label, mistake.system, mistake.speaker)),
                measured(mistake.score, cells.score),
                measured(mistake.margin, cells.score),
                *(measured(others[place], cells.score) for others in scores.values()),
            )
        )
        for place, mistake in enumerate(found)
    )
    note = (
        f"{said} What the page plays is the beginning of the recording, or the window that was scored, "
        "resampled for the detector and compressed to MP3."
    )
    return Table("mistakes", title, tuple(columns), rows, note, group=group)


def screen(summary: Summary) -> Table:
    """Groups and their systems in one table, for a terminal."""
    columns = (
        Column("test group", ("group",), text=True), Column("system", ("system",), text=True),
        Column("in training", ("in_training",), text=True), Column("bona fide", ("bonafide",)),
        Column("spoof", ("spoof",)), _EER, _INTERVAL, _AUC, Column("trivial %", ("trivial_eer",)),
    )  # fmt: skip
    blank = Cell("", ("",))
    rows = []
    for name, group in summary.groups.items():
        everything = [word(name), word("all"), blank, count(group["bonafide"]), count(group["spoof"])]
        everything += [*_eer(group), measured(group["auc"], cells.number)]
        rows.append(Row((*everything, trivial(summary, name) if summary.trivial else blank), total=True))
        for system, entry in group["systems"].items():
            known = blank if summary.trained is None else seen(system in summary.trained)
            line = [blank, word(system), known, blank, count(entry["spoof"])]
            rows.append(Row((*line, *_eer(entry), measured(entry["auc"], cells.number), blank)))
    return Table("screen", "", columns, tuple(rows))


def trivial(summary: Summary, name: str) -> Cell:
    """EER of the trivial baseline on a group."""
    return measured(summary.trivial[name], percent) if name in summary.trivial else missing()


def seen(known: bool) -> Cell:
    """Whether a system was in the training data."""
    return word("seen" if known else "held out")


def _eer(entry: Group | System | Corpus, *, bar: bool = False) -> tuple[Cell, Cell]:
    """The EER and its interval."""
    return measured(entry["eer"], percent, strong=True, bar=bar), bounds(entry["intervals"]["eer"], percent)


def _numbers(group: Group, keys: Sequence[str]) -> Iterator[tuple[str, float]]:
    values = cast(Mapping[str, float], group)
    return ((key, values[key]) for key in keys)


def _demands(group: Group) -> str:
    """Which fixed points no error at all can meet."""
    named = [TITLES[key] for key in group["resolution_limited"]]
    if not named:
        return ""
    return f"{', '.join(named)}: with so few trials the limit allows not a single error."
