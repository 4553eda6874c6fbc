"""Small pictures of one kind beside each other, one a system, on the same axes."""

from collections.abc import Sequence
from math import ceil
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bonafide.figures.style import short

Values = NDArray[np.float64]

MOST: Final = 40
"""Panels in a picture; those beyond are left out, and the picture says so."""

_WIDTH: Final = 11.0  # inches
_HEIGHT: Final = 1.6
_ROOM: Final = (0.22, 0.36)
"""Beside and above a panel."""

_LEFT, _TOP, _BOTTOM = 0.75, 0.2, 0.6
_COLUMNS: Final = 480
"""Places along a panel at which many values are summed up."""


def grid(names: Sequence[str], x: str, y: str, *, alike: bool = True) -> tuple[Figure, list[Axes]]:
    """A figure with an axes for each name, in rows of up to four; to be called inside `styled()`.

    Args:
        names: titles of the panels; of more than 40 the first.
        x: label of the horizontal axis.
        y: label of the vertical axis.
        alike: whether all panels have one vertical axis.
    """
    kept = list(names)[:MOST]
    columns = max(1, min(len(kept), 4 if len(kept) > 6 else 3))
    rows = max(1, ceil(len(kept) / columns))
    across, down = _ROOM if alike else (_ROOM[0] + 0.2, _ROOM[1])
    wide = (_WIDTH - _LEFT - columns * across) / columns if columns > 1 else 5.5
    high = _HEIGHT * (1.5 if len(kept) < 3 else 1)
    size = _LEFT + columns * (wide + across), _TOP + rows * (high + down) + _BOTTOM
    figure = Figure(figsize=size)
    made: list[Axes] = []
    for place, name in enumerate(kept):
        row, column = divmod(place, columns)
        left, top = _LEFT + column * (wide + across), _TOP + row * (high + down)
        box = (left / size[0], 1 - (top + down + high) / size[1], wide / size[0], high / size[1])
        first = made[0] if made else None
        axes = figure.add_axes(box, sharex=first, sharey=first if alike else None)
        axes.set_title(short(name), loc="left", fontsize=9.5)
        axes.grid(visible=True)
        axes.tick_params(labelbottom=place + columns >= len(kept), labelleft=column == 0 or not alike)
        axes.tick_params(labelsize=9)
        made.append(axes)
    if len(names) > MOST:
        x = f"{x}   ({len(names) - MOST} further systems are left out)"
    figure.supxlabel(x, fontsize=10, y=0.08 / size[1], va="bottom")
    figure.supylabel(y, fontsize=10, x=0.08 / size[0], ha="left")
    return figure, made


def legend(figure: Figure, axes: Axes) -> None:
    """What the lines of one panel, and so of all, are; in the upper right corner."""
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc="upper right",
        bbox_to_anchor=(1, 1),
        ncols=2,
        fontsize=9,
        borderaxespad=0.2,
    )


def trace(axes: Axes, khz: Values, values: Values, color: str, label: str = "") -> None:
    """A line; many values become their mean at each place, in a shade from their lowest to their highest.

    So a single line of a spectrum is seen among sixteen thousand.
    """
    places, mean, low, high = gathered(khz, values)
    if len(values) > len(mean):
        axes.fill_between(places, low, high, color=color, alpha=0.35, linewidth=0)
    axes.plot(places, mean, color=color, linewidth=1.0, label=label)


def gathered(khz: Values, values: Values, columns: int = _COLUMNS) -> tuple[Values, Values, Values, Values]:
    """Places, and mean, lowest and highest value around each; as they are where they are few.

    >>> gathered(np.arange(4.0), np.array([1.0, 3.0, 0.0, 8.0]), columns=2)[1].tolist()
    [2.0, 4.0]
    """
    if len(values) <= columns:
        return khz, values, values, values
    starts = np.linspace(0, len(values), columns, endpoint=False).astype(np.int64)
    count = np.diff(np.append(starts, len(values)))
    return (
        np.add.reduceat(khz, starts) / count,
        np.add.reduceat(values, starts) / count,
        np.minimum.reduceat(values, starts),
        np.maximum.reduceat(values, starts),
    )


def reach(values: Sequence[Values], least: float = 1.0) -> float:
    """Half the height of an axis around 0 that shows nearly all: beyond it lie single spikes."""
    known = [np.abs(each[np.isfinite(each)]) for each in values]
    highest = max((float(np.percentile(each, 99.5)) for each in known if len(each)), default=least)
    return max(least, 1.15 * highest)


def typical(values: Sequence[Values], least: float = 1.0) -> float:
    """Half the width of a scale around 0 that suits most rows; few may lie beyond."""
    each = [reach([one], 0.0) for one in values]
    return max(least, min(max(each), 2.5 * float(np.median(each))))
