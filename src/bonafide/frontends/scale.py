"""How energies become numbers that a network can read: decibels, a logarithm, or as they are.

Decibels follow librosa's `power_to_db`: https://librosa.org/doc/latest/generated/librosa.power_to_db.html.
"""

from dataclasses import dataclass
from typing import Literal, final

import torch
from torch import Tensor

from bonafide.types import InputError

Scale = Literal["decibel", "log", "linear"]
"""`decibel`: 10 log10 of power, cut off at the floor; `log`: ln(x + floor); `linear`: as it is."""


@final
@dataclass(frozen=True)
class Scaling:
    """Maps `[batch, frames, bins]` of energies to the scale asked for, each clip by itself.

    Args:
        scale: see `Scale`.
        power: 2 if the values are powers, 1 if they are magnitudes.
        floor: power below which nothing is told apart; for magnitudes, its square root counts.
        top_db: what lies more than so many decibels below the loudest value of its clip is raised to that
            level. Without it (`None`), band-limited audio shows the rounding noise of its empty bands.

    Raises:
        InputError: a setting has no meaning.

    >>> Scaling("decibel", power=1, floor=1e-10)(torch.tensor([[[1.0, 0.1, 0.0]]])).tolist()
    [[[0.0, -20.0, -100.0]]]
    """

    scale: Scale
    power: Literal[1, 2] = 2
    floor: float = 1e-10
    top_db: float | None = None

    def __post_init__(self) -> None:
        if self.scale not in ("decibel", "log", "linear"):
            raise InputError(f"there is no scale={self.scale}; use decibel, log or linear.")
        if self.power not in (1, 2):
            raise InputError(f"power={self.power:g} is neither magnitude nor power; use 1 or 2.")
        if not self.floor > 0:
            raise InputError(f"floor={self.floor:g} has no logarithm; use a positive one such as 1e-10.")
        if self.top_db is not None and not self.top_db > 0:
            raise InputError(
                f"top_db={self.top_db:g} leaves nothing; use a positive one such as 80, or null."
            )

    @property
    def title(self) -> str:
        """What the scaled values are, with their unit."""
        quantity = "power" if self.power == 2 else "magnitude"
        return {"decibel": "level (dB)", "log": f"ln {quantity}", "linear": quantity}[self.scale]

    def __call__(self, values: Tensor) -> Tensor:
        """`[batch, frames, bins]`, never negative → the same on the scale."""
        if self.top_db is not None:
            loudest = values.amax((-2, -1), keepdim=True)
            values = torch.maximum(values, loudest * 10 ** (-self.top_db * self.power / 20))
        floor = self.floor ** (self.power / 2)
        if self.scale == "decibel":
            return 20 / self.power * values.clamp(min=floor).log10()
        return (values + floor).log() if self.scale == "log" else values
