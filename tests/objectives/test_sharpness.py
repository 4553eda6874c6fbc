"""SAM and ASAM on ½‖w‖², where everything is known, and what they leave as it was."""

import pytest
import torch
from torch import nn

from bonafide.objectives.sharpness import SAM
from bonafide.types import InputError


@pytest.mark.parametrize(
    ("adaptive", "climb", "after"),
    [
        (False, [0.03, 0.04], [2.697, 3.596]),
        (True, [0.07353919, 0.17431511], [2.69264608, 3.58256849]),
    ],
)
@pytest.mark.parametrize("scale", [1.0, 65_536.0])
def test_golden_steps(adaptive: bool, climb: list[float], after: list[float], scale: float) -> None:
    """rho 0.05, SGD at 0.1, from (3, 4); a scaled gradient climbs alike."""
    start = torch.tensor([3.0, 4.0], dtype=torch.float64)
    weight = nn.Parameter(start.clone())
    optimizer = torch.optim.SGD([weight], lr=0.1)
    (scale * weight.square().sum() / 2).backward()
    with SAM(0.05, adaptive=adaptive).climbed([weight], nn.Module()):
        assert (weight - start).tolist() == pytest.approx(climb, abs=1e-8)
        optimizer.zero_grad()
        (weight.square().sum() / 2).backward()
    assert torch.equal(weight, start)
    optimizer.step()
    assert weight.tolist() == pytest.approx(after, abs=1e-8)


def test_the_norm_is_over_all_weights_together() -> None:
    weights = [
        nn.Parameter(torch.tensor([3.0])),
        nn.Parameter(torch.tensor([4.0])),
        nn.Parameter(torch.ones(2)),
    ]
    for weight in weights[:2]:
        weight.grad = weight.detach().clone()
    with SAM(0.05).climbed(weights, nn.Module()):
        assert [weight.item() for weight in weights[:2]] == pytest.approx([3.03, 4.04])
        assert weights[2].tolist() == [1, 1]  # without a gradient


def test_adaptively_the_scale_of_weights_does_not_matter() -> None:
    """For f(w) = (w₁ w₂ - 1)²: scaling w₁ up and w₂ down climbs to the same product."""
    products = []
    for factor in (1.0, 10.0):
        weights = [nn.Parameter(torch.tensor([2.0 * factor])), nn.Parameter(torch.tensor([0.7 / factor]))]
        (weights[0] * weights[1] - 1).square().sum().backward()
        with SAM(0.05, adaptive=True).climbed(weights, nn.Module()):
            products.append((weights[0] * weights[1]).item())
    assert products[0] == pytest.approx(products[1])


def test_a_flat_place_is_not_left() -> None:
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    weight.grad = torch.zeros(2)
    with SAM().climbed([weight], nn.Module()):
        assert weight.tolist() == [1, 2]


@pytest.mark.parametrize("momentum", [0.1, None])
def test_batch_statistics_of_the_second_pass_are_forgotten_at_once(momentum: float | None) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3, momentum=momentum))
    heard = torch.randn(8, 4)
    network(heard).square().sum().backward()
    before = [buffer.clone() for buffer in network.buffers()]
    with SAM(10.0).climbed(network.parameters(), network):
        climbed = network(heard + 1)
        climbed.sum().backward()
        assert not all(torch.equal(*pair) for pair in zip(network.buffers(), before, strict=True))
    assert all(torch.equal(*pair) for pair in zip(network.buffers(), before, strict=True))
    torch.testing.assert_close(climbed.mean(0), network[1].bias.expand(3), atol=0.2, rtol=0)  # of this batch


def test_an_interruption_leaves_the_weights_in_place() -> None:
    weight = nn.Parameter(torch.tensor([3.0, 4.0]))
    weight.grad = weight.detach().clone()
    with pytest.raises(KeyboardInterrupt), SAM().climbed([weight], nn.Module()):
        raise KeyboardInterrupt
    assert weight.tolist() == [3, 4]


@pytest.mark.parametrize("rho", [0.0, -1.0])
def test_no_climb_is_refused(rho: float) -> None:
    with pytest.raises(InputError, match=r"task/rule=null"):
        SAM(rho)
