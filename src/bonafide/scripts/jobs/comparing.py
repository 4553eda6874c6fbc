"""Two or more detectors on the same trials."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from omegaconf import DictConfig

from bonafide.evaluation import breakdown, compare, report, tables
from bonafide.evaluation.breakdown import Group
from bonafide.evaluation.cells import Table
from bonafide.evaluation.compare import Difference, TrialTest
from bonafide.evaluation.compare_tables import differences_table, measures_table, trial_tests_table
from bonafide.evaluation.scores import Trials
from bonafide.evaluation.summary import Picture, Summary
from bonafide.figures.calibration import calibration
from bonafide.figures.det import det
from bonafide.figures.style import save
from bonafide.scripts.jobs import score_files, screen
from bonafide.scripts.jobs.detectors import Detector, joined_trials, of_run, shared_groups
from bonafide.types import InputError


class Compared(NamedTuple):
    """A test group.

    Args:
        trials: by detector, all in one order.
        measures: by detector.
        differences: by what was redrawn.
        tests: of trials.
        thresholds: by detector.
    """

    trials: Mapping[str, Trials]
    measures: Mapping[str, Group]
    differences: Mapping[str, list[Difference]]
    tests: list[TrialTest]
    thresholds: Mapping[str, float]


def run(cfg: DictConfig, folder: Path) -> None:
    """Measures side by side, differences with intervals and tests, figures and a report."""
    detectors = _detectors(cfg)
    shared, left_out = shared_groups(detectors)
    seed, replicates = score_files.number(cfg, "seed", int), score_files.number(cfg, "replicates", int)
    joined = {name: joined_trials(detectors, name) for name in shared}  # refused before anything long begins
    found = {
        name: _compared(detectors, name, joined[name], replicates=replicates, seed=seed) for name in shared
    }
    several = len(found) > 1
    summary = Summary(
        title=f"Comparison of {', '.join(detectors)}",
        facts={
            **{name: detector.description for name, detector in detectors.items()},
            "Bootstrap": f"{replicates:,} replicates, seed {seed}",
            **({"Test groups that not all have": ", ".join(left_out)} if left_out else {}),
        },
        groups={
            f"{group}: {name}" if several else name: measured
            for group, each in found.items()
            for name, measured in each.measures.items()
        },
        pictures=[picture for group, each in found.items() for picture in _pictures(folder, group, each)],
        tables=[table for group, each in found.items() for table in _tables(group, each)],
        detailed=False,
        lines="Detector",
    )
    report.write_json(folder / "metrics.json", _plain(detectors, found, seed))
    report.write(folder, summary)
    screen.show(summary, folder, summary.tables[::-1])  # what was asked comes last, above the prompt


def _detectors(cfg: DictConfig) -> dict[str, Detector]:
    places = score_files.texts(cfg, "compare")
    if len(places) < 2:
        raise InputError(f"compare={places[0]} names one detector; give compare=[RUN,RUN] or two score files")
    key = score_files.key(cfg, subset=cfg.subset)
    polarities = score_files.polarities(cfg, len(places))
    threshold = score_files.number(cfg, "threshold", float)
    group = "trials" if key is None else Path(key.name).stem
    found = {}
    for name, text, polarity in zip(score_files.names(cfg, places), places, polarities, strict=True):
        place = Path(text).expanduser()
        if place.is_dir():
            found[name] = of_run(place, threshold)
        else:
            trials = score_files.scored(cfg, [place], key, polarity)
            found[name] = Detector(text, {group: trials}, {group: threshold})
    return found


def _compared(
    detectors: Mapping[str, Detector], group: str, trials: Mapping[str, Trials], *, replicates: int, seed: int
) -> Compared:
    thresholds = {name: detector.thresholds[group] for name, detector in detectors.items()}
    return Compared(
        trials,
        {
            name: breakdown.measure(
                own, thresholds[name], group=f"{group} of {name}", replicates=replicates, seed=seed
            )
            for name, own in trials.items()
        },
        compare.differences(trials, replicates=replicates, seed=seed),
        compare.trial_tests(trials, thresholds),
        thresholds,
    )


def _tables(group: str, found: Compared) -> list[Table]:
    systems = tables.comparison(Summary("", {}, found.measures))
    return [
        *(differences_table(ones, drawn, group) for drawn, ones in reversed(list(found.differences.items()))),
        trial_tests_table(found.tests, found.thresholds, group),
        measures_table(found.measures, group),
        *([] if systems is None else [systems._replace(title="Systems, EER %", group=group)]),
    ]


def _pictures(folder: Path, group: str, found: Compared) -> list[Picture]:
    sides = {name: (trials.bonafide, trials.spoof) for name, trials in found.trials.items()}
    made = [
        Picture(folder / "figures" / f"det_{group}.png", f"Detection error trade-off on {group}", group),
        Picture(folder / "figures" / f"calibration_{group}.png", f"Calibration on {group}", group),
    ]
    save(det(sides), made[0].file)
    save(calibration(sides), made[1].file)
    return made


def _plain(detectors: Mapping[str, Detector], found: Mapping[str, Compared], seed: int) -> dict[str, object]:
    """For metrics.json."""
    return {
        "detectors": {name: detector.description for name, detector in detectors.items()},
        "groups": {group: dict(each.measures) for group, each in found.items()},
        "differences": {
            group: [
                {**one.found._asdict(), "measure": one.measure, "redrawn": drawn, "p_holm": one.p_holm}
                for drawn, ones in each.differences.items()
                for one in ones
            ]
            for group, each in found.items()
        },
        "trial_level_tests": {
            group: [test._asdict() for test in each.tests] for group, each in found.items()
        },
        "seed": seed,
    }
