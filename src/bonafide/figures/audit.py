"""Which trivial numbers give which systems away."""

from textwrap import fill
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from bonafide.data.audit.features import title
from bonafide.data.audit.shortcuts import Row, Shortcuts
from bonafide.figures.style import FAKE, GENUINE, GREY, short, styled
from bonafide.types import InputError

_ROWS: Final = 60
_CELL: Final = (0.36, 0.24)  # inches
_UNKNOWN = "#d5d9de"
_DIVERGING = LinearSegmentedColormap.from_list("audit", (GENUINE, "#ffffff", FAKE))


def heatmap(shortcuts: Shortcuts) -> Figure:
    """AUC of each trivial number for each system: white says nothing, either colour gives the label away.

    Warnings are framed and carry their AUC; grey was not examined, and columns that are grey throughout are
    named below instead. Beyond 60 rows those with the strongest shortcuts are drawn.

    Args:
        shortcuts: of an audit.

    Raises:
        InputError: no system has bona fide recordings to be compared with, or no number was examined.
    """
    columns = np.flatnonzero(~np.isnan(shortcuts.auc).all(axis=0))
    if not shortcuts.rows or not len(columns):
        raise InputError(
            "the audit compared nothing, so there is no picture of it: "
            "give it bona fide recordings and spoofs of one corpus"
        )
    rows = _rows(shortcuts)
    area = shortcuts.auc[np.ix_(rows, columns)]
    warned = shortcuts.warned[np.ix_(rows, columns)]
    labels = _labels([shortcuts.rows[row] for row in rows])
    names = [title(shortcuts.features[column]) for column in columns]
    left = 0.3 + 0.075 * max(map(len, labels))
    top = 0.3 + 0.052 * max(map(len, names))
    grid = _CELL[0] * len(columns), _CELL[1] * len(rows)
    width = left + grid[0] + 0.9
    note = _note(shortcuts, rows, width)
    bottom = 0.75 + 0.17 * (note.count("\n") + 1 if note else 0)
    height = top + grid[1] + bottom
    with styled():
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((left / width, bottom / height, grid[0] / width, grid[1] / height))
        _cells(axes, area, warned)
        axes.set_xticks(
            range(len(names)), names, rotation=50, ha="left", rotation_mode="anchor", fontsize=8.5
        )
        axes.set_yticks(range(len(labels)), labels, fontsize=8.5)
        _scale(figure, (left / width, (bottom - 0.38) / height, min(3.2, grid[0]) / width, 0.12 / height))
        if note:
            figure.text(0.15 / width, 0.1 / height, note, fontsize=8, color=GREY, va="bottom")
    return figure


def _rows(shortcuts: Shortcuts) -> NDArray[np.int64]:
    """All, or the strongest in their order."""
    strength = np.nan_to_num(np.abs(shortcuts.auc - 0.5)) + shortcuts.warned
    strongest = np.argsort(-strength.max(axis=1), kind="stable")[:_ROWS]
    return np.sort(strongest)


def _labels(rows: list[Row]) -> list[str]:
    """`corpus: system (spoofs)`, the corpus only where there are several."""
    several = len({row.corpus for row in rows}) > 1
    names = ["all systems" if row.system == "*" else short(row.system) for row in rows]
    return [
        f"{short(row.corpus)}: {name} ({row.spoof:,})" if several else f"{name} ({row.spoof:,})"
        for row, name in zip(rows, names, strict=True)
    ]


def _note(shortcuts: Shortcuts, rows: NDArray[np.int64], inches: float) -> str:
    told = []
    if len(rows) < len(shortcuts.rows):
        told.append(f"{len(shortcuts.rows) - len(rows)} rows with weaker shortcuts are left out.")
    if shortcuts.not_examined:
        told.append(f"Not examined: {', '.join(title(name) for name in shortcuts.not_examined)}.")
    return fill(" ".join(told), int(inches / 0.066))


def _cells(axes: Axes, area: NDArray[np.float64], warned: NDArray[np.bool_]) -> None:
    axes.set_facecolor(_UNKNOWN)
    axes.imshow(area, _DIVERGING, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for row, column in np.argwhere(warned):
        value = float(area[row, column])
        frame = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="black", linewidth=1.1)
        axes.add_patch(frame)
        color = "white" if abs(value - 0.5) > 0.38 else "black"
        axes.text(
            column, row, f"{value:.2f}".removeprefix("0"), ha="center", va="center", color=color, fontsize=7.5
        )
    axes.set_xticks(np.arange(0.5, area.shape[1] - 1), minor=True)
    axes.set_yticks(np.arange(0.5, area.shape[0] - 1), minor=True)
    axes.grid(which="minor", color="#e3e6ea", linewidth=0.6)
    axes.tick_params(which="both", length=0)
    axes.xaxis.tick_top()
    for spine in axes.spines.values():
        spine.set_visible(True)


def _scale(figure: Figure, place: tuple[float, float, float, float]) -> None:
    axes = figure.add_axes(place)
    axes.imshow(np.linspace(0, 1, 256)[None], _DIVERGING, extent=(0, 1, 0, 1), aspect="auto")
    axes.set_yticks([])
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5: tells nothing", "", "1"], fontsize=8)
    axes.set_title("AUC: chance that the number is higher in a spoof", fontsize=8, pad=3, loc="left")
