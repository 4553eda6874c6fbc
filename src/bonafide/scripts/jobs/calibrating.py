"""Log-likelihood ratios from a detector's scores, or one score from several: fitted on development trials."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig

from bonafide.evaluation import breakdown, report, scores
from bonafide.evaluation.carried import carried_table, thresholds
from bonafide.evaluation.compare_tables import measures_table
from bonafide.evaluation.formats.joining import side_by_side
from bonafide.evaluation.scores import Trials
from bonafide.evaluation.summary import Picture, Summary
from bonafide.figures.calibration import calibration
from bonafide.figures.det import det
from bonafide.figures.scores import histogram
from bonafide.figures.style import save
from bonafide.metrics.calibration.fitted import Fitted
from bonafide.scripts.jobs import fitting, score_files, screen
from bonafide.types import BONAFIDE, SPOOF, InputError


class Joined(NamedTuple):
    """Detectors on one list of trials.

    Args:
        trials: the list.
        columns: scores, `[trials, detectors]`.
    """

    trials: Trials
    columns: NDArray[np.float64]

    @property
    def sides(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores of bona fide trials and of spoofs, `[trials, detectors]`."""
        genuine, fake = (self.columns[self.trials.label == label] for label in (BONAFIDE, SPOOF))
        return genuine, fake

    def scored(self, column: NDArray[np.float64]) -> Trials:
        """The list with these scores."""
        return replace(self.trials, score=column)


def run(cfg: DictConfig, folder: Path) -> None:
    """Fits on `calibrate`, applies to `scores` or `fusion`; measures before and after, and a report."""
    seed, replicates = score_files.number(cfg, "seed", int), score_files.number(cfg, "replicates", int)
    method, application = fitting.method(cfg), fitting.application(cfg)
    places = score_files.texts(cfg, "scores" if cfg.fusion is None else "fusion")
    names = ["before"] if cfg.fusion is None else score_files.names(cfg, places)
    after = "calibrated" if cfg.fusion is None else "fused"
    if after in names:
        raise InputError(f"{after} is the name of what comes out; give names=[…] with another one")
    development = _joined(cfg, "calibrate", names, "calibrate_key", None)
    others = _joined(cfg, "scores" if cfg.fusion is None else "fusion", names, "key", cfg.subset)
    _apart(development.trials, others.trials)
    fitted = fitting.fit(method, *development.sides, application.effective_prior)
    chosen_on, found = (_with(joined, names, after, fitted) for joined in (development, others))
    carried = thresholds(chosen_on, found, application, calibrated=after if fitted.gives_ratios else None)
    groups = {
        name: breakdown.measure(
            trials, carried[name][0][0].value, group=name, replicates=replicates, seed=seed
        )
        for name, trials in found.items()
    }
    note = "Decisions at the thresholds of equal error on the development trials."
    title = "Calibration" if cfg.fusion is None else "Fusion"
    summary = Summary(
        title=f"{title} of {', '.join(Path(place).name for place in places)}",
        facts={
            "Fitted on": f"{', '.join(score_files.texts(cfg, 'calibrate'))} "
            f"({len(development.trials):,} trials)",
            "Applied to": ", ".join(places),
            "Log-likelihood ratio" if fitted.gives_ratios else "Score": fitting.formula(fitted, names),
            "Application": f"spoof prior {application.prior:g}, costs {application.miss:g} of a miss, "
            f"{application.false_alarm:g} of a false alarm",
            "Bootstrap": f"{replicates:,} replicates, seed {seed}",
        },
        groups=groups,
        note=" ".join(fitted.cautions),
        pictures=_pictures(folder, title, found, after, carried[after][-1][0].value),
        tables=[measures_table(groups, title, note=note), carried_table(carried, title)],
        detailed=False,
        lines="Scores",
    )
    scores.write(folder / "scores" / f"{after}.csv", found[after])
    report.write_json(
        folder / "calibration.json",
        {
            "fitted": fitted.plain(),
            "application": asdict(application),
            "detectors": names,
            "development": {
                "files": {text: _digest(text) for text in score_files.texts(cfg, "calibrate")},
                "high_scores_mean": score_files.polarities(cfg, len(names)),
                "trials": len(development.trials),
                "trials_sha256": scores.fingerprint(development.trials),
            },
            "thresholds": {name: [rule.plain() for rule, _ in each] for name, each in carried.items()},
        },
    )
    losses = {
        name: [{**rule.plain(), **on._asdict(), "hter_loss": on.hter_loss, "cost_loss": on.cost_loss}
               for rule, on in each]
        for name, each in carried.items()
    }  # fmt: skip
    report.write_json(folder / "metrics.json", {"groups": groups, "carried": losses, "seed": seed})
    report.write(folder, summary)
    screen.show(summary, folder, summary.tables)


def _joined(cfg: DictConfig, option: str, names: Sequence[str], key: str, subset: str | None) -> Joined:
    """Scores of one detector, or of each in a list, on one list of trials.

    Raises:
        InputError: files cannot be read, there are more or fewer than detectors, or their trials differ.
    """
    found, files = score_files.key(cfg, key, subset), score_files.texts(cfg, option)
    polarities = score_files.polarities(cfg, len(names))
    places = [Path(text).expanduser() for text in files]
    each = [places] if cfg.fusion is None else [[place] for place in places]
    if len(each) != len(names):
        raise InputError(
            f"{option} has {len(each)} score files for {len(names)} detectors; give fusion=[A,B] and "
            "calibrate=[DEV_A,DEV_B] in the same order"
        )
    tables = {
        name: score_files.scored(cfg, own, found, polarity)
        for name, own, polarity in zip(names, each, polarities, strict=True)
    }
    return Joined(*side_by_side(tables))


def _apart(development: Trials, others: Trials) -> None:
    """Refuses to fit on what is reported.

    Raises:
        InputError: trials are in both lists.
    """
    both = sorted(set(development.path) & set(others.path))
    if both:
        more = f" and {len(both) - 10} more" if len(both) > 10 else ""
        raise InputError(
            f"{len(both)} trials are both fitted on and reported: {', '.join(both[:10])}{more}; "
            "give calibrate= the scores of other trials, those of development"
        )


def _digest(file: str) -> str:
    return sha256(Path(file).expanduser().read_bytes()).hexdigest()


def _with(joined: Joined, names: Sequence[str], after: str, fitted: Fitted) -> dict[str, Trials]:
    """Each detector as it was, and what the fit makes of them."""
    before = {name: joined.scored(joined.columns[:, place]) for place, name in enumerate(names)}
    given = joined.columns if after == "fused" else joined.columns[:, 0]
    return {**before, after: joined.scored(fitted.apply(given))}


def _pictures(
    folder: Path, title: str, found: Mapping[str, Trials], after: str, threshold: float
) -> list[Picture]:
    sides = {name: (trials.bonafide, trials.spoof) for name, trials in found.items()}
    own = found[after]
    spoofs = {name: own.score[own.system == name] for name in sorted(set(own.system[own.label == SPOOF]))}
    made = {
        "calibration": ("Calibration before and after", calibration(sides)),
        "scores": (
            f"Scores, {after}, with the Bayes threshold", histogram(own.bonafide, spoofs, threshold)
        ),
    }  # fmt: skip
    if len(found) > 2:  # a single detector's curve stays where it was
        made["det"] = ("Detection error trade-off", det(sides))
    for name, (_, figure) in made.items():
        save(figure, folder / "figures" / f"{name}.png")
    return [Picture(folder / "figures" / f"{name}.png", said, title) for name, (said, _) in made.items()]
