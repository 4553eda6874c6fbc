"""Which cells a sweep was to have, by what Hydra keeps of its command."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

_WITHOUT_EFFECT: Final = (
    "hydra", "hardware", "logger", "folder", "ckpt_path", "notes", "compile", "audit", "train", "test",
    "data.workers", "data.pin_memory", "data.cache", "data.root", "frontend.memo",
    "trainer.accelerator", "trainer.devices", "trainer.num_nodes", "trainer.strategy",
    "trainer.enable_progress_bar", "trainer.profiler",
)  # fmt: skip
"""Options that do not change the result, so they make no axis."""


def choices_of(overrides: Sequence[str]) -> dict[str, str]:
    """Option → value, written in one way; options without effect on the result are left out.

    >>> choices_of(["+optimizer.lr=4e-4", "data.train.generators=['a', b]", "hardware.workers=2"])
    {'optimizer.lr': '0.0004', 'data.train.generators': '[a,b]'}
    """
    pairs = (override.lstrip("+").partition("=")[::2] for override in overrides)
    return {option: _plain(value) for option, value in pairs if not _without_effect(option)}


def planned(sweep: Path) -> list[dict[str, str]]:
    """The choices of every cell that the last command on a folder was to run.

    Nothing where that is not known: other folders than Hydra's, and searches, which choose as they go.
    """
    try:
        settings = OmegaConf.load(sweep / "multirun.yaml")
        sweeper: Any = OmegaConf.select(settings, "hydra.sweeper")
        if not str(sweeper["_target_"]).endswith((".Grid", ".BasicSweeper")):
            return []
        params = sweeper.get("params") or {}
        typed: Any = OmegaConf.select(settings, "hydra.overrides.task") or []
        words = [*(f"{option}={values}" for option, values in params.items()), *map(str, typed)]
        return list(_cells(words))
    except (OSError, KeyError, TypeError, yaml.YAMLError, HydraException, OmegaConfBaseException):
        return []


def _cells(words: Sequence[str]) -> Iterator[dict[str, str]]:
    lists: dict[str, list[str]] = {}  # an option typed later wins, in the place of the earlier one
    for word, parsed in zip(words, OverridesParser.create().parse_overrides(list(words)), strict=True):
        option = parsed.get_key_element()
        swept = parsed.is_sweep_override()
        lists[option] = [f"{option}={v}" for v in parsed.sweep_string_iterator()] if swept else [word]
    return (choices_of(cell) for cell in product(*lists.values()))


def _without_effect(option: str) -> bool:
    return any(option == name or option.startswith((f"{name}.", f"{name}/")) for name in _WITHOUT_EFFECT)


def _plain(value: str) -> str:
    """Numbers and lists without the freedom of notation that a command line has."""
    text = value.strip()
    if text.startswith("[") and text.endswith("]"):
        return f"[{','.join(_plain(part) for part in text[1:-1].split(','))}]"
    text = text.strip("'\"")
    try:
        return str(int(text))
    except ValueError:
        pass
    try:
        return f"{float(text):g}"
    except ValueError:
        return text


def common(choices: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What is the same in all cells."""
    first = choices[0]
    return {
        option: value for option, value in first.items() if all(each.get(option) == value for each in choices)
    }
