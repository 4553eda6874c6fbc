import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.scripts.command_line import bonafide

from bonafide.evaluation import scores
from bonafide.metrics.calibration.affine import Affine
from bonafide.metrics.calibration.application import Application
from bonafide.metrics.calibration.threshold import Threshold
from bonafide.scripts.jobs.judging import probability


def predictions(folder: Path, name: str = "predictions.jsonl") -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def test_a_file_has_the_score_that_evaluation_gave_it(run: Path, recordings: Path, tmp_path: Path) -> None:
    """Files of one window and a bit: the first window is what evaluation scored."""
    table = scores.read(run / "scores" / "held_out.csv")
    path, score = str(table.path[0]), float(table.score[0])
    done = bonafide(tmp_path, "predict", f"run={run}", f"audio={recordings / path}", "hardware=cpu")
    assert done.code == 0, done.err
    (row,) = predictions(tmp_path)
    assert row["path"] == str(recordings / path)
    assert row["windows"][0]["score"] == pytest.approx(score, abs=1e-4)
    assert row["score"] == pytest.approx(np.mean([window["score"] for window in row["windows"]]))
    assert row["decision"] in {"bonafide", "spoof"}
    assert row["decision"] in done.out


def test_a_long_recording_is_heard_to_its_end(run: Path, tmp_path: Path) -> None:
    sound = 0.1 * np.random.default_rng(0).standard_normal(16_000 * 5 + 1_234)
    soundfile.write(tmp_path / "long one (take 2).wav", sound, 16_000)
    words = [f"audio={tmp_path}/long one (take 2).wav", "hop_seconds=0.25", "batch_size=4"]
    done = bonafide(tmp_path, "predict", f"run={run}", *words, "hardware=cpu", "prior=0.1")
    assert done.code == 0, done.err
    (row,) = predictions(tmp_path)
    windows = row["windows"]
    assert windows[0]["start"] == 0
    assert windows[-1]["end"] == pytest.approx(len(sound) / 16_000, abs=1e-3)
    assert all(later["start"] <= sooner["end"] for sooner, later in pairwise(windows))
    assert row["probability"] == pytest.approx(probability(row["score"], 0.1))


def test_a_folder_and_a_glob_name_the_same_files(run: Path, recordings: Path, tmp_path: Path) -> None:
    folder = bonafide(tmp_path, "predict", f"run={run}", f"audio={recordings}/real", "output=a.jsonl")
    pattern = bonafide(tmp_path, "predict", f"run={run}", f"audio={recordings}/real/*.wav", "output=b.jsonl")
    assert folder.code == pattern.code == 0, pattern.err
    assert predictions(tmp_path, "a.jsonl") == predictions(tmp_path, "b.jsonl")
    assert len(predictions(tmp_path, "a.jsonl")) == 12


def test_an_interrupted_prediction_goes_on(run: Path, recordings: Path, tmp_path: Path) -> None:
    """A disk that fills up stops the first call in the middle of a line; the second keeps what was whole."""
    words = ["predict", f"run={run}", f"audio={recordings}/real", "hardware=cpu"]
    stopped = bonafide(tmp_path, *words, largest_file=2_000)
    assert stopped.code == 2
    assert "cannot be written" in stopped.line()
    assert not (tmp_path / "predictions.jsonl").exists()
    part = tmp_path / "predictions.jsonl.part"
    identity, *rows, torn = part.read_text().split("\n")
    assert 0 < len(rows) < 12
    assert torn
    marked = [json.dumps(json.loads(row) | {"seconds": 99.0}) for row in rows]
    part.write_text("\n".join([identity, *marked, torn]))
    done = bonafide(tmp_path, *words)
    assert done.code == 0, done.err
    kept = [row["seconds"] == 99.0 for row in predictions(tmp_path)]
    assert kept == [True] * len(rows) + [False] * (12 - len(rows))
    assert not part.exists()


def test_what_another_run_left_is_not_continued(run: Path, recordings: Path, tmp_path: Path) -> None:
    row = {"path": f"{recordings}/real/u00.wav", "score": 5.0}
    lines = ['{"identity": "of another run"}', json.dumps(row), ""]
    (tmp_path / "predictions.jsonl.part").write_text("\n".join(lines))
    done = bonafide(tmp_path, "predict", f"run={run}", f"audio={recordings}/real", "hardware=cpu")
    assert done.code == 0, done.err
    assert all(row["score"] != 5.0 for row in predictions(tmp_path))


def test_probability_is_bayes_rule() -> None:
    assert probability(0.0, 0.5) == 0.5
    assert probability(0.0, 0.2) == pytest.approx(0.2)
    assert probability(800.0, 0.5) == 0.0
    assert probability(-800.0, 0.5) == 1.0
    odds = np.exp(1.3) * 0.7 / 0.3
    assert probability(1.3, 0.3) == pytest.approx(1 / (1 + odds))


def test_probability_and_decision_follow_a_calibration(run: Path, recordings: Path, tmp_path: Path) -> None:
    stored = {
        "fitted": Affine(0.5, -3.0, 0.65, 0.1, separable=False).plain(),
        "thresholds": {"before": [], "calibrated": [Threshold.bayes(Application(prior=0.5)).plain()]},
    }
    (tmp_path / "calibration.json").write_text(json.dumps(stored))
    words = f"run={run}", f"audio={recordings}/real/u00.wav", "hardware=cpu", "prior=0.2"
    done = bonafide(tmp_path, "predict", *words, "calibration=calibration.json")
    assert done.code == 0, done.err
    (row,) = predictions(tmp_path)
    calibrated = 0.5 * row["score"] - 3
    assert row["calibrated"] == pytest.approx(calibrated)
    assert row["probability"] == pytest.approx(probability(calibrated, 0.2))
    assert row["threshold"] == pytest.approx(np.log(10))
    assert row["decision"] == ("bonafide" if calibrated >= np.log(10) else "spoof")
    assert "0.2, calibrated; bona fide from +2.30 after calibration" in done.out
    (tmp_path / "calibration.json").write_text("[]")
    done = bonafide(tmp_path, "predict", *words, "calibration=calibration.json")
    assert done.code == 2
    assert "calibration=calibration.json is no calibration" in done.line()


@pytest.mark.parametrize("word", ["prior=1.5", "hop_seconds=9", "audio=gone.wav"])
def test_a_wrong_value_is_refused(word: str, run: Path, recordings: Path, tmp_path: Path) -> None:
    words = {"audio": f"audio={recordings}/real/u00.wav"} | {word.partition("=")[0]: word}
    done = bonafide(tmp_path, "predict", f"run={run}", *words.values(), "hardware=cpu")
    assert done.code == 2
    assert word.partition("=")[2] in done.line()
    assert not list(tmp_path.glob("*.jsonl*"))
