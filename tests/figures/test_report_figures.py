"""Pictures of a report beside curves and histograms: calibration, systems, and the stamps of mistakes."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bonafide.figures.calibration import calibration
from bonafide.figures.style import save
from bonafide.figures.systems import Rate, systems
from bonafide.figures.thumbnail import SIZE, thumbnail
from bonafide.metrics.ece import reliability
from bonafide.types import InputError

ORDINARY = np.random.default_rng(0).normal(1, 2, 500), np.random.default_rng(1).normal(-1, 2, 900)
CASES = {
    "ordinary": ORDINARY,
    "perfect": (np.full(5, 1e9), np.full(5, -1e9)),
    "inverted": ORDINARY[::-1],
    "one trial each": (np.array([1.0]), np.array([0.0])),
    "constant": (np.zeros(5), np.zeros(9)),
}


def has_margins(path: Path) -> bool:
    """Whether nothing is cut off: the outermost pixels are white."""
    pixels = np.asarray(Image.open(path).convert("L"))
    edges = (pixels[:3], pixels[-3:], pixels[:, :3], pixels[:, -3:])
    return all(bool((edge == 255).all()) for edge in edges)


@pytest.mark.parametrize("case", CASES)
def test_calibration_is_drawn_inside_its_picture(case: str, tmp_path: Path) -> None:
    figure = calibration({case: CASES[case]})
    save(figure, tmp_path / "calibration.png")
    assert has_margins(tmp_path / "calibration.png")


def test_calibration_is_the_reliability_of_the_scores() -> None:
    figure = calibration({"test": ORDINARY})
    bins = reliability(*ORDINARY)
    strip, axes = figure.axes
    (line,) = (line for line in axes.get_lines() if "test" in str(line.get_label()))
    np.testing.assert_allclose(line.get_xdata(), bins.probability)
    np.testing.assert_allclose(line.get_ydata(), bins.genuine)
    assert f"{100 * bins.ece:.2f} %" in str(line.get_label())
    (weights,) = strip.patches
    heights, edges, _ = weights.get_data()  # type: ignore[attr-defined]
    assert heights.sum() == pytest.approx(1)
    filled = heights > 0
    np.testing.assert_allclose(edges[:-1][filled], bins.lower)


def test_twenty_groups_have_room(tmp_path: Path) -> None:
    figure = calibration({f"a_group_with_a_long_name_{n:02d}": ORDINARY for n in range(20)})
    save(figure, tmp_path / "calibration.png")
    assert has_margins(tmp_path / "calibration.png")


def test_calibration_refuses_what_has_no_rate() -> None:
    with pytest.raises(InputError, match="No spoof trials"):
        calibration({"test": ([1.0], [])})


def test_systems_are_bars_with_the_hardest_on_top() -> None:
    rates = {"easy": Rate(0.01, 0, 0.05), "hard": Rate(0.4, 0.3, 0.5), "middle": Rate(0.2, 0.1, 0.3)}
    figure = systems(rates, pooled=0.25, trained=["easy"])
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["hard", "middle", "easy"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([40, 20, 1])  # type: ignore[attr-defined]
    colors = [bar.get_facecolor() for bar in axes.patches]
    assert colors[0] == colors[1] != colors[2]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    spans = [line.get_xdata() for line in axes.get_lines() if line.get_linestyle() == "-"]
    np.testing.assert_allclose(spans, [[30, 50], [10, 30], [0, 5]])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "all together 25.00 %",
        "seen in training",
        "held out",
    ]


@pytest.mark.parametrize("count", [1, 40, 130])
def test_any_number_of_systems_fits(count: int, tmp_path: Path) -> None:
    rates = {f"A{n:03d}_with_a_very_long_name_of_a_system": Rate(n / 200, 0, 1) for n in range(count)}
    figure = systems(rates)
    save(figure, tmp_path / "systems.png")
    (axes,) = figure.axes
    assert len(axes.patches) == min(count, 40)
    assert ("easiest" in axes.get_xlabel()) == (count > 40)
    assert has_margins(tmp_path / "systems.png")


def test_rates_of_zero_are_drawn(tmp_path: Path) -> None:
    save(systems({"x": Rate(0, 0, 0)}, pooled=0.0), tmp_path / "systems.png")


def picture(waveform: np.ndarray) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(thumbnail(waveform.astype(np.float32), 16_000))).convert("L"))


def test_a_rising_tone_rises() -> None:
    time = np.arange(32_000) / 16_000
    pixels = picture(np.sin(2 * np.pi * (500 + 1500 * time) * time)).astype(int)
    assert pixels.shape == (1.5 * SIZE[1], 1.5 * SIZE[0])
    hertz = 8000 * (1 - pixels.argmax(axis=0) / pixels.shape[0])
    places = np.array([80, 210, 340])
    np.testing.assert_allclose(hertz[places], 500 + 2 * 3000 * places / pixels.shape[1], atol=250)


@pytest.mark.parametrize(
    "waveform", [np.zeros(8000), np.ones(1), np.random.default_rng(0).normal(0, 0.1, 96_000)]
)
def test_a_stamp_is_small_whatever_it_shows(waveform: np.ndarray) -> None:
    coded = thumbnail(waveform.astype(np.float32), 16_000)
    assert len(coded) < 60_000
    assert Image.open(io.BytesIO(coded)).format == "JPEG"
