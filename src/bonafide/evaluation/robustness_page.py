"""The report on perturbations: an overview, every severity, and what stands out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bonafide.evaluation import words
from bonafide.evaluation.cells import (
    Cell,
    Column,
    Row,
    Table,
    bounds,
    measured,
    missing,
    number,
    percent,
    score,
    word,
)
from bonafide.evaluation.document import Document, Headline, Section
from bonafide.evaluation.robustness import CLEAN, Heard, Outcome, accepted, by_perturbation, rejected
from bonafide.evaluation.summary import Picture
from bonafide.evaluation.words import TITLES

SEVERITIES: Final = "Every severity"


def document(
    heard: Sequence[Heard],
    pictures: Sequence[Picture],
    *,
    title: str,
    facts: Mapping[str, str],
    note: str = "",
    left_out: Mapping[str, str] | None = None,
) -> Document:
    """The report.

    Args:
        heard: the clean groups first, then each perturbation from mild to strong.
        pictures: one of each group.
        title: heading.
        facts: about the detector and the data.
        note: shown above everything.
        left_out: perturbations that could not be made, and why.
    """
    groups = list(heard[0].groups)
    remarks = [f"{name} is left out: {reason}" for name, reason in (left_out or {}).items()]
    each = [
        Section(
            name,
            [*(remarks if place == 0 else ()), *_worst(heard, name)],
            [summary(heard, name)],
            [picture for picture in pictures if picture.group == name],
            stacked=True,
        )
        for place, name in enumerate(groups)
    ]
    every = Section(SEVERITIES, (), [table(heard, name) for name in groups], (), stacked=True)
    return Document(title, [*each, every], list(_headlines(heard)), facts, note, _GLOSSARY)


def summary(heard: Sequence[Heard], group: str) -> Table:
    """A line a perturbation: its EERs from mild to strong, and what it does at worst."""
    columns = (
        Column("Perturbation", ("perturbation",), text=True),
        Column("From mild to strong", ("severities",), text=True),
        Column("EER %, likewise", ("eers",), text=True),
        Column("Highest EER %", ("highest_eer",)),
        Column("Most bona fide rejected %", ("most_bonafide_rejected",)),
        Column("Most spoofs accepted %", ("most_spoof_accepted",)),
    )
    rows = []
    for name, lines in by_perturbation(heard).items():
        found = [line.groups[group] for line in lines]
        rows.append(
            Row(
                (
                    word(name),
                    word(" · ".join(line.label for line in lines)),
                    word(" · ".join(f"{100 * one['eer']:.1f}" for one in found)),
                    measured(max(one["eer"] for one in found), percent, strong=True),
                    measured(max(map(rejected, found)), percent, bar=True),
                    measured(max(map(accepted, found)), percent, bar=True),
                )
            )
        )
    return Table("overview", "Perturbations", columns, tuple(rows), group=group)


def table(heard: Sequence[Heard], group: str) -> Table:
    """Everything that is known of a group, a line a severity."""
    fixed = "At the fixed threshold"
    columns = (
        Column("Perturbation", ("perturbation",), text=True),
        Column("Severity", ("severity",), text=True),
        Column(TITLES["eer"], ("eer",)),
        Column(words.INTERVAL, ("eer_low", "eer_high")),
        Column("Change, points", ("change",)),
        Column("Its interval", ("change_low", "change_high")),
        Column(TITLES["auc"], ("auc", "auc_low", "auc_high")),
        Column("bona fide rejected %", ("bonafide_rejected", "bonafide_accepted"), over=fixed),
        Column("spoofs accepted %", ("spoof_accepted", "spoof_rejected"), over=fixed),
        Column("bona fide", ("bonafide_shift",), over="Shift of the mean score"),
        Column("spoof", ("spoof_shift",), over="Shift of the mean score"),
    )
    return Table(
        "robustness",
        f"On {group}",
        columns,
        tuple(Row(tuple(_line(line, line.groups[group]))) for line in heard),
        "In brackets: how many trials.",
        group=group,
    )


def _line(line: Heard, found: Outcome) -> Iterator[Cell]:
    misses = found["bonafide_rejected"], found["bonafide_accepted"]
    alarms = found["spoof_accepted"], found["spoof_rejected"]
    yield word(line.perturbation)
    yield Cell(line.severity, (line.label,))
    yield measured(found["eer"], percent, strong=True)
    yield bounds(found["interval"], percent)
    if found["change"] is None or found["change_interval"] is None:
        yield from (missing(), missing(2))
    else:
        yield Cell(_points(found["change"]), (found["change"],))
        low, high = found["change_interval"]
        yield Cell(f"{_points(low)} to {_points(high)}", (low, high))
    yield Cell(number(found["auc"]), (found["auc"], *found["auc_interval"]))
    yield Cell(f"{percent(rejected(found))} ({misses[0]:,})", misses, share=rejected(found))
    yield Cell(f"{percent(accepted(found))} ({alarms[0]:,})", alarms, share=accepted(found))
    yield measured(found["bonafide_shift"], score)
    yield measured(found["spoof_shift"], score)


def _points(change: float) -> str:
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return f"{sign}{100 * abs(change):.2f}"


def _worst(heard: Sequence[Heard], group: str) -> list[str]:
    """The three things that a reader looks for."""
    perturbed = [line for line in heard if line.perturbation != CLEAN]
    if not perturbed:
        return []
    highest = max(perturbed, key=lambda line: line.groups[group]["eer"])
    refused = max(perturbed, key=lambda line: rejected(line.groups[group]))
    deceived = max(perturbed, key=lambda line: accepted(line.groups[group]))
    return [
        f"Highest EER: {percent(highest.groups[group]['eer'])} % ({highest.name}). "
        f"At the threshold chosen on clean audio, most bona fide rejected: "
        f"{percent(rejected(refused.groups[group]))} % ({refused.name}); "
        f"most spoofs accepted: {percent(accepted(deceived.groups[group]))} % ({deceived.name})."
    ]


def _headlines(heard: Sequence[Heard]) -> Iterator[Headline]:
    for group, clean in heard[0].groups.items():
        worst = max(heard, key=lambda line: line.groups[group]["eer"])
        lines = [f"highest {percent(worst.groups[group]['eer'])}: {worst.name}"] if len(heard) > 1 else []
        count = (
            f"{clean['bonafide_accepted'] + clean['bonafide_rejected']:,} bona fide, "
            f"{clean['spoof_accepted'] + clean['spoof_rejected']:,} spoof"
        )
        yield Headline(group, percent(clean["eer"]), "% EER, clean", [*lines, count])


_GLOSSARY: Final = [
    words.SCORE,
    *(
        (measure.title, measure.meaning)
        for measure in words.MEASURES
        if measure.key in {"eer", "auc"}
    ),
    words.INTERVALS,
    (
        "Change",
        "of the EER against that of the clean trials, in percentage points; its interval is of the same "
        "trials redrawn for both, so it is narrower than the two intervals suggest.",
    ),
    (
        "Fixed threshold",
        "chosen on the clean validation clips and never moved: what a detector in use would decide. An EER "
        "moves its threshold with the perturbation, which nobody in the field can do.",
    ),
    (
        "Shift of the mean score",
        "of each class, against its mean on the clean trials: where both go the same way, a new threshold "
        "would help; where they meet, it would not.",
    ),
    (
        "Perturbation",
        "of both classes alike, of the clip as the detector cuts it, with draws that belong to the clip: "
        "every detector and every severity hears the same noise and the same room.",
    ),
]  # fmt: skip
