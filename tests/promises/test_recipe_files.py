"""The files under conf/experiment say what they are, differ where they say so, and go together."""

import math
import re
import shlex
from typing import Any

import pytest
import yaml
from omegaconf import DictConfig, OmegaConf
from tests.promises.recipes import FOLDER, NAMES, NOWHERE, commands, composed, places, sweeps

TOGETHER = (
    ("packets_faithful", "packets_stft_dcnn"),
    ("packets_faithful", "packets_lcnn"),
    ("packets_faithful", "packets_ast"),
    ("packets_faithful", "packets_regression"),
    ("aasist_faithful", "aasist_l"),
    ("wavefake_gmm_em", "sweep_generators"),
    ("wavefake_gmm_gd", "sweep_generators"),
    ("wavefake_rawnet2", "sweep_generators"),
)
"""A faithful form and the recipe that it changes, or a recipe and how it is swept."""


@pytest.mark.parametrize(
    ("recipe", "cells"),
    [
        ("sweep_spectrograms", 7 * 2),
        ("sweep_learning_curve", 7 * 10),
    ],
)
def test_a_sweep_has_its_cells(recipe: str, cells: int) -> None:
    choices = sweeps(recipe)
    assert math.prod(map(len, choices)) == cells
    for place in (0, -1):
        cell = composed(
            f"experiment={recipe}", f"data.root={NOWHERE}", *(values[place] for values in choices)
        )
        for values in choices:
            option, _, value = values[place].partition("=")
            if option != "frontend":
                assert str(OmegaConf.select(cell, option)) == value


@pytest.mark.parametrize("recipe", sorted(set(NAMES) - {"fakesound", "fakesound_faithful"}))
def test_it_begins_with_its_commands_and_what_is_published_of_each(recipe: str) -> None:
    found = commands(recipe)
    assert found, f"no line # python train.py experiment={recipe} data.root=FOLDER      (published: …)"
    many = ["-m"] if sweeps(recipe) else []
    for command, said in found:
        words = shlex.split(command)
        assert words[: len(many) + 1] == [*many, f"experiment={recipe}"]
        assert re.match(r"published(, [\w ]+)?: \S", said)
        cfg = composed(*words[len(many) :])
        OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
        assert cfg.data.root == "FOLDER" or recipe == "copies"
    assert len({command for command, _ in found}) == len(found)


NUMBER = re.compile(r"\d*\.\d+")
"""With a decimal point, as figures have."""

FAITHFUL = [name for name in NAMES if name.endswith("_faithful")]


@pytest.mark.parametrize("faithful", FAITHFUL)
def test_a_faithful_form_says_what_differs_and_differs(faithful: str) -> None:
    """No more than in what its own file sets, and in all of it."""
    recipe = {"packets_faithful": "packets_dcnn"}.get(faithful, faithful.removesuffix("_faithful"))
    first, second = (leaves(composed(f"experiment={name}", *places(name))) for name in (recipe, faithful))
    differ = {place for place in {*first, *second} if first.get(place) != second.get(place)} - {"folder"}
    own = yaml.safe_load((FOLDER / f"{faithful}.yaml").read_text())
    own = OmegaConf.create({name: node for name, node in own.items() if name != "defaults"})
    assert differ
    assert all(any(place.startswith(told) for told in leaves(own)) or "averaged" in place for place in differ)
    if recipe != "packets_dcnn":  # which is written out, so that it can be combined
        assert all(any(place.startswith(told) for place in differ) for told in leaves(own))


def leaves(cfg: Any, place: str = "") -> dict[str, str]:
    """Every value that is no mapping, by its place."""
    if not isinstance(cfg, DictConfig):
        return {place: str(cfg)}
    found: dict[str, str] = {}
    for name, child in cfg.items_ex(resolve=False):
        found |= leaves(child, f"{place}.{name!s}".strip("."))
    return found


@pytest.mark.parametrize(("first", "second"), TOGETHER)
def test_two_recipes_are_one(first: str, second: str) -> None:
    """Parts are those of the recipe; what the other decides is decided."""
    faithful = first.endswith("_faithful")
    cfg = composed(f"experiment=[{first},{second}]", f"data.root={NOWHERE}")
    recipe, other = (second, first) if faithful else (first, second)
    alone, changes = (composed(f"experiment={name}", f"data.root={NOWHERE}") for name in (recipe, other))
    assert cfg.model._target_ == alone.model._target_
    assert cfg.model.get("widths") == alone.model.get("widths")
    assert cfg.frontend == alone.frontend
    assert leaves(cfg.task) == leaves(changes.task if faithful else alone.task)
    assert cfg.checkpoint == changes.checkpoint
    assert cfg.data.split == changes.data.split
    assert cfg.callbacks.keys() == changes.callbacks.keys()


def test_the_page_lists_every_recipe_with_its_figures() -> None:
    page = (FOLDER.parents[1] / "docs/recipes.md").read_text()
    rows: dict[str, str] = {}
    for line in page.splitlines():
        if line.startswith("| `"):
            name = line.split("`")[1]
            rows[name] = rows.get(name, "") + line
    forms = set(re.findall(r"`(\w+_faithful)`", page)) | {"packets_faithful"}
    assert sorted(rows.keys() | forms) == NAMES
    named = re.findall(r"experiment=\[?([\w,]+)", page)
    assert {name for words in named for name in words.split(",")} <= {*NAMES}
    for recipe, row in rows.items():
        for _, said in commands(recipe):
            missing = set(NUMBER.findall(said)) - set(NUMBER.findall(row))
            assert not missing, f"{recipe}: {missing}"
