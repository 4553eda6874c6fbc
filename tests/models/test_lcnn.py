from typing import Any

import pytest
import torch
from torch import nn

from bonafide import assembly
from bonafide.models.layers.light_convolutions import MaxConvolution, MaxFeatureMap
from bonafide.models.lcnn import LCNN
from bonafide.models.lcnn_blstm import RecurrentLCNN
from bonafide.types import FeatureShape, InputError

MODELS = [LCNN, RecurrentLCNN]


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("shape", "flat", "count"),
    [
        (FeatureShape(1, 80, 505), 4960, 972_514),
        (FeatureShape(1, 505, 80), 4960, 972_514),
        (FeatureShape(1, 1024, 201), 24_576, 4_111_074),
    ],
)
def test_published_sizes(shape: FeatureShape, flat: int, count: int) -> None:
    model = LCNN(shape)
    assert parameters(model) == count
    assert model.maps(torch.zeros(1, *shape)).numel() == flat


@pytest.mark.parametrize("frames", [95, 101, 200])
def test_published_sizes_of_the_recurrent_one(frames: int) -> None:
    """As many for clips of any length."""
    model = RecurrentLCNN(FeatureShape(1, 256, frames))
    assert parameters(model) == 3_312_450
    assert parameters(model.maps) == 157_504
    assert parameters(model.recurrent) == 2 * 1_576_960
    assert parameters(model.head) == 1026
    assert parameters(RecurrentLCNN(model.shape, layers=1)) == 3_312_450 - 1_576_960
    assert RecurrentLCNN(FeatureShape(1, 20, 101)).width == 32
    assert RecurrentLCNN(FeatureShape(1, 60, 101)).width == 96


def test_published_size_on_wavelet_packets() -> None:
    second = ["model=lcnn_blstm", "data.sample_rate=22050", "data.clip_seconds=1.0"]
    model = assembly.task(assembly.compose(second)).model
    assert model.shape == (1, 256, 95)
    assert parameters(model) == 3_312_450


@pytest.mark.parametrize("width", [16, 100])
def test_the_head_reads_the_embedding(width: int) -> None:
    model = LCNN(FeatureShape(1, 32, 32), embedding=width).eval()
    features = torch.randn(2, 1, 32, 32)
    assert model.width == width
    assert model.embed(features).shape == (2, width)
    torch.testing.assert_close(model.head(model.embed(features)), model(features))


def test_the_recurrent_one_means_over_time() -> None:
    """What two layers, as the equations of an LSTM have them, make of the maps."""
    model = RecurrentLCNN(FeatureShape(1, 16, 48)).eval()
    features = torch.randn(2, 1, 16, 48)
    with torch.no_grad():
        maps = model.maps(features)  # [batch, 32, 1, 3]
        steps = torch.stack([maps[..., time].flatten(1) for time in range(3)], dim=1)
        state = dict(model.recurrent.named_parameters())
        for layer in range(2):
            forwards = lstm(steps, state, f"l{layer}")
            backwards = lstm(steps.flip(1), state, f"l{layer}_reverse").flip(1)
            steps = torch.cat([forwards, backwards], dim=2)
        torch.testing.assert_close(model.embed(features), steps.mean(1))


def lstm(steps: torch.Tensor, state: dict[str, nn.Parameter], name: str) -> torch.Tensor:
    read, keep = state[f"weight_ih_{name}"], state[f"weight_hh_{name}"]
    bias = state[f"bias_ih_{name}"] + state[f"bias_hh_{name}"]
    out = cell = torch.zeros(len(steps), keep.shape[1])
    outs = []
    for step in steps.unbind(1):
        enter, forget, value, leave = (step @ read.T + out @ keep.T + bias).chunk(4, dim=1)
        cell = forget.sigmoid() * cell + enter.sigmoid() * value.tanh()
        out = leave.sigmoid() * cell.tanh()
        outs.append(out)
    return torch.stack(outs, dim=1)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("shape", [(1, 60, 253), (3, 16, 16), (1, 31, 47)])
def test_any_image_of_16_by_16_is_read(
    shape: tuple[int, int, int], classes: int, model: type[LCNN | RecurrentLCNN]
) -> None:
    logits = model(FeatureShape(*shape), classes)(torch.randn(2, *shape))
    assert logits.shape == (2, classes)
    assert logits.isfinite().all()


def test_the_larger_half_wins() -> None:
    maps = torch.tensor([1.0, -2.0, 3.0, -4.0])[None, :, None, None]
    assert MaxFeatureMap()(maps).flatten().tolist() == [3.0, -2.0]


def test_its_gradient_is_that_of_the_maximum() -> None:
    maps = torch.randn(3, 8, 5, 7, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(MaxFeatureMap(), maps)
    weights = torch.randn(3, 4, 5, 7, dtype=torch.double)
    (found,) = torch.autograd.grad((MaxFeatureMap()(maps) * weights).sum(), maps)
    (wanted,) = torch.autograd.grad((torch.maximum(*maps.chunk(2, dim=1)) * weights).sum(), maps)
    assert torch.equal(found, wanted)


def test_a_convolution_that_shifts_commutes_with_a_shift() -> None:
    """Away from the edges a convolution does not care where in the image it is."""
    block = MaxConvolution(1, 4, 5).eval()
    image = torch.zeros(1, 1, 20, 20)
    image[..., 6:10, 6:10] = torch.randn(4, 4)
    torch.testing.assert_close(block(image.roll((5, 3), (2, 3))), block(image).roll((5, 3), (2, 3)))


def test_normalization_has_nothing_to_learn() -> None:
    norms = [m for m in LCNN(FeatureShape(1, 16, 16)).modules() if type(m) is nn.BatchNorm2d]
    assert [m.num_features for m in norms] == [32, 48, 48, 64, 32, 32]
    assert all(m.weight is None and m.bias is None for m in norms)


@pytest.mark.parametrize("kind", MODELS)
def test_every_parameter_learns(kind: type[LCNN | RecurrentLCNN]) -> None:
    model = kind(FeatureShape(1, 32, 32), dropout=0.0)
    model(torch.randn(8, 1, 32, 32)).square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("kind", MODELS)
def test_dropout_is_for_training(kind: type[LCNN | RecurrentLCNN]) -> None:
    features = torch.randn(4, 1, 32, 32)
    for share, same in [(0.5, False), (0.0, True)]:
        model = kind(FeatureShape(1, 32, 32), dropout=share)
        with torch.no_grad():
            assert torch.equal(model.train().embed(features), model.embed(features)) == same
            assert torch.equal(model.eval().embed(features), model.embed(features))


@pytest.mark.parametrize("kind", MODELS)
def test_a_clip_does_not_depend_on_its_batch(kind: type[LCNN | RecurrentLCNN]) -> None:
    model = kind(FeatureShape(1, 60, 40)).eval()
    features = torch.randn(3, 1, 60, 40)
    torch.testing.assert_close(model(features), torch.cat([model(f[None]) for f in features]))


def test_it_compiles_in_one_graph() -> None:
    model = LCNN(FeatureShape(1, 20, 20)).eval()
    features = torch.randn(2, 1, 20, 20)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(features), model(features))
    compiled(features).sum().backward()
    assert all(weights.grad is not None for weights in model.parameters())


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 1, 64600), r"^LCNN reads a time-frequency image, not a waveform; try frontend=lfcc\.$"),
        ((1, 15, 200), "at least 16 bins, not 15"),
        ((1, 60, 15), "at least 16 frames, not 15"),
    ],
)
def test_what_it_cannot_read_is_refused(shape: tuple[int, int, int], message: str) -> None:
    for kind in MODELS:
        with pytest.raises(InputError, match=message):
            kind(FeatureShape(*shape))


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (LCNN, {"dropout": 1.0}, r"model\.dropout=1 "),
        (LCNN, {"embedding": 0}, r"model\.embedding=0 "),
        (RecurrentLCNN, {"dropout": -0.5}, r"model\.dropout=-0\.5 "),
        (RecurrentLCNN, {"layers": 0}, r"model\.layers=0 .* model=lcnn"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    kind: type[LCNN | RecurrentLCNN], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        kind(FeatureShape(1, 60, 253), **options)


def test_three_classes_are_refused() -> None:
    with pytest.raises(InputError, match="1 or 2 logits, not 3"):
        LCNN(FeatureShape(1, 60, 253), 3)
