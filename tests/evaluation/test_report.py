"""metrics.json keeps the form of the run folder; report.html needs nothing but itself."""

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from bonafide.evaluation import breakdown, report
from bonafide.evaluation.breakdown import Group
from bonafide.evaluation.scores import Trials
from bonafide.types import InputError, Utterance

PNG = b"\x89PNG\r\n\x1a\n a picture"
NASTY = '<script>alert("1")</script>'


@pytest.fixture(scope="module")
def measured() -> Group:
    generator = np.random.default_rng(0)
    rows = [Utterance(f"r{n}", f"u{n}", "c", "-", "s", "bonafide") for n in range(1000)]
    rows += [
        Utterance(f"{system}{n}", f"u{n}", "c", system, "s", "spoof")
        for system in (NASTY, "melgan")
        for n in range(700)
    ]
    scores = np.concatenate((generator.normal(1, 1, 1000), generator.normal(-1, 1, 1400)))
    return breakdown.measure(Trials.of(rows, scores), 0.25, group="test", replicates=50)


class Tags(HTMLParser):
    """Keeps tags, attribute values, and what a browser would show."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "data"}]
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data.strip())


def page(tmp_path: Path, summary: report.Summary, figures: dict[str, Path]) -> Tags:
    report.write(tmp_path / "run" / "report.html", summary, figures)
    tags = Tags()
    tags.feed((tmp_path / "run" / "report.html").read_text(encoding="utf-8"))
    assert not tags.open
    return tags


def test_the_page_tells_all_and_needs_nothing(tmp_path: Path, measured: Group) -> None:
    (tmp_path / "det.png").write_bytes(PNG)
    summary = report.Summary(
        title=f"A run {NASTY}",
        facts={"Model": "rawnet2", NASTY: NASTY},
        groups={"test": measured, NASTY: measured},
        note="The corpus is synthetic.",
        trained=["melgan"],
        cautions={"test": ["Ties blur the EER."]},
    )
    tags = page(tmp_path, summary, {"DET curves": tmp_path / "det.png"})
    assert "script" not in tags.tags
    assert tags.links == ["data:image/png;base64," + base64.b64encode(PNG).decode()]
    shown = " ".join(tags.text)
    for word in (
        summary.title,
        "rawnet2",
        "The corpus is synthetic.",
        "Ties blur the EER.",
        "DET curves",
        "● seen",
        "○ held out",
        f"{100 * measured['eer']:.2f}",
        f"{100 * measured['systems']['melgan']['eer']:.2f}",
        f"{measured['auc']:.4f}",
        f"{100 * measured['accuracy']:.2f}",
        "1,400",
    ):
        assert word in shown
    css = re.search(r"<style>(.*)</style>", (tmp_path / "run" / "report.html").read_text(), re.DOTALL)
    assert css is not None
    assert "url(" not in css[1]
    assert "@import" not in css[1]


def test_a_bare_run_has_a_page_too(tmp_path: Path, measured: Group) -> None:
    tags = page(tmp_path, report.Summary("A run", {}, {"test": measured}), {})
    shown = " ".join(tags.text)
    assert "In training" not in shown
    assert "Figures" not in shown


def test_a_missing_figure_is_named_and_nothing_is_written(tmp_path: Path, measured: Group) -> None:
    summary = report.Summary("A run", {}, {"test": measured})
    with pytest.raises(InputError, match=r"gone\.png cannot be read"):
        report.write(tmp_path / "report.html", summary, {"DET": tmp_path / "gone.png"})
    assert not (tmp_path / "report.html").exists()


def test_metrics_come_back_exactly(tmp_path: Path, measured: Group) -> None:
    report.metrics_json(
        tmp_path / "metrics.json", {"test": measured}, seed=3, parameters=17_620_385, fingerprint="abc"
    )
    content = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert content == {
        "groups": {"test": measured},
        "seed": 3,
        "parameters": 17_620_385,
        "fingerprint": "abc",
    }


def test_a_measure_that_is_no_number_is_refused_by_name(tmp_path: Path, measured: Group) -> None:
    broken: Group = {**measured, "cllr": float("nan"), "intervals": {"eer": [0.0, float("inf")]}}
    with pytest.raises(InputError, match=r"groups\.test\.cllr, groups\.test\.intervals\.eer\[1\]"):
        report.metrics_json(
            tmp_path / "metrics.json", {"test": broken}, seed=0, parameters=1, fingerprint="abc"
        )
    assert list(tmp_path.iterdir()) == []
