"""By how much a few numbers of the recordings of each system differ from bona fide, with intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bonafide.figures.style import FAKE, GREY, short, styled

_ROW = 0.26  # inches
_MOST = 40


def _end(values: NDArray[np.float64]) -> float:
    """Half the width of an axis: all means, and the usual interval; a wider one runs out of the picture."""
    bounds = np.abs(values[:, 1:]).max(axis=1)
    usual = float(np.median(bounds[np.isfinite(bounds)])) if np.isfinite(bounds).any() else 0.0
    return 1.15 * max(float(np.nanmax(np.abs(values[:, 0]), initial=0.0)), 1.5 * usual) or 1.0


def shifts(names: Sequence[str], numbers: Mapping[str, NDArray[np.float64]]) -> Figure:
    """A panel a number, a row a system: the mean difference as a dot, its 95 % interval as a line.

    Dots whose interval leaves out 0 are filled.

    Args:
        names: of the systems; of more than 40 the first.
        numbers: title with the unit → `[systems, 3]`: mean, lower and upper bound; not a number: unknown.
    """
    labels = [short(name) for name in names][:_MOST]
    longest = max(map(len, labels), default=0)
    with styled():
        columns = min(len(numbers), 3)
        rows = -(-len(numbers) // columns)
        width = 0.08 * longest + 2.9 * columns + 0.3
        figure = Figure(figsize=(width, rows * (0.85 + _ROW * len(labels))), layout="constrained")
        cells = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
        for axes, (title, values) in zip(cells, numbers.items(), strict=False):
            axes.axvline(0, color=GREY, linewidth=0.8)
            for place, (mean, low, high) in enumerate(values[:_MOST]):
                if not np.isfinite(mean):
                    continue
                sure = np.isfinite(low) and (low > 0 or high < 0)
                if np.isfinite(low):
                    axes.plot([low, high], [place, place], color=FAKE, linewidth=1.4)
                axes.plot(
                    mean, place, "o", color=FAKE, markerfacecolor=FAKE if sure else "white", markersize=5
                )
            axes.set_xlim(-_end(values), _end(values))
            axes.set_title(title, loc="left", fontsize=9.5)
            axes.tick_params(labelsize=9)
            axes.grid(visible=True, axis="x")
            axes.tick_params(axis="y", length=0)
        for axes in cells[len(numbers) :]:
            axes.set_visible(False)
        for axes in cells[:1]:
            axes.set_yticks(range(len(labels)), labels)
            axes.set_ylim(len(labels) - 0.5, -0.5)
    return figure
