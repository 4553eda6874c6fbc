"""How long a training is, told to the schedules that ask."""

from functools import partial
from typing import Any

import pytest
import torch
from tests.tasks.tiny import Numbers, batches, detection, trainer
from torch.optim.lr_scheduler import CosineAnnealingLR, PolynomialLR, ReduceLROnPlateau

from bonafide.objectives.warm_up import WarmUp
from bonafide.types import InputError

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",
)


def last_rate(task: Any, **settings: Any) -> float:
    training = trainer(**settings)
    training.fit(task, datamodule=Numbers(batches(5)))
    return float(training.optimizers[0].param_groups[0]["lr"])


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({"max_epochs": 3}, 15),
        ({"max_epochs": 3, "accumulate_grad_batches": 2}, 9),
        ({"max_epochs": -1, "max_steps": 7}, 7),
        ({"max_epochs": 2, "limit_train_batches": 4}, 8),
    ],
)
def test_a_schedule_by_steps_ends_with_the_training(settings: dict[str, Any], steps: int) -> None:
    seen: list[int] = []

    def made(optimizer: Any, *, steps: int) -> WarmUp:
        seen.append(steps)
        return WarmUp(optimizer, steps=steps, warm_up=2, decay="linear", floor=0.1)

    task = detection(scheduler=made, scheduler_interval="step", scheduler_total="steps")
    assert last_rate(task, **settings) == pytest.approx(0.01)
    assert seen == [steps]


def test_one_by_epochs_is_told_epochs_under_its_own_name() -> None:
    polynomial = detection(scheduler=partial(PolynomialLR, power=2.0), scheduler_total="total_iters")
    assert last_rate(polynomial, max_epochs=3) == pytest.approx(0)
    cosine = detection(scheduler=partial(CosineAnnealingLR, eta_min=0.02), scheduler_total="T_max")
    assert last_rate(cosine, max_epochs=3) == pytest.approx(0.02)


@pytest.mark.parametrize("interval", ["step", "epoch"])
def test_an_endless_training_has_no_end_to_fall_towards(interval: Any) -> None:
    task = detection(scheduler=WarmUp, scheduler_interval=interval, scheduler_total="steps")
    with pytest.raises(InputError, match=r"set trainer\.max_epochs"):
        last_rate(task, max_epochs=-1)


@pytest.mark.parametrize(("monitor", "falls"), [("val/loss", False), ("val/loss_of_nobody", None)])
def test_a_plateau_is_one_of_what_is_watched(monitor: str, falls: bool | None) -> None:
    waiting = partial(ReduceLROnPlateau, factor=0.5, patience=0, threshold=0.0)
    task = detection(scheduler=waiting, scheduler_monitor=monitor)
    if falls is None:
        with pytest.raises(Exception, match="loss_of_nobody"):
            last_rate(task, max_epochs=2)
        return
    assert last_rate(task, max_epochs=3) == pytest.approx(0.1)
    stuck = detection(scheduler=waiting, optimizer=partial(torch.optim.SGD, lr=0.1, maximize=True))
    assert last_rate(stuck, max_epochs=3) == pytest.approx(0.025)
