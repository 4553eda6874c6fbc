"""A learning rate that rises first and falls over the whole training."""

import math
from typing import Literal, final

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from bonafide.types import InputError


@final
class WarmUp(LambdaLR):
    """Rises from 0 to the optimizer's rate in a straight line, then falls to a share of it or stays.

    Args:
        optimizer: whose rates are moved, each group's by the same factor.
        steps: of the whole training.
        warm_up: steps of the rise; 0 starts at the full rate.
        decay: how it falls: along half a cosine, in a straight line, or not at all.
        floor: share of the rate that is left at the end.

    Raises:
        InputError: a setting has no meaning, or the training is over before it is warm.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        steps: int,
        warm_up: int = 0,
        decay: Literal["cosine", "linear", "none"] = "cosine",
        floor: float = 0.0,
    ) -> None:
        if decay not in {"cosine", "linear", "none"}:
            raise InputError(f"task.scheduler.decay={decay} is unknown; choose cosine, linear or none.")
        if not 0 <= floor <= 1:
            raise InputError(f"task.scheduler.floor={floor:g} is a share of the rate; choose 0 to 1.")
        if not 0 <= warm_up < steps:
            raise InputError(
                f"task.scheduler.warm_up={warm_up} does not fit into a training of {steps} steps; "
                "choose fewer, or train longer."
            )

        def factor(step: int) -> float:
            if step < warm_up:
                return step / warm_up
            share = min(1.0, (step - warm_up) / (steps - warm_up))
            left = {"cosine": (1 + math.cos(math.pi * share)) / 2, "linear": 1 - share, "none": 1.0}[decay]
            return floor + (1 - floor) * left

        super().__init__(optimizer, factor)
