import json
import shutil
from pathlib import Path

import pytest
from tests.scripts.command_line import bonafide

from bonafide import assembly
from bonafide.evaluation import scores
from bonafide.scripts.jobs import evaluation


def metrics(folder: Path) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads((folder / "metrics.json").read_text())["groups"]
    return found


def test_evaluation_equals_the_test_after_training(run: Path, tmp_path: Path) -> None:
    done = bonafide(tmp_path, "evaluate", f"run={run}", "hardware=cpu", "output=again")
    assert done.code == 0, done.err
    for name, group in metrics(run).items():
        assert metrics(tmp_path / "again")[name]["eer"] == group["eer"]
        first, second = (scores.read(place / "scores" / f"{name}.csv") for place in (run, tmp_path / "again"))
        assert first.path.tolist() == second.path.tolist()
        assert second.score == pytest.approx(first.score, abs=1e-5)


def test_another_corpus_is_wholly_new(run: Path, recordings: Path, tmp_path: Path) -> None:
    """The demo corpus is of another kind than the run's: every recording is scored, no system is known."""
    work = tmp_path / "run"
    shutil.copytree(run, work)
    words = [f"run={work}", "data=demo", "+data.corpus.utterances=2", f"data.root={tmp_path}/demo"]
    done = bonafide(tmp_path, "evaluate", *words, "hardware=cpu", f"data.cache={tmp_path}/cache")
    assert done.code == 0, done.err
    found = metrics(work / "evaluations" / "demo")
    assert set(found) == {"held_out"}
    assert found["held_out"]["bonafide"] == 2
    assert metrics(work) == metrics(run)  # nothing of the run itself was touched


def test_another_folder_of_the_same_kind_is_wholly_new(run: Path, recordings: Path, tmp_path: Path) -> None:
    shutil.copytree(recordings, tmp_path / "others")
    words = [f"run={run}", "data=folder", f"data.cache={tmp_path}/cache", "hardware=cpu"]
    heard = {}
    for name, root in {"others": tmp_path / "others", "own": recordings}.items():
        done = bonafide(tmp_path, "evaluate", *words, f"data.root={root}", f"output={tmp_path}/{name}")
        assert done.code == 0, done.err
        heard[name] = metrics(tmp_path / name)["seen"]["bonafide"]
    assert heard["others"] == 12
    assert heard["own"] < 12  # the rest was trained on


def test_any_option_of_the_run_s_data_can_be_changed(run: Path, recordings: Path, tmp_path: Path) -> None:
    work = tmp_path / "run"
    shutil.copytree(run, work)
    words = [f"run={work}", "+data.tests.all={systems: all, split: all}", "data.batch_size=3"]
    done = bonafide(tmp_path, "evaluate", *words, "hardware=cpu")
    assert done.code == 0, done.err
    assert metrics(work / "evaluations" / "changed")["all"]["bonafide"] == 12
    done = bonafide(tmp_path, "evaluate", f"run={work}", "data.btach_size=3")
    assert done.code == 2
    assert "data.batch_size" in done.line()
    done = bonafide(tmp_path, "evaluate", f"run={work}", "data.tests={every: {systems: all}}")
    assert done.code == 2
    assert "+data.tests.NAME=" in done.line()


@pytest.mark.parametrize(
    ("trained", "typed", "expected"),
    [
        ("data.windows.tile=true", [], True),
        ("data.windows.tile=true", ["data.windows.tile=false"], False),
        ("data.windows.tile=false", [], False),
    ],
)
def test_a_detector_of_whole_recordings_hears_whole_ones(
    trained: str, typed: list[str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "_typed", lambda: typed)
    recipe = assembly.compose(["data=folder", "data.root=own", "data.condition.highpass_hz=60", trained])
    other = assembly.compose(["data=folder", "data.root=other", *typed]).data
    evaluation.adapt(other, recipe, [])
    assert other.windows.tile is expected
    assert other.condition == recipe.data.condition


def test_windows_that_are_trials_of_a_corpus_stay_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_typed", list)
    other = assembly.compose(["data=packets", "data.root=other"]).data
    before = other.windows.copy()
    evaluation.adapt(other, assembly.compose(["data=folder", "data.root=own"]), [])
    assert other.windows == before
