"""Mean spectra of systems, with their spread, over that of the bona fide recordings."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bonafide.figures import panels
from bonafide.figures.style import FAKE, GENUINE, GREY, short, styled
from bonafide.types import InputError

Values = NDArray[np.float64]


_RANGE: Final = 100.0
"""Of levels, below the loudest: what lies lower is the rounding of samples."""


class Band(NamedTuple):
    """A curve with its surroundings, `[bins]` each.

    Args:
        mean: the curve.
        low: below it.
        high: above it.
    """

    mean: Values
    low: Values
    high: Values


class Spectrum(NamedTuple):
    """What is drawn of a system.

    Args:
        name: of the system.
        own: its spectrum, with a standard deviation on either side.
        reference: of bona fide recordings; None if there are none, or it is one.
        difference: to the reference, with its interval; None likewise.
    """

    name: str
    own: Band
    reference: Band | None
    difference: Band | None


def spectra(khz: Values, systems: Sequence[Spectrum], unit: str = "dB") -> Figure:
    """A panel a system: its mean and a standard deviation over recordings, and its reference behind it.

    Args:
        khz: frequency of each bin.
        systems: in the order shown.
        unit: of the levels.
    """
    with styled():
        figure, cells = panels.grid([one.name for one in systems], "frequency (kHz)", f"level ({unit})")
        for axes, one in zip(cells, systems, strict=False):
            own = GENUINE if one.reference is None else FAKE
            if one.reference is not None:
                _band(axes, khz, one.reference, GENUINE, "bona fide")
            _band(axes, khz, one.own, own, "this system" if one.reference is not None else "bona fide")
        for axes in cells[:1]:
            axes.set_xlim(0, khz[-1])
            loudest = max(float(one.own.mean.max()) for one in systems)
            axes.set_ylim(max(axes.get_ylim()[0], loudest - _RANGE), axes.get_ylim()[1])
        shown = next(
            (axes for axes, one in zip(cells, systems, strict=False) if one.reference is not None), None
        )
        if shown is not None:
            panels.legend(figure, shown)
    return figure


def differences(
    khz: Values, systems: Sequence[Spectrum], *, absolute: Values | None = None, unit: str = "dB"
) -> Figure:
    """A panel a system: how far its mean spectrum lies above or below that of its reference.

    Args:
        khz: frequency of each bin.
        systems: those with a difference are drawn.
        absolute: `[systems drawn, bins]` to be drawn as bars instead of the signed curve and its interval.
        unit: of the levels.

    Raises:
        InputError: no system has a reference.
    """
    drawn = [one for one in systems if one.difference is not None]
    if not drawn:
        raise InputError("no system has bona fide recordings to be compared with, so there is no difference")
    curves = [one.difference for one in drawn if one.difference is not None]
    with styled():
        kind = "absolute difference" if absolute is not None else "difference to bona fide"
        figure, cells = panels.grid(
            [one.name for one in drawn], "frequency (kHz)", f"{kind} ({unit})", alike=False
        )
        for place, (axes, curve) in enumerate(zip(cells, curves, strict=False)):
            if absolute is None:
                axes.axhline(0, color=GREY, linewidth=0.8)
                _band(axes, khz, curve, FAKE, "")
            else:
                axes.bar(khz, absolute[place], width=khz[1] - khz[0], color=FAKE, alpha=0.85, linewidth=0)
            high = panels.reach([curve.mean])
            axes.set_ylim(-high if absolute is None else 0, high)
        for axes in cells[:1]:
            axes.set_xlim(0, khz[-1])
    return figure


def overview(khz: Values, systems: Sequence[Spectrum], unit: str = "dB") -> Figure:
    """All differences on one page: a row a system, red where it is louder than bona fide, blue where quieter.

    Raises:
        InputError: no system has a reference.
    """
    drawn = [one for one in systems if one.difference is not None]
    if not drawn:
        raise InputError("no system has bona fide recordings to be compared with, so there is no difference")
    rows = np.array([one.difference.mean for one in drawn if one.difference is not None])
    names = [short(one.name) for one in drawn]
    high = panels.typical(list(rows))
    with styled():
        width = 7.5 + 0.08 * max(map(len, names))
        figure = Figure(figsize=(width, 0.34 * len(rows) + 1.3), layout="constrained")
        axes = figure.add_subplot()
        half = (khz[1] - khz[0]) / 2
        edges = np.append(khz - half, khz[-1] + half)
        mesh = axes.pcolormesh(
            edges,
            np.arange(len(rows) + 1),
            rows,
            cmap="RdBu_r",
            norm=TwoSlopeNorm(0, -high, high),
            rasterized=True,
        )
        axes.set_yticks(np.arange(len(rows)) + 0.5, names, fontsize=9)
        axes.set_xlim(0, khz[-1])
        axes.invert_yaxis()
        axes.hlines(np.arange(1, len(rows)), 0, khz[-1], color="white", linewidth=1.5)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("frequency (kHz)")
        bar = figure.colorbar(mesh, ax=axes, extend="both", pad=0.015, aspect=12 + len(rows))
        bar.set_label(f"level re bona fide ({unit})")
        bar.outline.set_edgecolor(GREY)
    return figure


def _band(axes: Axes, khz: Values, band: Band, color: str, label: str) -> None:
    if np.isfinite(band.low).all():
        axes.fill_between(khz, band.low, band.high, color=color, alpha=0.2, linewidth=0)
    axes.plot(khz, band.mean, color=color, linewidth=1.3, label=label)
