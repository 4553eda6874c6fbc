"""What stands beside the tables of a report: every figure, and mistakes even where their sound is gone."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from tests.corpora import miniature

from bonafide.corpora.folder import Folder
from bonafide.data.module import AudioData
from bonafide.evaluation import breakdown, report
from bonafide.evaluation.scores import Trials
from bonafide.evaluation.summary import Summary
from bonafide.scripts.jobs import pictures


@pytest.fixture
def data(tmp_path: Path) -> AudioData:
    root = miniature.folder(tmp_path / "corpus", utterances=30, seconds=0.3)
    made = AudioData(
        root, Folder, clip_seconds=0.2, cache=tmp_path / "cache", tests={"test": {"split": "all"}}
    )
    made.prepare_data()
    return made


def wrong(data: AudioData) -> Trials:
    """A table in which half of the trials are decided wrongly, each by another margin."""
    manifest = data.manifest
    assert manifest is not None
    names = ("path", "utterance", "corpus", "system", "speaker", "label")
    columns = {name: manifest.strings(name) for name in names}
    order = np.arange(len(columns["path"]), dtype=np.float64)
    genuine = columns["label"] == "bonafide"
    return Trials(**columns, score=np.where(order % 2 == 0, 1 + order, -1 - order) * np.where(genuine, 1, -1))


def test_mistakes_have_a_sound_and_a_picture(data: AudioData) -> None:
    trials = wrong(data)
    (shown,) = pictures.mistakes(data, {"test": trials}, 0.0, 0).values()
    assert len(shown) == 10
    assert all(entry.sound and entry.picture and not entry.problem for entry in shown)
    crowd = pictures.mistakes(data, {f"group {n}": trials for n in range(30)}, 0.0, 0)
    assert {len(entries) for entries in crowd.values()} == {2}


def test_a_recording_that_has_vanished_does_not_end_a_run(data: AudioData, tmp_path: Path) -> None:
    trials = wrong(data)
    first = pictures.mistakes(data, {"test": trials}, 0.0, 0)["test"][0]
    (data.corpus.root / first.mistake.path).unlink()
    shown = pictures.mistakes(data, {"test": trials}, 0.0, 0)
    assert shown["test"][0].problem == f"Not to be heard: {first.mistake.path} is no longer there."
    assert all(entry.sound for entry in shown["test"][1:])
    groups = {"test": breakdown.measure(trials, 0.0, group="test", replicates=10)}
    drawn = pictures.draw(tmp_path / "run" / "figures", {"test": trials}, groups, ("fake",))
    assert all(picture.file.is_file() for picture in drawn)
    report.write(tmp_path / "run", Summary("A run", {}, groups, pictures=drawn, mistakes=shown))
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert page.count("is no longer there") == 1
    sounds = re.findall(r"data:audio/mpeg;base64,([^\"]+)", page)
    assert [base64.b64decode(sound) for sound in sounds] == [entry.sound for entry in shown["test"][1:]]
    assert page.count("<img") == len(drawn) + len(sounds)
