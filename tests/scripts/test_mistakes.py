"""The command line shows what a detector gets wrong, and what it loses against another."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import soundfile
from tests.scripts.command_line import Result, bonafide

from bonafide.evaluation import scores


@pytest.fixture
def other(run: Path, tmp_path: Path) -> Path:
    """The same run, with every score mirrored in the threshold."""
    copy = tmp_path / "other"
    shutil.copytree(run, copy)
    for file in (copy / "scores").glob("*.csv"):
        trials = scores.read(file)
        trials.score[:] = 2 * threshold(run, file.stem) - trials.score
        scores.write(file, trials)
    return copy


def threshold(run: Path, group: str) -> float:
    return float(json.loads((run / "metrics.json").read_text())["groups"][group]["threshold"])


def mistakes(folder: Path, *words: str) -> Result:
    return bonafide(folder, "report", *words, "threshold=0", f"folder={folder}/found")


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "found" / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_what_one_run_loses_against_another_is_shown_and_kept(run: Path, other: Path, tmp_path: Path) -> None:
    done = mistakes(tmp_path, f"mistakes=[{run},{other}]", "count=3", "names=[good,bad]")
    assert done.code == 0, done.err
    page = (tmp_path / "found" / "mistakes.html").read_text()
    assert "Right in good, wrong in bad" in page
    listed = table(tmp_path, "mistakes")
    counted = {row["group"]: row for row in table(tmp_path, "decisions")}
    for file in (run / "scores").glob("*.csv"):
        left = scores.read(file)
        own = [row for row in listed if row["group"] == file.stem]
        assert len(own) == min(3, int(counted[file.stem]["only_first_right"]))
        assert {row["path"] for row in own} <= set(left.path)
        good = dict(zip(left.path, left.score, strict=True))
        for row in own:
            assert float(row["score_good"]) == good[row["path"]]
            assert float(row["score"]) == pytest.approx(2 * threshold(run, file.stem) - good[row["path"]])
        numbers = [int(value) for key, value in counted[file.stem].items() if key != "group"]
        assert sum(numbers) == len(left)
    assert page.count("<audio") == len(listed) > 0
    clips = sorted((tmp_path / "found" / "clips").rglob("*.wav"))
    assert len(clips) == len(listed)
    assert all(soundfile.info(clip).samplerate == 16_000 for clip in clips)


def test_the_sample_is_the_seed_s(run: Path, other: Path, tmp_path: Path) -> None:
    drawn = []
    for seed in (1, 1, 2, 3):
        assert mistakes(tmp_path, f"mistakes=[{run},{other}]", "count=1", f"seed={seed}").code == 0
        drawn.append([row["path"] for row in table(tmp_path, "mistakes")])
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2] or drawn[0] != drawn[3]


def test_one_run_shows_the_worst_of_each_system(other: Path, tmp_path: Path) -> None:
    done = mistakes(tmp_path, f"mistakes={other}", "count=2")
    assert done.code == 0, done.err
    counted = {(row["group"], row["system"]): int(row["wrong"]) for row in table(tmp_path, "decisions")}
    found: dict[tuple[str, str], list[float]] = {}
    for row in table(tmp_path, "mistakes"):
        side = "bona fide" if row["system"] == "-" else row["system"]
        found.setdefault((row["group"], side), []).append(float(row["margin"]))
    assert {side: len(margins) for side, margins in found.items()} == {
        side: min(2, number) for side, number in counted.items() if number
    }
    assert all(margins == sorted(margins, reverse=True) for margins in found.values())
    assert found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mistakes=[a,b,c]"], "names 3 runs"),
        (["mistakes=RUN", "count=0"], "count=0 shows nothing"),
        (["mistakes=[RUN,RUN]", "names=[a,b]"], "no such mistake"),
        (["mistakes=nowhere"], "nowhere is not a run folder"),
        (["mistakes=RUN", "compare=[RUN,RUN]"], "do not make a report"),
    ],
    ids=str,
)
def test_bad_input_is_answered_in_one_line(words: list[str], said: str, run: Path, tmp_path: Path) -> None:
    done = mistakes(tmp_path, *(word.replace("RUN", str(run)) for word in words))
    assert done.code == 2
    assert said in done.line()
    assert not (tmp_path / "found").exists()
