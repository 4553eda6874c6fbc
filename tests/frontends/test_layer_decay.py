"""Learning rates that fall from the top of a pre-trained encoder to its bottom."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.frontends import tiny_eat, tiny_encoders

from bonafide.frontends.eat import EAT
from bonafide.frontends.pretrained import Pretrained
from bonafide.frontends.transformer import Transformer
from bonafide.frontends.whisper import Whisper
from bonafide.types import InputError

FAMILIES = ("wav2vec2", "xlsr", "hubert", "wavlm", "whisper", "eat")
LAYERS = 3
BELOW = {"wav2vec2": "feature_projection", "xlsr": "feature_projection", "hubert": "feature_projection"}
BELOW |= {"wavlm": "feature_projection", "whisper": "conv1", "eat": "token"}


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Pretrained]:
    top = tmp_path_factory.mktemp("encoders")

    def made(family: str, **settings: Any) -> Pretrained:
        source = top / family
        given: dict[str, Any] = {"layers": LAYERS, "frozen": False, "lr_scale": 0.1, **settings}
        if not source.is_dir():
            if family == "eat":
                source.mkdir()
                tiny_eat.write(source)
            else:
                tiny_encoders.write(family, source)
        if family == "eat":
            return EAT(16_000, source=str(source / "eat.pt"), **given)
        return (Whisper if family == "whisper" else Transformer)(16_000, source=str(source), **given)

    return made


def scales(frontend: Pretrained) -> dict[str, float]:
    """Of every trained weight, by its name."""
    known = {
        id(weight): group.lr_scale for group in frontend.parameter_groups() for weight in group.parameters
    }
    return {name: known[id(w)] for name, w in frontend.named_parameters() if w.requires_grad}


@pytest.mark.parametrize("family", FAMILIES)
def test_layer_k_of_n_learns_at_decay_to_the_power_of_n_minus_k(
    family: str, make: Callable[..., Pretrained]
) -> None:
    frontend = make(family, lr_decay=0.5)
    found = scales(frontend)
    stack = "blocks" if family == "eat" else "layers"
    for k in range(LAYERS):
        own = {scale for name, scale in found.items() if f".{stack}.{k}." in name}
        assert sorted(own) == pytest.approx([0.1 * 0.5 ** (LAYERS - 1 - k)])
    below = {scale for name, scale in found.items() if f".{stack}." not in name}
    assert sorted(below) == pytest.approx([0.1 * 0.5**LAYERS])
    assert any(BELOW[family] in name for name in found)
    rates = [group.lr_scale for group in frontend.parameter_groups()]
    assert rates == sorted(rates)
    assert len(rates) == LAYERS + 1


@pytest.mark.parametrize("family", ["xlsr", "whisper"])
def test_a_norm_above_the_layers_learns_with_the_last(family: str, make: Callable[..., Pretrained]) -> None:
    found = scales(make(family, lr_decay=0.5, layers="last"))
    stack = "encoder.encoder" if family == "xlsr" else "encoder"
    norm = [scale for name, scale in found.items() if name.startswith(f"{stack}.layer_norm.")]
    assert norm == pytest.approx([0.1, 0.1])
    assert min(found.values()) < 0.1


def test_weights_of_layers_learn_at_the_rate_of_the_model(make: Callable[..., Pretrained]) -> None:
    frontend = make("xlsr", lr_decay=0.5, layers="weighted")
    assert frontend.parameter_groups()[-1].lr_scale == 1
    assert scales(frontend)["layers.logits"] == 1


def test_frozen_layers_have_no_group(make: Callable[..., Pretrained]) -> None:
    frontend = make("xlsr", lr_decay=0.5, frozen=1)
    assert [group.lr_scale for group in frontend.parameter_groups()] == pytest.approx([0.05, 0.1])
    assert make("xlsr", lr_decay=0.5, frozen=True).parameter_groups() == []


@pytest.mark.parametrize("family", FAMILIES)
def test_without_a_decay_the_encoder_is_one_group(family: str, make: Callable[..., Pretrained]) -> None:
    (group,) = make(family).parameter_groups()
    assert group.lr_scale == 0.1


@pytest.mark.parametrize("decay", [0.0, -0.5, 1.5])
def test_what_is_no_decay_is_refused(decay: float, make: Callable[..., Pretrained]) -> None:
    with pytest.raises(InputError, match=r"frontend\.lr_decay=.* 1 lets all layers learn alike"):
        make("whisper", lr_decay=decay)
