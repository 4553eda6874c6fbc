"""Pictures of a sweep: a field for each training set and system, a dot for each cell."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from tests.figures.test_report_figures import has_margins

from bonafide.figures.choices import Dots, choices
from bonafide.figures.heat_map import heat_map
from bonafide.figures.style import save

LONG = "ljspeech_multi_band_melgan_of_the_year_2021"


@pytest.mark.parametrize(("lines", "systems"), [(1, 1), (2, 3), (3, 30), (80, 4)])
def test_the_matrix_is_drawn_inside_its_picture(lines: int, systems: int, tmp_path: Path) -> None:
    eer = np.random.default_rng(0).uniform(0, 0.5, (lines, systems))
    eer[0, 0] = np.nan
    names = [f"{LONG}_{number}" for number in range(max(lines, systems))]
    figure = heat_map(eer, names[:lines], names[:systems], np.eye(lines, systems, dtype=bool))
    save(figure, tmp_path / "matrix.png")
    assert has_margins(tmp_path / "matrix.png")


def test_the_matrix_shows_its_numbers_and_frames_what_was_trained_on() -> None:
    figure = heat_map([[0.05, 0.4], [0.3, np.nan]], ["a", "b"], ["a", "b"], np.eye(2, dtype=bool))
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["5.0", "40.0", "30.0"]
    frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [(round(frame.get_x() + 0.46), round(frame.get_y() + 0.44)) for frame in frames] == [
        (0, 0),
        (1, 1),
    ]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert not heat_map([[0.0]], ["a"], ["a"], [[False]]).axes[0].patches


def test_every_cell_is_a_dot_and_the_mean_has_its_interval() -> None:
    found = {"haar": Dots([0.1, 0.3], 0.2, (0.05, 0.35)), "sym5": Dots([0.1], 0.1, None)}
    axes = choices({"test": found}, "wavelet").axes[0]
    drawn = {line.get_marker(): [] for line in axes.get_lines()}
    for line in axes.get_lines():
        drawn[line.get_marker()].append(np.asarray(line.get_xdata()).ravel().tolist())
    assert drawn["o"] == [pytest.approx([10, 30]), pytest.approx([10])]
    assert drawn["D"] == [pytest.approx([20]), pytest.approx([10])]
    assert drawn["|"] == [pytest.approx([5, 35])]


@pytest.mark.parametrize("groups", [1, 2, 5])
@pytest.mark.parametrize("values", [1, 27, 70])
def test_choices_are_drawn_inside_their_picture(groups: int, values: int, tmp_path: Path) -> None:
    one = {
        f"{LONG}_{number}": Dots([0.0, 0.01 * number], 0.005 * number, (0.0, 0.5)) for number in range(values)
    }
    figure = choices({f"{LONG}_{number}": one for number in range(groups)}, "data.train.generators")
    save(figure, tmp_path / "choices.png")
    assert has_margins(tmp_path / "choices.png")


def test_a_group_without_a_value_leaves_its_line_empty() -> None:
    dots = Dots([0.1], 0.1, None)
    figure = choices({"one": {"a": dots, "b": dots}, "two": {"b": dots}}, "model")
    assert [len(axes.get_lines()) for axes in figure.axes] == [4, 2]
