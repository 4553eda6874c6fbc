import itertools
import re
import shlex
from typing import Any

import pytest
import torch
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from torch import nn

from bonafide import assembly
from bonafide.models import sequential
from bonafide.models.dcnn import DCNN
from bonafide.models.listed_layers import LAYERS
from bonafide.models.sequential import Sequential
from bonafide.types import FeatureShape, InputError

IMAGE = FeatureShape(2, 12, 10)
SECOND = ["model=sequential", "data.sample_rate=22050", "data.clip_seconds=1.0"]


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def make(*words: str) -> Sequential:
    model = assembly.task(assembly.compose([*SECOND, *words])).model
    assert isinstance(model, Sequential)
    return model


@pytest.mark.parametrize(("wavelet", "count"), [("sym5", 239_015), ("haar", 237_097), ("coif4", 241_099)])
def test_the_list_in_the_config_is_the_network_of_the_paper(wavelet: str, count: int) -> None:
    model = make(f"frontend.wavelet={wavelet}")
    assert parameters(model) == count
    assert model.width == 320


def test_with_the_weights_of_dcnn_the_list_gives_its_answers() -> None:
    shape = FeatureShape(1, 206, 14)
    layers: Any = OmegaConf.to_container(assembly.compose(["model=sequential"]).model.layers)
    listed, dcnn = Sequential(shape, layers=layers).eval(), DCNN(shape).eval()
    with torch.no_grad():
        for one, other in zip(listed.parameters(), dcnn.parameters(), strict=True):
            one.copy_(other)
        features = torch.randn(2, *shape)
        torch.testing.assert_close(listed(features), dcnn(features), atol=1e-5, rtol=1e-4)


def commands() -> list[list[str]]:
    """What the module says how to sweep."""
    (said,) = re.findall(r"```console\n(.*?)```", sequential.__doc__ or "", re.DOTALL)
    return [shlex.split(line)[2:] for line in said.replace("\\\n", " ").splitlines()]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_commands_of_the_docstring_are_grids_of_networks(words: list[str]) -> None:
    assert words[:2] == ["-m", "model=sequential"]
    choices = []
    for parsed in OverridesParser.create().parse_overrides(words[2:]):
        assert parsed.is_sweep_override()
        key = parsed.input_line.partition("=")[0] if parsed.input_line else ""
        choices.append([f"{key}={value}" for value in parsed.sweep_string_iterator()])
    made = [make(*cell) for cell in itertools.product(*choices)]
    assert len(made) == max(2, 2 ** len(choices))
    assert len({str(model) for model in made}) == len(made)  # no two cells build the same


def test_an_option_on_the_command_line_changes_its_layer() -> None:
    model = make("model.layers.1.channels=16", "model.layers.21.p=0.1")
    first, drop = model.layers[1], model.layers[21]
    assert isinstance(first, nn.Conv2d)
    assert isinstance(drop, nn.Dropout)
    assert (first.out_channels, drop.p) == (16, 0.1)
    assert parameters(model) == 239_015 - 48 * 10 - 48 * 64


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        ({"layer": "conv", "channels": 4}, (4, 10, 8)),
        ({"layer": "conv"}, (2, 10, 8)),
        ({"layer": "conv", "channels": 4, "kernel": [3, 5], "padding": [1, 2]}, (4, 12, 10)),
        ({"layer": "conv", "channels": 4, "padding": "same", "dilation": 2}, (4, 12, 10)),
        ({"layer": "conv", "channels": 4, "stride": 2, "groups": 2, "bias": False}, (4, 5, 4)),
        ({"layer": "max_pool"}, (2, 6, 5)),
        ({"layer": "avg_pool", "size": [3, 1], "stride": 2}, (2, 5, 5)),
        ({"layer": "batch_norm"}, IMAGE),
        ({"layer": "batch_norm", "affine": False}, IMAGE),
        ({"layer": "layer_norm"}, IMAGE),
        ({"layer": "prelu"}, IMAGE),
        ({"layer": "relu"}, IMAGE),
        ({"layer": "leaky_relu", "slope": 0.3}, IMAGE),
        ({"layer": "selu"}, IMAGE),
        ({"layer": "gelu"}, IMAGE),
        ({"layer": "tanh"}, IMAGE),
        ({"layer": "sigmoid"}, IMAGE),
        ({"layer": "max_feature_map"}, (1, 12, 10)),
        ({"layer": "dropout", "p": 0.2}, IMAGE),
        ({"layer": "permute", "axes": [2, 3, 1]}, (12, 10, 2)),
        ({"layer": "flatten"}, (240,)),
        ({"layer": "flatten", "start": 2}, (2, 120)),
        ({"layer": "mean", "axis": 2}, (2, 10)),
        ({"layer": "linear", "features": 3, "bias": False}, (2, 12, 3)),
    ],
    ids=str,
)
def test_a_layer_gives_the_shape_that_the_next_is_made_for(
    layer: dict[str, Any], wanted: tuple[int, ...]
) -> None:
    model = Sequential(IMAGE, layers=[layer, {"layer": "flatten"}])
    assert model.layers[0](torch.randn(3, *IMAGE)).shape == (3, *wanted)
    assert model(torch.randn(3, *IMAGE)).shape == (3, 2)


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        ({"layer": "lstm", "features": 3}, (12, 3)),
        ({"layer": "gru", "features": 3, "layers": 2, "bidirectional": True}, (12, 6)),
        ({"layer": "conv", "channels": 4}, (4, 8)),
        ({"layer": "max_pool", "size": 5}, (12, 2)),
        ({"layer": "avg_pool"}, (12, 5)),
        ({"layer": "batch_norm"}, (12, 10)),
    ],
    ids=str,
)
def test_layers_read_sequences_too(layer: dict[str, Any], wanted: tuple[int, ...]) -> None:
    model = Sequential(IMAGE, layers=[{"layer": "mean", "axis": 1}, layer, {"layer": "flatten"}])
    assert model.layers[:2](torch.randn(3, *IMAGE)).shape == (3, *wanted)


def test_a_vector_is_normalized_too() -> None:
    model = Sequential(IMAGE, layers=[{"layer": "flatten"}, {"layer": "batch_norm"}]).train()
    torch.testing.assert_close(
        model.embed(torch.randn(9, *IMAGE)).mean(0), torch.zeros(240), atol=1e-5, rtol=0
    )


def test_every_layer_of_the_docstring_is_there() -> None:
    said = re.search(r"    \* `conv`.*?Args:", Sequential.__doc__ or "", re.DOTALL)
    assert said is not None
    named = set(re.findall(r"`(\w+)`", said[0])) - {"same"}
    assert named == set(LAYERS)


def test_the_trial_leaves_no_trace() -> None:
    """Random numbers are drawn for the layer itself only, and its statistics are untouched."""
    torch.manual_seed(3)
    model = Sequential(
        IMAGE, layers=[{"layer": "conv", "channels": 4}, {"layer": "batch_norm"}, {"layer": "flatten"}]
    )
    torch.manual_seed(3)
    alone = nn.Conv2d(2, 4, 3)
    first, norm = model.layers[0], model.layers[1]
    assert torch.equal(first.weight, alone.weight)
    assert not norm.running_mean.any()
    assert not norm.num_batches_tracked


@pytest.mark.parametrize("classes", [1, 2])
def test_without_a_list_it_is_linear(classes: int) -> None:
    model = Sequential(IMAGE, classes)
    assert parameters(model) == 241 * classes


def test_a_clip_does_not_depend_on_its_batch() -> None:
    layers = [{"layer": "conv", "channels": 4}, {"layer": "batch_norm"}, {"layer": "flatten"}]
    model = Sequential(IMAGE, layers=layers).eval()
    features = torch.randn(3, *IMAGE)
    torch.testing.assert_close(model(features), torch.cat([model(f[None]) for f in features]))


CONV = {"layer": "conv", "channels": 4}


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([{"layer": "flaten"}], r"^model\.layers\.0: there is no layer flaten; perhaps flatten is meant\.$"),
        ([{"layer": "xyzzy"}], r"no layer xyzzy; choose from conv, max_pool, "),
        ([{"layer": ["conv"]}], r"no layer \['conv'\]"),
        ([CONV, "relu"], r"^model\.layers\.1 is 'relu' and names no layer; write \{layer: NAME, "),
        ([{"channels": 3}], r"^model\.layers\.0 is .* names no layer"),
        ([CONV, {"layer": "conv", "chanels": 3}], r"\.1 \(conv\) has no option chanels; perhaps channels "),
        ([{"layer": "relu", "p": 3}], r"\(relu\) has no option p; it takes none"),
        ([{"layer": "conv", "shape": 3}], r"\(conv\) has no option shape"),
        ([{"layer": "linear"}], r"\.0 \(linear\) needs features; give it a whole number"),
        ([{"layer": "conv", "channels": 0}], r"channels=0 should be a whole number from 1 up"),
        ([{"layer": "conv", "channels": True}], r"channels=True should be"),
        ([{"layer": "conv", "kernel": [3, 0]}], r"kernel=\[3, 0\] should be"),
        ([{"layer": "conv", "padding": "sme"}], r"padding=sme should be same or"),
        ([{"layer": "batch_norm", "affine": "no"}], r"affine=no should be true or false"),
        ([{"layer": "dropout", "p": "half"}], r"p=half should be a number"),
        ([{"layer": "dropout", "p": 1.5}], r"\.0 \(dropout\) .* between 0 and 1"),
        ([{"layer": "permute", "axes": 3}], r"axes=3 should be a list of axes"),
        ([{"layer": "permute", "axes": [1, 1, 3]}], r"\[1, 1, 3\] is no order of the axes 1 to 3"),
        ([{"layer": "conv", "kernel": [3, 3, 3]}], r"\[3, 3, 3\] is not for 2 axes"),
        ([{"layer": "max_pool", "size": [3]}], r"\[3\] is not for 2 axes"),
        ([{"layer": "max_pool", "size": 50}], r"\.0 \(max_pool\) cannot read \[2, 12, 10\]: .*too small"),
        ([CONV, {"layer": "conv", "kernel": 11}], r"\.1 \(conv\) cannot read \[4, 10, 8\]: "),
        ([{"layer": "conv", "stride": 2, "padding": "same"}], r"not supported for strided"),
        ([{"layer": "flatten"}, CONV], r"\.1 \(conv\) cannot read \[240\]: it reads 2 or 3 axes"),
        ([{"layer": "lstm", "features": 3}], r"\(lstm\) cannot read \[2, 12, 10\]: it reads 2 axes"),
        ([{"layer": "mean", "axis": 4}], r"\(mean\) cannot read .*out of range"),
        ([CONV], r"^model\.layers leaves \[4, 10, 8\] .* end the list with \{layer: flatten\}"),
        ([], r"^model\.layers leaves \[2, 12, 10\]"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_in_one_line(layers: list[Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        Sequential(IMAGE, layers=layers)
    assert re.search(message, str(caught.value)), caught.value
    assert "\n" not in str(caught.value)


def test_the_command_line_hears_of_it() -> None:
    with pytest.raises(InputError, match=r"^model\.layers\.1 \(conv\): channels=0 "):
        make("model.layers.1.channels=0")
