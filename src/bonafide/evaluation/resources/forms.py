"""How numbers of resources look, each in the unit of its column; CSV has seconds and bytes."""

from typing import Final

from bonafide.evaluation.cells import DASH, Cell, missing

_LEAST: Final = 0.001


def digits(value: float) -> str:
    """Three digits that count, and no exponent.

    >>> digits(0.01234), digits(12.345), digits(12345.6), digits(2e-5)
    ('0.0123', '12.3', '12,346', '< 0.001')
    """
    if 0 < value < _LEAST:
        return f"< {_LEAST}"
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}" if value else "0"


def milliseconds(seconds: float) -> Cell:
    """A time."""
    return Cell(digits(1e3 * seconds), (seconds,))


def span(values: list[float], times: float = 1.0) -> Cell:
    """From the least to the most."""
    low, high = min(values), max(values)
    return Cell(f"{digits(times * low)} {DASH} {digits(times * high)}", (low, high))


def kilobytes(size: float) -> Cell:
    """A size on disk, in units of 1000 bytes."""
    return Cell(digits(size / 1e3), (size,))


def mebibytes(size: int | None) -> Cell:
    """A size in memory, in units of 2**20 bytes; a dash where it is not known."""
    return missing() if size is None else Cell(digits(size / 2**20), (size,))
