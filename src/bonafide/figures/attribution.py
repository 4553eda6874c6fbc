"""What a detector listens to: mean maps, their margins, and what happens when it is taken away."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bonafide.figures.features import hertz_ticks
from bonafide.figures.style import FAKE, GENUINE, GREY, short, strokes, styled
from bonafide.frontends.legend import Legend

Array = NDArray[np.float64]

DIVERGING: Final = LinearSegmentedColormap.from_list("attribution", (FAKE, "#ffffff", GENUINE))
"""Against the answer, nothing, for it."""

_COLUMNS: Final = 1200
"""Frames drawn at the most; those between are added up."""


class Mean(NamedTuple):
    """Mean maps of some clips.

    Args:
        attribution: `[channels, bins, frames]`.
        image: `[channels, bins, frames]` of the inputs.
        rows: `[bins]` sum over channels and frames.
        rows_error: `[bins]` standard error.
        columns: `[frames]` sum over channels and rows.
        columns_error: `[frames]` standard error.
    """

    attribution: Array
    image: Array
    rows: Array
    rows_error: Array
    columns: Array
    columns_error: Array


def panels(mean: Mean, times: Array, legend: Legend, *, title: str = "", what: str = "attribution") -> Figure:
    """Mean input, mean attribution, and the margin over rows; under the maps the margin over time.

    Of several channels, attributions are added up and inputs are averaged. A waveform has no rows, and is
    drawn as lines.

    Args:
        mean: to draw.
        times: `[frames]` centre of each frame, in seconds.
        legend: of the inputs.
        title: above the picture.
        what: is attributed, for the labels.
    """
    if mean.attribution.shape[1] == 1:
        return _lines(mean, times, legend, title, what)
    with styled():
        figure = Figure(figsize=(11.5, 5.0), layout="constrained")
        grid = figure.add_gridspec(2, 3, width_ratios=(4, 4, 2.2), height_ratios=(4, 1.15))
        image = figure.add_subplot(grid[0, 0])
        held = figure.add_subplot(grid[0, 1], sharey=image)
        side = figure.add_subplot(grid[0, 2], sharey=image)
        time = figure.add_subplot(grid[1, 1], sharex=held)
        level = figure.add_subplot(grid[1, 0], sharex=image)
        borders = edges(times)
        _image(figure, image, mean.image.mean(0), borders)
        _attributed(figure, held, mean.attribution.sum(0), borders)
        image.set_title(f"mean input: {legend.values}", loc="left", fontsize=9.5)
        held.set_title(f"mean {what}", loc="left", fontsize=9.5)
        rows_axis(image, legend, mean.attribution.shape[1])
        held.tick_params(labelleft=False)
        places = np.arange(len(mean.rows), dtype=np.float64) + 0.5
        margin(side, places, mean.rows, mean.rows_error, upright=True)
        side.tick_params(labelleft=False)
        side.set_title(f"{what} by {legend.rows}", loc="left", fontsize=9.5)
        level.plot(times, mean.image.mean((0, 1)), color=GREY, linewidth=1.2)
        level.set_ylabel("mean over rows", fontsize=8.5)
        margin(time, times, mean.columns, mean.columns_error)
        time.set_ylabel("by time", fontsize=8.5)
        for axes in (level, time):
            axes.set_xlabel("time (s)")
        for axes in (image, held):
            axes.tick_params(labelbottom=False)
        image.set_xlim(borders[0], borders[-1])
        held.set_xlim(borders[0], borders[-1])
        if title:
            figure.suptitle(title, fontsize=11)
    return figure


def systems(margins: Mapping[str, tuple[Array, Array]], legend: Legend, what: str = "attribution") -> Figure:
    """The margin over rows of each system, a line with its standard error.

    Args:
        margins: by system: sums `[bins]` and their standard errors.
        legend: of the inputs.
        what: is attributed.
    """
    with styled():
        longest = max(map(len, map(short, margins)), default=0)
        figure = Figure(figsize=(7.6 + 0.075 * longest, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for (name, (mean, error)), (color, dash) in zip(margins.items(), strokes(len(margins)), strict=True):
            places = np.arange(len(mean)) + 0.5
            axes.fill_between(places, mean - error, mean + error, color=color, alpha=0.16, linewidth=0)
            axes.plot(places, mean, color=color, linestyle=dash, linewidth=1.3, label=short(name))
        bins = len(next(iter(margins.values()))[0])
        axes.axhline(0, color=GREY, linewidth=0.8)
        rows_axis(axes, legend, bins, along="x")
        axes.set_xlim(0, bins)
        axes.set_ylabel(what)
        axes.grid(visible=True, axis="y")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.02), fontsize=9)
    return figure


def _lines(mean: Mean, times: Array, legend: Legend, title: str, what: str) -> Figure:
    """A waveform: its mean, and what is attributed to stretches of it."""
    step = -(-len(times) // 400)
    starts = np.arange(0, len(times), step)
    with styled():
        figure = Figure(figsize=(10.0, 4.4), layout="constrained")
        image, held = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.4))
        image.plot(times, mean.image.mean((0, 1)), color=GREY, linewidth=0.6)
        image.set_ylabel(f"mean {legend.values}")
        sums = np.add.reduceat(mean.attribution.sum((0, 1)), starts)
        centres = times[starts] + (times[-1] - times[0]) / len(starts) / 2
        held.axhline(0, color=GREY, linewidth=0.8)
        held.fill_between(centres, sums, step="mid", color=GENUINE, where=(sums > 0).tolist(), linewidth=0)
        held.fill_between(centres, sums, step="mid", color=FAKE, where=(sums < 0).tolist(), linewidth=0)
        held.set_ylabel(f"{what}, by {1000 * step * (times[1] - times[0]):.3g} ms")
        held.set_xlabel("time (s)")
        held.set_xlim(times[0], times[-1])
        if title:
            figure.suptitle(title, fontsize=11)
    return figure


def _image(figure: Figure, axes: Axes, values: Array, borders: Array) -> None:
    low, high = np.percentile(values, (1, 99))
    mesh = axes.pcolormesh(
        _thinned(borders),
        np.arange(values.shape[0] + 1),
        _added(values) / _step(values.shape[1]),
        cmap="magma",
        vmin=low,
        vmax=high if high > low else low + 1,
        rasterized=True,
    )
    _bar(figure, mesh, axes)


def _attributed(figure: Figure, axes: Axes, values: Array, borders: Array) -> None:
    added = _added(values)
    most = float(np.quantile(np.abs(added), 0.998)) or float(np.abs(added).max()) or 1.0
    mesh = axes.pcolormesh(
        _thinned(borders),
        np.arange(values.shape[0] + 1),
        added,
        cmap=DIVERGING,
        vmin=-most,
        vmax=most,
        rasterized=True,
    )
    _bar(figure, mesh, axes)


def _bar(figure: Figure, mesh: QuadMesh, axes: Axes) -> None:
    bar = figure.colorbar(mesh, ax=axes, pad=0.012, aspect=28)
    bar.outline.set_edgecolor(GREY)
    bar.ax.tick_params(labelsize=8)
    bar.formatter.set_powerlimits((-2, 3))  # type: ignore[attr-defined]
    bar.ax.yaxis.get_offset_text().set_fontsize(8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)


def margin(axes: Axes, places: Array, mean: Array, error: Array, *, upright: bool = False) -> None:
    """A sum over one axis, filled to 0, with its standard error."""
    low, high = mean - error, mean + error
    for sign, color in ((1, GENUINE), (-1, FAKE)):
        part = np.where(sign * mean > 0, mean, 0.0)
        if upright:
            axes.fill_betweenx(places, part, color=color, alpha=0.45, linewidth=0, step="mid")
        else:
            axes.fill_between(places, part, color=color, alpha=0.45, linewidth=0)
    if upright:
        axes.fill_betweenx(places, low, high, color="black", alpha=0.2, linewidth=0)
        axes.plot(mean, places, color="black", linewidth=0.9)
        axes.axvline(0, color=GREY, linewidth=0.8)
    else:
        axes.fill_between(places, low, high, color="black", alpha=0.2, linewidth=0)
        axes.plot(places, mean, color="black", linewidth=0.9)
        axes.axhline(0, color=GREY, linewidth=0.8)
    axes.grid(visible=True)


def rows_axis(axes: Axes, legend: Legend, bins: int, along: str = "y") -> None:
    """Frequencies in kHz, or names of rows, at their places on rows from 0 to `bins`."""
    axis = axes.xaxis if along == "x" else axes.yaxis
    name = legend.rows
    if legend.hertz is not None:
        places, names = hertz_ticks(legend.hertz.numpy())
        axis.set_ticks(places + 0.5, [f"{float(text) / 1000:g}" for text in names])
        name = f"{legend.rows} (kHz)"
    elif legend.marks:
        first = [row for row, _ in legend.marks]
        ends = [*first[1:], bins]
        middles = [(row + end) / 2 for row, end in zip(first, ends, strict=True)]
        axis.set_ticks(middles, [short(mark) for _, mark in legend.marks])
        axis.set_tick_params(length=0)
        for row in first[1:]:
            line = axes.axvline if along == "x" else axes.axhline
            line(row, color=GREY, linewidth=0.6)
    if along == "x":
        axes.set_xlabel(name)
    else:
        axes.set_ylabel(name)
        axes.set_ylim(0, bins)


def edges(times: Array) -> Array:
    """Where one frame ends and the next begins, `[frames + 1]`."""
    half = float(np.median(np.diff(times))) / 2 if len(times) > 1 else 0.5
    between = (times[1:] + times[:-1]) / 2
    return np.concatenate([[max(0.0, times[0] - half)], between, [times[-1] + half]])


def _step(frames: int) -> int:
    return -(-frames // _COLUMNS)


def _thinned(edges: Array) -> Array:
    return np.append(edges[: -1 : _step(len(edges) - 1)], edges[-1])


def _added(values: Array) -> Array:
    """Neighbouring frames added up, where there are more than a screen can show."""
    added: Array = np.add.reduceat(values, np.arange(0, values.shape[1], _step(values.shape[1])), axis=1)
    return added
