"""A localization run says where, through the command line, on PartialSpoof in miniature."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.corpora import partialspoof
from tests.scripts.command_line import bonafide

from bonafide import cell
from bonafide.evaluation import scores
from bonafide.evaluation.localization import frames, segments
from bonafide.evaluation.localization.measures import measure

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return partialspoof.write(tmp_path_factory.mktemp("partialspoof"))


@pytest.fixture(scope="module")
def located(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run whose recordings are heard in windows, with a filter of frames."""
    folder = tmp_path_factory.mktemp("located")
    done = bonafide(
        folder,
        "train",
        "task=localization",
        "data=partialspoof",
        f"data.root={corpus}",
        "data.clip_seconds=0.2",
        "data.windows.tile=true",
        "data.batch_size=8",
        "model=partialfake",
        "frontend=mel",
        "task.median_filter=3",
        "trainer.max_epochs=1",
        "trainer.enable_progress_bar=false",
        "hardware=cpu",
        "hardware.workers=0",
        f"hydra.run.dir={folder}/run",
        env={"BONAFIDE_CACHE": str(folder / "cache")},
    )
    assert done.code == 0, done.err
    assert "this model" in done.out
    assert "fake" in done.out
    return folder / "run"


def test_a_run_leaves_where(located: Path) -> None:
    metrics = json.loads((located / "metrics.json").read_text())
    assert set(metrics["groups"]) == {"eval", "dev"}
    assert "localization" not in metrics, "these groups share nothing"
    left = cell.read(located)
    assert left is not None
    assert (left.measure, left.mode) == ("val/score", "max")
    assert left.value is not None
    assert 0 <= left.value <= 1
    for name, group in metrics["groups"].items():
        found = segments.read(located / "scores" / f"{name}.segments.jsonl")
        kept = frames.read(located / "scores" / f"{name}.frames.npz")
        table = scores.read(located / "scores" / f"{name}.csv")
        assert list(found.true.names) == list(table.path) == list(kept.path)
        np.testing.assert_allclose(found.score, table.score, rtol=1e-5)
        np.testing.assert_allclose(found.whole, partialspoof.SECONDS)
        np.testing.assert_allclose(found.seconds, partialspoof.SECONDS)
        np.testing.assert_array_equal(np.diff(kept.bounds), 41)
        assert kept.step == 0.01
        spoofs = [
            found.true.start[slice(*found.true.bounds[row : row + 2])].tolist()
            for row in np.flatnonzero(found.label == "spoof")
        ]
        expected = [[start for start, _ in regions] for regions in partialspoof.REGIONS]
        np.testing.assert_allclose(np.concatenate(spoofs), np.concatenate(expected), atol=0.0101)
        again = measure(frames.outcome_of(found, kept, table.utterance), group=name, replicates=20)
        told = group["localization"]
        assert told["recordings"] == 8
        assert told["spoofed_recordings"] == 4
        for key in ("score", "f1_1s", "f1_20ms", "event_f1", "frame_eer", "range_eer", "time_f1"):
            assert again[key] == pytest.approx(told[key], abs=1e-6)  # type: ignore[literal-required]
        assert told["accuracy"] == pytest.approx(group["accuracy"])


def test_the_report_shows_timelines(located: Path) -> None:
    page = (located / "report.html").read_text()
    assert ">Where</h2>" in page
    drawn = sorted(file.name for file in (located / "figures").glob("timeline_*.png"))
    assert {"timeline_dev_1.png", "timeline_eval_1.png"} <= set(drawn)
    assert page.count("every 10 ms") == len(drawn) * 2, (
        "as a caption, and for those who do not see the picture"
    )
    assert (located / "tables" / "localization_measures.csv").is_file()


def test_evaluating_again_gives_the_same(located: Path, corpus: Path, tmp_path: Path) -> None:
    done = bonafide(
        tmp_path,
        "evaluate",
        f"run={located}",
        "hardware=cpu",
        "hardware.workers=0",
        f"output={tmp_path}/again",
        env={"BONAFIDE_CACHE": str(tmp_path / "cache")},
    )
    assert done.code == 0, done.err
    first, second = (
        json.loads((place / "metrics.json").read_text()) for place in (located, tmp_path / "again")
    )
    for name, group in first["groups"].items():
        told, again = group["localization"], second["groups"][name]["localization"]
        assert again["trivial"] == told["trivial"]
        assert again["range_eer"] == pytest.approx(told["range_eer"], abs=1e-6)


def test_other_reports_read_such_a_run(located: Path, tmp_path: Path) -> None:
    """A sweep's report and the mistakes of a run are about whole clips."""
    for option in (f"mistakes={located}", f"sweep={located.parent}"):
        done = bonafide(tmp_path, "report", option, f"hydra.run.dir={tmp_path}/{option[:5]}")
        assert done.code == 0, done.err
