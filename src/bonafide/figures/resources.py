"""What front ends and models cost: time, memory, storage and parameters, a line for each pair."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from bonafide.figures.style import FAKE, GENUINE, GREY, short, styled

_INK: Final = "#1b1f24"
_LINES: Final = 60
_APART: Final = 0.17
"""Of the two marks of a line, in lines."""
_SPAN: Final = 1e-4
"""Of an axis. What is below it is next to nothing, as of a waveform that is handed on."""


class Line(NamedTuple):
    """A front end with a model; times for a second of audio.

    Args:
        name: of the pair.
        extraction: milliseconds of each repeat.
        scoring: likewise.
        extraction_memory: MiB; None if it is not known.
        memory: of both, weights included.
        storage: kB a second.
        parameters: of both.
    """

    name: str
    extraction: Sequence[float]
    scoring: Sequence[float]
    extraction_memory: float | None
    memory: float | None
    storage: float
    parameters: int


def resources(lines: Sequence[Line]) -> Figure:
    """Four panels with logarithmic axes; beyond 60 lines the rest is left out."""
    shown = lines[:_LINES]
    names = [short(line.name) for line in shown]
    longest = max(map(len, names))
    with styled():
        height = 1.35 + 0.3 * max(len(names), 3)
        figure = Figure(figsize=(8.6 + 0.075 * longest, height), layout="constrained")
        time, memory, storage, size = figure.subplots(
            1, 4, sharey=True, width_ratios=[3, 2, 2, 2], gridspec_kw={"wspace": 0.06}
        )
        _times(time, shown)
        used, held = [line.extraction_memory for line in shown], [line.memory for line in shown]
        least = _least([value for value in (*used, *held) if value is not None])
        _marks(memory, used, GENUINE, "o", -_APART, least=least)
        _marks(memory, held, _INK, "D", _APART, least=least)
        _marks(storage, [line.storage for line in shown], GENUINE, "o", 0)
        _marks(size, [float(line.parameters) for line in shown], _INK, "D", 0)
        titles = ("Time, ms for a second", "Peak memory, MiB", "Storage, kB a second", "Parameters")
        for axes, title in zip((time, memory, storage, size), titles, strict=True):
            _axis(axes, title, len(names))
        time.set_yticks(range(len(names)), names, fontsize=9)
        figure.legend(handles=_keys(), loc="outside upper left", ncols=3, fontsize=9, handlelength=1.2)
    return figure


def _times(axes: Axes, lines: Sequence[Line]) -> None:
    sides: tuple[tuple[Callable[[Line], Sequence[float]], str, str, float], ...] = (
        (lambda line: line.extraction, GENUINE, "o", -_APART),
        (lambda line: line.scoring, FAKE, "s", _APART),
    )
    least = _least([value for line in lines for value in (*line.extraction, *line.scoring)])
    for values, color, marker, apart in sides:
        for place, line in enumerate(lines):
            found = values(line)
            ends = [max(least, end) for end in (min(found), max(found))]
            axes.plot(ends, [place + apart] * 2, color=color, linewidth=1.2)
        middle = [float(np.median(values(line))) for line in lines]
        _marks(axes, middle, color, marker, apart, least=least)


def _least(values: Sequence[float]) -> float:
    """Where an axis begins that ends at the power of ten above all values.

    >>> round(_least([0.2, 500.0]), 3)
    0.1
    """
    return float(10 ** np.ceil(np.log10(max(values, default=1.0))) * _SPAN)


def _marks(
    axes: Axes, values: Sequence[float | None], color: str, marker: str, apart: float, *, least: float = 0.0
) -> None:
    known = [(value, place + apart) for place, value in enumerate(values) if value is not None]
    there = [(value, place) for value, place in known if value > least]
    beyond = [(least, place) for value, place in known if value <= least and least]
    for sign, points in ((marker, there), ("<", beyond)):
        if points:
            axes.plot(
                *zip(*points, strict=True), sign, color=color, markersize=5, markeredgewidth=0,
                clip_on=False, zorder=3,
            )  # fmt: skip


def _axis(axes: Axes, title: str, lines: int) -> None:
    axes.set_xscale("log")
    low, high = axes.dataLim.intervalx
    if 0 < low <= high < np.inf:
        axes.set_xlim(10 ** (np.floor(np.log10(low))), 10 ** np.ceil(np.log10(high * 1.001)))
    axes.set_title(title, loc="left", fontsize=10)
    axes.xaxis.set_major_locator(LogLocator(10, numticks=5))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
    axes.tick_params(axis="x", labelsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")
    for place in range(0, lines, 2):
        axes.axhspan(place - 0.5, place + 0.5, color="#f5f6f8", zorder=0, linewidth=0)
    axes.set_ylim(lines - 0.5, -0.5)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(GREY)


def _tick(value: float) -> str:
    """A power of ten in few letters.

    >>> _tick(0.01), _tick(100.0), _tick(1e6)
    ('0.01', '100', '1M')
    """
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{letter}"
    return f"{value:g}"


def _keys() -> list[Line2D]:
    labels = (
        ("o", GENUINE, "front end"), ("s", FAKE, "model"), ("D", _INK, "both, weights included"),
    )  # fmt: skip
    return [
        Line2D([], [], marker=marker, color=color, linestyle="", markersize=5.5, label=label)
        for marker, color, label in labels
    ]
