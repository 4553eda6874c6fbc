"""What a choice does to the EER: every cell of a sweep as a dot, the mean of a value with its interval."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bonafide.figures.style import GENUINE, GREY, short, styled

_VALUES: Final = 60
_ACROSS: Final = 3
"""Test groups beside each other; more begin another row."""


class Dots(NamedTuple):
    """A value of a choice.

    Args:
        eers: of every cell with it; fractions.
        mean: as the tables have it.
        interval: of the mean; None if it is not known.
    """

    eers: Sequence[float]
    mean: float
    interval: tuple[float, float] | None


def choices(groups: Mapping[str, Mapping[str, Dots]], title: str) -> Figure:
    """A panel for each test group, a line for each value; beyond 60 values the rest is left out.

    Args:
        groups: test group → value → its cells.
        title: what is chosen.
    """
    values = list(dict.fromkeys(value for found in groups.values() for value in found))[:_VALUES]
    across = min(len(groups), _ACROSS)
    down = -(-len(groups) // across)
    longest = max(len(short(value)) for value in values)
    with styled():
        size = (
            1.0 + 0.075 * longest + max(2.6 * across, 3.8),
            0.5 + down * (0.75 + 0.27 * max(len(values), 2)),
        )
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(down, across, sharey=True, squeeze=False)
        for axes, (group, found) in zip(grid.flat, groups.items(), strict=False):
            _panel(axes, values, found)
            axes.set_title(short(group), loc="left")
            axes.set_xlabel("EER, %")
        for axes in grid.flat[len(groups) :]:
            axes.set_visible(False)
        for axes in grid[:, 0]:
            axes.set_yticks(range(len(values)), [short(value) for value in values], fontsize=9)
            axes.set_ylim(len(values) - 0.4, -0.6)
            axes.set_ylabel(title, color=GREY)
        figure.legend(handles=_keys(groups), loc="outside upper left", ncols=2, fontsize=9, handlelength=1.6)
    return figure


def _panel(axes: Axes, values: Sequence[str], found: Mapping[str, Dots]) -> None:
    for place, value in enumerate(values):
        if value not in found:
            continue
        dots = found[value]
        apart = 0.18 * np.linspace(-1, 1, len(dots.eers)) if len(dots.eers) > 1 else np.zeros(1)
        axes.plot(
            100 * np.asarray(dots.eers), place + apart, "o", color=GENUINE, alpha=0.45, markersize=4.5,
            markeredgewidth=0, clip_on=False,
        )  # fmt: skip
        if dots.interval is not None:
            ends = [100 * bound for bound in dots.interval]
            axes.plot(ends, [place, place], "|-", color="black", linewidth=1.2, markersize=7, clip_on=False)
        axes.plot(100 * dots.mean, place, "D", color="black", markersize=4.5, clip_on=False, zorder=4)
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(left=0)
    low, high = axes.get_xlim()
    axes.set_xlim(low, max(high, 1.0))


def _keys(groups: Mapping[str, Mapping[str, Dots]]) -> list[Line2D]:
    known = any(dots.interval is not None for found in groups.values() for dots in found.values())
    mean = "mean and 95 % interval" if known else "mean"
    return [
        Line2D([], [], marker="o", color=GENUINE, alpha=0.6, linestyle="", markersize=5, label="a cell"),
        Line2D([], [], marker="D", color="black", linestyle="-" if known else "", markersize=4.5, label=mean),
    ]
