"""Builds the stages that were chosen, sends every clip through them, and says what came out."""

import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from bonafide.audio import frames
from bonafide.manipulation import lists, provenance
from bonafide.manipulation.pipeline import Plan, Stages
from bonafide.manipulation.work import Done, Work
from bonafide.types import InputError

_TWINS: Final = ("copy", "link", "source", "none")
_WITHOUT_EFFECT: Final = ("out", "captions", "workers")
"""Options that do not change what comes out; of captions, each clip's own counts."""


def run(cfg: DictConfig) -> None:
    """Makes what is not made yet; clips that cannot be used are named at the end."""
    plan = _plan(cfg)
    stages = Stages(
        *(instantiate(cfg[kind], _convert_="all") for kind in Stages._fields)
    )  # settings are refused here
    if plan.twins in {"link", "source"} and not stages.splicer.untouched:
        raise InputError(
            f"splicer={stages.splicer.name} changes both sides of a pair, which twins={plan.twins} would not "
            "show; set twins=copy"
        )
    console = Console(stderr=True)
    work = Work(
        stages,
        plan,
        cfg.captions,
        settings=_settings(cfg, plan),
        corpus=cfg.corpus or plan.source.name,
        workers=cfg.workers,
        announce=console.print,
    )
    done = work.run()
    _show(done, plan.out)
    problem = done.problem()
    if problem is not None:
        raise problem


def _plan(cfg: DictConfig) -> Plan:
    if cfg.regions < 1 or cfg.seed < 0 or (cfg.workers is not None and cfg.workers < 1):
        raise InputError("regions must be 1 or more, seed 0 or more, workers 1 or more (null: one a core)")
    if cfg.twins not in _TWINS:
        raise InputError(f"twins={cfg.twins}: choose {', '.join(_TWINS)}")
    source, out = (Path(str(place)).expanduser().absolute() for place in (cfg.source, cfg.out))
    return Plan(source, out, cfg.seed, cfg.regions, cfg.twins, cfg.channel, str(cfg.licence))


def _settings(cfg: DictConfig, plan: Plan) -> dict[str, object]:
    plain = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(plain, dict)  # noqa: S101 - as `cfg` is; for the type checker
    kept = {str(name): value for name, value in plain.items() if name not in _WITHOUT_EFFECT}
    return kept | {"source": str(plan.source)}


def _show(done: Done, out: Path) -> None:
    """How many clips there are, by inpainter, and what reads them."""
    clips: dict[str, int] = defaultdict(int)
    inside: dict[str, float] = defaultdict(float)
    total: dict[str, float] = defaultdict(float)
    made = [record for record in done.records.values() if "path" in record]
    for record in made:
        name = "+".join(dict.fromkeys(part["inpainter"]["name"] for part in record["regions"]))
        clips[name] += 1
        inside[name] += sum(part["end"] - part["start"] for part in record["regions"])
        total[name] += frames.to_seconds(record["samples"], record["sample_rate"])
    table = Table("inpainter", "clips", "seconds", "regenerated")
    for name in sorted(clips):
        share = f"{inside[name]:.1f} s, {100 * inside[name] / total[name]:.1f} %"
        table.add_row(name, f"{clips[name]:,}", f"{total[name]:.1f}", share)
    if made:
        Console(width=None if sys.stdout.isatty() else 100).print(table)
    left = len(done.records) - len(made)
    lines = [f"{len(made):,} clips manipulated, {done.new:,} of them now".replace(", 0 of them now", "")]
    if left:
        lines.append(f"{left:,} clips left out: no stretch of them makes a region (selector.shortest)")
    lines.append(f"lists: {out / lists.JSON}, {out / lists.TABLE}; provenance: {out / provenance.NAME}")
    options = f"data=manifest data.root={out} task=localization model=partialfake frontend=mel"
    lines.append(f"to train on them: python train.py {options}")
    sys.stdout.write("\n".join(lines) + "\n")
