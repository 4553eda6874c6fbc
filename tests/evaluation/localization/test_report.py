"""The report says where, on a page, in Markdown, LaTeX and CSV, and in metrics.json."""

import csv
import json
from pathlib import Path

import pytest
from tests.evaluation import example
from tests.evaluation.example import NASTY
from tests.evaluation.localization.example import SPEC, outcome, random_group

from bonafide.evaluation import report
from bonafide.evaluation.localization import tables
from bonafide.evaluation.localization.found import Clip, Where
from bonafide.evaluation.localization.joint import joint
from bonafide.evaluation.localization.measures import measure
from bonafide.evaluation.localization.words import MEASURES
from bonafide.evaluation.summary import Summary


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    folder = tmp_path_factory.mktemp("report")
    groups = {"test": outcome(SPEC, resolution=0.16), NASTY: random_group(4)}
    heard = example.png(folder / "timeline.png", 60, 30)
    where = Where(
        {name: measure(one, group=name, replicates=30) for name, one in groups.items()},
        joint({"a": random_group(4), "b": random_group(4)}, replicates=30),
        [
            Clip("Best", f"wavs/{NASTY}.wav", heard, "Truth above.", [("Truth", "1 – 2 s")], b"ID3 sound"),
            Clip("Worst", "gone.wav", heard, "Truth above.", [], problem="Not to be heard: it is gone."),
        ],
    )
    return folder, example.summary(folder, example.measured())._replace(where=where)


def test_a_page_says_where(summary: tuple[Path, Summary]) -> None:
    folder, told = summary
    report.write(folder, told)
    page = (folder / "report.html").read_text(encoding="utf-8")
    for said in (
        '<a href="#group-2">test</a>',
        ">Where</h2>",
        "all fake",
        "0.769",
        "localization score 0.763 (all fake",
        "resolves time to 160 ms",
        "wavs/&lt;b&gt;&amp;_50%|&#34;x&#34;.wav",
        "Not to be heard: it is gone.",
        "4 recordings or sentences are in more than one",
        "as ADD 2023 (track 2) and FakeSound rank systems",
    ):
        assert said in page
    assert page.count("<audio") == 2, "one recording here, and one mistake"
    assert page.count("data:image/png") == 4


def test_other_formats_say_the_same(summary: tuple[Path, Summary]) -> None:
    folder, told = summary
    report.write(folder, told)
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "## Where" in text
    assert text.count("](timeline.png)") == 2
    assert "> test: The model gives a score every 20 ms" in text
    assert "all genuine" in (folder / "report.tex").read_text(encoding="utf-8")
    with (folder / "tables" / "localization.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["detector"] for row in rows] == 2 * ["this model", "all fake", "all genuine"]
    assert [row["group"] for row in rows] == ["test"] * 3 + [NASTY] * 3
    assert float(rows[0]["f1_1s"]) == pytest.approx(10 / 13)
    with (folder / "tables" / "localization_measures.csv").open(newline="") as file:
        found = {row["measure"]: row for row in csv.DictReader(file)}
    assert float(found["f1_20ms"]["test"]) == pytest.approx(0.606061, abs=5e-7)
    assert {"segment_eer_0.02", "segment_eer_0.64"} <= found.keys()


def test_every_measure_has_a_word_and_every_word_a_measure(summary: tuple[Path, Summary]) -> None:
    _, told = summary
    assert told.where is not None
    known = told.where.groups["test"].keys()
    assert {one.key for one in MEASURES} <= known
    facts = {
        "recordings",
        "spoofed_recordings",
        "seconds",
        "spoofed_seconds",
        "step",
        "resolution",
        "threshold",
    }
    assert known - {one.key for one in MEASURES} - facts == {"segment_eer", "intervals", "trivial", "remarks"}
    shown = {row.cells[0].values[0] for row in tables.measures(told.where.groups).rows}
    assert {one.key for one in MEASURES} <= shown


def test_machines_read_it_in_metrics_json(summary: tuple[Path, Summary], tmp_path: Path) -> None:
    _, told = summary
    report.metrics_json(
        tmp_path / "metrics.json", told.groups, seed=0, parameters=1, fingerprint="f", where=told.where
    )
    found = json.loads((tmp_path / "metrics.json").read_text())
    assert found["groups"]["test"]["localization"]["f1_1s"] == pytest.approx(10 / 13)
    assert found["groups"]["test"]["eer"] == told.groups["test"]["eer"]
    assert found["localization"]["shared"] == 4
    report.metrics_json(tmp_path / "metrics.json", told.groups, seed=0, parameters=1, fingerprint="f")
    plain = json.loads((tmp_path / "metrics.json").read_text())
    assert "localization" not in plain
    assert "localization" not in plain["groups"]["test"]
