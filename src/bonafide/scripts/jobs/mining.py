"""Mistakes to be looked at and heard: what a detector lost against another, or what it gets most wrong."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import soundfile
from omegaconf import DictConfig

from bonafide import assembly
from bonafide.evaluation import report, tables
from bonafide.evaluation.cells import Column, Row, Table, count, measured, percent, word
from bonafide.evaluation.document import Document, Section
from bonafide.evaluation.mistakes import Mistake, Shown, only_of, worst_of_each, wrong
from bonafide.scripts.jobs import pictures, score_files, screen
from bonafide.scripts.jobs.detectors import Detector, joined_trials, of_run, shared_groups
from bonafide.types import BONAFIDE, InputError
from bonafide.whole import whole

if TYPE_CHECKING:
    from bonafide.data.module import AudioData


class Found(NamedTuple):
    """Mistakes that belong together.

    Args:
        title: of them.
        group: test group.
        said: what they are, a sentence.
        mistakes: in the order shown.
        scores: of the other detector, by its name; empty if there is none.
    """

    title: str
    group: str
    said: str
    mistakes: Sequence[Mistake]
    scores: dict[str, list[float]]


def run(cfg: DictConfig, folder: Path) -> None:
    """Writes mistakes.html, .md and .tex, the tables, and what was heard as WAV files.

    Raises:
        InputError: neither one run nor two, other trials, no run folder, or no mistake.
    """
    places = [Path(text).expanduser() for text in score_files.texts(cfg, "mistakes")]
    if len(places) > 2:
        raise InputError(f"mistakes= names {len(places)} runs; give one, or [RIGHT,WRONG]")
    most, seed = score_files.number(cfg, "count", int), score_files.number(cfg, "seed", int)
    threshold = score_files.number(cfg, "threshold", float)
    if most < 1:
        raise InputError(f"count={most} shows nothing; give 1 or more")
    detectors = {
        name: of_run(place, threshold)
        for name, place in zip(score_files.names(cfg, [*map(str, places)]), places, strict=True)
    }
    search = _lost if len(places) == 2 else _worst
    every = list(search(detectors, most, seed))
    if not every:
        raise InputError("there is no such mistake; nothing is written")
    data = assembly.data(assembly.recipe(places[-1], trust=cfg.trust))
    counted = _both(detectors) if len(places) == 2 else _each(detectors)
    sections = [Section("All test groups", (), [counted], ())]
    for found in every:
        shown = [_kept(data, mistake, folder / "clips", found.group) for mistake in found.mistakes]
        sections.append(Section(f"{found.group}: {found.title}", (), (), (), _table(found), shown))
    facts = {name: detector.description for name, detector in detectors.items()}
    title = f"Mistakes of {list(detectors)[-1]}"
    made = Document(title, sections, facts={**facts, "Sample": f"seed {seed}"}, note=data.corpus.caveat)
    report.write_document(folder, made, "mistakes")
    screen.tell([counted], made.note, folder / "mistakes.html")


def _lost(detectors: dict[str, Detector], most: int, seed: int) -> Iterator[Found]:
    """What the first decides rightly and the second wrongly, of each test group."""
    right, wanting = detectors
    for group in shared_groups(detectors)[0]:
        trials = joined_trials(detectors, group)
        limits = [detectors[name].thresholds[group] for name in (wanting, right)]
        found = only_of(trials[wanting], limits[0], trials[right], limits[1], most=most, seed=seed)
        if found:
            scores = {right: [score for _, score in found]}
            said = f"A sample of what {right} decides rightly and {wanting} wrongly."
            yield Found(
                f"Right in {right}, wrong in {wanting}",
                group,
                said,
                [mistake for mistake, _ in found],
                scores,
            )


def _worst(detectors: dict[str, Detector], most: int, seed: int) -> Iterator[Found]:
    """The worst mistakes of a detector, of each test group and system."""
    ((name, detector),) = detectors.items()
    said = f"What {name} has farthest on the wrong side of its threshold."
    for group, trials in detector.groups.items():
        of_each = worst_of_each(trials, detector.thresholds[group], most=most, seed=seed)
        for system, found in of_each.items():
            yield Found(_called(system), group, said, found, {})


def _both(detectors: dict[str, Detector]) -> Table:
    """How many trials each decides rightly, of each test group."""
    first, second = detectors
    titles = ("Test group", "Both right", f"Only {first} right", f"Only {second} right", "Both wrong")
    keys = ("group", "both_right", "only_first_right", "only_second_right", "both_wrong")
    rows = []
    for group in shared_groups(detectors)[0]:
        trials = joined_trials(detectors, group)
        one, two = (wrong(own, detectors[name].thresholds[group]) for name, own in trials.items())
        counts = [~one & ~two, ~one & two, one & ~two, one & two]
        rows.append(Row((word(group), *(count(int(found.sum())) for found in counts))))
    columns = tuple(Column(title, (key,), key == "group") for title, key in zip(titles, keys, strict=True))
    return Table("decisions", "Decisions at the thresholds chosen on validation", columns, tuple(rows))


def _each(detectors: dict[str, Detector]) -> Table:
    """How many trials are decided wrongly, of each test group and system."""
    ((_, detector),) = detectors.items()
    rows = []
    for group, trials in detector.groups.items():
        lost = wrong(trials, detector.thresholds[group])
        for system in sorted(set(trials.system)):
            own = trials.system == system
            rows.append(
                Row(
                    (
                        word(group),
                        word(_called(system)),
                        count(int(own.sum())),
                        count(int(lost[own].sum())),
                        measured(float(lost[own].mean()), percent, bar=True),
                    )
                )
            )
    titles = ("Test group", "System", "Trials", "Wrong", "Wrong %")
    keys = ("group", "system", "trials", "wrong", "rate")
    columns = tuple(
        Column(title, (key,), at < 2) for at, (title, key) in enumerate(zip(titles, keys, strict=True))
    )
    return Table("decisions", "Decisions at the threshold chosen on validation", columns, tuple(rows))


def _called(system: str) -> str:
    return "bona fide" if system == "-" else system


def _table(found: Found) -> Table:
    return tables.mistakes_table(
        found.mistakes, found.title, found.said, group=found.group, scores=found.scores
    )


def _kept(data: "AudioData", mistake: Mistake, folder: Path, group: str) -> Shown:
    """A mistake for the page; what is heard of it is also written as a WAV file."""
    shown = pictures.shown(data, mistake)
    if not shown.problem:
        heard = pictures.heard(data, mistake)
        side = mistake.label if mistake.label == BONAFIDE else mistake.system
        name = re.sub(r"[^\w.=,-]+", "_", f"{side}_{Path(mistake.path).with_suffix('')}_{heard.start:g}")
        with whole(folder / group / f"{name}.wav") as part:
            soundfile.write(part, heard.waveform, heard.sample_rate, format="WAV", subtype="PCM_16")
    return shown
