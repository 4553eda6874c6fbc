"""Which parts of an input are taken away first, and what is left of it then."""

from collections.abc import Iterator
from typing import Final, Literal

import torch
from torch import Tensor

Unit = Literal["bands", "moments", "places"]

UNITS: Final[tuple[Unit, ...]] = ("bands", "moments", "places")
"""Groups of rows, stretches of time, and single places of a map (samples of a waveform)."""

_MOST: Final = 64
"""Bands or moments that an axis is cut into at the most."""


def units(shape: torch.Size) -> tuple[Unit, ...]:
    """What can be taken away of inputs of a shape: a waveform, and features of one row, have no bands."""
    return UNITS if len(shape) == 4 and shape[2] > 1 else UNITS[1:]


def parts(shape: torch.Size, unit: Unit, device: torch.device) -> Tensor:
    """`[bins, frames]` the number of the part that each place belongs to, from 0 up without a gap.

    Args:
        shape: of the inputs, `[batch, channels, bins, frames]` or `[batch, time]`.
        unit: what parts are.
        device: where it is wanted.
    """
    bins = shape[2] if len(shape) == 4 else 1
    frames = shape[-1]
    if unit == "places":
        return torch.arange(bins * frames, device=device).view(bins, frames)
    row = torch.arange(bins, device=device)[:, None].expand(bins, frames)
    column = torch.arange(frames, device=device).expand(bins, frames)
    if unit == "bands":
        return row * min(bins, _MOST) // bins
    return column * min(frames, _MOST) // frames


def worth(values: Tensor, part: Tensor) -> Tensor:
    """`[batch, parts]` what a map attributes to each part, all channels together.

    Args:
        values: attributions, `[batch, channels, bins, frames]` or `[batch, time]`.
        part: see `parts`.
    """
    places = values.sum(1) if values.ndim == 4 else values[:, None]  # [batch, bins, frames]
    total = values.new_zeros(len(values), int(part.max()) + 1, dtype=torch.float64)
    return total.index_add_(1, part.flatten(), places.flatten(1).double())


def ranks(value: Tensor) -> Tensor:
    """`[…, parts]` → place of each part, the highest value first; equal ones in their order.

    >>> ranks(torch.tensor([[0.5, 2.0, 1.0]])).tolist()
    [[2, 0, 1]]
    """
    return value.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)


def removed(
    inputs: Tensor, reference: Tensor, part: Tensor, rank: Tensor, shares: Tensor
) -> Iterator[Tensor]:
    """Inputs of which a growing share of their parts is replaced by the reference; one batch a share.

    Args:
        inputs: `[batch, …]`.
        reference: like them.
        part: see `parts`.
        rank: `[batch, parts]` which part goes first.
        shares: of the parts that are gone, from 0 to 1.
    """
    place = rank[:, part.flatten()].view(len(inputs), *part.shape)  # [batch, bins, frames]
    place = place[:, None] if inputs.ndim == 4 else place[:, 0]
    for count in (shares * rank.shape[1]).round().long().tolist():
        yield torch.where(place < count, reference, inputs)
