"""What clips are, what is done to them and what is a trial: options of the data, through whole runs."""

import csv
from pathlib import Path

import numpy as np
import pytest
from tests.corpora import miniature
from tests.scripts.command_line import Result, bonafide
from tests.scripts.conftest import TINY


@pytest.fixture
def train(recordings: Path, tmp_path: Path):
    def started(*words: str) -> Result:
        env = {"BONAFIDE_CACHE": str(tmp_path / "cache")}
        done = bonafide(tmp_path, "train", *TINY, f"data.root={recordings}", *words, env=env)
        assert done.code == 0, done.err
        return done

    return started


def scores(run: Path) -> dict[str, float]:
    with (run / "scores/seen.csv").open(newline="") as file:
        return {row["path"]: float(row["score"]) for row in csv.DictReader(file)}


def test_a_recording_scores_the_mean_of_its_windows(train, tmp_path: Path) -> None:
    """0.75 s in windows of 0.5 s: two each, the second repeated to length, unless remainders are dropped."""
    tiles = ("data.windows.tile=true", "data.train.generators=[dull]")
    train(*tiles, "data.windows.trial=window", "hydra.run.dir=windows")
    windows = scores(tmp_path / "windows")
    paths = {path.partition("#")[0] for path in windows}
    assert set(windows) == {f"{path}#t={place}" for path in paths for place in ("0,0.5", "0.5,0.75")}
    train(*tiles, "hydra.run.dir=recordings")
    recordings = scores(tmp_path / "recordings")
    for path, score in recordings.items():
        pair = [windows[f"{path}#t={place}"] for place in ("0,0.5", "0.5,0.75")]
        assert score == pytest.approx(np.mean(pair), abs=1e-6)
    done = train(*tiles, "data.windows.trial=window", "data.windows.remainder=drop", "hydra.run.dir=dropped")
    assert {path.partition("#t=")[2] for path in scores(tmp_path / "dropped")} == {"0,0.5"}
    assert "windows of 0.5 s leave out" in done.err + done.out


def test_a_condition_belongs_to_the_detector_and_goes_where_it_goes(train, tmp_path: Path) -> None:
    """A detector that hears no level scores a recording and its quieter copy alike, on any command."""
    words = (
        "data.condition.level_db=-26",
        "data.condition.highpass_hz=60",
        "data.condition.trim_seconds=0.02",
    )
    train(*words, "hydra.run.dir=run")
    sound = miniature.voice("a sentence", 16_000, 16_000)
    for name, gain in (("loud", 1.0), ("soft", 0.1)):
        miniature._write(tmp_path / "sounds" / f"{name}.wav", gain * sound, 16_000)
    done = bonafide(tmp_path, "predict", "run=run", "audio=sounds", "hardware=cpu", "output=out.jsonl")
    assert done.code == 0, done.err
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    loud, soft = (float(line.partition('"score": ')[2].partition(",")[0]) for line in lines)
    assert soft == pytest.approx(loud, abs=0.02)
    root = miniature.folder(tmp_path / "other", utterances=4, seconds=0.6)
    words = ("data=folder", f"data.root={root}", "data.cache=cache", "+data.tests.all={split: all}")
    done = bonafide(tmp_path, "evaluate", "run=run", *words, "hardware=cpu", "data.split.rule=unseen")
    assert done.code == 0, done.err


def test_an_impossible_condition_is_refused_before_anything_is_read(recordings: Path, tmp_path: Path) -> None:
    done = bonafide(tmp_path, "train", *TINY, f"data.root={recordings}", "data.condition.highpass_hz=9000")
    assert done.code == 2
    assert "data.condition.highpass_hz=9000" in done.line()


def test_shares_and_limits_are_options(train, tmp_path: Path) -> None:
    train("data.train.share_by=label", "data.limit.train=4", "data.limit.test=2", "hydra.run.dir=run")
    assert len(scores(tmp_path / "run")) == 2 * 3  # bona fide and two systems


def test_the_first_training_audits_and_the_second_remembers(train, tmp_path: Path) -> None:
    """`dull` has no high frequencies: a shortcut, which is said once and kept."""
    first = train("hydra.run.dir=first")
    assert "audit of files: energy" in first.err + first.out
    (kept,) = (tmp_path / "cache/audits").glob("folder-*.json")
    again = train("hydra.run.dir=second")
    assert "audit of files" not in again.err + again.out
    assert list((tmp_path / "cache/audits").glob("*.json")) == [kept]
    assert "Trivial EER" in (tmp_path / "second/report.html").read_text()
    train("hydra.run.dir=third", "audit=false")
    assert "Trivial EER" not in (tmp_path / "third/report.html").read_text()
