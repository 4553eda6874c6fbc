"""The recipes under conf/experiment: their commands, what they sweep, and what they cannot do without."""

import functools
import re
from pathlib import Path
from typing import Final

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig
from tests.corpora import resynthesis

from bonafide import assembly

FOLDER: Final = assembly.conf() / "experiment"
NAMES: Final = sorted(file.stem for file in FOLDER.glob("*.yaml"))
NOWHERE: Final = Path("FOLDER")


@functools.cache
def composed(*words: str) -> DictConfig:
    return assembly.compose(words)


def sweeps(name: str) -> list[list[str]]:
    """The options of a sweep's cells, choice by choice; none of a recipe that is a single run."""
    raw = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    given = raw.get("hydra", {}).get("sweeper", {}).get("params", {})
    parsed = OverridesParser.create().parse_overrides(
        [f"{option}={values}" for option, values in given.items()]
    )
    return [
        [f"{choice.get_key_element()}={value}" for value in choice.sweep_string_iterator()]
        for choice in parsed
    ]


def commands(name: str) -> list[tuple[str, str]]:
    """Each command of a recipe, and what is published of it: the lines that its file begins with."""
    _, *lines = (FOLDER / f"{name}.yaml").read_text().splitlines()
    found = []
    for line in lines:
        match = re.fullmatch(r"# python train\.py (.+?)\s{4,}\((.+)\)", line)
        if match is None:
            break
        found.append((match[1], match[2]))
    return found


def places(recipe: str, corpora: Path = NOWHERE, root: Path = NOWHERE) -> list[str]:
    """What a recipe cannot be composed without."""
    if recipe == "copies":
        return [f"data.root={root}", f"data.corpus.source={corpora}/resynthesis/{resynthesis.SOURCE}"]
    if recipe.startswith("fakesound"):
        return [f"data.root={root}", f"frontend.source={corpora}/eat.pt"]
    return [f"data.root={root}"]
