import pytest
import torch
from torch import nn

from bonafide.models.lcnn import LCNN, MaxConvolution, MaxFeatureMap
from bonafide.types import FeatureShape, InputError


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


@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("shape", [(1, 60, 253), (3, 16, 16), (1, 31, 47)])
def test_any_image_of_16_by_16_is_read(shape: tuple[int, int, int], classes: int) -> None:
    logits = LCNN(FeatureShape(*shape), classes)(torch.randn(2, *shape))
    assert logits.shape == (2, classes)
    assert logits.isfinite().all()


def test_the_larger_half_wins() -> None:
    maps = torch.tensor([1.0, -2.0, 3.0, -4.0])[None, :, None, None]
    assert MaxFeatureMap()(maps).flatten().tolist() == [3.0, -2.0]


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


def test_every_parameter_learns() -> None:
    model = LCNN(FeatureShape(1, 32, 32), dropout=0.0)
    model(torch.randn(8, 1, 32, 32)).square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_a_clip_does_not_depend_on_its_batch() -> None:
    model = LCNN(FeatureShape(1, 60, 40)).eval()
    features = torch.randn(3, 1, 60, 40)
    torch.testing.assert_close(model(features), torch.cat([model(f[None]) for f in features]))


def test_it_compiles_in_one_graph() -> None:
    model = LCNN(FeatureShape(1, 20, 20)).eval()
    features = torch.randn(2, 1, 20, 20)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(features), model(features))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 1, 64600), r"^LCNN reads a time-frequency image, not a waveform; try frontend=lfcc\.$"),
        ((1, 15, 200), "at least 16 bins, not 15"),
        ((1, 60, 15), "at least 16 frames, not 15"),
    ],
)
def test_what_it_cannot_read_is_refused(shape: tuple[int, int, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LCNN(FeatureShape(*shape))


def test_three_classes_are_refused() -> None:
    with pytest.raises(InputError, match="1 or 2 logits, not 3"):
        LCNN(FeatureShape(1, 60, 253), 3)
