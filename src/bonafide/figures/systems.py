"""How well each system deceives: its EER as a bar, with its interval."""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bonafide.figures.style import FAKE, GENUINE, GREY, short, styled

_ROWS: Final = 40
_ROW: Final = 0.28  # inches
_FRAME: Final = 1.15


class Rate(NamedTuple):
    """An error rate and its bounds; fractions.

    Args:
        eer: of the system.
        low: lower bound.
        high: upper bound.
    """

    eer: float
    low: float
    high: float


def systems(
    rates: Mapping[str, Rate], *, pooled: float | None = None, trained: Collection[str] | None = None
) -> Figure:
    """A bar a system, the hardest on top; beyond 40 the easiest are left out.

    Args:
        rates: by system.
        pooled: EER of all systems together, drawn as a line.
        trained: systems in the training data, in another colour; None if that is not known.
    """
    order = sorted(rates, key=lambda name: (-rates[name].eer, name))
    kept = order[:_ROWS]
    longest = max((len(short(name)) for name in kept), default=0)
    with styled():
        width, height = 3.6 + 0.085 * longest, _FRAME + _ROW * max(len(kept), 1)
        figure = Figure(figsize=(max(width, 5.2), height), layout="constrained")
        axes = figure.add_subplot()
        for place, name in enumerate(kept):
            known = trained is None or name in trained
            _bar(axes, place, rates[name], GENUINE if known else FAKE)
        axes.set_yticks(range(len(kept)), [short(name) for name in kept], fontsize=9)
        axes.set_ylim(len(kept) - 0.4, -0.6)
        axes.set_xlim(0, _end(rates, pooled))
        axes.grid(visible=True, axis="x")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(
            "EER, %" + (f" (the easiest {len(order) - _ROWS} left out)" if len(order) > _ROWS else "")
        )
        keys: list[Artist] = [] if pooled is None else [_line(axes, 100 * pooled)]
        if trained is not None:
            kinds = {name in trained for name in kept}
            keys += [Patch(color=GENUINE, label="seen in training")] * (True in kinds)
            keys += [Patch(color=FAKE, label="held out")] * (False in kinds)
        if keys:
            figure.legend(
                handles=keys, loc="outside upper left", ncols=len(keys), fontsize=9, handlelength=1.2
            )
    return figure


def _bar(axes: Axes, place: int, rate: Rate, color: str) -> None:
    axes.barh(place, 100 * rate.eer, height=0.62, color=color, alpha=0.75, linewidth=0)
    # The interval of a set this small may lie to one side of the rate itself.
    axes.plot([100 * rate.low, 100 * rate.high], [place, place], color="black", linewidth=1.1, clip_on=False)
    axes.plot(
        [100 * rate.low, 100 * rate.high], [place, place], "|", color="black", markersize=6, clip_on=False
    )


def _line(axes: Axes, at: float) -> Line2D:
    label = f"all together {at:.2f} %"
    return axes.axvline(at, color=GREY, linewidth=1, linestyle="--", label=label)


def _end(rates: Mapping[str, Rate], pooled: float | None) -> float:
    most = max([0.01, pooled or 0.0, *(max(rate.eer, rate.high) for rate in rates.values())])
    return min(100.0, 104 * most)
