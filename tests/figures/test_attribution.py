import numpy as np
import pytest
import torch

from bonafide.figures.attributed_clip import attributed_clip
from bonafide.figures.attribution import Mean, edges, panels, systems
from bonafide.figures.removal import Removal, removal
from bonafide.frontends.legend import Legend

RANDOM = np.random.default_rng(0)
LEGENDS = {
    "frequencies": Legend("frequency", "dB", hertz=torch.linspace(0, 8000, 12, dtype=torch.float64)),
    "cepstra": Legend("coefficient", "value", marks=((0, "cepstrum"), (6, "Δ"))),
    "waveform": Legend("waveform", "amplitude"),
}


def mean_of(values: np.ndarray) -> Mean:
    rows, columns = values.sum((0, 2)), values.sum((0, 1))
    return Mean(values, np.abs(values), rows, np.full(rows.shape, 0.1), columns, np.full(columns.shape, 0.1))


@pytest.mark.parametrize("kind", LEGENDS)
@pytest.mark.parametrize("scale", [1.0, 0.0])
def test_panels_of_any_input_can_be_drawn(kind: str, scale: float) -> None:
    shape = (1, 1, 900) if kind == "waveform" else (2, 12, 30)
    mean = mean_of(scale * RANDOM.standard_normal(shape))
    figure = panels(mean, np.arange(shape[-1]) / 100, LEGENDS[kind], title="12 clips")
    figure.draw_without_rendering()


def test_the_margin_over_rows_stands_beside_its_rows_in_khz() -> None:
    mean = mean_of(RANDOM.standard_normal((1, 12, 30)))
    figure = panels(mean, np.arange(30) / 100, LEGENDS["frequencies"])
    image, side = figure.axes[0], figure.axes[2]
    assert image.get_ylabel() == "frequency (kHz)"
    assert [text.get_text() for text in image.get_yticklabels()][-1] == "8"
    line = side.lines[0]
    np.testing.assert_allclose(line.get_xdata(), mean.rows)
    np.testing.assert_allclose(line.get_ydata(), np.arange(12) + 0.5)


def test_each_system_has_its_line() -> None:
    margins = {f"system_{n}": (RANDOM.standard_normal(12), np.full(12, 0.1)) for n in range(9)}
    axes = systems(margins, LEGENDS["frequencies"]).axes[0]
    assert axes.get_xlabel() == "frequency (kHz)"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(margins)


def test_removal_shows_the_curve_against_the_mean_of_chance() -> None:
    shares = np.linspace(0, 1, 5)
    chance = np.stack([1 - shares, 1 - shares**2])
    figure = removal({"bands": Removal(shares, (1 - shares) ** 2, np.sqrt(shares), chance)})
    deletion = figure.axes[0]
    np.testing.assert_allclose(deletion.lines[0].get_ydata(), chance.mean(0))
    np.testing.assert_allclose(deletion.lines[1].get_ydata(), (1 - shares) ** 2)


@pytest.mark.parametrize("kind", LEGENDS)
@pytest.mark.parametrize("signed", [True, False])
def test_a_recording_of_any_input_can_be_drawn(kind: str, signed: bool) -> None:
    waveform = RANDOM.standard_normal(4000).astype(np.float32)
    shape = (1, 1, 4000) if kind == "waveform" else (1, 12, 30)
    values = RANDOM.standard_normal(shape)
    times = np.arange(shape[-1]) * 0.25 / shape[-1]
    figure = attributed_clip(waveform, 16_000, values, times, LEGENDS[kind], title="a.wav", signed=signed)
    figure.draw_without_rendering()
    assert len([axes for axes in figure.axes if axes.get_xlabel() == "time (s)"]) == 1


def test_edges_lie_between_frames() -> None:
    np.testing.assert_allclose(edges(np.array([0.01, 0.03, 0.05])), [0.0, 0.02, 0.04, 0.06])
