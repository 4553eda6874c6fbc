"""Trained on these, tested on those: EERs as colours."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike

from bonafide.figures.style import FAKE, GREY, short, styled

_LINES: Final = 60
_WRITTEN: Final = 24
"""Columns that leave room for a number in each field."""
_PALE, _DEEP = "#f3f7fb", "#08306b"
_COLORS: Final = LinearSegmentedColormap.from_list("errors", [_PALE, "#9ecae1", "#2b7bba", _DEEP])


def heat_map(
    eer: ArrayLike,
    lines: Sequence[str],
    systems: Sequence[str],
    trained: ArrayLike,
    *,
    of: str = "Trained on",
) -> Figure:
    """A field for each line and system, darker for more errors; beyond 60 lines the rest is left out.

    Args:
        eer: `[lines, systems]` fractions, NaN where nothing was tested.
        lines: names of the training sets.
        systems: names of those tested.
        trained: `[lines, systems]` fields that get a frame.
        of: what a line is.
    """
    values = 100 * np.asarray(eer, dtype=np.float64)[:_LINES]
    framed = np.asarray(trained, dtype=bool)[:_LINES]
    there = values[~np.isnan(values)]
    top = max(1.0, float(there.max(initial=0.0)))
    with styled():
        width = 1.9 + 0.075 * max(len(short(name)) for name in lines) + 0.58 * len(systems)
        height = 1.35 + 0.06 * max(len(short(name)) for name in systems) + 0.36 * len(values)
        figure = Figure(figsize=(max(width, 5.2), height), layout="constrained")
        axes = figure.add_subplot()
        image = axes.imshow(
            np.ma.masked_invalid(values),
            cmap=_COLORS,
            vmin=0,
            vmax=top,
            aspect="auto",
            interpolation="nearest",
        )
        axes.set_facecolor("white")
        _ticks(axes, lines[:_LINES], systems)
        for line, system in np.argwhere(~np.isnan(values)) if len(systems) <= _WRITTEN else ():
            value = values[line, system]
            dark = value > 0.55 * top
            axes.text(
                system, line, f"{value:.1f}", ha="center", va="center", fontsize=8.5,
                color="white" if dark else "black",
            )  # fmt: skip
        for line, system in np.argwhere(framed):
            axes.add_patch(
                Rectangle((system - 0.46, line - 0.44), 0.92, 0.88, fill=False, edgecolor=FAKE, linewidth=2)
            )
        more = f" (the first {_LINES} of {len(lines)})" if len(lines) > _LINES else ""
        axes.set_ylabel(of + more)
        axes.set_xlabel("Tested on")
        figure.colorbar(image, ax=axes, label="EER, %", shrink=0.9, aspect=24, pad=0.02).outline.set_visible(
            False
        )
        if framed.any():
            key = Patch(fill=False, edgecolor=FAKE, linewidth=2, label="in the training data")
            figure.legend(handles=[key], loc="outside upper left", fontsize=9, handlelength=1.2)
    return figure


def _ticks(axes: Axes, lines: Sequence[str], systems: Sequence[str]) -> None:
    axes.set_xticks(
        range(len(systems)), [short(name) for name in systems], rotation=40, ha="right", fontsize=9
    )
    axes.set_yticks(range(len(lines)), [short(name) for name in lines], fontsize=9)
    axes.tick_params(length=0, colors="black")
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(len(systems) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(lines) + 1) - 0.5, minor=True)
    axes.grid(visible=True, which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    axes.xaxis.label.set_color(GREY)
    axes.yaxis.label.set_color(GREY)
