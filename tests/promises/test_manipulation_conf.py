"""Every option of `bonafide manipulate` composes, names what exists, and makes a stage of its kind."""

import inspect
import pickle
from importlib.util import find_spec
from pathlib import Path

import pytest
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf

from bonafide import assembly
from bonafide.manipulation.enhancer import Enhancer
from bonafide.manipulation.grounder import Grounder
from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.selector import Selector
from bonafide.manipulation.splicer import Splicer
from bonafide.manipulation.stage import Stage

KINDS: dict[str, type[Stage]] = {
    "grounder": Grounder,
    "selector": Selector,
    "inpainter": Inpainter,
    "enhancer": Enhancer,
    "splicer": Splicer,
}
OPTIONS = [(kind, file.stem) for kind in KINDS for file in sorted((assembly.conf() / kind).glob("*.yaml"))]
GIVEN = ["source=/somewhere", "out=/elsewhere"]


@pytest.mark.parametrize(("kind", "name"), OPTIONS)
def test_an_option_makes_a_stage_that_travels(kind: str, name: str) -> None:
    cfg = assembly.compose([*GIVEN, f"{kind}={name}"], "manipulate")
    OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    target = get_object(cfg[kind]._target_)
    assert issubclass(target, KINDS[kind])
    told = {key for key in cfg[kind] if key != "_target_"}
    assert told <= set(inspect.signature(target).parameters)
    stage = instantiate(cfg[kind], _convert_="all")
    assert stage.name
    assert pickle.loads(pickle.dumps(stage)).name == stage.name  # noqa: S301 - our own


def test_the_pasted_ends_overlap_unless_another_splice_is_named() -> None:
    composed = [
        assembly.compose([*GIVEN, "inpainter=cut_and_paste", *more], "manipulate").splicer._target_
        for more in ([], ["splicer=hard"])
    ]
    assert [name.rpartition(".")[2] for name in composed] == ["CrossFade", "Hard"]


def test_what_needs_a_package_says_so() -> None:
    cfg = assembly.compose([*GIVEN, "inpainter=world"], "manipulate")
    stage = instantiate(cfg.inpainter, _convert_="all")
    if find_spec("pyworld") is None:
        with pytest.raises(ValueError, match="pip install pyworld"):
            stage.require()
    else:
        stage.require()


def test_every_stage_has_a_file_of_its_own() -> None:
    for kind, name in OPTIONS:
        cfg = assembly.compose([*GIVEN, f"{kind}={name}"], "manipulate")
        module = cfg[kind]._target_.rpartition(".")[0]
        assert Path(inspect.getfile(get_object(cfg[kind]._target_))).stem == module.rpartition(".")[2]
