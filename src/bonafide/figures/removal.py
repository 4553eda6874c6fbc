"""What happens to an answer when parts of its input are taken away, or put back."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bonafide.figures.style import GENUINE, GREY, styled

Array = NDArray[np.float64]


class Removal(NamedTuple):
    """What an answer does while parts of its input vanish, 1 at the whole input and 0 at the reference.

    Args:
        shares: `[steps]` of the parts that are gone, or there.
        deletion: `[steps]` mean over clips, the most attributed gone first.
        insertion: `[steps]` the most attributed there first.
        random: `[orders, steps]` gone in random orders.
    """

    shares: Array
    deletion: Array
    insertion: Array
    random: Array


def removal(curves: Mapping[str, Removal]) -> Figure:
    """Deletion and insertion of each kind of part, against random orders.

    Args:
        curves: by kind of part, such as `bands`.
    """
    with styled():
        figure = Figure(figsize=(3.9 * len(curves), 6.0), layout="constrained")
        grid = figure.subplots(2, len(curves), sharex=True, sharey=True, squeeze=False)
        for column, (name, found) in enumerate(curves.items()):
            percent = 100 * found.shares
            for axes, way, chance in (
                (grid[0, column], found.deletion, found.random),
                (grid[1, column], found.insertion, found.random[:, ::-1]),
            ):
                mean = chance.mean(0)
                axes.fill_between(percent, chance.min(0), chance.max(0), color=GREY, alpha=0.25, linewidth=0)
                axes.plot(percent, mean, color=GREY, linestyle="--", linewidth=1.3, label="in random order")
                axes.fill_between(percent, way, mean, color=GENUINE, alpha=0.12, linewidth=0)
                axes.plot(percent, way, color=GENUINE, label="most attributed first")
                axes.axhline(0, color=GREY, linewidth=0.6)
                axes.grid(visible=True)
            grid[0, column].set_title(f"{name} taken away", loc="left", fontsize=10)
            grid[1, column].set_title(f"{name} put back", loc="left", fontsize=10)
            grid[1, column].set_xlabel(f"share of {name}, %")
        grid[0, 0].set_ylabel("share of the answer left")
        grid[1, 0].set_ylabel("share of the answer back")
        grid[0, -1].legend(fontsize=8.5, loc="best")
    return figure
