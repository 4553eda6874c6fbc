"""Where a recording was called fake, over time: truth above what was found, and how sure the model was."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from bonafide.figures.spectrum import Spectrum
from bonafide.figures.style import FAKE, GENUINE, GREY, styled

Array = NDArray[np.float64]

_COLUMNS: Final = 1200  # of a curve
_RANGE: Final = 75.0  # dB below the loudest
_ROOM: Final = 0.42  # inches that the number of a region takes


class Stretch(NamedTuple):
    """A part of a recording on a timeline.

    Args:
        start: in seconds.
        end: in seconds.
        probability: of a spoof, written beside it where there is room; None for none.
    """

    start: float
    end: float
    probability: float | None = None


class Sound(NamedTuple):
    """What is heard over the time that a timeline shows.

    Args:
        waveform: `[time]`.
        sample_rate: in Hz.
    """

    waveform: NDArray[np.float32]
    sample_rate: int


def timeline(
    probability: Array,
    step: float,
    seconds: float,
    found: Sequence[Stretch],
    *,
    true: Sequence[Stretch] | None = None,
    threshold: float | None = None,
    start: float = 0.0,
    sound: Sound | None = None,
    spectrum: Spectrum | None = None,
    width: float = 5.4,
    title: str = "",
) -> Figure:
    """Spectrogram, regions, and the probability of a spoof on one axis of time.

    Args:
        probability: `[frames]` of a spoof; of more frames than the picture has columns, the highest.
        step: seconds from frame to frame; the first one begins at `start`.
        seconds: that are shown.
        found: regions called fake, in seconds of the recording.
        true: regions that are fake; None if that is not known.
        threshold: probability above which a frame is called fake; None for no line.
        start: seconds of the recording before the picture.
        sound: of the same stretch; None for no spectrogram.
        spectrum: of the same stretch, where its sound is too long to be held; None for that of the sound.
        width: in inches.
        title: above; empty for none.
    """
    rows = [("found", found, FAKE)]
    if true is not None:
        rows.insert(0, ("truth", true, "#1b1f24"))
    if sound is not None:
        spectrum = Spectrum.of([(0, sound.waveform)], len(sound.waveform), sound.sample_rate)
    heights = [*([0.85] if spectrum is not None else []), 0.24 * len(rows), 1.0]
    with styled():
        figure = Figure(
            figsize=(width, sum(heights) + 0.75 + 0.25 * bool(title)),
            layout=ConstrainedLayoutEngine(h_pad=0.03, hspace=0.02),
        )
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
        if spectrum is not None:
            _spectrogram(axes[0], spectrum, start)
        _regions(axes[-2], rows, start, seconds, width)
        _curve(axes[-1], probability, step, (start, start + seconds), threshold)
        for panel in axes[:-1]:
            panel.tick_params(bottom=False, labelbottom=False)
        axes[-1].set_xlabel("time (s)")
        axes[-1].set_xlim(start, start + seconds)
        if title:
            figure.suptitle(title, fontsize=11)
    return figure


def _spectrogram(axes: Axes, spectrum: Spectrum, start: float) -> None:
    loudest = spectrum.level.max()
    axes.imshow(
        spectrum.level, origin="lower", aspect="auto", cmap="magma", vmin=loudest - _RANGE, vmax=loudest,
        extent=(start, start + spectrum.seconds, 0, spectrum.highest / 1000), interpolation="bilinear",
    )  # fmt: skip
    axes.set_ylim(0, spectrum.highest / 1000)
    axes.set_yticks([0, np.floor(spectrum.highest / 1000)])
    axes.set_ylabel("kHz", labelpad=2)


def _regions(
    axes: Axes, rows: Sequence[tuple[str, Sequence[Stretch], str]], start: float, seconds: float, width: float
) -> None:
    """A band a row; the number of a region stands in it, or beside it where nothing else does."""
    for place, (_, stretches, color) in enumerate(rows):
        level = len(rows) - 1 - place
        axes.axhspan(level - 0.36, level + 0.36, color="#eef0f3", linewidth=0)
        shown = [
            (max(one.start, start), min(one.end, start + seconds), one.probability)
            for one in stretches
            if one.end > start and one.start < start + seconds
        ]
        # A region narrower than a pixel would vanish.
        least = seconds / (100 * width)
        spans = [(first, max(last - first, least)) for first, last, _ in shown]
        axes.broken_barh(spans, (level - 0.36, 0.72), color=color, linewidth=0)
        _numbers(axes, level, shown, (start + seconds, seconds * _ROOM / (0.86 * width)), color)
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in reversed(rows)])
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _numbers(
    axes: Axes,
    level: int,
    shown: Sequence[tuple[float, float, float | None]],
    limits: tuple[float, float],
    color: str,
) -> None:
    """Probabilities in their regions, or behind them where nothing else is; limits are end and room."""
    end, room = limits
    for place, (first, last, probability) in enumerate(shown):
        if probability is None:
            continue
        text = f"{100 * probability:.0f} %"
        free = (shown[place + 1][0] if place + 1 < len(shown) else end) - last
        if last - first >= room:
            middle = (first + last) / 2
            axes.text(middle, level, text, color="white", fontsize=8.5, ha="center", va="center_baseline")
        elif free >= room:
            axes.text(last + 0.1 * room, level, text, color=color, fontsize=8.5, va="center_baseline")


def _curve(
    axes: Axes, probability: Array, step: float, shown: tuple[float, float], threshold: float | None
) -> None:
    """Each frame as a level; what is called fake is filled."""
    joined = -(-len(probability) // _COLUMNS)
    places = np.arange(0, len(probability), joined)
    level = np.maximum.reduceat(probability, places)
    edges = np.minimum(shown[0] + np.append(places, len(probability)) * step, shown[1])
    axes.stairs(level, edges, color=GENUINE, linewidth=1.3, baseline=None)
    if threshold is not None:
        called = np.where(level > threshold, level, np.nan)
        axes.stairs(called, edges, fill=True, color=FAKE, alpha=0.3, linewidth=0)
        axes.axhline(threshold, color="black", linewidth=1, linestyle="--")
        axes.annotate(
            f"threshold\n{threshold:.2g}", (1, threshold), (3, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", fontsize=7.5, color=GREY, linespacing=1.1,
        )  # fmt: skip
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0, 0.5, 1])
    axes.set_ylabel("P(fake)", labelpad=2)
