"""Mean maps of many clips, of all together and of each system."""

from collections.abc import Sequence
from typing import NamedTuple, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]


class Maps(NamedTuple):
    """Means over clips.

    Args:
        attribution: `[channels, bins, frames]`.
        absolute: `[channels, bins, frames]` of the absolute values.
        image: `[channels, bins, frames]` of the inputs.
        rows: `[bins]` what a clip attributes to each row, over all channels and frames.
        rows_error: `[bins]` standard error of it.
        columns: `[frames]` what a clip attributes to each frame, over all channels and rows.
        columns_error: `[frames]` standard error of it.
        clips: how many.
    """

    attribution: Array
    absolute: Array
    image: Array
    rows: Array
    rows_error: Array
    columns: Array
    columns_error: Array
    clips: int


@final
class Sums:
    """Adds up maps without keeping them; double precision."""

    def __init__(self) -> None:
        self.clips = 0
        self.parts: list[Tensor] = []

    def add(self, values: Tensor, inputs: Tensor) -> None:
        """Attributions and inputs of a batch, `[batch, channels, bins, frames]` or `[batch, time]`."""
        values, inputs = (
            (given if given.ndim == 4 else given[:, None, None]).double().cpu() for given in (values, inputs)
        )
        rows, columns = values.sum((1, 3)), values.sum((1, 2))
        found = [values, values.abs(), inputs, rows, rows.square(), columns, columns.square()]
        sums = [part.sum(0) for part in found]
        self.parts = [old + new for old, new in zip(self.parts, sums, strict=True)] if self.clips else sums
        self.clips += len(values)

    @classmethod
    def of(cls, several: Sequence["Sums"]) -> Self:
        """All of them together; each holds at least one clip."""
        made = cls()
        made.clips = sum(one.clips for one in several)
        made.parts = [
            torch.stack(column).sum(0) for column in zip(*(one.parts for one in several), strict=True)
        ]
        return made

    def means(self) -> Maps:
        """Of all clips so far, at least one."""
        values, absolute, image, rows, row_squares, columns, column_squares = (
            part / self.clips for part in self.parts
        )
        return Maps(
            values.numpy(),
            absolute.numpy(),
            image.numpy(),
            rows.numpy(),
            self._error(rows, row_squares),
            columns.numpy(),
            self._error(columns, column_squares),
            self.clips,
        )

    def _error(self, mean: Tensor, square: Tensor) -> Array:
        if self.clips < 2:
            return np.zeros(mean.shape)
        variance = (square - mean.square()).clamp_min(0) / (self.clips - 1)
        return torch.sqrt(variance).numpy()
