"""Detection error trade-off on normal-deviate axes (Martin et al., Eurospeech 1997)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from bonafide.figures.style import GREY, short, strokes, styled
from bonafide.metrics.curve import Rates, curve
from bonafide.metrics.eer import eer

# In per cent; the axes begin and end at one of them.
_DECADES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 40)
_TICKS = np.array((*_DECADES, 50, 60, 70, 80, 90, 95, 98, 99, 99.5, 99.8, 99.9))

# Where points go on a bent stretch, dense at both ends, as the normal deviate asks.
_BEND = ndtr(np.linspace(-5, 5, 41))


def det(groups: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """False rejections against false acceptances, a curve a group, with its EER marked on the diagonal.

    Scores of two normal distributions give a straight line. Rates too small for a set of this size to show
    lie on the lower and left edge of the axes.

    Args:
        groups: name → scores of bona fide and of spoof trials.

    Raises:
        InputError: a group lacks a class, or a score is not finite.
    """
    measured = {name: eer(bonafide, spoof) for name, (bonafide, spoof) in groups.items()}
    resolution = min((1 / max(np.size(scores) for scores in pair) for pair in groups.values()), default=0.01)
    low, high = _limits(resolution, max(measured.values(), default=0.0))
    longest = max((len(short(name)) for name in groups), default=0)
    with styled():
        # Inches: a square of 4.2 with its labels, a legend beside it that grows with its names.
        width, height = 6.7 + 0.085 * longest, max(5.0, 0.7 + 0.2 * len(groups))
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((0.75 / width, 1 - 4.35 / height, 4.2 / width, 4.2 / height))
        _axes(axes, low, high)
        for (name, scores), (color, dash) in zip(groups.items(), strokes(len(groups)), strict=True):
            frr, far = (ndtri(np.clip(rate, low, 0.9999)) for rate in _bent(*scores))
            # Figure spaces are as wide as digits: the numbers stand in a column.
            rate = f"{100 * measured[name]:.{3 if 0 < measured[name] < 0.001 else 2}f}".rjust(6, "\u2007")
            label = f"{rate} %  {short(name)}"
            axes.plot(far, frr, label=label, color=color, linestyle=dash)
            spot = ndtri([np.clip(measured[name], low, high)])
            axes.plot(spot, spot, "o", color=color, markeredgecolor="white", clip_on=False, zorder=5)
        if groups:
            axes.legend(
                loc="upper left", bbox_to_anchor=(1.03, 1.02), title="EER", alignment="left", fontsize=9
            )
    return figure


def _limits(resolution: float, most: float) -> tuple[float, float]:
    """Ticks, as fractions: what the largest set can resolve, and a little above the highest EER."""
    rates = _TICKS / 100
    low = rates[rates <= max(resolution, rates[0])][-1]
    enough = max(0.5, float(ndtr(ndtri(min(most, 0.998)) + 0.4)))
    high = rates[rates >= min(enough, rates[-1])][0]
    return float(min(low, 0.1)), float(high)


def _axes(axes: Axes, low: float, high: float) -> None:
    shown = _TICKS[(99.99 * low < _TICKS) & (100.01 * high > _TICKS)]
    places = ndtri(shown / 100)
    length = places[-1] - places[0]
    names = [f"{tick:g}" for tick in shown]
    kept = [0]
    for index in range(1, shown.size):
        # A digit is about a fiftieth of the axis wide.
        room = (0.01 * (len(names[index]) + len(names[kept[-1]])) + 0.01) * length
        if places[index] - places[kept[-1]] >= room:
            kept.append(index)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(places[kept], [names[index] for index in kept])
    # The margin shows a curve that runs along the edge in its full width.
    limits = (places[0] - 0.015 * length, places[-1])
    axes.set(xlim=limits, ylim=limits, box_aspect=1)
    axes.grid(visible=True)
    axes.plot(limits, limits, color=GREY, linewidth=0.8, linestyle=(0, (2, 3)))
    axes.set_xlabel("Spoofs accepted, %")
    axes.set_ylabel("Bona fide rejected, %")


def _bent(bonafide: ArrayLike, spoof: ArrayLike) -> tuple[Rates, Rates]:
    """FRR and FAR with more points where tied scores move both: a straight line of rates bends here."""
    points = curve(bonafide, spoof)
    corners = np.arange(points.frr.size)
    slanted = np.flatnonzero((np.diff(points.frr) > 1e-3) & (np.diff(points.far) < -1e-3))
    places = np.union1d(corners, (slanted[:, None] + _BEND).reshape(-1))
    return np.interp(places, corners, points.frr), np.interp(places, corners, points.far)
