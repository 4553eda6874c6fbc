"""What front ends and models cost on this machine, a process each; what was measured is kept.

`resources.json` beside the report has all of it after every pair, and a command with the same folder does not
measure again what was measured under the same conditions.
"""

import json
import os
import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from omegaconf import DictConfig

from bonafide import assembly, counting
from bonafide.evaluation import report
from bonafide.evaluation.resources import page
from bonafide.evaluation.resources.cost import Cost
from bonafide.evaluation.resources.forms import digits
from bonafide.evaluation.resources.page import Measured
from bonafide.evaluation.summary import Picture
from bonafide.figures import resources as drawing
from bonafide.figures import vector
from bonafide.scripts.jobs import resource_pairs, resource_process, results, score_files, screen
from bonafide.scripts.jobs.resource_pairs import Pair
from bonafide.scripts.jobs.resource_process import Workload
from bonafide.types import InputError

FILE: Final = "resources.json"


class Kept(NamedTuple):
    """A pair that was measured.

    Args:
        conditions: under which; another pair, machine or workload has others.
        cost: what was found.
        busy: processes that the machine ran when the command began, on average of a minute; None if it does
            not tell.
    """

    conditions: Mapping[str, Any]
    cost: Cost
    busy: float | None


def run(cfg: DictConfig, folder: Path) -> None:
    """Measures every pair, and writes the report; also of what was done until an interruption.

    Raises:
        InputError: an option that is out of range, an unknown name, or no pair that can be built.
    """
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else None  # by others: nothing is measured yet
    workload = _workload(cfg)
    pairs = {pair.name: pair for pair in resource_pairs.read(cfg)}
    before = _read(folder / FILE)
    left_out: dict[str, str] = {}
    conditions = dict(_conditions(pairs, workload, left_out))
    kept = {name: before[name] for name in conditions if _same(before.get(name), conditions[name])}
    missing = [name for name in conditions if name not in kept]
    if missing:
        resource_process.start_server()
    try:
        with counting.bar() as bar:
            if kept:
                said = f"measured before: {', '.join(kept)}"
                bar.console.print(said, markup=False, highlight=False, soft_wrap=True)
            counted = bar.add_task("", total=len(pairs), completed=len(pairs) - len(missing))
            for name in missing:
                bar.update(counted, description=name)
                try:
                    cost = resource_process.cost(pairs[name].config, workload)
                except InputError as error:
                    left_out[name] = str(error)
                else:
                    kept[name] = Kept(conditions[name], cost, busy)
                    _keep(folder / FILE, before | kept)
                    said = f"{name}: {digits(1 / cost.factor)} × real time"
                    bar.console.print(said, markup=False, highlight=False, soft_wrap=True)
                bar.advance(counted)
    finally:
        if kept:
            _write(folder, pairs, kept, left_out, workload)
    if not kept:
        name, reason = next(iter(left_out.items()))
        raise InputError(f"none of the pairs can be measured here, {name} because {reason}")


def _workload(cfg: DictConfig) -> Workload:
    if score_files.number(cfg, "clip_seconds", float) <= 0:
        raise InputError(f"clip_seconds={cfg.clip_seconds} is no length; give some seconds, such as 4")
    counts = {name: score_files.number(cfg, name, int) for name in ("batch_size", "repeats")}
    if cfg.threads is not None:
        counts["threads"] = score_files.number(cfg, "threads", int)
    for name, value in counts.items():
        if value < 1:
            raise InputError(f"{name}={value} measures nothing; give 1 or more")
    return Workload(
        counts["batch_size"],
        counts["repeats"],
        str(results.device(cfg.hardware)),
        counts.get("threads"),
        score_files.number(cfg, "seed", int),
    )


def _conditions(
    pairs: Mapping[str, Pair], workload: Workload, left_out: dict[str, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Under which each pair is measured; those with an option that is not set are left out."""
    common = {"machine": _machine(workload.device), "torch": torch.__version__, **workload._asdict()}
    for name, pair in pairs.items():
        try:
            yield name, {"fingerprint": assembly.fingerprint(pair.config), **common}
        except InputError as error:
            left_out[name] = str(error)


def _same(kept: Kept | None, conditions: Mapping[str, Any]) -> bool:
    return kept is not None and kept.conditions == conditions


def _read(file: Path) -> dict[str, Kept]:
    """What an earlier start has kept; nothing if it cannot be understood."""
    try:
        pairs = json.loads(file.read_text(encoding="utf-8"))["pairs"]
        return {
            name: Kept(found["conditions"], Cost.read(found["cost"]), found["busy"])
            for name, found in pairs.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _keep(file: Path, kept: Mapping[str, Kept]) -> None:
    pairs = {
        name: {"conditions": found.conditions, "cost": found.cost._asdict(), "busy": found.busy}
        for name, found in kept.items()
    }
    report.write_json(file, {"written": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "pairs": pairs})


def _write(
    folder: Path,
    pairs: Mapping[str, Pair],
    kept: Mapping[str, Kept],
    left_out: Mapping[str, str],
    workload: Workload,
) -> None:
    measured = [
        Measured(pair.frontend, pair.model, pair.options, kept[name].cost)
        for name, pair in pairs.items()
        if name in kept
    ]
    figure = drawing.resources([_line(each.name, each.cost) for each in measured])
    caption = (
        "Marks stand at the median of the repeats, lines reach from the lowest to the highest; a mark that "
        "points to the left lies beyond the edge; all axes are logarithmic"
    )
    picture = Picture(vector.save(figure, folder / "figures" / "resources"), caption, broad=True)
    facts = dict(_facts(measured, workload))
    missing = len(pairs) - len(kept) - len(left_out)
    if missing:
        facts["Pairs"] = f"{len(kept)} of {len(pairs)}; the same command with folder={folder} goes on"
    made = page.document(measured, [picture], facts=facts, note=_note(list(kept.values())), left_out=left_out)
    report.write_document(folder, made)
    remarks = "\n".join(filter(None, (*made.sections[0].remarks, made.note)))
    screen.tell([page.overview(measured)], remarks, folder / "report.html")


def _line(name: str, cost: Cost) -> drawing.Line:
    return drawing.Line(
        name,
        [1e3 * value for value in cost.extraction],
        [1e3 * value for value in cost.scoring],
        None if cost.extraction_memory is None else cost.extraction_memory / 2**20,
        None if cost.memory is None else cost.memory / 2**20,
        cost.storage / 1e3,
        cost.frontend_parameters + cost.model_parameters,
    )


def _facts(measured: list[Measured], workload: Workload) -> Iterator[tuple[str, str]]:
    cost = measured[0].cost
    yield "Machine", _machine(workload.device)
    yield "Computed by", f"torch {torch.__version__}, single precision"
    if workload.device == "cpu":
        yield "Threads", ", ".join(map(str, sorted({each.cost.threads for each in measured})))
    yield "Workload", f"{workload.clips} clips of {cost.clip_seconds:g} s at once, of noise"
    yield "Repeats", f"{workload.repeats}, after warming up"
    yield "Seed", str(workload.seed)


def _note(kept: list[Kept]) -> str:
    """What else the machine had to do: times are then longer than they need be."""
    busiest = max((found.busy for found in kept if found.busy is not None), default=0.0)
    cores = os.cpu_count() or 1
    if busiest < 0.5 * cores:
        return ""
    return (
        f"The machine was busy with other work ({busiest:.1f} processes on {cores} cores when this began): "
        "times are provisional, and longer than on an idle one."
    )


def _machine(device: str) -> str:
    if device == "cuda":
        return str(torch.cuda.get_device_name())
    described = Path("/proc/cpuinfo")
    lines = (
        described.read_text(encoding="utf-8", errors="replace").splitlines() if described.is_file() else []
    )
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"
