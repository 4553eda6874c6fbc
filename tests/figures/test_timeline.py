"""A timeline shows what it is given, at its time, with and without a truth."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from tests.figures.test_report_figures import has_margins

from bonafide.figures.style import save
from bonafide.figures.timeline import Sound, Stretch, timeline

FOUND = [Stretch(6.5, 7.0, 0.93), Stretch(7.1, 7.2, 0.6)]
TRUE = [Stretch(6.12, 7.4)]


def bands(figure: Figure) -> list[list[tuple[float, float]]]:
    """Start and end of what lies in each row, from the top."""
    (axes,) = (
        axes for axes in figure.axes if "found" in [label.get_text() for label in axes.get_yticklabels()]
    )
    return [
        [(float(path.vertices[:, 0].min()), float(path.vertices[:, 0].max())) for path in rows.get_paths()]
        for rows in axes.collections
        if isinstance(rows, PolyCollection)
    ]


def draw(**given: object) -> Figure:
    probability = np.full(500, 0.1)
    probability[325:350] = 0.95
    return timeline(probability, 0.02, 10.0, FOUND, **given)  # type: ignore[arg-type]


def test_truth_stands_above_what_was_found(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 160_000).astype(np.float32)
    figure = draw(true=TRUE, threshold=0.5, sound=Sound(noise, 16_000), title="A recording")
    truth, found = bands(figure)
    np.testing.assert_allclose(truth, [(6.12, 7.4)])
    np.testing.assert_allclose(found, [(6.5, 7.0), (7.1, 7.2)])
    save(figure, tmp_path / "timeline.png")
    assert has_margins(tmp_path / "timeline.png")


def test_without_a_truth_there_is_no_row_for_it() -> None:
    (found,) = bands(draw())
    np.testing.assert_allclose(found, [(6.5, 7.0), (7.1, 7.2)])


def test_a_genuine_truth_is_an_empty_row() -> None:
    assert [len(row) for row in bands(draw(true=[]))] == [0, 2]


def test_the_curve_is_the_probability() -> None:
    curve, called = draw(threshold=0.5).axes[-1].patches
    values, edges, _ = curve.get_data()  # type: ignore[attr-defined]
    np.testing.assert_allclose(values[320:355], [0.1] * 5 + [0.95] * 25 + [0.1] * 5)
    np.testing.assert_allclose(edges[[0, 325, 500]], [0, 6.5, 10])
    assert np.isfinite(called.get_data()[0]).sum() == 25  # type: ignore[attr-defined]


def test_a_part_of_a_recording_has_its_own_seconds() -> None:
    figure = timeline(np.full(50, 0.2), 0.02, 1.0, FOUND, true=TRUE, start=6.6)
    assert figure.axes[-1].get_xlim() == pytest.approx((6.6, 7.6))
    truth, found = bands(figure)
    np.testing.assert_allclose(truth, [(6.6, 7.4)])
    np.testing.assert_allclose(found, [(6.6, 7.0), (7.1, 7.2)])


@pytest.mark.parametrize("frames", [1, 3, 30_000])
def test_any_length_keeps_its_highest_moment(frames: int, tmp_path: Path) -> None:
    probability = np.zeros(frames)
    probability[frames // 2] = 0.9
    figure = timeline(probability, 0.02, 0.02 * frames, [], threshold=0.5, width=11)
    values, edges, _ = figure.axes[-1].patches[0].get_data()  # type: ignore[attr-defined]
    assert len(values) <= 1200
    assert values.max() == 0.9
    assert edges[-1] == pytest.approx(0.02 * frames)
    save(figure, tmp_path / "timeline.png")
    assert has_margins(tmp_path / "timeline.png")


def test_a_region_of_a_frame_is_seen_in_ten_minutes() -> None:
    ((span,),) = bands(timeline(np.zeros(30_000), 0.02, 600.0, [Stretch(300, 300.02)], width=6))
    assert span[1] - span[0] >= 600 / 600
    assert span[0] == pytest.approx(300)
