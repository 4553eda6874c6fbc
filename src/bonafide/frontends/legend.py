"""What a picture of features says at its edges."""

from typing import NamedTuple

from torch import Tensor


class Legend(NamedTuple):
    """What the rows, channels and values of features are.

    Args:
        rows: quantity along the bins, such as `frequency`, `coefficient` or `hidden unit`.
        values: quantity shown, with its unit, such as `level (dB)`.
        hertz: `[bins]` float64, what each row is centred on in Hz, rising; None if rows are no frequencies.
        marks: rows with a name of their own, as (row, name), lowest first: notes, or where slopes begin.
        channels: name of each channel; none if there is only one.
    """

    rows: str
    values: str
    hertz: Tensor | None = None
    marks: tuple[tuple[int, str], ...] = ()
    channels: tuple[str, ...] = ()
