"""What a detector hears in one recording: its map over its spectrogram, in step with the waveform."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from bonafide.figures.attribution import DIVERGING, edges, margin, rows_axis
from bonafide.figures.style import GREY, styled
from bonafide.frontends.legend import Legend

Array = NDArray[np.float64]

_RANGE: Final = 75.0  # dB below the loudest
_WIDTH: Final = 11.0
_PIECES: Final = 400  # columns of a map, at the most


def attributed_clip(
    waveform: NDArray[np.float32],
    sample_rate: int,
    values: Array,
    times: Array,
    legend: Legend,
    *,
    title: str = "",
    signed: bool = True,
) -> Figure:
    """Waveform, map and time margin on one axis of time.

    Where rows are frequencies the map lies over the spectrogram, which is grey; other rows (cepstra, hidden
    units) have a panel of their own under it. A waveform's attributions colour its samples.

    Args:
        waveform: `[time]`.
        sample_rate: in Hz.
        values: `[channels, bins, frames]` attributions; channels are added up.
        times: `[frames]` seconds.
        legend: of the inputs.
        title: above.
        signed: whether values below 0 speak against the answer.
    """
    seconds = len(waveform) / sample_rate
    flat = values.sum(0)  # [bins, frames]
    step = -(-flat.shape[1] // _PIECES)
    starts = np.arange(0, flat.shape[1], step)
    thin = np.add.reduceat(flat, starts, axis=1)
    borders = np.clip(np.append(edges(times)[starts], edges(times)[-1]), 0, seconds)
    overlaid = legend.hertz is not None and flat.shape[0] > 1
    own = flat.shape[0] > 1 and not overlaid
    heights = [1.1, 3.4, *([2.6] if own else []), 1.2]
    with styled():
        figure = Figure(figsize=(_WIDTH, sum(heights) + 0.9), layout="constrained")
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        _waveform(axes[0], waveform, sample_rate, thin.sum(0), borders)
        _spectrogram(axes[1], waveform, sample_rate)
        if overlaid:
            assert legend.hertz is not None  # noqa: S101 - for the type checker
            _overlay(figure, axes[1], thin, borders, _hertz_edges(legend.hertz.numpy()), signed=signed)
        if own:
            _map(figure, axes[2], thin, borders, legend)
        centres = (borders[:-1] + borders[1:]) / 2
        margin(axes[-1], centres, thin.sum(0) / np.maximum(np.diff(borders), 1e-9), np.zeros(len(centres)))
        axes[-1].set_ylabel("per second")
        axes[-1].set_xlabel("time (s)")
        axes[-1].set_xlim(0, seconds)
        if title:
            figure.suptitle(title, fontsize=11)
    return figure


def _waveform(
    axes: Axes, waveform: NDArray[np.float32], sample_rate: int, values: Array, borders: Array
) -> None:
    """Lowest and highest sample of each column, in the colour of what is attributed to it."""
    columns = min(1600, len(waveform))
    places = np.linspace(0, len(waveform), columns, endpoint=False).astype(np.int64)
    low, high = np.minimum.reduceat(waveform, places), np.maximum.reduceat(waveform, places)
    time = (places + 0.5) / sample_rate
    most = float(np.abs(values).max()) or 1.0
    piece = np.clip(np.searchsorted(borders, time, side="right") - 1, 0, len(values) - 1)
    strength = values[piece] / most
    colors = np.full((columns, 4), (0.35, 0.38, 0.42, 1.0))
    weight = np.sqrt(np.abs(strength))[:, None]
    tint = DIVERGING(np.where(strength > 0, 1.0, 0.0))
    axes.vlines(time, low, high, colors=(1 - weight) * colors + weight * tint, linewidth=0.7, rasterized=True)
    loudest = float(np.abs(waveform).max(initial=0)) or 1.0
    axes.set_ylim(-1.05 * loudest, 1.05 * loudest)
    axes.set_ylabel("amplitude")


def _spectrogram(axes: Axes, waveform: NDArray[np.float32], sample_rate: int) -> None:
    length = max(2, round(0.025 * sample_rate))
    hop = max(1, length // 4, len(waveform) // 2000)
    transform = ShortTimeFFT(
        hann(length, sym=False), hop=hop, fs=sample_rate, mfft=2 ** (length - 1).bit_length()
    )
    padded = np.pad(waveform, (0, max(0, length - len(waveform)))).astype(np.float64)
    level = 10 * np.log10(np.maximum(np.square(np.abs(transform.stft(padded))), 1e-12))
    low, high, bottom, top = transform.extent(len(padded), center_bins=True)
    axes.imshow(
        level, origin="lower", aspect="auto", cmap="Greys", vmin=level.max() - _RANGE, vmax=level.max() + 25,
        extent=(low, high, bottom / 1000, top / 1000), interpolation="bilinear",
    )  # fmt: skip
    axes.set_ylabel("frequency (kHz)")
    axes.set_ylim(0, sample_rate / 2000)


def _overlay(
    figure: Figure, axes: Axes, values: Array, borders: Array, hertz: Array, *, signed: bool
) -> None:
    """Colour where much is attributed, nothing where little is."""
    density = values / np.diff(hertz)[:, None]  # of Hz: broad bands would look strong by their size
    most = float(np.quantile(np.abs(density), 0.997)) or float(np.abs(density).max()) or 1.0
    strength = np.clip(density / most, -1, 1)
    colors = DIVERGING(np.where(strength > 0, 0.98, 0.02))
    colors[..., 3] = 0.85 * np.abs(strength) ** 0.7
    axes.pcolormesh(borders, hertz / 1000, colors, rasterized=True)
    _scale(figure, axes, "against … for the answer" if signed else "sensitivity")


def _map(figure: Figure, axes: Axes, values: Array, borders: Array, legend: Legend) -> None:
    most = float(np.quantile(np.abs(values), 0.997)) or float(np.abs(values).max()) or 1.0
    axes.pcolormesh(
        borders,
        np.arange(values.shape[0] + 1),
        values,
        cmap=DIVERGING,
        vmin=-most,
        vmax=most,
        rasterized=True,
    )
    rows_axis(axes, legend, values.shape[0])
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)
    _scale(figure, axes, "against … for the answer")


def _scale(figure: Figure, axes: Axes, label: str) -> None:
    bar = figure.colorbar(ScalarMappable(cmap=DIVERGING), ax=axes, pad=0.01, aspect=26)
    bar.set_ticks([0, 0.5, 1], labels=["−", "0", "+"])
    bar.set_label(label, fontsize=8.5)
    bar.outline.set_edgecolor(GREY)


def _hertz_edges(hertz: Array) -> Array:
    """Where one band ends and the next begins, `[bins + 1]`, not below 0 Hz."""
    between = (hertz[1:] + hertz[:-1]) / 2
    first = max(0.0, hertz[0] - (between[0] - hertz[0]))
    return np.concatenate([[first], between, [hertz[-1] + (hertz[-1] - between[-1])]])
