"""Pictures say what the measures say, at every size and in degenerate cases, and touch no global state."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from numpy.typing import NDArray
from scipy.special import ndtr

from bonafide.figures.det import det
from bonafide.figures.scores import histogram
from bonafide.figures.style import save, short, strokes
from bonafide.metrics.curve import curve
from bonafide.types import InputError

Scores = NDArray[np.float64]


def normal(center: float, count: int = 300) -> Scores:
    return np.random.default_rng(int(10 * center) + 500).normal(center, 1, count)


CASES = {
    "ordinary": (normal(1), normal(-1)),
    "perfect": (normal(9), normal(-9)),
    "inverted": (normal(-9), normal(9)),
    "one trial each": (np.array([1.0]), np.array([0.0])),
    "constant": (np.zeros(5), np.zeros(9)),
    "saturated": (np.array([1.0, 1, 1, 1]), np.array([1, 1, 0.1, 0])),
    "far away": (np.array([1e9, 0.0]), np.array([-1e9, 1.0])),
}


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_drawn_inside_its_picture(case: str, tmp_path: Path) -> None:
    bonafide, spoof = CASES[case]
    for figure in (det({case: (bonafide, spoof)}), histogram(bonafide, {case: spoof}, 0.0)):
        save(figure, tmp_path / "new" / "picture.png")
        assert (tmp_path / "new" / "picture.png").read_bytes().startswith(b"\x89PNG")
        frame = figure.bbox.padded(2)
        for axes in figure.axes:
            held = axes.get_tightbbox()
            assert held is not None
            assert frame.x0 <= held.x0 < held.x1 <= frame.x1
            assert frame.y0 <= held.y0 < held.y1 <= frame.y1


def test_twenty_groups_all_have_their_own_look_and_place(tmp_path: Path) -> None:
    groups = {f"a_group_with_a_long_name_{n:02d}": (normal(1 + n / 9), normal(-1)) for n in range(20)}
    figure = det(groups)
    save(figure, tmp_path / "det.png")
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert len(legend.get_texts()) == 20
    box = legend.get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.y0 >= figure.bbox.y0
    assert len(set(strokes(28))) == 28


def lines(figure: Figure) -> dict[str, tuple[Scores, Scores]]:
    (axes,) = figure.axes
    return {str(line.get_label()): tuple(np.asarray(line.get_data())) for line in axes.get_lines()}


def test_the_curve_runs_through_the_operating_points_and_the_mark() -> None:
    bonafide, spoof = CASES["ordinary"]
    figure = det({"test": (bonafide, spoof)})
    (label,) = (label for label in lines(figure) if "test" in label)
    far, frr = (ndtr(values) for values in lines(figure)[label])
    points = curve(bonafide, spoof)
    low = far.min()
    drawn = {(round(x, 9), round(y, 9)) for x, y in zip(far, frr, strict=True)}
    clipped = np.clip((points.far, points.frr), low, frr.max())
    assert {(round(x, 9), round(y, 9)) for x, y in clipped.T} <= drawn
    mark = figure.axes[0].get_lines()[-1]
    crossing = far[np.argmin(np.abs(far - frr))]
    assert ndtr(mark.get_xdata()) == pytest.approx([crossing], abs=1 / 300)
    assert f"{100 * ndtr(np.asarray(mark.get_xdata())[0]):.2f} %" in label


def test_tied_scores_make_a_straight_line_of_rates() -> None:
    figure = det({"constant": CASES["constant"]})
    (label,) = (label for label in lines(figure) if "constant" in label)
    far, frr = (ndtr(values) for values in lines(figure)[label])
    inside = (far > 0.11) & (frr > 0.11)
    assert inside.sum() > 5
    assert far[inside] + frr[inside] == pytest.approx(1)


def test_a_row_of_the_histogram_is_its_scores() -> None:
    bonafide, spoof = CASES["ordinary"]
    figure = histogram(bonafide, {"melgan": spoof, "pwg": spoof[:40]}, 0.5)
    assert [axes.get_ylabel() for axes in figure.axes] == ["bona fide\n300", "melgan\n300", "pwg\n40"]
    filled = [patch for patch in figure.axes[2].patches if isinstance(patch, StepPatch) and patch.get_fill()]
    heights, edges, _ = filled[0].get_data()
    counts, _ = np.histogram(np.clip(spoof[:40], edges[0], edges[-1]), edges)
    assert heights * counts.max() == pytest.approx(counts)
    assert [line.get_xdata()[0] for axes in figure.axes for line in axes.get_lines()] == [0.5] * 3


def test_very_many_systems_share_the_last_row() -> None:
    figure = histogram(normal(1), {f"A{n:02d}": normal(-1, 5) for n in range(60)})
    assert len(figure.axes) == 41
    assert figure.axes[-1].get_ylabel() == "21 other systems\n105"


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="No spoof trials"):
        histogram([1.0], {})
    with pytest.raises(InputError, match="No bona fide trials"):
        det({"test": ([], [1.0])})
    with pytest.raises(InputError, match="NaN"):
        histogram([1.0, np.nan], {"a": [1.0]})


def test_matplotlib_is_left_as_it_was(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    save(det({"test": CASES["ordinary"]}), tmp_path / "det.png")
    assert dict(mpl.rcParams) == before


def test_a_picture_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"det\.png cannot be written"):
        save(det({"test": CASES["ordinary"]}), tmp_path / "file" / "det.png")


def test_long_names_keep_both_ends() -> None:
    assert short("x" * 28) == "x" * 28
    assert len(short("a" * 40 + "b" * 40)) == 27
