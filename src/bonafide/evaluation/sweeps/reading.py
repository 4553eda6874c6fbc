"""Reads the cells of sweeps from their folders, and says of each that is not finished why."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml  # type: ignore[import-untyped]
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bonafide import cell
from bonafide.cell import Cell
from bonafide.evaluation.sweeps.plan import choices_of, planned
from bonafide.evaluation.sweeps.sweep import Absent, Measured, Run, Sweep, axes
from bonafide.types import InputError

_DEEPEST: Final = 3
"""Folders below that of a sweep in which `hydra.sweep.subdir` may put a cell."""


class _Place(NamedTuple):
    """The folder of a cell and its short name."""

    folder: Path
    name: str


def read(places: Sequence[Path]) -> Sweep:
    """Every cell of the sweeps in these folders; a run folder is a sweep of one cell.

    Raises:
        InputError: there is no such folder, no cell in it, or no finished one.
    """
    found = [_Place(folder, _name(folder, place, places)) for place in places for folder in _below(place)]
    if not found:
        raise InputError(
            f"{', '.join(map(str, places))} holds no runs; give the folder of a sweep: multirun/DATE/TIME"
        )
    chosen = [choices_of(_overrides(place.folder)) for place in found]
    options = dict.fromkeys(option for each in chosen for option in each)
    filled = [_filled(place.folder, each, options) for place, each in zip(found, chosen, strict=True)]
    read_cells = [_cell(place, choices) for place, choices in zip(found, filled, strict=True)]
    runs, twins = _once([each for each in read_cells if isinstance(each, Run)])
    absent = [each for each in read_cells if isinstance(each, Absent)] + twins
    absent += [missing for place in places for missing in _missing(place, chosen)]
    if not runs:
        first = absent[0]
        raise InputError(
            f"none of the {len(absent)} cells of {', '.join(map(str, places))} is finished; "
            f"{first.name or 'the first'}: {first.state}, {first.why}"
        )
    known = [*(run.choices for run in runs), *(each.choices for each in absent if each.choices)]
    return Sweep(runs, absent, axes(known))


def _below(place: Path, depth: int = 0) -> Iterator[Path]:
    """Folders of cells, numbers by size."""
    if depth == 0 and not place.is_dir():
        raise InputError(f"{place} is not a folder; give that of a sweep: multirun/DATE/TIME")
    if (place / ".hydra").is_dir() or any((place / name).is_file() for name in (cell.FILE, "metrics.json")):
        yield place
    elif depth < _DEEPEST:
        inner = [each for each in place.iterdir() if each.is_dir() and not each.is_symlink()]
        for each in sorted(inner, key=_natural):
            if not each.name.startswith("."):
                yield from _below(each, depth + 1)


def _natural(folder: Path) -> tuple[int, int, str]:
    number = int(folder.name) if folder.name.isdecimal() else 0
    return (0 if folder.name.isdecimal() else 1, number, folder.name)


def _name(folder: Path, place: Path, places: Sequence[Path]) -> str:
    inside = folder.relative_to(place).as_posix() if folder != place else ""
    if inside and len(places) == 1:
        return inside
    return "/".join(filter(None, (place.name if _alone(place, places) else str(place), inside)))


def _alone(place: Path, places: Sequence[Path]) -> bool:
    return [each.name for each in places].count(place.name) == 1


def _overrides(folder: Path) -> list[str]:
    try:
        found = yaml.safe_load((folder / ".hydra" / "overrides.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return []
    return [str(option) for option in found] if isinstance(found, list) else []


def _filled(folder: Path, chosen: Mapping[str, str], options: Mapping[str, None]) -> dict[str, str]:
    """What was chosen, and what was so without being chosen, of options that other cells were given."""
    if not chosen or all(option in chosen for option in options):
        return {option: chosen[option] for option in options if option in chosen}
    try:
        groups = OmegaConf.select(OmegaConf.load(folder / ".hydra/hydra.yaml"), "hydra.runtime.choices") or {}
        settings = OmegaConf.load(folder / ".hydra/config.yaml")
    except (OSError, ValueError, yaml.YAMLError):
        return dict(chosen)
    found = {}
    for option in options:
        value = chosen.get(option) or _default(option, groups, settings)
        if value is not None:
            found[option] = value
    return found


def _default(option: str, groups: Mapping[str, Any], settings: Any) -> str | None:
    if option in groups:
        return str(groups[option])
    try:
        value = OmegaConf.select(settings, option)
    except OmegaConfBaseException:
        return None
    if value is None or isinstance(value, DictConfig):
        return None
    plain = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
    text = f"[{','.join(map(str, plain))}]" if isinstance(plain, list) else str(plain)
    return choices_of([f"{option}={text}"])[option]


def _cell(place: _Place, choices: Mapping[str, str]) -> Run | Absent:
    try:
        found = cell.read(place.folder)
        state = None if found is None else _unfinished(found)
        if state is not None:
            return Absent(place.name, choices, *state)
        return _run(place, choices, found)
    except InputError as error:
        return Absent(place.name, choices, "unreadable", str(error))


def _unfinished(found: Cell) -> tuple[str, str] | None:
    """State and reason; None if it is done."""
    owner = ", ".join(f"{name} {value}" for name, value in found.owner.items()) or "unknown"
    if found.alive:
        return "running", f"somebody works on it ({owner})"
    return {
        "running": ("unfinished", f"its process is gone, or cannot be seen from here ({owner})"),
        "failed": ("failed", found.error or "no reason was left"),
        "interrupted": ("interrupted", "the same command goes on with it"),
        "done": None,
    }[found.status]


def _run(place: _Place, choices: Mapping[str, str], found: Cell | None) -> Run | Absent:
    file = place.folder / "metrics.json"
    if not file.is_file():
        if found is None:
            return Absent(place.name, choices, "unfinished", "it has neither cell.json nor metrics.json")
        return Absent(
            place.name, choices, "not tested", f"no metrics.json; bonafide evaluate run={place.folder}"
        )
    content = _json(file)
    left = place.folder / "provenance.json"
    provenance = _json(left) if left.is_file() else {}
    try:
        seconds = provenance.get("seconds") if found is None else found.seconds
        return Run(
            place.name,
            place.folder,
            choices,
            {str(name): _measured(group) for name, group in content["groups"].items()},
            validation=None if found is None else found.validated,
            seconds=None if seconds is None else float(seconds),
            parameters=content.get("parameters"),
            trained=tuple(sorted(map(str, provenance.get("trained_on", ())))),
            fingerprint=str(content.get("fingerprint", "") if found is None else found.fingerprint),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file} is not of a run ({error!r}); evaluate it again") from error


def _measured(group: Mapping[str, Any]) -> Measured:
    return Measured(
        float(group["eer"]),
        float(group["accuracy"]),
        float(group["balanced_accuracy"]),
        int(group["bonafide"]),
        int(group["spoof"]),
        {str(name): float(entry["eer"]) for name, entry in group["systems"].items()},
        str(group["trials_sha256"]),
    )


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read ({error})") from error
    if not isinstance(found, dict):
        raise InputError(f"{file} is not of a run; evaluate it again")
    return found


def _once(runs: Sequence[Run]) -> tuple[list[Run], list[Absent]]:
    """Each choice once: two sweeps may hold the same cell."""
    first: dict[tuple[tuple[str, str], ...], Run] = {}
    twins = []
    for run in runs:
        other = first.setdefault(tuple(sorted(run.choices.items())), run)
        if other is not run:
            same = run.fingerprint == other.fingerprint
            why = f"the same cell as {other.name}" if same else (
                f"the same choices as {other.name}, yet another config: report on the two sweeps apart"
            )  # fmt: skip
            twins.append(Absent(run.name, run.choices, "twice", why))
    return list(first.values()), twins


def _missing(place: Path, chosen: Sequence[Mapping[str, str]]) -> Iterator[Absent]:
    for wanted in planned(place):
        if wanted not in chosen:
            yield Absent("", wanted, "missing", "it never began; the same command runs it")
