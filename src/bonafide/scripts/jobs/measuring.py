"""Every measure of anyone's score file."""

from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from bonafide.evaluation import breakdown, report, tables
from bonafide.evaluation.formats.key import Key
from bonafide.evaluation.formats.reading import remark
from bonafide.evaluation.scores import Trials
from bonafide.evaluation.summary import Summary
from bonafide.evaluation.tandem import read as read_verification
from bonafide.evaluation.tandem import tandem, tandem_table
from bonafide.scripts.jobs import pictures, score_files, screen
from bonafide.types import BONAFIDE, SPOOF, InputError


def run(cfg: DictConfig, folder: Path) -> None:
    """Measures, figures and a report of `scores`, by `key` where they have no labels."""
    threshold, seed = score_files.number(cfg, "threshold", float), score_files.number(cfg, "seed", int)
    replicates = score_files.number(cfg, "replicates", int)
    files = [Path(text).expanduser() for text in score_files.texts(cfg, "scores")]
    asv = None if cfg.asv is None else read_verification(Path(str(cfg.asv)).expanduser())
    key = score_files.key(cfg, subset=cfg.subset)
    (polarity,) = score_files.polarities(cfg, 1)
    trials = score_files.scored(cfg, files, key, polarity)
    parts, left_out = _parts(cfg, files[0].stem if len(files) == 1 else "trials", trials, key)
    groups = {
        name: breakdown.measure(part, threshold, group=name, replicates=replicates, seed=seed)
        for name, part in parts.items()
    }
    costs = None if asv is None else tandem(parts, asv)
    summary = Summary(
        title=f"Scores of {', '.join(file.name for file in files)}",
        facts={
            "Scores": ", ".join(map(str, files)),
            **({} if key is None else {"Key": f"{cfg.key}" + (f", {cfg.subset}" if cfg.subset else "")}),
            "High scores speak of": "bona fide" if polarity == BONAFIDE else "spoofs, so they were turned",
            **({} if asv is None else {"Verification scores": str(cfg.asv)}),
            "Threshold of decisions": f"{threshold:g}, as given",
            "Bootstrap": f"{replicates:,} replicates, seed {seed}",
            **({"Left out, of one class only": ", ".join(left_out)} if left_out else {}),
        },
        groups=groups,
        note=remark(trials),
        pictures=pictures.draw(folder / "figures", parts, groups, None),
        tables=[] if costs is None or asv is None else [tandem_table(costs, asv)],
    )
    content: dict[str, object] = {"groups": groups, "seed": seed}
    if costs is not None and asv is not None:
        content["verification"] = asv._asdict()
        content["tandem"] = {name: cost._asdict() for name, cost in costs.items()}
    report.write_json(folder / "metrics.json", content)
    report.write(folder, summary)
    every = [tables.measures(summary, name) for name in list(groups)[:1]]
    screen.show(summary, folder, [tables.screen(summary), *every, *summary.tables])


def _parts(
    cfg: DictConfig, name: str, trials: Trials, key: Key | None
) -> tuple[dict[str, Trials], list[str]]:
    """All trials, and those of each value of the column that groups them; and values of one class only.

    Raises:
        InputError: no such column in the key, or no key.
    """
    if cfg.by is None:
        return {name: trials}, []
    if key is None:
        raise InputError(f"by={cfg.by} groups by a column of the key; add key=PROTOCOL")
    if cfg.by not in key.conditions:
        there = ", ".join(sorted(key.conditions)) or "none"
        raise InputError(f"{key.name} has no column {cfg.by} to group by; there are: {there}")
    values = np.array(key.conditions[cfg.by], dtype=object)
    each = {str(value): trials.where(values == value) for value in sorted(set(values))}
    both = {value: part for value, part in each.items() if {BONAFIDE, SPOOF} <= set(part.label)}
    return {"all": trials, **both}, [value for value in each if value not in both]
