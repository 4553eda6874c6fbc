from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bonafide.models.layers.recurrence import recur


def learnt(gru: nn.GRU, states: Tensor, x: Tensor, upstream: Tensor) -> list[Tensor]:
    """The states, and gradients of the input and of every weight."""
    return [states, *torch.autograd.grad(states, [x, *gru.parameters()], upstream)]


def is_unrolled_here(states: Tensor) -> bool:
    """Whether our own backward pass made these states."""
    node = states.grad_fn
    while node is not None and "_Recurrence" not in node.name():
        node = node.next_functions[0][0] if node.next_functions else None
    return node is not None


@pytest.mark.parametrize(("layers", "batch", "steps"), [(1, 1, 1), (1, 3, 7), (3, 1, 5), (3, 4, 6)])
def test_states_and_gradients_are_those_of_torch(layers: int, batch: int, steps: int) -> None:
    gru = nn.GRU(5, 4, layers, batch_first=True).double()
    x = torch.randn(batch, steps, 5, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn(batch, steps, 4, dtype=torch.float64)
    states = recur(gru, x)
    assert is_unrolled_here(states)
    for ours, theirs in zip(
        learnt(gru, states, x, upstream), learnt(gru, gru(x)[0], x, upstream), strict=True
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-10, rtol=0)


def test_a_gradient_of_the_last_state_alone() -> None:
    gru, x = nn.GRU(3, 4, 2, batch_first=True).double(), torch.randn(2, 6, 3, dtype=torch.float64)
    found, wanted = (
        torch.autograd.grad(states[:, -1].square().sum(), list(gru.parameters()))
        for states in (recur(gru, x), gru(x)[0])
    )
    torch.testing.assert_close(found, wanted, atol=1e-10, rtol=0)


@pytest.mark.parametrize(
    "form",
    [
        {"bidirectional": True, "batch_first": True},
        {"bias": False, "batch_first": True},
        {"batch_first": False},
        {"batch_first": True, "dropout": 0.5, "num_layers": 2},
    ],
)
def test_other_forms_are_left_to_torch(form: dict[str, Any]) -> None:
    gru, x = nn.GRU(3, 4, **form), torch.randn(2, 6, 3)
    torch.manual_seed(0)
    found = recur(gru, x)
    torch.manual_seed(0)
    assert torch.equal(found, gru(x)[0])
    assert not is_unrolled_here(found)


def test_what_does_not_learn_is_left_to_torch() -> None:
    gru, x = nn.GRU(3, 4, batch_first=True), torch.randn(2, 6, 3, requires_grad=True)
    assert is_unrolled_here(recur(gru, x))
    assert not is_unrolled_here(recur(gru.eval(), x))
    with torch.no_grad():
        assert torch.equal(recur(gru.train(), x), gru(x)[0])
    assert not is_unrolled_here(recur(gru.requires_grad_(False), x))


def test_autocast_gives_reduced_states_and_full_gradients() -> None:
    gru, x = nn.GRU(3, 4, 2, batch_first=True), torch.randn(2, 6, 3)
    with torch.autocast("cpu", torch.bfloat16):
        states = recur(gru, x)
    assert is_unrolled_here(states)
    torch.testing.assert_close(states.float(), gru(x)[0], atol=0.02, rtol=0)
    states.float().sum().backward()
    wanted = torch.autograd.grad(gru(x)[0].sum(), list(gru.parameters()))
    found = [weight.grad for weight in gru.parameters()]
    torch.testing.assert_close(found, list(wanted), atol=0.1, rtol=0.05)


def test_compiled_it_is_the_same() -> None:
    gru, x = nn.GRU(3, 4, batch_first=True), torch.randn(2, 6, 3)
    states = torch.compile(recur, backend="eager")(gru, x)
    assert is_unrolled_here(states)
    assert torch.equal(states, recur(gru, x))
