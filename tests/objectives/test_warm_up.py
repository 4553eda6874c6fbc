"""Schedules over a whole training, against transformers' and the papers' formulas."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from bonafide.objectives.warm_up import WarmUp
from bonafide.types import InputError

STEPS = 50
pytestmark = pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")


def optimizer() -> torch.optim.Optimizer:
    groups = [{"params": [nn.Parameter(torch.zeros(1))], "lr": rate} for rate in (1e-4, 2e-6)]
    return torch.optim.SGD(groups)


def rates(scheduler: Any, steps: int = STEPS + 5) -> list[list[float]]:
    found = []
    for _ in range(steps):
        found.append([group["lr"] for group in scheduler.optimizer.param_groups])
        scheduler.step()
    return found


@pytest.mark.parametrize("warm_up", [0, 7])
def test_against_transformers(warm_up: int) -> None:
    from transformers import optimization  # noqa: PLC0415 - seconds

    told = {"num_warmup_steps": warm_up}
    steps = {"num_training_steps": STEPS}
    wanted = {
        ("linear", 0.0): optimization.get_linear_schedule_with_warmup(optimizer(), **told, **steps),
        ("none", 0.0): optimization.get_constant_schedule_with_warmup(optimizer(), **told),
        ("cosine", 0.05): optimization.get_cosine_with_min_lr_schedule_with_warmup(
            optimizer(), **told, **steps, min_lr_rate=0.05
        ),
    }
    for (decay, floor), theirs in wanted.items():
        ours = WarmUp(optimizer(), steps=STEPS, warm_up=warm_up, decay=decay, floor=floor)  # type: ignore[arg-type]
        expected = torch.tensor(rates(theirs, STEPS + 1))
        torch.testing.assert_close(torch.tensor(rates(ours, STEPS + 1)), expected)


def test_the_cosine_of_aasist() -> None:
    """lr = 5e-6 + (1e-4 − 5e-6)(1 + cos(π step/total))/2, and no rise after the end."""
    found = rates(WarmUp(optimizer(), steps=STEPS, floor=0.05))
    expected = [
        5e-6 + (1e-4 - 5e-6) * (1 + math.cos(math.pi * step / STEPS)) / 2 for step in range(STEPS + 1)
    ]
    assert [rate for rate, _ in found[: STEPS + 1]] == pytest.approx(expected)
    assert found[-1] == pytest.approx([5e-6, 1e-7])


def test_a_resumed_schedule_goes_on_and_takes_a_longer_training_as_it_is(tmp_path: Any) -> None:
    whole = rates(WarmUp(optimizer(), steps=STEPS, warm_up=5))
    first = WarmUp(optimizer(), steps=STEPS, warm_up=5)
    rates(first, 20)
    torch.save(first.state_dict(), tmp_path / "state")
    again = WarmUp(optimizer(), steps=STEPS, warm_up=5)
    again.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    again.step()
    assert [group["lr"] for group in again.optimizer.param_groups] == pytest.approx(whole[21])
    longer = WarmUp(optimizer(), steps=2 * STEPS, decay="linear")
    longer.load_state_dict(WarmUp(optimizer(), steps=STEPS, decay="linear").state_dict())
    assert rates(longer, STEPS + 1)[STEPS][0] == pytest.approx(0.5e-4)


@pytest.mark.parametrize(
    "settings", [{"decay": "square"}, {"floor": 1.5}, {"floor": -0.1}, {"warm_up": -1}, {"warm_up": STEPS}]
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"task\.scheduler\."):
        WarmUp(optimizer(), steps=STEPS, **settings)
