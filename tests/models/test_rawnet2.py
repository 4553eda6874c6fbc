from pathlib import Path

import numpy as np
import pytest
import torch
from tests.models import straight_aasist as straight
from torch import Tensor, nn
from torch.nn import functional as F

from bonafide.models import published as released
from bonafide.models.layers.sinc import SincFilters, TrainableSincFilters, filtered, mel_edges, sinc_bank
from bonafide.models.rawnet2 import FeatureMapScaling, RawNet2, ResidualBlock
from bonafide.types import FeatureShape, InputError

CLIP = FeatureShape(1, 1, 64600)
EDGES = (
    "0 94.00 200.62 321.55 458.73 614.33 790.82 991.01 1218.08 1475.64 1767.79 2099.17 2475.05 2901.40 "
    "3385.01 3933.55 4555.75 5261.51 6062.03 6970.05 8000"
)


def small(samples: int = 4000, classes: int = 2, **settings: bool) -> RawNet2:
    return RawNet2(
        FeatureShape(1, 1, samples),
        classes,
        bands=6,
        taps=65,
        widths=(6, 8, 8),
        recurrent=8,
        layers=2,
        embedding=5,
        **settings,
    )


def count(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


@pytest.fixture(scope="module")
def published() -> RawNet2:
    return RawNet2(CLIP, faithful=True)


def test_published_parameter_counts(published: RawNet2) -> None:
    assert count(published) == 17_621_410
    assert count(RawNet2(CLIP, classes=1)) == 17_620_385
    assert [count(block) for block in published.blocks[::2]] == [2480, 2520, 60_072, 99_072, 99_072, 99_072]
    assert count(*published.blocks[1::2]) == 66_888
    assert count(published.entry) == 40
    assert count(published.exit) == 256
    assert count(published.gru) == 16_140_288
    assert [count(layer) for layer in (published.embedding, published.head)] == [1_049_600, 2050]
    assert published.width == 1024


def test_published_lengths_and_dead_parameters(published: RawNet2) -> None:
    lengths = []
    for part in (published.sinc, published.entry, *published.blocks[::2]):
        part.register_forward_hook(lambda _, __, output: lengths.append(output.shape[-1]))
    published.train()
    logits = published(0.1 * torch.randn(2, *CLIP))
    assert logits.shape == (2, 2)
    assert lengths == [63_576, 21_192, 7064, 2354, 784, 261, 87, 29]
    logits.square().sum().backward()
    dead = {name: p.numel() for name, p in published.named_parameters() if p.grad is None}
    assert sum(dead.values()) == 848
    assert all(".before.0." in name for name in dead)
    # Data-parallel training waits for the gradient of every parameter that requires one.
    assert {name for name, p in published.named_parameters() if not p.requires_grad} == dead.keys()


def test_mended_every_parameter_learns() -> None:
    model = small(trainable_sinc=True)
    model(torch.randn(3, 1, 1, 4000)).square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_published_band_edges() -> None:
    expected = [float(edge) for edge in EDGES.split()]
    assert mel_edges(20, 16000).tolist() == pytest.approx(expected, abs=0.005)


def test_published_filters() -> None:
    bank = sinc_bank(mel_edges(20, 16000) / 8000, 1025)
    assert bank.shape == (20, 1025)
    assert bank[0, 512].item() == pytest.approx(0.0117497, abs=1e-7)
    assert bank[-1, 512].item() == pytest.approx(0.1287438, abs=1e-7)
    impulse = torch.zeros(1025, dtype=torch.float64)
    impulse[512] = 1
    assert (bank.sum(dim=0) - impulse).abs().max() < 1e-15
    assert torch.equal(SincFilters(20, 1025, 16000).filters, bank.float())


def test_filters_against_numpy() -> None:
    edges, place = mel_edges(20, 16000).numpy(), np.arange(-512, 513)
    low = 2 * edges[:, None] / 16000 * np.sinc(2 * edges[:, None] * place / 16000)
    expected = (low[1:] - low[:-1]) * np.hamming(1025)
    np.testing.assert_allclose(sinc_bank(torch.from_numpy(edges) / 8000, 1025), expected, atol=1e-15)


@pytest.mark.parametrize("build", [SincFilters, TrainableSincFilters])
def test_a_tone_passes_its_own_band_alone(build: type[SincFilters | TrainableSincFilters]) -> None:
    edges = mel_edges(20, 16000)
    centres = (edges[8:-1] + edges[9:]) / 2
    tones = torch.sin(2 * torch.pi * centres[:, None] * torch.arange(4000) / 16000).float()
    with torch.no_grad():
        peaks = build(20, 1025, 16000)(tones[:, None]).abs().amax(-1)  # [tones, bands]
    expected = torch.eye(20)[8:]
    torch.testing.assert_close(peaks, expected, atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("samples", "taps"),
    [(1025, 1025), (3001, 1025), (8192, 513), (8193, 1025), (24_577, 1025), (40_000, 5001), (9000, 9000)],
)
def test_long_filters_are_convolved(samples: int, taps: int) -> None:
    waveform = torch.randn(2, 1, samples, requires_grad=True)
    filters = torch.randn(3, taps, requires_grad=True)
    found, wanted = filtered(waveform, filters), F.conv1d(waveform, filters[:, None])
    upstream = torch.randn_like(wanted)
    pairs = [(found, wanted)]
    pairs += zip(
        torch.autograd.grad(found, (waveform, filters), upstream),
        torch.autograd.grad(wanted, (waveform, filters), upstream),
        strict=True,
    )
    for ours, theirs in pairs:
        assert ours.shape == theirs.shape
        assert (ours - theirs).abs().max() < 1e-5 * theirs.abs().max()


def test_long_filters_are_convolved_in_half_precision_too() -> None:
    waveform, filters = torch.randn(1, 1, 2000).bfloat16(), torch.randn(2, 600).bfloat16()
    assert torch.equal(filtered(waveform, filters), F.conv1d(waveform, filters[:, None]))


def test_trainable_filters_start_as_the_fixed_and_keep_the_spectrum() -> None:
    filters = TrainableSincFilters(20, 1025, 16000)
    torch.testing.assert_close(filters.filters(), SincFilters(20, 1025, 16000).filters, atol=1e-6, rtol=0)
    with torch.no_grad():
        filters.edges += 0.01 * torch.randn(19)
        moved = filters.filters()
    assert (moved.sum(dim=0)[:512]).abs().max() < 1e-6
    assert moved[:, 512].sum().item() == pytest.approx(1, abs=1e-5)


def test_switches_add_only_what_they_say() -> None:
    assert count(small(trainable_sinc=True)) - count(small()) == 5
    assert count(small(faithful=True)) == count(small())
    assert not any("sinc" in name for name in small().state_dict())


def block_by_hand(block: ResidualBlock, x: Tensor, *, activated: bool) -> Tensor:
    first, norm, _, second = block.residual
    ready = nn.functional.leaky_relu(block.before[0](x), 0.3) if activated else x  # type: ignore[index]
    y = second(nn.functional.leaky_relu(norm(first(ready)), 0.3)) + block.shortcut(x)
    return nn.functional.max_pool1d(y, 3)


@pytest.mark.parametrize("faithful", [True, False])
def test_the_block_reads_its_activation_unless_faithful(faithful: bool) -> None:
    block = ResidualBlock(4, 6, first=False, faithful=faithful).eval()
    x = torch.randn(2, 4, 31)
    torch.testing.assert_close(block(x), block_by_hand(block, x, activated=not faithful))
    assert not torch.allclose(block(x), block_by_hand(block, x, activated=faithful))


def test_scaling_adds_what_it_multiplies_by() -> None:
    scaling = FeatureMapScaling(3)
    nn.init.zeros_(scaling.weigh.weight)
    nn.init.constant_(scaling.weigh.bias, torch.logit(torch.tensor(0.25)).item())
    x = torch.randn(2, 3, 9)
    torch.testing.assert_close(scaling(x), 0.25 * x + 0.25)


@pytest.mark.parametrize("classes", [1, 2])
def test_logits_are_unnormalised(classes: int) -> None:
    model = small(classes=classes)
    logits = model(torch.randn(5, 1, 1, 4000))
    assert logits.shape == (5, classes)
    assert logits.std() > 0
    assert (logits.exp().sum(dim=1) - 1).abs().min() > 1e-4


def test_the_head_reads_the_embedding() -> None:
    model, clips = small().eval(), torch.randn(3, 1, 1, 4000)
    embedding = model.embed(clips)
    assert embedding.shape == (3, model.width) == (3, 5)
    model.head = nn.Identity()
    assert torch.equal(model(clips), embedding)


def baseline() -> dict[str, Tensor]:
    """Weights of `small` under the names of the ASVspoof 2021 baseline."""
    shapes = straight.norm_shapes("first_bn", 6)
    for depth, (inputs, outputs) in enumerate([(6, 6), (6, 8), (8, 8)]):
        block = f"block{depth}.0"
        shapes |= straight.norm_shapes(f"{block}.bn1", inputs) if depth else {}
        shapes |= {f"{block}.conv1.weight": (outputs, inputs, 3), f"{block}.conv1.bias": (outputs,)}
        shapes |= straight.norm_shapes(f"{block}.bn2", outputs)
        shapes |= {f"{block}.conv2.weight": (outputs, outputs, 3), f"{block}.conv2.bias": (outputs,)}
        if inputs != outputs:
            layer = f"{block}.conv_downsample"
            shapes |= {f"{layer}.weight": (outputs, inputs, 1), f"{layer}.bias": (outputs,)}
        shapes |= straight.linear_shapes(f"fc_attention{depth}.0", outputs, outputs)
    shapes |= straight.norm_shapes("bn_before_gru", 8)
    shapes |= {f"gru.{name}": tuple(value.shape) for name, value in nn.GRU(8, 8, 2).named_parameters()}
    shapes |= straight.linear_shapes("fc1_gru", 5, 8) | straight.linear_shapes("fc2_gru", 2, 5)
    return straight.drawn(shapes)


def baseline_logits(w: straight.Weights, waveform: Tensor) -> Tensor:
    """`[batch, time]` → `[batch, 2]`: spoof, bona fide."""
    bank = sinc_bank(mel_edges(6, 16000) / 8000, 65).float()
    x = F.max_pool1d(F.conv1d(waveform[:, None], bank[:, None]).abs(), 3)
    x = F.selu(straight.norm(w, "first_bn", x))
    for depth in range(3):
        block = f"block{depth}.0"
        y = F.conv1d(x, w[f"{block}.conv1.weight"], w[f"{block}.conv1.bias"], padding=1)
        y = F.leaky_relu(straight.norm(w, f"{block}.bn2", y), 0.3)
        y = F.conv1d(y, w[f"{block}.conv2.weight"], w[f"{block}.conv2.bias"], padding=1)
        if f"{block}.conv_downsample.weight" in w:
            x = F.conv1d(x, w[f"{block}.conv_downsample.weight"], w[f"{block}.conv_downsample.bias"])
        x = F.max_pool1d(x + y, 3)
        scale = straight.linear(w, f"fc_attention{depth}.0", x.mean(2)).sigmoid()[..., None]
        x = x * scale + scale
    gru = nn.GRU(8, 8, 2, batch_first=True)
    gru.load_state_dict({name[4:]: value for name, value in w.items() if name.startswith("gru.")})
    steps = gru(F.selu(straight.norm(w, "bn_before_gru", x)).transpose(1, 2))[0]
    return straight.linear(w, "fc2_gru", straight.linear(w, "fc1_gru", steps[:, -1]))


def test_weights_of_the_baseline_give_its_logits(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights, clips = baseline(), torch.randn(2, 4000)
    torch.save({f"module.{name}": value for name, value in weights.items()}, tmp_path / "weights.pth")
    model = small(faithful=True).eval()
    released.load(model, tmp_path / "weights.pth")
    with torch.no_grad():
        wanted = baseline_logits(weights, clips)
        assert wanted.diff(dim=0).abs().min() > 1e-3
        torch.testing.assert_close(model(clips[:, None, None]), wanted, atol=1e-5, rtol=1e-5)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    weights = baseline()
    with pytest.raises(InputError, match=r"published residual blocks; set model\.faithful=true\.$"):
        small().renamed(weights)
    with pytest.raises(InputError, match=r"have no Sinc_conv\.low_hz_; give a state dictionary of RawNet2"):
        small(faithful=True).renamed({"Sinc_conv.low_hz_": torch.zeros(6, 1)})
    torch.save(weights, tmp_path / "weights.pth")
    with pytest.raises(InputError, match=r"RawNet2: sinc\.edges is missing; "):
        released.load(small(faithful=True, trainable_sinc=True), tmp_path / "weights.pth")


def test_a_clip_does_not_depend_on_its_batch() -> None:
    model = small().eval()
    clips = torch.randn(3, 1, 1, 4000)
    torch.testing.assert_close(model(clips), torch.cat([model(c[None]) for c in clips]), atol=1e-5, rtol=1e-5)


def test_polarity_of_the_waveform_is_not_heard() -> None:
    model = small().eval()
    clip = torch.randn(1, 1, 1, 4000)
    torch.testing.assert_close(model(clip), model(-clip))


def test_the_shortest_clip_is_read_and_one_sample_less_refused() -> None:
    shortest = 65 - 1 + 3**4
    assert small(shortest).eval()(torch.randn(1, 1, 1, shortest)).isfinite().all()
    with pytest.raises(InputError, match="at least 145 samples"):
        small(shortest - 1)
    with pytest.raises(InputError, match=r"at least 3211 samples \(0\.2007 s at 16000 Hz\), not 3210"):
        RawNet2(FeatureShape(1, 1, 3210))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 60, 253), r"^RawNet2 reads a waveform, not 60 bins of features; try frontend=raw\.$"),
        ((2, 1, 64600), "not 2 channels; try frontend=raw"),
    ],
)
def test_what_it_cannot_read_is_refused(shape: tuple[int, int, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        RawNet2(FeatureShape(*shape))


def test_even_filters_are_refused() -> None:
    with pytest.raises(InputError, match="taps=1024; try taps=1025"):
        RawNet2(CLIP, taps=1024)
