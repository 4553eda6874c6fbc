import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide import assembly
from bonafide.models.dcnn import DCNN, ActivatedPool, ShiftedConv2d
from bonafide.types import FeatureShape, InputError

SYM5 = FeatureShape(1, 256, 95)  # a second at 22,050 Hz
SMALL: dict[str, Any] = {"channels": (4, 4, 6, 8, 4)}
TINY = FeatureShape(1, 206, 14)


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def lively(model: DCNN) -> DCNN:
    """Statistics and slopes as of a trained one, not the neutral ones of a new one."""
    random = torch.Generator().manual_seed(5)
    for name, value in model.state_dict().items():
        if name.endswith("running_mean"):
            value.copy_(0.1 * torch.randn(value.shape, generator=random))
        elif name.endswith("running_var"):
            value.copy_(0.5 + torch.rand(value.shape, generator=random))
        elif value.shape == (1,):
            value.copy_(torch.rand(1, generator=random) - 0.3)
    return model.eval()


@pytest.mark.parametrize(
    ("wavelet", "count"),
    [("sym5", 239_015), ("sym8", 239_015), ("haar", 237_097), ("sym2", 237_097), ("coif4", 241_099)],
)
def test_published_sizes_for_a_wavelet(wavelet: str, count: int) -> None:
    second = ["data.sample_rate=22050", "data.clip_seconds=1.0"]
    model = assembly.task(assembly.compose(["model=dcnn", f"frontend.wavelet={wavelet}", *second])).model
    assert parameters(model) == count


@pytest.mark.parametrize(
    ("frames", "t", "count"),
    [
        (77, 9, 233_759),
        (87, 11, 237_097),
        (95, 12, 239_015),
        (101, 12, 239_015),
        (109, 13, 241_099),
        (115, 14, 243_349),
        (120, 15, 245_765),
        (126, 16, 248_347),
        (138, 17, 251_095),
        (144, 18, 254_009),
        (264, 33, 317_639),
    ],
)
def test_published_sizes_for_a_length(frames: int, t: int, count: int) -> None:
    model = DCNN(FeatureShape(1, 256, frames))
    assert (frames + 2) // 8 == t
    assert parameters(model) == count == 226_955 + 83 * t**2 + 9 * t
    assert parameters(DCNN(FeatureShape(2, 256, frames))) == count + 576
    assert model.width == 320


def test_published_variants() -> None:
    assert parameters(DCNN(SYM5, dropout=0.0, time_dropout=0.0)) == 239_015
    assert parameters(DCNN(SYM5, dilation=False)) == 230_408
    assert DCNN(SYM5, dilation=False).width == 2048
    assert parameters(DCNN(SYM5, classes=1)) == 239_015 - 321


def test_published_shapes_on_the_way() -> None:
    model = DCNN(SYM5).eval()
    shapes = []
    for layer in (*model.image, *model.time):
        layer.register_forward_hook(lambda _, __, out: shapes.append(tuple(out.shape[1:])))
    with torch.no_grad():
        assert model.embed(torch.zeros(1, *SYM5)).shape == (1, 320)
    seen = list(dict.fromkeys(shapes))
    wanted = [(64, 48, 129), (96, 24, 64), (128, 24, 64), (32, 24, 64), (64, 12, 32)]
    assert [shape for shape in seen if shape in wanted] == wanted
    assert seen[-3:] == [(12, 64, 32), (12, 60, 28), (12, 40, 8)]


@pytest.mark.parametrize("name", ["xlsr", "lfcc"])
def test_any_image_that_is_large_enough_is_read(name: str) -> None:
    shape = {"xlsr": FeatureShape(1, 1024, 49), "lfcc": FeatureShape(3, 6, 6)}[name]
    logits = DCNN(shape, dilation=name == "xlsr", **SMALL)(torch.randn(2, *shape))
    assert logits.shape == (2, 2)
    assert logits.isfinite().all()


def plainly(model: DCNN, features: Tensor) -> Tensor:
    """The table of the paper, read from top to bottom: contiguous, activated before pooled, a head a step."""
    weights = iter([value for name, value in model.state_dict().items() if not name.endswith("tracked")])

    def conv(x: Tensor, padding: int, dilation: int = 1) -> Tensor:
        return F.conv2d(x, next(weights), next(weights), padding=padding, dilation=dilation)

    def prelu(x: Tensor) -> Tensor:
        return torch.where(x > 0, x, next(weights) * x)

    def norm(x: Tensor) -> Tensor:
        mean, variance = (next(weights)[:, None, None] for _ in range(2))
        return (x - mean) / (variance + 1e-5).sqrt()

    def affine(x: Tensor) -> Tensor:
        scale, shift = (next(weights)[:, None, None] for _ in range(2))
        return norm(x) * scale + shift

    x = features.transpose(2, 3).contiguous()
    x = norm(F.max_pool2d(prelu(conv(x, 2)), 2))
    x = norm(prelu(conv(x, 0)))
    x = norm(F.max_pool2d(prelu(conv(x, 1)), 2))
    x = norm(prelu(conv(x, 1)))
    x = norm(prelu(conv(x, 1)))
    x = F.max_pool2d(prelu(conv(x, 1)), 2)
    x = x.permute(0, 2, 1, 3)
    for padding, dilation in [(1, 1), (2, 2), (2, 4)] if len(model.time) else []:
        x = prelu(conv(affine(x), padding, dilation))
    weight, bias = next(weights), next(weights)
    assert next(weights, None) is None
    return torch.stack([F.linear(step.flatten(1), weight, bias) for step in x.unbind(1)]).mean(0)


@pytest.mark.parametrize("dilation", [True, False])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_computes_the_table_of_the_paper(channels: int, dilation: bool) -> None:
    shape = FeatureShape(channels, *TINY[1:])
    model = lively(DCNN(shape, dilation=dilation))
    features = torch.randn(2, *shape)
    with torch.no_grad():
        torch.testing.assert_close(model(features), plainly(model, features), atol=1e-5, rtol=1e-4)


def test_the_memory_layout_of_the_features_does_not_matter() -> None:
    model = lively(DCNN(FeatureShape(1, 6, 20), dilation=False, **SMALL))
    layouts = []
    model.image[0].register_forward_hook(
        lambda _, __, out: layouts.append(out.is_contiguous(memory_format=torch.channels_last))
    )
    features = torch.randn(2, 1, 6, 20)
    with torch.no_grad():
        wanted = model(features)
        for copy in (features.mT.contiguous().mT, features.clone(memory_format=torch.channels_last)):
            torch.testing.assert_close(model(copy), wanted)
    assert layouts == [True] * 3


# Compiled, not of 0: all that is below is equal then, and equal values share the gradient.
@pytest.mark.parametrize(
    ("slope", "compiled"),
    [(0.25, False), (1.5, False), (0.0, False), (-0.5, False), (0.25, True), (1.5, True), (-0.5, True)],
)
def test_pooling_first_changes_nothing(slope: float, compiled: bool) -> None:
    """Values and all gradients, whatever the sign of the slope."""
    layer = ActivatedPool()
    nn.init.constant_(layer.activation.weight, slope)
    maps, weigh = torch.randn(2, 3, 9, 8), torch.randn(2, 3, 4, 4)

    def results(run: Callable[[Tensor], Tensor]) -> tuple[Tensor, ...]:
        x = maps.clone().requires_grad_()
        pooled = run(x)
        return (pooled.detach(), *torch.autograd.grad((pooled * weigh).sum(), [x, layer.activation.weight]))

    plain = results(lambda x: F.max_pool2d(F.prelu(x, layer.activation.weight), 2))
    run = torch.compile(layer, backend="eager", fullgraph=True) if compiled else layer
    for one, other in zip(results(run), plain, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("inputs", "kernel", "padding"), [(1, 3, 2), (2, 3, 1), (3, 2, 0), (1, 1, 0)])
def test_shifted_copies_make_a_convolution(inputs: int, kernel: int, padding: int) -> None:
    """Values and all gradients; and without a gradient it is the convolution itself."""
    layer = ShiftedConv2d(inputs, 4, kernel, padding=padding).double()
    image = torch.randn(2, inputs, 7, 6, dtype=torch.float64, requires_grad=True)
    learnt = [image, layer.weight, layer.bias]
    found, wanted = layer(image), F.conv2d(image, layer.weight, layer.bias, padding=padding)
    torch.testing.assert_close(found, wanted)
    assert found.is_contiguous(memory_format=torch.channels_last)
    upstream = torch.randn_like(wanted)
    slopes, exact = (torch.autograd.grad(out, learnt, upstream) for out in (found, wanted))
    torch.testing.assert_close(slopes, exact)
    with torch.no_grad():
        assert torch.equal(layer(image), wanted)
    assert torch.equal(layer.requires_grad_(False)(image), wanted)
    assert layer.state_dict().keys() == nn.Conv2d(1, 1, 1).state_dict().keys()


def test_every_parameter_learns() -> None:
    model = DCNN(TINY, dropout=0.0, time_dropout=0.0, **SMALL)
    model(torch.randn(4, *TINY)).square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("option", ["dropout", "time_dropout"])
def test_a_dropout_drops_in_training_only(option: str) -> None:
    features = torch.randn(2, *TINY)
    others = {name: 0.0 for name in ("dropout", "time_dropout") if name != option}
    model = DCNN(TINY, **SMALL, **others, **{option: 0.5})
    for norm in (layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)):
        norm.momentum = 0.0
    with torch.no_grad():
        assert not torch.equal(model.train().embed(features), model.embed(features))
        assert torch.equal(model.eval().embed(features), model.embed(features))


def test_channels_are_those_of_the_convolutions() -> None:
    model = DCNN(SYM5, channels=(2, 3, 4, 5, 6), dilation=False)
    sizes = [layer.out_channels for layer in model.image if isinstance(layer, nn.Conv2d)]
    assert sizes == [2, 3, 4, 5, 6, 64]


def test_a_clip_does_not_depend_on_its_batch() -> None:
    model = lively(DCNN(TINY, **SMALL))
    features = torch.randn(3, *TINY)
    torch.testing.assert_close(model(features), torch.cat([model(f[None]) for f in features]))


def test_it_compiles_in_one_graph_and_runs_under_autocast() -> None:
    model = lively(DCNN(TINY, **SMALL))
    features = torch.randn(2, *TINY)
    with torch.no_grad():
        wanted = model(features)
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(features), wanted)
        with torch.autocast("cpu", torch.bfloat16):
            torch.testing.assert_close(model(features).float(), wanted, atol=0.1, rtol=0.1)
    torch.testing.assert_close(compiled(features), wanted)  # with a gradient


def slots(*, pools: bool = True) -> Iterator[str]:
    """Names of the layers in a flat list of three parts, as trained twice wrapped."""
    place = 0
    for pooled, normed in [
        (True, True),
        (False, True),
        (True, True),
        (False, True),
        (False, True),
        (True, False),
    ]:
        skip = int(pooled and pools)
        yield from (f"first.{place}", f"first.{place + 1}")
        if normed:
            yield f"first.{place + 2 + skip}"
        place += 2 + skip + normed
    yield from (f"second.{place}" for place in range(9))
    yield "third"


def released(model: DCNN, *, pools: bool = True) -> dict[str, Tensor]:
    """The weights under other names and for logits of (bona fide, spoof)."""
    names: dict[str, str] = {}
    found = {}
    unused = slots(pools=pools)
    for name, value in model.state_dict().items():
        layer, _, kind = name.rpartition(".")
        names.setdefault(layer, "") or names.update({layer: next(unused)})
        found[f"{names[layer]}.{kind}"] = value.flip(0) if layer == "head" else value
    assert next(unused, None) is None
    return found


def test_released_weights_give_the_same_answers() -> None:
    model = lively(DCNN(TINY, **SMALL))
    other = DCNN(TINY, **SMALL).eval()
    theirs = released(model)
    assert {"first.3.running_mean", "first.18.weight", "second.8.weight", "third.bias"} <= set(theirs)
    features = torch.randn(2, *TINY)
    with torch.no_grad():
        assert not torch.equal(other(features), model(features))
        other.load_state_dict({**other.state_dict(), **other.renamed(theirs)})
        torch.testing.assert_close(other(features), model(features), atol=0, rtol=0)
        as_theirs = F.linear(model.embed(features), theirs["third.weight"], theirs["third.bias"])
        torch.testing.assert_close(as_theirs, model(features).flip(1))


def test_other_weights_are_refused() -> None:
    model = DCNN(TINY, **SMALL)
    theirs = released(model)
    with pytest.raises(
        InputError, match=r"another sequence of layers: from first\.0\.weight .* sym5"
    ) as caught:
        model.renamed(released(model, pools=False))
    assert "\n" not in str(caught.value)
    fewer = {name: value for name, value in theirs.items() if name != "third.bias"}
    with pytest.raises(InputError, match=r"nothing stands where head\.bias \[2\] should"):
        model.renamed(fewer)
    with pytest.raises(InputError, match=r"extra\.weight \[3\] stands where nothing should"):
        model.renamed(theirs | {"extra.weight": torch.zeros(3)})
    with pytest.raises(
        InputError, match=r"second\.0\.weight \[3\] stands where time\.0\.weight \[2\] should"
    ):
        model.renamed(released(DCNN(FeatureShape(1, 206, 22), **SMALL)))
    with pytest.raises(InputError, match=r"set model\.classes to 2"):
        DCNN(TINY, classes=1, **SMALL).renamed(theirs)


def test_counters_of_batches_may_be_missing() -> None:
    model = DCNN(TINY, **SMALL)
    kept = {name: value for name, value in released(model).items() if not name.endswith("tracked")}
    assert model.renamed(kept).keys() == model.renamed(released(model)).keys()


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((1, 1, 22_050), {}, r"^DCNN reads .*, not a waveform; try frontend=wavelet_packets\.$"),
        ((1, 197, 95), {}, r"at least 198 bins, not 197; .* or model\.dilation=false"),
        ((1, 5, 95), {"dilation": False}, r"at least 6 bins, not 5; try frontend=wavelet_packets\.$"),
        ((1, 256, 5), {}, r"at least 6 frames, not 5; lengthen data\.clip_seconds"),
        ((1, 256, 95), {"channels": [4, 4]}, r"model\.channels lists .* five convolutions, not \[4, 4\]"),
        ((1, 256, 95), {"channels": [4, 4, 0, 4, 4]}, r"model\.channels"),
        ((1, 256, 95), {"dropout": 1.0}, r"model\.dropout=1 "),
        ((1, 256, 95), {"time_dropout": -0.1}, r"model\.time_dropout=-0\.1 "),
    ],
)
def test_what_makes_no_sense_is_refused(
    shape: tuple[int, int, int], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        DCNN(FeatureShape(*shape), **options)
    assert re.search(message, str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(1, 198, 6), (2, 256, 6)])
def test_the_smallest_that_is_read(shape: tuple[int, int, int]) -> None:
    assert DCNN(FeatureShape(*shape), **SMALL).eval()(torch.randn(1, *shape)).isfinite().all()
