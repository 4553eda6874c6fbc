"""Reliability diagram: of the clips called genuine with 80 %, are four in five?

Guo et al., On Calibration of Modern Neural Networks, ICML 2017, https://arxiv.org/abs/1706.04599.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from bonafide.figures.style import GREY, short, strokes, styled
from bonafide.metrics.ece import Reliability, reliability

_BINS: Final = 15
_SIZE: Final = (4.2, 3.6)  # inches; with the strip as high as the DET curve beside it
_STRIP: Final = 0.5


def calibration(groups: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Share that is bona fide against mean probability, a line a group; a calibrated one is the diagonal.

    Scores are read as log-likelihood ratios at a prior of one half, and both classes weigh the same, so
    groups of any class mix share the picture. A dot's area is the weight of its bin; the strip above shows
    where the weight lies.

    Args:
        groups: name → scores of bona fide and of spoof trials.

    Raises:
        InputError: a group lacks a class, or a score is not finite.
    """
    found = {name: reliability(*scores, bins=_BINS) for name, scores in groups.items()}
    longest = max((len(short(name)) for name in groups), default=0)
    with styled():
        height = max(5.0, 1.3 + 0.2 * len(groups))
        width = 6.7 + 0.085 * longest
        figure = Figure(figsize=(width, height))
        left, top = 0.75 / width, 1 - 0.15 / height
        strip = figure.add_axes((left, top - _STRIP / height, _SIZE[0] / width, _STRIP / height))
        axes = figure.add_axes(
            (left, top - (_STRIP + 0.1 + _SIZE[1]) / height, _SIZE[0] / width, _SIZE[1] / height),
            sharex=strip,
        )
        _frame(axes, strip)
        for (name, bins), (color, dash) in zip(found.items(), strokes(len(found)), strict=True):
            # Figure spaces are as wide as digits: the numbers stand in a column.
            label = f"{100 * bins.ece:.2f}".rjust(6, "\u2007") + f" %  {short(name)}"
            axes.plot(
                bins.probability,
                bins.genuine,
                label=label,
                color=color,
                linestyle=dash,
                linewidth=1.2,
                zorder=3,
            )
            axes.scatter(
                bins.probability, bins.genuine, s=8 + 130 * bins.weight, color=color,
                edgecolor="white", linewidth=0.6, clip_on=False, zorder=4,
            )  # fmt: skip
            strip.stairs(
                _weights(bins), np.linspace(0, 1, _BINS + 1), color=color, linestyle=dash, linewidth=1.2
            )
        if groups:
            axes.legend(
                loc="upper left", bbox_to_anchor=(1.03, 1.02), alignment="left", fontsize=9,
                title="Calibration error",
            )  # fmt: skip
    return figure


def _weights(bins: Reliability) -> NDArray[np.float64]:
    """Weight of every bin, the empty ones too."""
    weights = np.zeros(_BINS)
    weights[np.round(bins.lower * _BINS).astype(np.intp)] = bins.weight
    return weights


def _frame(axes: Axes, strip: Axes) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ticks = [0, 20, 40, 60, 80, 100]
    axes.set_xticks([tick / 100 for tick in ticks], [str(tick) for tick in ticks])
    axes.set_yticks([tick / 100 for tick in ticks], [str(tick) for tick in ticks])
    axes.grid(visible=True)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=(0, (2, 3)))
    axes.set_xlabel("Probability of bona fide that the score says, %")
    axes.set_ylabel("Share that is bona fide, %")
    strip.tick_params(bottom=False, labelbottom=False)
    strip.set_yticks([])
    strip.spines["left"].set_visible(False)
    strip.set_ylabel("weight", rotation=0, ha="right", va="center", fontsize=8.5)
