"""The perturbations that a config names: what is heard through what, mild before strong."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from lightning_utilities.core.rank_zero import rank_zero_info
from omegaconf import DictConfig, OmegaConf

from bonafide import assembly
from bonafide.data.perturbed import Perturbation
from bonafide.evaluation.robustness import CLEAN
from bonafide.types import InputError

_KEYS: Final = {"title", "unit", "change", "severities"}


class Condition(NamedTuple):
    """What the test groups are heard through.

    Args:
        name: of its folder.
        perturbation: in words.
        severity: with its unit.
        label: the severity alone.
        settings: of the change; empty for none.
    """

    name: str
    perturbation: str
    severity: str
    label: str
    settings: Mapping[str, Any]


def conditions(wanted: DictConfig) -> list[Condition]:
    """The clean one, then each severity of each perturbation.

    Args:
        wanted: `title`, `unit`, `change` and `severities` by name.

    Raises:
        InputError: another form, or two severities that would share a folder.
    """
    found = [Condition("clean", CLEAN, "", "clean", {})]
    plain: Any = OmegaConf.to_container(wanted, resolve=True, throw_on_missing=True)
    for name, node in plain.items():
        given = node if isinstance(node, dict) else {}
        levels = given.get("severities")
        if not given.keys() <= _KEYS or "change" not in given or not isinstance(levels, dict) or not levels:
            raise InputError(
                f"perturbations.{name} needs change: {{_target_: …}} and severities: {{NAME: {{…}}}}, and "
                "may have a title and a unit; see conf/perturbations/mp3.yaml"
            )
        for label, own in levels.items():
            settings = OmegaConf.to_container(OmegaConf.merge(given["change"], own or {}))
            assert isinstance(settings, dict)  # noqa: S101 - for the type checker
            found.append(
                Condition(
                    re.sub(r"[^\w.+−–-]+", "_", f"{name}_{label}"),
                    str(given.get("title") or name),
                    f"{label} {given.get('unit') or ''}".strip(),
                    str(label),
                    {str(key): value for key, value in settings.items()},
                )
            )
    names = [condition.name for condition in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"perturbations: two severities are called {twice[0]}; give each a name of its own")
    return found


def possible(
    wanted: Sequence[Condition], seed: int
) -> tuple[list[tuple[Condition, Perturbation | None]], dict[str, str]]:
    """The conditions that can be made here, and why the others cannot.

    Raises:
        InputError: none but the clean one can.
    """
    made: list[tuple[Condition, Perturbation | None]] = []
    left_out: dict[str, str] = {}
    for condition in wanted:
        try:
            made.append((condition, perturbation(condition.settings, seed) if condition.settings else None))
        except InputError as error:
            named = (
                f"{condition.perturbation} ({condition.severity})" if condition.severity else condition.name
            )
            left_out[named] = str(error)
            rank_zero_info(f"{named} is left out: {error}")
    if len(made) < 2 and left_out:
        name, reason = next(iter(left_out.items()))
        raise InputError(f"none of the perturbations can be made here, {name} because {reason}")
    return made, left_out


def perturbation(settings: Mapping[str, Any], seed: int) -> Perturbation:
    """From `_target_` and its settings."""
    chain = assembly.augmentation(OmegaConf.create({"augment": dict(settings), "augment_validation": False}))
    if chain is None:
        raise InputError("perturbations: a change without _target_ changes nothing; name one")
    return Perturbation(chain, seed)
