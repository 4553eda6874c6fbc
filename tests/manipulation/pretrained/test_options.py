"""What `manipulate.py` offers of these stages."""

import inspect
import subprocess
import sys

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_object, instantiate

from bonafide import assembly
from bonafide.manipulation.stage import Stage

OPTIONS = [
    "inpainter=audioldm",
    "inpainter=audioldm2",
    "enhancer=audiosr",
    "grounder=clap",
    "grounder=text_to_audio_grounding",
]


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_is_built_without_weights_and_has_its_name(option: str) -> None:
    group, name = option.split("=")
    with initialize_config_dir(str(assembly.conf()), version_base="1.3"):
        cfg = compose("manipulate", [option])[group]
    stage = instantiate(cfg, _convert_="all")
    assert isinstance(stage, Stage)
    assert stage.name == name


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_tells_every_setting_with_its_default(option: str) -> None:
    group, _ = option.split("=")
    with initialize_config_dir(str(assembly.conf()), version_base="1.3"):
        cfg = dict(compose("manipulate", [option])[group])
    parameters = inspect.signature(get_object(cfg.pop("_target_"))).parameters
    defaults = {name: each.default for name, each in parameters.items()}
    assert {name: tuple(value) if name == "against" else value for name, value in cfg.items()} == defaults


def test_choosing_another_stage_imports_none_of_this() -> None:
    """Nor does choosing one of these import diffusers before it is needed."""
    code = (
        "import sys; from bonafide.manipulation import pipeline, work; "
        "assert not any('pretrained' in name for name in sys.modules); "
        "from bonafide.manipulation.pretrained.audioldm2 import AudioLDM2; AudioLDM2(); "
        "assert not {'diffusers', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
