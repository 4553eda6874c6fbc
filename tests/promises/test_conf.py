"""Every option under conf/ keeps its word: it composes, refers only upwards, and names what exists."""

import functools
import inspect
import itertools
import re
import shlex
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

from bonafide import assembly

CONF = assembly.conf()
TRAIN = yaml.safe_load((CONF / "train.yaml").read_text())
GROUPS = [name for entry in TRAIN["defaults"] if isinstance(entry, dict) for name in entry]
SHARED = {name for name, value in TRAIN.items() if name not in {"defaults", "hydra"}}
"""Scalars of the primary config, which stand above every group."""

OPTIONS = [(group, file.stem) for group in GROUPS for file in sorted((CONF / group).glob("*.yaml"))]
FILES = sorted(CONF.rglob("*.yaml"))
REFERENCE = re.compile(r"\$\{([\w.]+)\}")
PLACES = {
    "data": ["data.root=/somewhere"],
    "experiment": ["data.root=/somewhere"],
    "data=resynthesis": ["data.corpus.source=/elsewhere"],
    "experiment=copies": ["data.corpus.source=/elsewhere"],
}
PLACES |= {f"frontend={name}": ["frontend.source=/somewhere/weights.pt"] for name in ("eat", "fairseq")}
PLACES |= {f"augment=recorded_{name}": ["augment.folder=/somewhere"] for name in ("noise", "room")}
PLACES |= {
    f"experiment={name}": ["frontend.source=/somewhere/EAT.pt"]
    for name in ("fakesound", "fakesound_faithful")
}
"""What a user must give before a group can be resolved."""

BESIDE = {
    "frontend": {"standardize", "memo"},
    "model": {"learning_rate", "weights"},
    "task": {"monitor", "monitor_mode"},
}
"""Keys that assembly reads and no constructor."""

LAZY = re.compile(r"data(\.corpus\.parts\.\w+)?\.corpus|task\.(optimizer|scheduler)")
"""What is made later, of something that only its owner has."""


@functools.cache
def composed(*words: str) -> DictConfig:
    return assembly.compose(words)


def option(group: str, name: str) -> DictConfig:
    word = f"{group}={name}"
    return composed(word, *PLACES.get(group, []), *PLACES.get(word, []))


def name_of(file: Path) -> str:
    return file.relative_to(CONF).as_posix()


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that names a `_target_`, with its place."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield path, node
        for key, child in node.items():
            yield from nodes(child, f"{path}.{key}".strip("."))
    if isinstance(node, list):
        for place, child in enumerate(node):
            yield from nodes(child, f"{path}.{place}")


def references(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Top-level key and `${reference}` of every value that refers to another."""
    if isinstance(node, dict):
        for name, child in node.items():
            yield from references(child, key or str(name))
    elif isinstance(node, list):
        for child in node:
            yield from references(child, key)
    elif isinstance(node, str):
        for found in REFERENCE.findall(node):
            yield key, found


def test_groups_stand_in_the_order_of_the_journey() -> None:
    order = [
        "multirun",
        "hardware",
        "data",
        "augment",
        "frontend",
        "model",
        "task",
        "trainer",
        "callbacks",
        "logger",
    ]
    order += ["hparams_search", "experiment", "debug"]
    assert [group for group in order if group in GROUPS] == GROUPS


def test_every_folder_is_a_group() -> None:
    folders = {path.name for path in CONF.iterdir() if path.is_dir()}
    stages = {"grounder", "selector", "inpainter", "enhancer", "splicer"}  # of manipulate.yaml
    assert folders - {"hydra", "attribute", "perturbations"} - stages == set(GROUPS)


@pytest.mark.parametrize(("group", "name"), OPTIONS)
def test_an_option_composes_and_resolves(group: str, name: str) -> None:
    OmegaConf.to_container(option(group, name), resolve=True, throw_on_missing=True)


@pytest.mark.parametrize(("group", "name"), OPTIONS)
def test_an_option_names_what_exists_and_tells_it_what_it_takes(group: str, name: str) -> None:
    plain = OmegaConf.to_container(option(group, name), resolve=True)
    found = list(nodes(plain))
    assert {"data", "frontend", "model", "task", "trainer"} <= {place for place, _ in found}
    for place, node in found:
        told = {
            key: value for key, value in node.items() if key[0] != "_" and key not in BESIDE.get(place, ())
        }
        target = get_object(node["_target_"])
        if target is timedelta:  # written in C, it has no signature to ask
            assert target(**told) > timedelta(0)
        else:
            inspect.signature(target).bind_partial(**told)
        assert bool(node.get("_partial_")) == bool(LAZY.fullmatch(place)), f"{place}: _partial_"


@pytest.mark.parametrize(("group", "name"), OPTIONS)
def test_a_run_of_every_option_can_be_loaded_again(group: str, name: str, tmp_path: Path) -> None:
    (tmp_path / ".hydra").mkdir()
    OmegaConf.save(option(group, name), tmp_path / ".hydra/config.yaml")
    assembly.recipe(tmp_path)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_group_reads_scalars_of_groups_above_it(file: Path) -> None:
    text = file.read_text()
    raw = yaml.safe_load(text) or {}
    group = name_of(file).partition("/")[0]
    for key, reference in references(raw):
        root = reference.partition(".")[0]
        reader = key if "@package _global_" in text or group not in GROUPS else group
        if reader not in GROUPS:  # Hydra's own, and the other commands' primary configs
            continue
        assert root in SHARED or root in GROUPS, f"{reference} is nobody's"
        if root in GROUPS:
            assert GROUPS.index(root) <= GROUPS.index(reader), f"{reader} reads {reference} from below"


@pytest.mark.parametrize(("group", "name"), OPTIONS)
def test_a_reference_is_to_a_scalar(group: str, name: str) -> None:
    """Never to an object: each number has one owner, and nobody shares a part."""
    cfg = option(group, name)
    raw = yaml.safe_load((CONF / group / f"{name}.yaml").read_text()) or {}
    for _, reference in references(raw):
        value = OmegaConf.select(cfg, reference, throw_on_missing=True)
        assert value is None or isinstance(value, str | int | float | bool), f"{reference} is {value}"
        assert OmegaConf.select(cfg, reference.rpartition(".")[0] or reference) is not None


def _own_frontend(model: str) -> str:
    raw = yaml.safe_load((CONF / "model" / f"{model}.yaml").read_text())
    (found,) = [
        name for entry in raw["defaults"] if isinstance(entry, dict)
        for key, name in entry.items() if key == "override /frontend@_global_.frontend"
    ]  # fmt: skip
    return str(found)


MODELS = [name for group, name in OPTIONS if group == "model"]
FRONTENDS = [name for group, name in OPTIONS if group == "frontend"]


@pytest.mark.parametrize("model", MODELS)
def test_a_model_picks_its_own_front_end(model: str) -> None:
    assert composed(f"model={model}").frontend == option("frontend", _own_frontend(model)).frontend


@pytest.mark.parametrize(("named", "model"), list(zip(FRONTENDS, itertools.cycle(MODELS), strict=False)))
def test_a_front_end_that_is_named_is_taken(named: str, model: str) -> None:
    words, places = [f"model={model}", f"frontend={named}"], PLACES.get(f"frontend={named}", [])
    for either in (words, words[::-1]):
        assert assembly.compose([*either, *places]).frontend == option("frontend", named).frontend


def test_the_front_ends_that_the_papers_name() -> None:
    assert assembly.compose(["model=rawnet2"]).frontend._target_.endswith(".Raw")
    assert assembly.compose(["model=lcnn"]).frontend._target_.endswith(".LFCC")
    assert assembly.compose(["model=lcnn", "frontend=mfcc"]).frontend._target_.endswith(".MFCC")


COMMANDS = [
    "",
    "model=rawnet2 data=wavefake",
    "experiment=packets_dcnn data.root=/data",
    "-m frontend=wavelet_packets model=dcnn frontend.wavelet=haar,sym5,coif4 "
    "data.train.generators='[ljspeech_melgan],[ljspeech_hifiGAN]' seed=0,1,2",
    "-m hardware=slurm model=lcnn,dcnn seed=0,1,2,3,4",
    "-m model=lcnn,rawnet2 data.train.generators='[ljspeech_melgan],[ljspeech_hifiGAN]' seed=0,1,2",
    "hardware=ddp",
    "logger=wandb",
    "trainer.max_epochs=3",
    "debug=fast",
    "hardware=ddp logger=wandb trainer.max_epochs=3 debug=fast",
    "ckpt_path=outputs/2026-11-20/12-00-00/checkpoints/last.ckpt",
]


def cells(command: str) -> list[list[str]]:
    """The options of every run that a command starts."""
    words = [word for word in shlex.split(command) if word not in {"-m", "--multirun"}]
    choices = []
    for word, parsed in zip(words, OverridesParser.create().parse_overrides(words), strict=True):
        if parsed.is_sweep_override():
            values = parsed.sweep_string_iterator()
            choices.append([f"{parsed.get_key_element()}={value}" for value in values])
        else:
            choices.append([word])
    return [list(cell) for cell in itertools.product(*choices)]


def missing(cell: list[str]) -> list[str]:
    """Options of a group that are not there yet."""
    named = [word.partition("=")[::2] for word in cell]
    return [f"{group}={name}" for group, name in named if group in GROUPS and (group, name) not in OPTIONS]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command or "train")
def test_a_promised_command_composes(command: str) -> None:
    found = cells(command)
    absent = sorted({word for cell in found for word in missing(cell)})
    if absent:
        pytest.skip(f"not there yet: {', '.join(absent)}")
    for cell in found:
        cfg = composed(*cell)
        OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)


def test_a_sweep_is_as_many_runs_as_it_says() -> None:
    assert len(cells(COMMANDS[3])) == 3 * 2 * 3
    assert cells("-m seed=0,1 data.train.generators='[a,b],[c]'")[1] == [
        "seed=0",
        "data.train.generators=[c]",
    ]


EXPERIMENTS = [name for group, name in OPTIONS if group == "experiment"]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_begins_with_the_command_that_runs_it(name: str) -> None:
    lines = (CONF / "experiment" / f"{name}.yaml").read_text().splitlines()
    comments = [line for line in lines if line.startswith("# ") and "@package" not in line]
    said = re.fullmatch(r"# python train\.py (.*?)(\s{2,}.*)?", comments[0])
    assert said is not None, comments[0]
    assert f"experiment={name}" in said[1].split()
    for cell in cells(said[1]):
        OmegaConf.to_container(composed(*cell), resolve=True, throw_on_missing=True)


@pytest.mark.parametrize("config", ["evaluate", "predict", "describe", "attribute"])
def test_the_other_commands_compose_with_any_hardware_and_data(config: str) -> None:
    given = {
        "evaluate": ["run=outputs/x", "data=demo"],
        "predict": ["run=outputs/x", "audio=x.wav"],
        "describe": ["run=outputs/x", "audio=x.wav"],
        "attribute": ["run=outputs/x", "data=demo"],
    }[config]
    swept = [f"hardware={name}" for group, name in OPTIONS if group == "hardware"]
    if config != "predict":
        swept += [f"data={name}" for group, name in OPTIONS if group == "data"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        for word in swept:
            cfg = compose(config, [*(each for each in given if each[:5] != word[:5]), word])
            assert cfg.run == "outputs/x"
