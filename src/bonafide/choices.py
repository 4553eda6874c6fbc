"""A sweep and what is chosen in it, in few words: for the name of a run, and for the head of a column."""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

from omegaconf import OmegaConf


def kind(folder: Path) -> Literal["train", "search"] | None:
    """What the cells of this folder are for; None if it is no sweep's."""
    file = folder / "multirun.yaml"
    if not file.is_file():
        return None
    sweeper = str(OmegaConf.select(OmegaConf.load(file), "hydra.sweeper._target_"))
    return "search" if sweeper.endswith((".Search", ".OptunaSweeper")) else "train"


def sweep_name(folder: Path) -> str:
    """Where a sweep lies below `multirun`; elsewhere its folder's name.

    >>> sweep_name(Path("/home/me/multirun/2026-11-20/12-00-00")), sweep_name(Path("/data/wavelets"))
    ('2026-11-20/12-00-00', 'wavelets')
    """
    *_, last = [0, *(place for place, part in enumerate(folder.parts[:-1]) if part == "multirun")]
    return "/".join(folder.parts[last + 1 :]) if last else folder.name


def run_id(folder: Path) -> str:
    """Of the W&B run of a folder: the same at every attempt."""
    return hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:12]


def shortened(options: Collection[str]) -> dict[str, str]:
    """Each option by as few of its last words as tell it from the others.

    >>> shortened(["model.dropout", "model.time.dropout", "frontend.level"])
    {'model.dropout': 'model.dropout', 'model.time.dropout': 'time.dropout', 'frontend.level': 'level'}
    """
    found = {}
    for option in options:
        words = option.split(".")
        ends = [".".join(words[-count:]) for count in range(1, len(words) + 1)]
        alone = (end for end in ends if sum(f".{other}".endswith(f".{end}") for other in options) == 1)
        found[option] = next(alone, option)
    return found


def named(chosen: Mapping[str, str]) -> str:
    """Choices as one name; numbers with many digits are rounded.

    >>> named({"frontend.wavelet": "haar", "model.learning_rate": "0.00012345678", "seed": "0"})
    'wavelet=haar learning_rate=0.0001235 seed=0'
    """
    short = shortened(chosen)
    return " ".join(f"{short[option]}={_rounded(value)}" for option, value in chosen.items())


def _rounded(value: str) -> str:
    try:
        return f"{float(value):.4g}" if len(value) > 6 else value
    except ValueError:
        return value
