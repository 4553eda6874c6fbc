import math
from typing import Any

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from tests.models import straight_aasist as straight
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide import assembly
from bonafide.models.aasist import AASIST, BandMask
from bonafide.models.layers.graph import GraphPooling, HeterogeneousAttention, PairScores
from bonafide.models.layers.residual import ResidualImage
from bonafide.types import FeatureShape, InputError

CLIP = FeatureShape(1, 1, 64600)
LIGHT: dict[str, Any] = {
    "widths": (32, 32, 24, 24, 24, 24),
    "graph_widths": (24, 32),
    "pool_ratios": (0.4, 0.5, 0.7),
}
SIZES = {
    "aasist": straight.Sizes(64, (64, 32), (0.5, 0.7, 0.5)),
    "aasist_l": straight.Sizes(24, (24, 32), (0.4, 0.5, 0.7)),
}


def small(samples: int = 4000, classes: int = 2, **settings: Any) -> AASIST:
    given = {"bands": 12, "taps": 33, "widths": (4, 6, 6), "graph_widths": (6, 5)} | settings
    return AASIST(FeatureShape(1, 1, samples), classes, **given)


def count(module: nn.Module, *, learning: bool = False) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad or not learning)


@pytest.mark.parametrize(("option", "parameters"), [("aasist", 297_866), ("aasist_l", 85_306)])
def test_published_parameter_counts(option: str, parameters: int) -> None:
    node: Any = OmegaConf.to_container(assembly.compose([f"model={option}"]).model, resolve=True)
    for of_the_task in ("learning_rate", "weights"):
        node.pop(of_the_task, None)
    assert count(instantiate(node, shape=CLIP)) == parameters


@pytest.mark.parametrize(
    ("settings", "spectral", "temporal"), [({}, [11, 5], [20, 10]), (LIGHT, [9, 6], [14, 9])]
)
def test_published_sizes(settings: dict[str, Any], spectral: list[int], temporal: list[int]) -> None:
    model = AASIST(CLIP, **settings).eval()
    seen: dict[str, list[list[int]]] = {}
    stack: Any = model.graph.stacks[1]
    for name, parts in {
        "sinc": [model.sinc],
        "image": [model.entry, *model.blocks[1::2]],
        "spectral": [model.graph.spectral, stack.pool_spectral],
        "temporal": [model.graph.temporal, stack.pool_temporal],
    }.items():
        for part in parts:
            part.register_forward_hook(
                lambda _, __, output, name=name: seen.setdefault(name, []).append([*output.shape[1:]])
            )
    with torch.no_grad():
        model(torch.randn(1, *CLIP))
    assert seen["sinc"] == [[70, 64_472]]
    assert [size[1] for size in seen["image"]] == [23] * 7
    assert [size[2] for size in seen["image"]] == [21_490, 7163, 2387, 795, 265, 88, 29]
    assert [size[0] for size in seen["spectral"]] == spectral
    assert [size[0] for size in seen["temporal"]] == temporal
    assert model.width == 160


def test_published_filters() -> None:
    filters = AASIST(CLIP).sinc.filters
    assert filters.shape == (70, 129)
    assert filters.double().abs().sum().item() == pytest.approx(38.73733, abs=1e-5)
    assert filters[[0, 69], 64].tolist() == pytest.approx([0.00320738, 0.03845365], abs=1e-8)


def filters_by_hand() -> Tensor:
    edges = 700 * (10 ** (np.linspace(0, 2595 * math.log10(1 + 8000 / 700), 71) / 2595) - 1)
    n = np.arange(-64, 65)
    low = np.stack([2 * f / 16000 * np.sinc(2 * f * n / 16000) for f in edges])
    return torch.from_numpy((low[1:] - low[:-1]) * np.hamming(129)).float()


def released(option: str) -> dict[str, Tensor]:
    """Weights drawn under the names and shapes of the released files."""
    last = SIZES[option].channels
    shapes = straight.norm_shapes("first_bn", 1) | straight.released_encoder([32, 32, *[last] * 4])
    return straight.drawn(shapes | straight.released_graph(SIZES[option], 23))


def published_logits(w: straight.Weights, sizes: straight.Sizes, waveform: Tensor) -> Tensor:
    """`[batch, time]` → `[batch, 2]`: spoof, bona fide."""
    image = F.max_pool2d(F.conv1d(waveform[:, None], filters_by_hand()[:, None]).abs()[:, None], 3)
    image = F.selu(straight.norm(w, "first_bn", image))
    for depth in range(6):
        image = F.max_pool2d(straight.block(w, f"encoder.{depth}.0", image), (1, 3))
    spectral, temporal = image.abs().amax(3).transpose(1, 2), image.abs().amax(2).transpose(1, 2)
    return straight.logits(w, sizes, spectral, temporal)


@pytest.fixture(scope="module", params=["aasist", "aasist_l"])
def pair(request: pytest.FixtureRequest) -> tuple[str, AASIST, dict[str, Tensor]]:
    torch.manual_seed(0)
    weights = released(request.param)
    model = AASIST(
        FeatureShape(1, 1, 16000), faithful=True, **(LIGHT if request.param == "aasist_l" else {})
    ).eval()
    model.load_state_dict(model.renamed(weights))
    return request.param, model, weights


def test_released_weights_have_229_entries(pair: tuple[str, AASIST, dict[str, Tensor]]) -> None:
    option, model, weights = pair
    elements = {"aasist": 299_550, "aasist_l": 86_270}[option]
    assert (len(weights), sum(value.numel() for value in weights.values())) == (229, elements)
    assert sum(value.numel() for value in model.state_dict().values()) == elements


def test_released_weights_give_the_published_logits(pair: tuple[str, AASIST, dict[str, Tensor]]) -> None:
    option, model, weights = pair
    waveform = 3 * torch.randn(2, 16000)
    with torch.no_grad():
        wanted = published_logits(weights, SIZES[option], waveform)
        assert wanted.diff(dim=0).abs().min() > 1e-2
        torch.testing.assert_close(model(waveform[:, None, None]), wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HtrgGAT_layer_ST11.att_weight11", "HtrgGAT_layer_ST11.att_weight22"),
        ("HtrgGAT_layer_ST12.att_weight12", "HtrgGAT_layer_ST12.att_weight11"),
        ("HtrgGAT_layer_ST21.proj_type1.weight", "HtrgGAT_layer_ST21.proj_type2.weight"),
        ("HtrgGAT_layer_ST22.att_projM.weight", "HtrgGAT_layer_ST22.att_proj.weight"),
        ("GAT_layer_S.proj_with_att.weight", "GAT_layer_T.proj_with_att.weight"),
        ("GAT_layer_S.att_weight", "GAT_layer_T.att_weight"),
        ("pool_S.proj.weight", "pool_T.proj.weight"),
        ("master1", "master2"),
    ],
)
def test_no_two_weights_of_the_graphs_could_be_mistaken(
    pair: tuple[str, AASIST, dict[str, Tensor]], one: str, other: str
) -> None:
    """So equal logits say that every weight went to its place."""
    option, _, weights = pair
    swapped = weights | {one: weights[other], other: weights[one]}
    made = torch.Generator().manual_seed(0)
    nodes = [torch.randn(2, count, SIZES[option].channels, generator=made) for count in (23, 29)]
    right, wrong = (straight.logits(w, SIZES[option], *nodes) for w in (weights, swapped))
    assert (right - wrong).abs().max() > 1e-4


def test_other_weights_are_refused() -> None:
    with pytest.raises(InputError, match=r"published residual blocks; set model\.faithful=true\.$"):
        AASIST(CLIP).renamed(released("aasist"))
    with pytest.raises(InputError, match=r"weights of AASIST, which have no fc\.weight, conv1; give"):
        AASIST(CLIP, faithful=True).renamed({"fc.weight": torch.zeros(1), "conv1": torch.zeros(1)})


@pytest.mark.parametrize("faithful", [True, False])
def test_the_block_reads_its_activation_unless_faithful(faithful: bool) -> None:
    block = ResidualImage(4, 6, first=False, faithful=faithful).eval()
    image = torch.randn(2, 4, 5, 9)
    kept = image.clone()
    conv1, norm, _, conv2 = block.residual
    ready = image if faithful else F.selu(block.before[0](image))  # type: ignore[index]
    wanted = conv2(F.selu(norm(conv1(ready)))) + block.shortcut(image)
    torch.testing.assert_close(block(image), wanted)
    assert torch.equal(image, kept)  # activating in place spares the input
    other = ResidualImage(4, 6, first=False, faithful=not faithful).eval()
    other.load_state_dict(block.state_dict())
    assert not torch.allclose(other(image), wanted)


def test_mended_every_parameter_learns() -> None:
    model = small(dropout=0.0)
    model(torch.randn(6, 1, 1, 4000)).square().sum().backward()
    silent = {name for name, p in model.named_parameters() if p.grad is None}
    assert silent == set()


def test_faithful_what_is_idle_does_not_wait_for_gradients() -> None:
    model = small(faithful=True)
    idle = {name for name, p in model.named_parameters() if not p.requires_grad}
    assert idle == {f"blocks.{i}.before.0.{part}" for i in (2, 4) for part in ("weight", "bias")}
    model(torch.randn(6, 1, 1, 4000)).square().sum().backward()
    assert {name for name, p in model.named_parameters() if p.grad is None} == idle
    assert count(model) == count(small())
    assert count(small(), learning=True) - count(model, learning=True) == 2 * (4 + 6)


@pytest.mark.parametrize("kinds", [[5], [4, 3]])
def test_pairs_score_as_the_straight_formulation(kinds: list[int]) -> None:
    scores = PairScores(6, 4, kinds).double()
    nodes = torch.randn(3, sum(kinds), 6, dtype=torch.float64, requires_grad=True)
    every = scores.project(nodes[:, :, None] * nodes[:, None]).tanh()
    first = torch.arange(sum(kinds)) < kinds[0]
    wanted = torch.zeros(3, sum(kinds), sum(kinds), dtype=torch.float64)
    for i in range(sum(kinds)):
        for j in range(sum(kinds)):
            which = 2 if first[i] != first[j] else 0 if first[i] else 1
            wanted[:, i, j] = every[:, i, j] @ scores.vectors[which][:, 0]
    found = scores(nodes)
    torch.testing.assert_close(found, wanted)
    weights = [nodes, *scores.parameters()]
    weigh = torch.randn_like(wanted)  # not symmetric, as attention's gradient
    for ours, theirs in zip(
        torch.autograd.grad((found * weigh).sum(), weights),
        torch.autograd.grad((wanted * weigh).sum(), weights),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def test_nodes_are_a_set() -> None:
    """Another order of the nodes gives the answers in that order, and the same master."""
    layer = HeterogeneousAttention(6, 4, 5, 3, 2.0).eval()
    temporal, spectral, master = torch.randn(2, 5, 6), torch.randn(2, 3, 6), torch.randn(1, 1, 6)
    t, s, m = layer(temporal, spectral, master)
    order = torch.tensor([3, 1, 4, 0, 2])
    moved = layer(temporal[:, order], spectral, master)
    for found, wanted in zip(moved, (t[:, order], s, m), strict=True):
        torch.testing.assert_close(found, wanted)


def test_pooling_keeps_the_weightiest_in_their_order() -> None:
    pool = GraphPooling(3, 2).eval()
    nn.init.ones_(pool.weigh.weight)
    nn.init.zeros_(pool.weigh.bias)
    nodes = torch.tensor([[0.0, 0, 0], [1, 2, 3], [-1, 0, 0], [4, 5, 6]])[None]
    weights = torch.tensor([15.0, 6.0]).sigmoid()
    torch.testing.assert_close(pool(nodes), nodes[:, [3, 1]] * weights[:, None])


def silenced(mask: BandMask, draws: int = 4000) -> Tensor:
    """`[draws, bands]`: which bands a draw silences."""
    out: Tensor = mask.train()(torch.ones(draws, 7, 2))
    assert torch.equal(out[..., 0], out[..., 1])
    return out[..., 0] == 0


def test_masked_bands_are_neighbours_and_everywhere() -> None:
    torch.manual_seed(0)
    found = silenced(BandMask(3, shared=False))
    sizes = found.sum(dim=1)
    torch.testing.assert_close(sizes.bincount() / 4000, torch.full((4,), 0.25), atol=0.04, rtol=0)
    steps = F.pad(found.int(), (1, 1)).diff(dim=1)
    assert ((steps == 1).sum(dim=1) == (sizes > 0)).all()  # one stretch
    starts = found[sizes == 3].int().argmax(dim=1).bincount()
    torch.testing.assert_close(starts / starts.sum(), torch.full((5,), 0.2), atol=0.05, rtol=0)


def test_a_faithful_batch_shares_its_mask() -> None:
    torch.manual_seed(0)
    draws = [silenced(BandMask(3, shared=True), 5) for _ in range(20)]
    assert all((rows == rows[0]).all() for rows in draws)
    assert len({tuple(rows[0].tolist()) for rows in draws}) > 3
    assert small(faithful=True).mask.shared
    assert not small().mask.shared


def test_masking_is_for_training() -> None:
    model, waveform = small(masked_bands=12, dropout=0.0), torch.randn(2, 1, 1, 4000)
    fresh = small(dropout=0.0)
    fresh.load_state_dict(model.state_dict())
    torch.testing.assert_close(model.eval()(waveform), fresh.eval()(waveform))
    heard: list[Tensor] = []
    model.mask.register_forward_hook(lambda _, __, output: heard.append(output))
    torch.manual_seed(1)
    model.train()(waveform)
    fresh_bands = fresh.sinc(waveform.squeeze(2))
    silent = heard[0].eq(0).all(dim=2)  # [batch, bands]
    assert silent.any()
    torch.testing.assert_close(heard[0][~silent], fresh_bands[~silent])


@pytest.mark.parametrize(
    "settings",
    [{"temperatures": (2, 2, 1)}, {"temperatures": (50, 2, 100)}, {"pool_ratios": (1, 1, 1)}],
    ids=str,
)
def test_settings_of_the_graph_have_an_effect(settings: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model, other = small().eval(), small(**settings).eval()
    for weight in model.graph.parameters():
        nn.init.normal_(weight)
    other.load_state_dict(model.state_dict())
    waveform = torch.randn(2, 1, 1, 4000)
    assert not torch.allclose(model(waveform), other(waveform), atol=1e-3)


def test_gradients_lie_as_their_parameters() -> None:
    """Or data-parallel training warns at every start, and copies them."""
    model = small()
    model(torch.randn(2, 1, 1, 4000)).sum().backward()
    strides = {
        name: (p.stride(), p.grad.stride()) for name, p in model.named_parameters() if p.grad is not None
    }
    assert {name: pair for name, pair in strides.items() if pair[0] != pair[1]} == {}


def test_dropout_comes_after_the_embedding() -> None:
    model = small(dropout=0.5).eval()
    model.head.train()
    waveform = torch.randn(1, 1, 1, 4000)
    assert torch.equal(model.embed(waveform), model.embed(waveform))
    assert model.embed(waveform).shape == (1, model.width)
    assert not torch.equal(model(waveform), model(waveform))


def test_a_clip_does_not_depend_on_its_batch() -> None:
    model = small().eval()
    clips = torch.randn(3, 1, 1, 4000)
    torch.testing.assert_close(model(clips), torch.cat([model(c[None]) for c in clips]), atol=1e-5, rtol=1e-5)


def test_polarity_of_the_waveform_is_not_heard() -> None:
    model = small().eval()
    clip = torch.randn(1, 1, 1, 4000)
    torch.testing.assert_close(model(clip), model(-clip))


def test_it_compiles_in_one_graph_and_reads_in_half_precision() -> None:
    model, clips = small().eval(), torch.randn(2, 1, 1, 4000)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(clips), model(clips))
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(model(clips).float(), model(clips.float()).float())
        assert model.train()(clips).isfinite().all()


def test_the_shortest_clip_is_read_and_one_sample_less_refused() -> None:
    shortest = 3**4 + 33 - 1
    assert small(shortest).eval()(torch.randn(1, 1, 1, shortest)).isfinite().all()
    with pytest.raises(InputError, match="at least 113 samples"):
        small(shortest - 1)
    with pytest.raises(InputError, match=r"at least 2315 samples \(0\.1447 s at 16000 Hz\), not 2314"):
        AASIST(FeatureShape(1, 1, 2314))


@pytest.mark.parametrize("shape", [(1, 60, 253), (2, 1, 64600)])
def test_what_is_no_waveform_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match=r"^AASIST reads a waveform, not .* features; try frontend=raw\.$"):
        AASIST(FeatureShape(*shape))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pool_ratios": (0.5, 0.7, 0.5, 0.5)}, "a published fourth is read by nothing, drop it"),
        ({"temperatures": (2, 2, 100, 100)}, "a published fourth is read by nothing, drop it"),
        ({"pool_ratios": (0.5, 0.0, 0.5)}, r"above 0 and up to 1 .* pool_ratios=\[0\.5, 0\.0, 0\.5\]"),
        ({"temperatures": (2, 0, 100)}, r"three temperatures above 0 .* temperatures=\[2, 0, 100\]"),
        ({"graph_widths": (64,)}, r"graph_widths=\[64\]; give model\.graph_widths=\[64,32\]"),
        ({"taps": 128}, "taps=128; try taps=129"),
        ({"bands": 2}, "3 or more, not bands=2"),
        ({"masked_bands": 71}, "70 bands and cannot silence masked_bands=71; give 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        AASIST(CLIP, **settings)
    assert "\n" not in str(refusal.value)
