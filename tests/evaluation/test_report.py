"""A report says the same on a page, in Markdown, LaTeX and CSV; the page needs nothing but itself."""

import base64
import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.evaluation import example
from tests.evaluation.example import NASTY

from bonafide.evaluation import report
from bonafide.evaluation.breakdown import Group
from bonafide.evaluation.summary import Picture, Summary
from bonafide.types import InputError


@pytest.fixture(scope="module")
def measured() -> Group:
    return example.measured()


class Tags(HTMLParser):
    """Keeps tags, attribute values, and what a browser would show."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "data"}]
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data.strip())


def page(folder: Path, summary: Summary) -> Tags:
    report.write(folder, summary)
    tags = Tags()
    tags.feed((folder / "report.html").read_text(encoding="utf-8"))
    assert not tags.open
    return tags


def test_the_page_tells_all(tmp_path: Path, measured: Group) -> None:
    shown = " ".join(page(tmp_path, example.summary(tmp_path, measured)).text)
    low, high = (f"{100 * bound:.2f}" for bound in measured["systems"]["melgan"]["intervals"]["eer"])
    for word in (
        f"A run {NASTY}",
        "rawnet2",
        "The corpus is synthetic.",
        "Ties blur the EER.",
        "DET curves",
        "seen",
        "held out",
        f"{100 * measured['eer']:.2f}",
        f"{100 * measured['systems']['melgan']['eer']:.2f}",
        f"{low} – {high}",
        f"{measured['auc']:.4f}",
        f"{100 * measured['accuracy']:.2f}",
        f"{100 * measured['ece_at_prior']:.2f}",
        "1,400",
        "43.21",
        f"1. wavs/{NASTY}.wav",
        "2. wavs/gone.wav",
        "Not to be heard: it is gone.",
    ):
        assert word in shown, word


def test_the_page_needs_nothing(tmp_path: Path, measured: Group) -> None:
    tags = page(tmp_path, example.summary(tmp_path, measured))
    assert {"script", "link", "iframe", "b"} & set(tags.tags) == {"b"}
    assert tags.tags.count("b") == 2  # the two trials, not the names
    kinds = [link.partition(",")[0] for link in tags.links if not link.startswith("#")]
    png, picture, sound = (f"data:{kind};base64" for kind in ("image/png", "image/jpeg", "audio/mpeg"))
    assert kinds == [png, png, picture, sound]
    assert f"data:audio/mpeg;base64,{base64.b64encode(b'ID3 sound').decode()}" in tags.links
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "http" not in text
    assert "file:" not in text
    style = re.search(r"<style>(.*)</style>", text, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    assert "@media print" in style[1]


def test_links_inside_the_page_have_a_target(tmp_path: Path, measured: Group) -> None:
    page(tmp_path, example.summary(tmp_path, measured))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    wanted = re.findall(r'href="#([^"]+)"', text)
    assert wanted == ["group-1", "group-2"]
    assert re.findall(r'id="([^"]+)"', text) == wanted


def test_figures_are_shown_at_half_their_pixels(tmp_path: Path, measured: Group) -> None:
    page(tmp_path, example.summary(tmp_path, measured))
    assert 'width="20" height="10" alt="DET curves"' in (tmp_path / "report.html").read_text()


def test_a_bare_run_has_a_page_too(tmp_path: Path, measured: Group) -> None:
    tags = page(tmp_path, Summary("A run", {}, {"test": measured}))
    shown = " ".join(tags.text)
    for absent in ("In training", "Trivial", "Worst mistakes", "speakers × systems"):
        assert absent not in shown
    assert {"figure", "audio", "img"}.isdisjoint(tags.tags)


def test_markdown_says_the_same(tmp_path: Path, measured: Group) -> None:
    report.write(tmp_path, example.summary(tmp_path, measured))
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    name = r'&lt;b&gt;&amp;\_50%\|"x"'
    assert text.startswith(f"# A run {name}\n\n> The corpus is synthetic.\n")
    assert f"## {name}\n\n> Ties blur the EER.\n" in text
    assert "![DET curves](figures/det.png)" in text
    assert "](figures/scores%201.png)" in text
    assert "Not to be heard: it is gone." in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1
    assert f"{100 * measured['eer']:.2f}" in text


def test_latex_says_the_same(tmp_path: Path, measured: Group) -> None:
    report.write(tmp_path, example.summary(tmp_path, measured))
    text = (tmp_path / "report.tex").read_text(encoding="utf-8")
    assert r"\textless{}b\textgreater{}\&\_50\%\textbar{}\textquotedbl{}x\textquotedbl{}" in text
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert not re.search(r"(?<!\\)[#_^~]", body.replace(r"\%", ""))
    for environment in ("table", "tabular"):
        assert body.count(f"\\begin{{{environment}}}") == body.count(f"\\end{{{environment}}}") > 0
    for rule in ("toprule", "midrule", "bottomrule"):
        assert f"\\{rule}" in body
    assert body.count("{") - body.count(r"\{") == body.count("}") - body.count(r"\}")
    for block in re.findall(r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", body, re.DOTALL):
        lines = [line for line in block[1].splitlines() if line.endswith(r"\\")]
        assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in lines} == {len(block[0])}


def test_csv_holds_the_values_in_full(tmp_path: Path, measured: Group) -> None:
    report.write(tmp_path, example.summary(tmp_path, measured))

    def rows(name: str) -> list[dict[str, str]]:
        with (tmp_path / "tables" / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    first, second = rows("groups.csv")
    assert (first["group"], second["group"]) == ("test", NASTY)
    assert float(first["eer"]) == measured["eer"]
    assert [float(first[key]) for key in ("eer_low", "eer_high")] == measured["intervals"]["eer"]
    assert (first["trivial_eer"], second["trivial_eer"]) == ("0.4321", "")
    systems = rows("systems.csv")
    assert [row["system"] for row in systems] == [NASTY, "melgan"] * 2  # and no mean
    assert [row["in_training"] for row in systems[:2]] == ["held out", "seen"]
    assert float(systems[1]["auc"]) == measured["systems"]["melgan"]["auc"]
    values = {row["measure"]: float(row["value"]) for row in rows("measures.csv") if row["group"] == "test"}
    assert values["brier"] == measured["brier"]
    assert values["frr_at_far_5"] == measured["frr_at_far_5"]
    assert [row["path"] for row in rows("mistakes.csv")] == [f"wavs/{NASTY}.wav", "wavs/gone.wav"]
    assert [row["system"] for row in rows("eer_by_system.csv")] == [NASTY, "melgan"]


def test_a_missing_figure_is_named_and_nothing_is_written(tmp_path: Path, measured: Group) -> None:
    summary = Summary("A run", {}, {"test": measured}, pictures=[Picture(tmp_path / "gone.png", "DET")])
    with pytest.raises(InputError, match=r"gone\.png cannot be read \(No such file"):
        report.write(tmp_path / "run", summary)
    assert not (tmp_path / "run").exists()
    (tmp_path / "gone.png").write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match=r"gone\.png cannot be read \(not a PNG\)"):
        report.write(tmp_path / "run", summary)


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
