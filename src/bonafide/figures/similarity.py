"""Which generators leave the same behind: correlations of their difference fingerprints."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bonafide.figures.style import GREY, short, styled

_CELL = 0.46  # inches
_NUMBERS = 16
"""Rows up to which there is room for numbers."""


def similarity(names: Sequence[str], matrices: Mapping[str, NDArray[np.float64]]) -> Figure:
    """A square of correlations for each kind of fingerprint, generators in the same order.

    Args:
        names: of the generators.
        matrices: title → `[generators, generators]` from −1 to 1; grey where it is not known.
    """
    labels = [short(name) for name in names]
    side = max(_CELL if len(names) <= _NUMBERS else 0.3, 2.2 / max(len(names), 1)) * len(names)
    room = 0.3 + 0.085 * max(map(len, labels), default=0)
    with styled():
        width, height = room + 0.35 + len(matrices) * (side + 0.4) + 0.75, side + 0.5 + 0.75 * room
        figure = Figure(figsize=(width, height))
        mesh = None
        for place, (title, values) in enumerate(matrices.items()):
            left = room + place * (side + 0.4)
            axes = figure.add_axes((left / width, 1 - (side + 0.35) / height, side / width, side / height))
            axes.set_facecolor("#d5d9de")
            mesh = axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
            axes.set_title(title, fontsize=10, loc="left")
            axes.set_xticks(
                range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor", fontsize=9
            )
            axes.set_yticks(range(len(labels)), labels if place == 0 else [], fontsize=9)
            axes.tick_params(length=0)
            for spine in axes.spines.values():
                spine.set_visible(False)
            if len(names) <= _NUMBERS:
                _numbers(axes, values)
        if mesh is not None:
            end = room + len(matrices) * (side + 0.4) - 0.25
            scale = figure.add_axes((end / width, 1 - (side + 0.35) / height, 0.14 / width, side / height))
            bar = figure.colorbar(mesh, cax=scale)
            bar.set_label("correlation", fontsize=9)
            bar.outline.set_edgecolor(GREY)
    return figure


def _numbers(axes: Axes, values: NDArray[np.float64]) -> None:
    for row, column in np.argwhere(np.isfinite(values)):
        value = float(values[row, column])
        text = f"{value:z.2f}".replace("0.", ".") if abs(value) < 0.995 else f"{value:.0f}"
        color = "white" if abs(value) > 0.65 else "black"
        axes.text(column, row, text.replace("-", "−"), ha="center", va="center", fontsize=8, color=color)
