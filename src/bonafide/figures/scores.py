"""Where the scores of bona fide trials and of each system lie."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from bonafide.figures.style import FAKE, GENUINE, GREY, short, styled
from bonafide.metrics.curve import classes

_ROWS = 40
_BINS = 80


def histogram(
    bonafide: ArrayLike, systems: Mapping[str, ArrayLike], threshold: float | None = None
) -> Figure:
    """A row of bars for bona fide trials and one for each system, every row as high as its fullest bin.

    The outline of the bona fide row lies over each system: where the two overlap, the system deceives. Beyond
    40 systems the rest share the last row. The farthest 0.1 % of the scores on either side are drawn in the
    outermost bins.

    Args:
        bonafide: scores of bona fide trials, log-odds.
        systems: name → scores of its spoofs.
        threshold: drawn as a line; scores right of it, and on it, are accepted.

    Raises:
        InputError: there are no bona fide trials or no spoofs, or a score is not finite.
    """
    bonafide, _ = classes(bonafide, np.concatenate([np.empty(0), *map(np.ravel, systems.values())]))
    rows = _rows(systems)
    edges = _edges([bonafide, *rows.values()], threshold)
    with styled():
        figure = Figure(figsize=(7.2, 1.1 + 0.42 * (len(rows) + 1)), layout="constrained")
        grid = figure.subplots(len(rows) + 1, sharex=True, squeeze=False)[:, 0]
        outline = _heights(bonafide, edges)
        _row(grid[0], f"bona fide\n{bonafide.size:,}", outline, edges, GENUINE)
        for axes, (name, scores) in zip(grid[1:], rows.items(), strict=True):
            axes.stairs(outline, edges, color=GENUINE, linewidth=0.9, zorder=3)
            _row(axes, f"{short(name)}\n{scores.size:,}", _heights(scores, edges), edges, FAKE)
        for axes in grid if threshold is not None else ():
            axes.axvline(threshold, color="black", linewidth=1, linestyle="--")
        if threshold is not None:
            grid[0].annotate(
                f"threshold {threshold:.3g}".replace("-", "−"),
                (threshold, 1.0),
                (0, 3),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=9,
                annotation_clip=False,
            )
        grid[-1].tick_params(bottom=True, labelbottom=True)
        grid[-1].set_xlabel("Score (log-odds), high when genuine")
    return figure


def _rows(systems: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float64]]:
    rows = {name: np.asarray(scores, dtype=np.float64).reshape(-1) for name, scores in systems.items()}
    if len(rows) <= _ROWS:
        return rows
    names = list(rows)
    kept, rest = names[: _ROWS - 1], names[_ROWS - 1 :]
    others = np.concatenate([rows[name] for name in rest])
    return {name: rows[name] for name in kept} | {f"{len(rest)} other systems": others}


def _edges(rows: list[NDArray[np.float64]], threshold: float | None) -> NDArray[np.float64]:
    held = [scores for scores in rows if scores.size]
    marks = [] if threshold is None else [threshold]
    low = min([*(np.quantile(scores, 0.001) for scores in held), *marks])
    high = max([*(np.quantile(scores, 0.999) for scores in held), *marks])
    margin = 0.02 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, _BINS + 1)


def _heights(scores: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    counts, _ = np.histogram(np.clip(scores, edges[0], edges[-1]), edges)
    return np.asarray(counts / max(counts.max(), 1))


def _row(axes: Axes, name: str, heights: NDArray[np.float64], edges: NDArray[np.float64], color: str) -> None:
    axes.stairs(heights, edges, fill=True, color=color, alpha=0.75, linewidth=0)
    axes.set_ylim(0, 1.08)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(bottom=False, labelbottom=False)
    axes.set_xlim(edges[0], edges[-1])
    axes.spines["bottom"].set_color(GREY)
    axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8.5)
