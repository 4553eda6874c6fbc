from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from tests.models import straight_aasist as straight
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide import assembly
from bonafide.models import published
from bonafide.models.w2v2_aasist import W2V2AASIST
from bonafide.types import FeatureShape, InputError

XLSR = FeatureShape(1, 1024, 201)
SIZES = straight.Sizes(64, (64, 32), (0.5, 0.5, 0.5))


def small(shape: tuple[int, int, int] = (1, 10, 12), classes: int = 2, **settings: Any) -> W2V2AASIST:
    given = {"reduced": 12, "widths": (4, 6, 6), "graph_widths": (6, 5)} | settings
    return W2V2AASIST(FeatureShape(*shape), classes, **given)


def test_published_parameter_count() -> None:
    node: Any = OmegaConf.to_container(assembly.compose(["model=w2v2_aasist"]).model, resolve=True)
    for of_the_task in ("learning_rate", "weights"):
        node.pop(of_the_task, None)
    model = instantiate(node, shape=XLSR)
    assert sum(p.numel() for p in model.parameters()) == 447_242


def test_published_sizes() -> None:
    model = W2V2AASIST(XLSR).eval()
    seen: list[list[int]] = []
    stack: Any = model.graph.stacks[0]
    graph = model.graph
    for part in (model.project, model.entry, *model.blocks, graph.spectral, graph.temporal):
        part.register_forward_hook(lambda _, __, output: seen.append([*output.shape[1:]]))
    for part in (stack.pool_spectral, stack.pool_temporal):
        part.register_forward_hook(lambda _, __, output: seen.append([*output.shape[1:]]))
    with torch.no_grad():
        assert model.embed(torch.randn(1, *XLSR)).shape == (1, 160)
    widths = (32, 32, 64, 64, 64, 64)
    assert seen[:8] == [[128, 201], [1, 42, 67], *([width, 42, 67] for width in widths)]
    assert sorted(seen[8:]) == [[10, 32], [16, 32], [21, 64], [33, 64]]


@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("shape", [(1, 2, 3), (1, 80, 126), (1, 1024, 49), (1, 768, 20)])
def test_any_image_of_three_frames_is_read(shape: tuple[int, int, int], classes: int) -> None:
    logits = W2V2AASIST(FeatureShape(*shape), classes).eval()(torch.randn(2, *shape))
    assert logits.shape == (2, classes)
    assert logits.isfinite().all()


def released(bins: int, reduced: int = 128) -> dict[str, Tensor]:
    shapes = straight.linear_shapes("LL", reduced, bins)
    shapes |= straight.norm_shapes("first_bn", 1) | straight.norm_shapes("first_bn1", 64)
    shapes |= straight.released_encoder([32, 32, 64, 64, 64, 64])
    shapes |= {"attention.0.weight": (128, 64, 1, 1), "attention.0.bias": (128,)}
    shapes |= straight.norm_shapes("attention.2", 128)
    shapes |= {"attention.3.weight": (64, 128, 1, 1), "attention.3.bias": (64,)}
    return straight.drawn(shapes | straight.released_graph(SIZES, reduced // 3))


def published_logits(w: straight.Weights, features: Tensor) -> Tensor:
    """`[batch, 1, bins, frames]` → `[batch, 2]`: genuine, fake."""
    image = straight.linear(w, "LL", features.transpose(2, 3)).transpose(2, 3)
    image = F.selu(straight.norm(w, "first_bn", F.max_pool2d(image, 3)))
    for depth in range(6):
        image = straight.block(w, f"encoder.{depth}.0", image)
    image = F.selu(straight.norm(w, "first_bn1", image))
    importance = F.selu(F.conv2d(image, w["attention.0.weight"], w["attention.0.bias"]))
    importance = straight.norm(w, "attention.2", importance)
    importance = F.conv2d(importance, w["attention.3.weight"], w["attention.3.bias"]).exp()
    along_time = (image * importance).sum(3) / importance.sum(3)
    along_frequency = (image * importance).sum(2) / importance.sum(2)
    return straight.logits(w, SIZES, along_time.transpose(1, 2), along_frequency.transpose(1, 2))


def test_released_weights_give_the_published_logits_in_our_order(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights, features = released(16), torch.randn(2, 1, 16, 47)
    torch.save({f"module.{name}": value for name, value in weights.items()}, tmp_path / "weights.pt")
    model = W2V2AASIST(FeatureShape(1, 16, 47), faithful=True).eval()
    published.load(model, tmp_path / "weights.pt")
    # In double precision, for sharp attention makes rounding errors large.
    double = {name: value.double() for name, value in weights.items()}
    model, features = model.double(), features.double()
    with torch.no_grad():
        genuine_fake = published_logits(double, features)
        assert genuine_fake.diff(dim=0).abs().min() > 1e-3
        torch.testing.assert_close(model(features), genuine_fake[:, [1, 0]], atol=1e-9, rtol=1e-9)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    weights = released(16)
    with pytest.raises(InputError, match=r"published residual blocks; set model\.faithful=true\.$"):
        W2V2AASIST(XLSR).renamed(weights)
    with pytest.raises(InputError, match="weights of W2V2AASIST, which have no encoder_layers; give"):
        W2V2AASIST(XLSR, faithful=True).renamed({"encoder_layers": torch.zeros(1)})
    torch.save(weights, tmp_path / "weights.pt")
    with pytest.raises(InputError, match=r"project\.weight is \[128, 16, 1\] and not \[128, 1024, 1\]"):
        published.load(W2V2AASIST(XLSR, faithful=True), tmp_path / "weights.pt")


def test_every_parameter_learns_unless_faithful() -> None:
    for faithful in (False, True):
        model = small(faithful=faithful)
        idle = {name for name, p in model.named_parameters() if not p.requires_grad}
        assert len(idle) == (4 if faithful else 0)
        model(torch.randn(6, 1, 10, 12)).square().sum().backward()
        assert {name for name, p in model.named_parameters() if p.grad is None} == idle


@pytest.mark.parametrize(
    "settings",
    [
        {"temperatures": (2, 2, 1)},
        {"temperatures": (2, 50, 100)},
        {"pool_ratios": (1, 1, 1)},
        {"faithful": True},
    ],
    ids=str,
)
def test_settings_have_an_effect(settings: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model, other = small().eval(), small(**settings).eval()
    for weight in model.graph.parameters():
        nn.init.normal_(weight)
    other.load_state_dict(model.state_dict())
    image = torch.randn(2, 1, 10, 12)
    assert not torch.allclose(model(image), other(image), atol=1e-3)


def test_gradients_lie_as_their_parameters() -> None:
    """Or data-parallel training warns at every start, and copies them."""
    model = small()
    model(torch.randn(2, 1, 10, 12)).sum().backward()
    strides = {
        name: (p.stride(), p.grad.stride()) for name, p in model.named_parameters() if p.grad is not None
    }
    assert {name: pair for name, pair in strides.items() if pair[0] != pair[1]} == {}


def test_dropout_comes_after_the_embedding() -> None:
    model = small(dropout=0.9).eval()
    model.head.train()
    image = torch.randn(1, 1, 10, 12)
    assert torch.equal(model.embed(image), model.embed(image))
    assert model.embed(image).shape == (1, model.width)
    assert not torch.equal(model(image), model(image))


def test_a_clip_does_not_depend_on_its_batch() -> None:
    model = small().eval()
    images = torch.randn(3, 1, 10, 12)
    torch.testing.assert_close(
        model(images), torch.cat([model(i[None]) for i in images]), atol=1e-5, rtol=1e-5
    )


def test_it_compiles_in_one_graph() -> None:
    model, images = small().eval(), torch.randn(2, 1, 10, 12)
    torch.testing.assert_close(torch.compile(model, backend="eager", fullgraph=True)(images), model(images))


@pytest.mark.parametrize(
    ("shape", "settings", "message"),
    [
        ((1, 1, 64600), {}, "not a waveform; try frontend=xlsr_layer5"),
        ((3, 80, 126), {}, "one channel of features, not 3; try frontend=xlsr_layer5"),
        ((1, 1024, 2), {}, "at least 3 frames, not 2; lengthen data.clip_seconds"),
        ((1, 1024, 201), {"reduced": 2}, "needs reduced=3 or more, not 2"),
        ((1, 1024, 201), {"pool_ratios": [0.5] * 4}, "W2V2AASIST pools by three ratios"),
    ],
)
def test_what_it_cannot_read_is_refused(
    shape: tuple[int, int, int], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        W2V2AASIST(FeatureShape(*shape), **settings)
