"""What a pair costs: counts by hand, memory that is known, and a page of it."""

import json
from pathlib import Path

import pytest
import torch

from bonafide.evaluation import report, spreadsheet
from bonafide.evaluation.resources import memory, page, published
from bonafide.evaluation.resources.cost import Cost, measure
from bonafide.evaluation.resources.page import Measured
from bonafide.evaluation.summary import Picture
from bonafide.figures.resources import Line, resources
from bonafide.figures.style import save
from bonafide.frontends.raw import Raw
from bonafide.frontends.spectrogram import STFT
from bonafide.frontends.standardize import Standardize
from bonafide.models.regression import Regression
from bonafide.types import FeatureShape

MEBIBYTE = 2**20
CPU = torch.device("cpu")


def cost(extraction: float = 0.001, scoring: float = 0.004, bins: int = 256) -> Cost:
    return Cost(
        clip_seconds=2.0,
        clips=3,
        shape=FeatureShape(1, bins, 126),
        extraction=[extraction, 2 * extraction, extraction / 2],
        scoring=[scoring] * 3,
        extraction_memory=MEBIBYTE,
        batch_memory=3 * MEBIBYTE,
        weights=2 * MEBIBYTE,
        frontend_parameters=0,
        model_parameters=524_288,
        threads=1,
    )


def test_numbers_follow_from_what_was_measured() -> None:
    found = cost()
    assert found.clip_bytes == 129_024  # of a mel spectrogram of two seconds, as published
    assert found.storage == 64_512
    assert found.factor == pytest.approx(0.005)
    assert found.factors == pytest.approx([0.005, 0.006, 0.0045])
    assert found.memory == 5 * MEBIBYTE
    assert Cost.read(json.loads(json.dumps(found._asdict()))) == found


def test_a_front_end_and_a_model_are_measured() -> None:
    frontend = Standardize(STFT(16_000, n_fft=512, hop=256))
    model = Regression(frontend.shape(8000))
    found = measure(frontend, model, 0.1 * torch.randn(3, 8000), repeats=4)
    assert (found.clip_seconds, found.clips) == (0.5, 3)
    assert found.shape == (1, 257, 32)
    assert len(found.extraction) == len(found.scoring) == 4
    assert min(*found.extraction, *found.scoring) > 0
    assert found.frontend_parameters == 0
    assert found.model_parameters == 2 * (257 * 32 + 1)
    held = [*frontend.parameters(), *frontend.buffers(), *model.parameters(), *model.buffers()]
    assert found.weights == sum(part.element_size() * part.numel() for part in held)
    assert not frontend.training
    assert not model.training


def test_a_waveform_is_stored_as_it_is() -> None:
    frontend = Raw(16_000)
    found = measure(frontend, Regression(frontend.shape(800)), torch.randn(2, 800), repeats=1)
    assert found.storage == 4 * 16_000


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="this system does not tell")
def test_memory_is_that_of_the_peak() -> None:
    def work() -> torch.Tensor:
        first = torch.ones(64 * MEBIBYTE // 4)
        second = torch.ones(32 * MEBIBYTE // 4)
        del first
        return second

    for _ in range(2):  # what was freed before does not hide it
        grown = memory.growth(work, CPU)
        assert grown is not None
        assert 90 * MEBIBYTE < grown < 110 * MEBIBYTE
    nothing = memory.growth(lambda: None, CPU)
    assert nothing is not None
    assert nothing < 8 * MEBIBYTE


def test_a_system_that_does_not_tell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "_RESET", tmp_path / "no folder" / "clear_refs")
    assert memory.growth(lambda: 1 / 0, CPU) is None


def test_a_page_says_what_is_fastest_and_what_is_left_out(tmp_path: Path) -> None:
    measured = [
        Measured("idsd_mel", "tcn", (), cost()),
        Measured("lfcc", "lcnn", ["model.dropout=0"], cost(scoring=0.5, bins=60)._replace(batch_memory=None)),
    ]
    save(resources([line("a"), line("b")]), tmp_path / "figure.png")
    made = page.document(
        measured,
        [Picture(tmp_path / "figure.png", "Resources")],
        facts={"Machine": "a slow one"},
        left_out={"wavlm/lcnn": "the hub cannot be reached"},
    )
    report.write_document(tmp_path, made)
    text = (tmp_path / "report.md").read_text()
    assert "wavlm/lcnn is left out: the hub cannot be reached" in text
    assert "This system does not tell how far memory grew" in text
    assert [(one.name, one.figure) for one in made.headlines] == [
        ("Fastest: idsd_mel/tcn", "200"),
        ("Least memory: idsd_mel/tcn", "5.00"),
        ("Least storage: lfcc", "15.1"),
    ]
    assert made.headlines[0].lines == ["slowest: lfcc/lcnn dropout=0, 2.00 ×"]
    first, second = spreadsheet.text([page.overview(measured)]).splitlines()[1:]
    assert first == '"idsd_mel","tcn","",0.001,0.004,0.005,5242880,64512.0,0,524288'
    assert second.endswith(',"",15120.0,0,524288')


def test_published_figures_stand_beside_ours() -> None:
    made = published.table({"idsd_mel": cost(), "lfcc": cost()})
    assert made is not None
    (row,) = made.rows
    # 0.006126218 s for two seconds; 31 GB for 240,000 clips of two seconds.
    assert [cell.text for cell in row.cells] == ["idsd_mel", "1.00", "3.06", "64.5", "64.6"]
    assert published.table({"lfcc": cost()}) is None


def line(name: str) -> Line:
    return Line(name, [1.0, 2.0, 9.0], [30.0, 20.0, 10.0], 3.0, 5.0, 64.0, 1000)


def test_a_figure_has_a_line_for_each_pair() -> None:
    figure = resources([line("x"), line("y")._replace(memory=None, extraction_memory=None, parameters=0)])
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Time, ms for a second", "Peak memory, MiB", "Storage, kB a second", "Parameters",
    ]  # fmt: skip
    time, held, *_, size = figure.axes
    assert [label.get_text() for label in time.get_yticklabels()] == ["x", "y"]
    marks = {
        mark.get_marker(): list(mark.get_xdata()) for mark in time.get_lines() if mark.get_marker() in "os"
    }
    assert marks == {"o": [2.0, 2.0], "s": [20.0, 20.0]}
    assert [list(mark.get_xdata()) for mark in held.get_lines()] == [[3.0], [5.0]]
    assert [list(mark.get_xdata()) for mark in size.get_lines()] == [[1000.0]]


def test_next_to_nothing_is_a_mark_at_the_edge() -> None:
    time, held, *_ = resources([line("x")._replace(extraction=[1e-5, 1e-4], extraction_memory=0.0)]).axes
    for axes in (time, held):
        (mark,) = [mark for mark in axes.get_lines() if mark.get_marker() == "<"]
        assert float(mark.get_xdata()[0]) == axes.get_xlim()[0]


@pytest.mark.parametrize("count", [1, 3, 80])
def test_any_number_of_pairs_fits(count: int, tmp_path: Path) -> None:
    figure = resources([line(f"a_front_end_with_a_long_name/{n:03d}") for n in range(count)])
    save(figure, tmp_path / "resources.png")
    assert len(figure.axes[0].get_yticklabels()) == min(count, 60)
