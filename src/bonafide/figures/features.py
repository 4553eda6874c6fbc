"""What a front end makes of a recording: its waveform, and below it the features with their axes."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bonafide.figures.style import GENUINE, GREY, short, styled
from bonafide.frontends.legend import Legend
from bonafide.types import InputError

_WIDTH: Final = 10.0  # inches
_PANEL: Final = 3.3
_WAVEFORM: Final = 1.15
_COLUMNS: Final = 4000
"""Frames drawn at the most; a screen has no more."""


def features(
    values: NDArray[np.float32],
    times: NDArray[np.float64],
    legend: Legend,
    *,
    waveform: NDArray[np.float32],
    sample_rate: int,
    start: float = 0.0,
    title: str = "",
) -> Figure:
    """The waveform, and under it a panel for each channel of the features on the same axis of time.

    Rows are evenly spaced whatever they stand for, as the model reads them; where they are frequencies, the
    axis names round ones at their places. Features of a single row are drawn as a line.

    Args:
        values: `[channels, bins, frames]`.
        times: `[frames]` centre of each frame, in seconds from the start of the clip.
        legend: of the front end.
        waveform: `[time]` of the clip.
        sample_rate: of the waveform, in Hz.
        start: of the clip in its recording, in seconds.
        title: above the picture.

    Raises:
        InputError: the features hold something that is not finite.
    """
    if not np.isfinite(values).all():
        raise InputError(f"the features of {title or 'this clip'} are not finite; nothing can be drawn")
    seconds = len(waveform) / sample_rate
    lines = values.shape[1] == 1
    panels = 0 if lines and values.shape[0] == 1 and values.shape[2] == len(waveform) else values.shape[0]
    heights = [_WAVEFORM if panels else _PANEL, *[_PANEL] * panels]
    with styled():
        figure = Figure(figsize=(_WIDTH, sum(heights) + 0.9), layout="constrained")
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
        _waveform(axes[0], waveform, start, seconds)
        edges = start + _edges(times, seconds)
        for channel, panel in enumerate(axes[1:]):
            if lines:
                panel.plot(start + times, values[channel, 0], color=GENUINE, linewidth=1)
                panel.set_ylabel(legend.values)
            else:
                _map(figure, panel, values[channel], edges, legend)
            if legend.channels:
                panel.set_title(legend.channels[channel], loc="left", fontsize=9.5)
        axes[-1].set_xlabel("time (s)")
        axes[-1].set_xlim(start, start + seconds)
        if title:
            figure.suptitle(title, fontsize=11)
    return figure


def _waveform(axes: Axes, waveform: NDArray[np.float32], start: float, seconds: float) -> None:
    """Lowest and highest sample of each column, so that no click is lost between them."""
    columns = min(_COLUMNS, len(waveform))
    places = np.linspace(0, len(waveform), columns, endpoint=False).astype(np.int64)
    low, high = np.minimum.reduceat(waveform, places), np.maximum.reduceat(waveform, places)
    time = start + (places + 0.5) / len(waveform) * seconds
    if columns < len(waveform):
        axes.fill_between(time, low, high, color=GENUINE, linewidth=0.4)
    else:
        axes.plot(time, waveform, color=GENUINE, linewidth=1)
    loudest = float(np.abs(waveform).max(initial=0)) or 1.0
    axes.set_ylim(-1.05 * loudest, 1.05 * loudest)
    axes.set_ylabel("amplitude")


def _map(
    figure: Figure, axes: Axes, values: NDArray[np.float32], edges: NDArray[np.float64], legend: Legend
) -> None:
    """A channel as colours, on rows from 0 to `bins`."""
    bins, frames = values.shape
    step = -(-frames // _COLUMNS)
    # Of what is no spectrum, few rows are far above the rest, such as the lowest cepstrum: they may saturate.
    low, high = np.percentile(values, [0.5, 99.9] if legend.hertz is not None else [2, 98])
    if low == high:
        low, high = low - 0.5, high + 0.5
    mesh = axes.pcolormesh(
        np.append(edges[:-1:step], edges[-1]),
        np.arange(bins + 1),
        values[:, ::step],
        cmap="magma",
        vmin=low,
        vmax=high,
        rasterized=True,
    )
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)
    bar = figure.colorbar(mesh, ax=axes, pad=0.012, aspect=24, extend=_extent(values, low, high))
    bar.set_label(legend.values)
    bar.outline.set_edgecolor(GREY)
    if legend.hertz is not None:
        places, names = hertz_ticks(legend.hertz.numpy())
        axes.set_yticks(places + 0.5, names)
        axes.set_ylabel(f"{legend.rows} (Hz)")
    elif legend.marks:
        _marks(axes, legend, bins)
    else:
        axes.set_ylabel(legend.rows)


def _extent(values: NDArray[np.float32], low: float, high: float) -> str:
    """On which sides values lie beyond the colours."""
    below, above = bool(values.min() < low), bool(values.max() > high)
    return {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[
        below, above
    ]


def _marks(axes: Axes, legend: Legend, bins: int) -> None:
    """Names in the middle of what they name; lines between, if that is more than a row."""
    first = [row for row, _ in legend.marks]
    ends = [*first[1:], bins]
    axes.set_yticks(
        [(row + end) / 2 for row, end in zip(first, ends, strict=True)],
        [short(name) for _, name in legend.marks],
    )
    axes.tick_params(axis="y", length=0)
    if min(end - row for row, end in zip(first, ends, strict=True)) > 2:
        for row in first[1:]:
            axes.axhline(row, color="white", linewidth=0.8)
    axes.set_ylabel(legend.rows)


def _edges(times: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    """Where one frame ends and the next begins, within the clip, `[frames + 1]`."""
    between = (times[1:] + times[:-1]) / 2
    return np.concatenate([[0.0], between, [seconds]])


def hertz_ticks(hertz: NDArray[np.float64], most: int = 9) -> tuple[NDArray[np.float64], list[str]]:
    """Round frequencies for an axis of rows, and the rows (with fractions) where they lie.

    The roundest go first; others follow where there is room.

    Args:
        hertz: of each row, rising.
        most: how many at the most.

    >>> places, names = hertz_ticks(np.linspace(0, 8000, 257), most=5)
    >>> names
    ['0', '2000', '4000', '6000', '8000']
    >>> places.tolist()
    [0.0, 64.0, 128.0, 192.0, 256.0]
    """
    rows = np.arange(len(hertz), dtype=np.float64)
    room = max(len(hertz) - 1, 1) / max(most - 1, 1)
    even = np.diff(hertz)
    if len(hertz) > 2 and np.ptp(even) < 1e-6 * even.mean():
        step = _even_step(float(np.ptp(hertz)), most)
        first = np.ceil(hertz[0] / step - 1e-9) * step + 0.0  # not -0
        names = np.arange(first, hertz[-1] * (1 + 1e-9), step)
        return np.interp(names, hertz, rows), [f"{name:g}" for name in names]
    chosen: list[float] = []
    for candidates in _roundness():
        for name in candidates:
            if not hertz[0] <= name <= hertz[-1]:
                continue
            place = float(np.interp(name, hertz, rows))
            if all(abs(place - np.interp(other, hertz, rows)) >= room for other in chosen):
                chosen.append(name)
    chosen.sort()
    return np.interp(chosen, hertz, rows), [f"{name:g}" for name in chosen]


def _even_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5, 10, 20 … that divides a span into no more than `most - 1` parts."""
    least = span / max(most - 1, 1)
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9)))


def _roundness() -> Sequence[NDArray[np.float64]]:
    """Frequencies that an axis may name, from the roundest to the least round."""
    decades = 10.0 ** np.arange(0, 6)
    return [np.outer(decades, digits).ravel() for digits in ([1], [2, 5], [3, 4, 6, 8], [7, 9])]
