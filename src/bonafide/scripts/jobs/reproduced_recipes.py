"""The recipes that an option names, and each without its data: the words that make it of any training."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from hydra import compose
from omegaconf import DictConfig, OmegaConf

from bonafide import assembly
from bonafide.scripts.jobs import listed
from bonafide.types import InputError

Words = tuple[str, ...]
"""Of a command line."""

_PARTS: Final = (
    "augment",
    "frontend",
    "model",
    "task",
    "trainer",
    "callbacks",
    "checkpoint",
    "augment_validation",
)
"""Of a config: what is no data, no machine and no seed."""
_NAMED: Final = ("model", "frontend")
"""Groups that are always spelled out: what a detector is."""
_GROUPS: Final = (
    "task",
    "task/loss",
    "task/rule",
    "task/optimizer",
    "task/scheduler",
    "augment",
    "callbacks",
)
_LENGTHS: Final = re.compile(r"trainer\.(max_(epochs|steps|time)|limit_\w+_batches)=.*")
_COMMAND: Final = re.compile(r"# python train\.py (?P<words>.+?)\s{2,}\((?P<said>.+)\)\s*")
_PLAIN: Final = re.compile(
    r"\$\{[\w.]+\}|(?!(?:null|true|false|nan|inf)\Z)(?:\.{1,2}/|[A-Za-z_/~])[\w./@:-]*", re.IGNORECASE
)


class Recipe(NamedTuple):
    """A recipe to be run on other data than its own.

    Args:
        name: of its file below `conf/experiment`.
        own: words for it alone.
        published: what is published of it, as its file says.
    """

    name: str
    own: Words
    published: str

    @property
    def title(self) -> str:
        """As it is typed."""
        return " ".join([self.name, *self.own])

    @property
    def place(self) -> str:
        """Name of a folder."""
        return re.sub(r"[^\w.-]+", "_", self.title)


def read(cfg: DictConfig) -> list[Recipe]:
    """The recipes of the command; all that are single trainings with a published detector if none is named.

    Raises:
        InputError: a name that is not there, a sweep, or words that are no options.
    """
    if cfg.recipes is None:
        found = [_recipe(name) for name in listed.there("experiment")]
        return [
            each for each in found if not each.published.startswith("nothing") and not _is_swept(each.name)
        ]
    named = [_named(text) for text in dict.fromkeys(listed.words(cfg.recipes, "recipes"))]
    if not named:
        raise InputError(
            f"recipes=[] names nothing to run; choose from {', '.join(listed.there('experiment'))}"
        )
    return named


def merged(*lists: Words) -> Words:
    """Words of several lists; of those for the same option the last."""
    return tuple({name_of(word): word for each in lists for word in each}.values())


def name_of(word: str) -> str:
    """The option that a word is about."""
    return word.partition("=")[0].lstrip("+~")


@cache
def detached(name: str) -> Words:
    """What makes a recipe of any training: all that it decides, but for data, length and seed.

    To be called where Hydra knows `conf`.

    Args:
        name: of the recipe.
    """
    recipe, chosen = _composed(f"experiment={name}")
    _, usual = _composed(f"task={chosen['task']}")
    found = [f"{group}={chosen[group]}" for group in _NAMED]
    if chosen["task"] != _composed()[1]["task"]:
        found.append(f"task={chosen['task']}")
    found += [f"{group}={spelt(chosen[group])}" for group in _GROUPS if chosen.get(group) != usual.get(group)]
    plain, _ = _composed(*found)
    for part in _PARTS:
        found += _different(plain.get(part), recipe.get(part), part)
    return merged(tuple(word for word in found if not _LENGTHS.fullmatch(word)), _typed(name))


def spelt(value: object) -> str:
    """A value as Hydra's command line reads it.

    >>> print(spelt({"half": True, "wavelet": "sym5", "weights": [0.1, 1e-6], "none": None, "text": "a b"}))
    {half:true,wavelet:sym5,weights:[0.1,1e-06],none:null,text:'a b'}
    """
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ",".join(f"{key}:{spelt(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ",".join(map(spelt, value)) + "]"
        case str() if not _PLAIN.fullmatch(value):
            escaped = value.replace("\\", "\\\\").replace("'", "\\'")
            return f"'{escaped}'"
        case _:
            return str(value)


def _named(text: str) -> Recipe:
    name, *own = text.split()
    if name not in listed.there("experiment"):
        hint = listed.hint(name, listed.there("experiment"))
        raise InputError(f"recipes: there is no recipe {name}; {hint}")
    if _is_swept(name):
        raise InputError(f"recipes: {name} is a sweep; python train.py -m experiment={name} runs it")
    listed.check(own, f"recipes: behind {name}")
    return _recipe(name, tuple(own))


def _recipe(name: str, own: Words = ()) -> Recipe:
    found = _first(name)
    said = "" if found is None else found["said"].removeprefix("published").lstrip(":, ")
    return Recipe(name, own, said.replace("experiment=", "") or "not known here")


def _first(name: str) -> re.Match[str] | None:
    """The command that a recipe begins with, and what is published of it."""
    text = (assembly.conf() / "experiment" / f"{name}.yaml").read_text(encoding="utf-8")
    return next(filter(None, map(_COMMAND.fullmatch, text.splitlines())), None)


def _typed(name: str) -> Words:
    """What stands beside the recipe and its data in its first command."""
    found = _first(name)
    given = [] if found is None else shlex.split(found["words"])
    own = (
        word
        for word in given
        if "=" in word and name_of(word).partition(".")[0] not in {"experiment", "data"}
    )
    return tuple(own)


def _is_swept(name: str) -> bool:
    found = OmegaConf.load(assembly.conf() / "experiment" / f"{name}.yaml")
    return OmegaConf.select(found, "hydra.sweeper.params") is not None


@cache
def _composed(*given: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A config with its references as they are, and what was chosen of each group."""
    found = compose("train", ["folder=.", *given], return_hydra_config=True)
    plain: Any = OmegaConf.to_container(OmegaConf.masked_copy(found, list(_PARTS)), resolve=False)
    return plain, dict(found.hydra.runtime.choices)


def _different(before: Any, after: Any, path: str) -> Iterator[str]:
    """Words that turn one part of a config into another."""
    if before == after:
        return
    if not isinstance(before, dict) or not isinstance(after, dict):
        yield f"{path}={spelt(after)}"
        return
    for key, value in after.items():
        if key in before:
            yield from _different(before[key], value, f"{path}.{key}")
        else:
            yield f"+{path}.{key}={spelt(value)}"
    yield from (f"~{path}.{key}" for key in before if key not in after)
