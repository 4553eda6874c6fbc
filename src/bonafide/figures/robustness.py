"""Error rates over the severity of each perturbation, a small panel each."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bonafide.figures.style import FAKE, GENUINE, GREY, short, styled

_COLUMNS: Final = 4
_INK: Final = "#1b1f24"


class Severity(NamedTuple):
    """A perturbation at one severity; rates are fractions.

    Args:
        label: below the axis.
        eer: with a threshold of its own.
        low: lower bound of the EER.
        high: upper bound.
        rejected: share of the bona fide trials that the fixed threshold rejects.
        accepted: share of the spoofs that it accepts.
    """

    label: str
    eer: float
    low: float
    high: float
    rejected: float
    accepted: float


def robustness(clean: Severity, panels: Mapping[str, Sequence[Severity]]) -> Figure:
    """EER with its interval, and both errors at the fixed threshold; the first point is the clean one.

    Args:
        clean: without a perturbation.
        panels: from mild to strong, by title.
    """
    with styled():
        columns = max(1, min(_COLUMNS, len(panels)))
        rows = max(1, ceil(len(panels) / columns))
        figure = Figure(figsize=(max(2.75 * columns, 5.5), 1.9 * rows + 0.9), layout="constrained")
        cells = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
        for axes, (title, severities) in zip(cells, panels.items(), strict=False):
            _panel(axes, title, [clean, *severities])
        for axes in cells[len(panels) :]:
            axes.set_visible(False)
        handles = cells[0].get_legend_handles_labels()
        figure.legend(
            *handles, loc="outside upper center", ncols=4 if columns == _COLUMNS else 2, fontsize=9.5
        )
        figure.supylabel("%", fontsize=10)
    return figure


def _panel(axes: Axes, title: str, points: Sequence[Severity]) -> None:
    place = range(len(points))
    axes.axhline(100 * points[0].eer, color=GREY, linewidth=0.9, linestyle=":", label="EER on clean audio")
    axes.plot(
        place, [100 * each.rejected for each in points], "--s", color=GENUINE, markersize=3.5, linewidth=1.3,
        label="bona fide rejected, fixed threshold",
    )  # fmt: skip
    axes.plot(
        place, [100 * each.accepted for each in points], "--^", color=FAKE, markersize=4, linewidth=1.3,
        label="spoofs accepted, fixed threshold",
    )  # fmt: skip
    axes.fill_between(
        place,
        [100 * each.low for each in points],
        [100 * each.high for each in points],
        color=_INK,
        alpha=0.14,
        linewidth=0,
    )
    axes.plot(place, [100 * each.eer for each in points], "-o", color=_INK, markersize=4, label="EER")
    axes.set_xticks(place, [each.label for each in points], fontsize=8)
    axes.set_xlim(-0.35, len(points) - 0.65)
    axes.set_ylim(-3, 103)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.tick_params(axis="y", labelsize=8.5)
    axes.tick_params(axis="x", length=0)
    axes.set_title(short(title), loc="left", fontsize=10)
    axes.grid(visible=True, axis="y")
