from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase

from bonafide.models.layers.normalization import ExactBatchNorm2d, moments
from bonafide.models.layers.residual import ResidualImage

SETTINGS: list[dict[str, Any]] = [
    {"momentum": None},
    {"affine": False},
    {"track_running_stats": False},
]


def image(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Channels last in memory, away from 0."""
    values = 3 + 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(1))
    return values.to(dtype, memory_format=torch.channels_last)


def pair(channels: int, **settings: Any) -> tuple[ExactBatchNorm2d, nn.BatchNorm2d]:
    """Ours and torch's, with the same weights."""
    ours, theirs = ExactBatchNorm2d(channels, **settings), nn.BatchNorm2d(channels, **settings)
    for weight in ours.parameters():
        nn.init.normal_(weight)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def is_exact(normalized: Tensor) -> bool:
    return normalized.grad_fn is not None and "_Normalized" in normalized.grad_fn.name()


# The last two take several chunks.
@pytest.mark.parametrize("shape", [(1, 3, 1, 2), (2, 5, 7, 9), (2, 32, 90, 100), (1, 300_000, 1, 3)])
def test_moments_are_those_of_float64(shape: tuple[int, ...]) -> None:
    values = image(*shape)
    wanted = values.double().mean((0, 2, 3)), values.double().var((0, 2, 3), unbiased=False)
    torch.testing.assert_close(moments(values), wanted, atol=1e-12, rtol=1e-11)


def test_a_million_values_keep_their_deviation() -> None:
    values = image(1, 2, 1000, 1000) + 20
    ours, theirs = pair(2, momentum=1.0)
    wanted = values.double().var((0, 2, 3))
    for norm in (ours, theirs):
        norm(values)
    assert ours.running_var is not None
    assert theirs.running_var is not None
    assert (ours.running_var / wanted - 1).abs().max() < 1e-6
    assert (theirs.running_var / wanted - 1).abs().max() > 1e-5  # or this file is needed no more


def test_a_step_is_that_of_float64() -> None:
    ours, wanted = pair(6, momentum=0.2, eps=0.01)
    wanted.double()
    x = image(3, 6, 8, 10).requires_grad_()
    upstream = torch.randn(3, 6, 8, 10)
    exact_x = x.detach().double().requires_grad_()
    found, exact = ours(x), wanted(exact_x)
    assert is_exact(found)
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found.double(), exact, atol=1e-5, rtol=1e-5)
    for name, value in ours.state_dict().items():
        torch.testing.assert_close(value.double(), wanted.state_dict()[name].double(), atol=1e-6, rtol=1e-6)
    slopes = torch.autograd.grad(found, [x, *ours.parameters()], upstream)
    exact_slopes = torch.autograd.grad(exact, [exact_x, *wanted.parameters()], upstream.double())
    for slope, exact_slope in zip(slopes, exact_slopes, strict=True):
        torch.testing.assert_close(slope.double(), exact_slope, atol=1e-4, rtol=1e-4)


def test_an_image_of_half_precision() -> None:
    ours, theirs = pair(6)
    x = image(3, 6, 8, 10, dtype=torch.bfloat16).requires_grad_()
    found, wanted = ours(x), theirs(x)
    assert is_exact(found)
    assert found.dtype == wanted.dtype
    torch.testing.assert_close(found, wanted)
    found.float().square().sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("settings", SETTINGS)
def test_other_settings_are_left_to_torch(settings: dict[str, Any]) -> None:
    ours, theirs = pair(4, **settings)
    for values in (image(2, 4, 5, 6), image(3, 4, 5, 6) + 1):
        x = values.requires_grad_()
        assert torch.equal(ours(x), theirs(x))
        assert not is_exact(ours(x))
        theirs(x)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    assert all(torch.equal(theirs.state_dict()[name], value) for name, value in ours.state_dict().items())


def test_evaluation_and_channels_first_are_left_to_torch() -> None:
    ours, theirs = pair(4)
    x = image(2, 4, 5, 6)
    assert torch.equal(ours.eval()(x), theirs.eval()(x))
    ours.train()
    assert is_exact(ours(x))
    assert not is_exact(ours(x.contiguous()))
    with pytest.raises(ValueError, match="more than 1 value"):
        ours(image(1, 4, 1, 1))


def test_it_is_a_normalization_to_what_looks_for_them() -> None:
    """Averaging of weights renews, and sharpness-aware minimization puts back, what they find by class."""
    block = ResidualImage(4, 6, first=False, faithful=False)
    kinds = [type(layer) for layer in block.modules() if isinstance(layer, _BatchNorm)]
    assert kinds == [ExactBatchNorm2d, ExactBatchNorm2d]
    assert issubclass(ExactBatchNorm2d, _NormBase)
    norm = ExactBatchNorm2d(4)
    norm(image(2, 4, 5, 6))
    norm.reset_running_stats()
    assert norm.num_batches_tracked == 0
    norm.momentum = None
    batches = image(2, 4, 5, 6), image(2, 4, 5, 6) + 1
    for batch in batches:
        norm(batch)
    mean = torch.stack(batches).mean((0, 1, 3, 4))
    torch.testing.assert_close(norm.running_mean, mean)


def test_weights_are_interchangeable_with_torch() -> None:
    synchronized = nn.SyncBatchNorm.convert_sync_batchnorm(ExactBatchNorm2d(4))
    assert type(synchronized) is nn.SyncBatchNorm
    assert synchronized.state_dict().keys() == nn.BatchNorm2d(4).state_dict().keys()


def test_double_precision_has_the_gradients_of_torch() -> None:
    ours, theirs = (module.double() for module in pair(6))
    x = image(3, 6, 8, 10, dtype=torch.float64).requires_grad_()
    same = x.detach().contiguous().requires_grad_()
    for module, given in ((ours, x), (theirs, same)):
        module(given).square().sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, same.grad, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad, rtol=1e-9, atol=1e-9)
