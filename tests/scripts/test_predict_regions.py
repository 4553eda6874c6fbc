"""Where a recording is fake, through the command line, on hums with planted noise."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tests.corpora import planted
from tests.scripts.command_line import Result, bonafide

from bonafide.evaluation import scores
from bonafide.evaluation.localization import frames, segments

RATE = 16_000


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.write(tmp_path_factory.mktemp("planted") / "corpus", utterances=16)


@pytest.fixture(scope="module")
def located(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose clips are as long as most recordings; every third recording is repeated."""
    folder = tmp_path_factory.mktemp("located")
    done = bonafide(
        folder,
        "train",
        "task=localization",
        "data=manifest",
        f"data.root={corpus}",
        "data.clip_seconds=1",
        "data.batch_size=8",
        "~model",
        "+model={_target_: tests.models.tiny_localizer.EachFrame, learning_rate: 0.03}",
        "frontend=mel",
        "task.median_filter=3",
        "task.clip_score=min",
        "trainer.max_epochs=8",
        "trainer.enable_progress_bar=false",
        "hardware=cpu",
        "hardware.workers=0",
        f"hydra.run.dir={folder}/run",
        env={"BONAFIDE_CACHE": str(folder / "cache")},
    )
    assert done.code == 0, done.err
    return folder / "run"


def predict(folder: Path, run: Path, audio: Path, *words: str, largest_file: int = -1) -> Result:
    """A part of one's own is in the run, so it must be trusted."""
    given = ["predict", f"run={run}", f"audio={audio}", "hardware=cpu", "trust=[tests]"]
    return bonafide(folder, *given, *words, largest_file=largest_file)


def rows(folder: Path, name: str = "predictions.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def tape(corpus: Path, file: Path, seconds: int) -> list[tuple[float, float]]:
    """A hum with two seconds of noise at every quarter of a minute, as a recording; returns where."""
    hum, _ = soundfile.read(corpus / "wav" / "00_real.wav")
    sound = np.tile(hum, seconds)
    places = [(float(start), start + 2.0) for start in range(7, seconds - 2, 15)]
    random = np.random.default_rng(3)
    for start, end in places:
        sound[int(start * RATE) : int(end * RATE)] = 0.07 * random.normal(size=int((end - start) * RATE))
    soundfile.write(file, sound, RATE, subtype="PCM_16")
    return places


@pytest.mark.slow
def test_files_are_judged_as_the_test_judged_them(located: Path, corpus: Path, tmp_path: Path) -> None:
    """Those of one window, repeated or not: the same score and the same regions."""
    table = scores.read(located / "scores" / "test.csv")
    known = segments.read(located / "scores" / "test.segments.jsonl")
    kept = frames.read(located / "scores" / "test.frames.npz")
    done = predict(tmp_path, located, corpus / "wav", "frames=kept")
    assert done.code == 0, done.err
    found = {Path(row["path"]).relative_to(corpus).as_posix(): row for row in rows(tmp_path)}
    assert len(found) == 32
    for number, path in enumerate(table.path):
        row = found[str(path)]
        assert row["score"] == pytest.approx(float(table.score[number]), abs=1e-4)
        assert row["seconds"] == pytest.approx(known.seconds[number], abs=1e-4)
        mine = slice(*known.predicted.bounds[number : number + 2])
        regions = np.array([[region["start"], region["end"]] for region in row["regions"]]).reshape(-1, 2)
        np.testing.assert_allclose(regions[:, 0], known.predicted.start[mine], atol=1e-6)
        np.testing.assert_allclose(regions[:, 1], known.predicted.end[mine], atol=1e-6)
        share = [region["probability"] for region in row["regions"]]
        np.testing.assert_allclose(share, known.probability[mine], atol=1e-4)
        own = frames.read(tmp_path / row["frames"])
        np.testing.assert_allclose(own.score, kept.score[slice(*kept.bounds[number : number + 2])], atol=1e-3)
        assert own.threshold == row["frame_threshold"]


@pytest.mark.slow
def test_a_long_recording_has_its_regions_whole(located: Path, corpus: Path, tmp_path: Path) -> None:
    places = tape(corpus, tmp_path / "tape.wav", 90)
    done = predict(tmp_path, located, tmp_path / "tape.wav", "timelines=true", "frames=true", "batch_size=4")
    assert done.code == 0, done.err
    (row,) = rows(tmp_path)
    assert row["seconds"] == 90
    assert row["decision"] == "spoof"
    assert row["score"] == min(window["score"] for window in row["windows"])
    assert [window["start"] for window in row["windows"][:3]] == [0, 0.5, 1]
    long = [region for region in row["regions"] if region["end"] - region["start"] > 1]
    found = [(region["start"], region["end"]) for region in long]
    np.testing.assert_allclose(found, places, atol=0.3)
    kept = frames.read(tmp_path / "predictions_frames" / "tape.wav.npz")
    assert len(kept.score) == round(90 / row["frame_seconds"])
    pictures = tmp_path / "predictions_timelines"
    assert {"tape.wav.png", "tape.wav.1.png", "tape.wav.4.png", "timelines.html"} == {
        file.name for file in pictures.iterdir() if file.name[9] not in "23"
    }
    page = (pictures / "timelines.html").read_text()
    assert page.count("<audio") == 4
    assert "tape.wav" in page
    worst = max(row["regions"], key=lambda region: (region["probability"], region["end"] - region["start"]))
    assert f"{worst['start']:.2f}" in "".join(done.out.split())
    assert "1.5 minutes heard in" in done.out


@pytest.mark.slow
def test_an_interrupted_prediction_goes_on_with_its_pictures(
    located: Path, corpus: Path, tmp_path: Path
) -> None:
    words = ["timelines=seen", "channel=0"]
    (tmp_path / "audio").mkdir()
    for name in ("00_real", "01_fake", "02_fake"):
        (tmp_path / "audio" / f"{name}.wav").symlink_to(corpus / "wav" / f"{name}.wav")
    (tmp_path / "audio" / "broken.wav").write_bytes(b"RIFF")
    first = predict(tmp_path, located, tmp_path / "audio", *words)
    assert first.code == 2
    assert "broken.wav" in first.line()
    everything = rows(tmp_path)
    assert len(everything) == 3
    assert {file.name for file in (tmp_path / "seen").iterdir()} == {
        "00_real.wav.png", "01_fake.wav.png", "02_fake.wav.png", "timelines.html",
    }  # fmt: skip
    (tmp_path / "audio" / "broken.wav").unlink()
    again = [*words, "output=again.jsonl"]
    stopped = predict(tmp_path, located, tmp_path / "audio", *again, largest_file=1_000)
    assert stopped.code == 2
    assert "cannot be written" in stopped.line()
    assert not list((tmp_path / "seen").glob(".*"))
    identity = (tmp_path / "again.jsonl.part").read_text().split("\n")[0]
    marked = [json.dumps(row | {"seconds": 0.75}) for row in everything[:2]]
    (tmp_path / "again.jsonl.part").write_text("\n".join([identity, *marked, ""]))
    (tmp_path / "seen" / "01_fake.wav.png").unlink()
    done = predict(tmp_path, located, tmp_path / "audio", *again)
    assert done.code == 0, done.err
    assert [row["seconds"] for row in rows(tmp_path, "again.jsonl")] == [0.75, 1, 0.5]
    assert (tmp_path / "seen" / "01_fake.wav.png").exists(), "what is gone is made again"


@pytest.mark.slow
def test_thresholds_and_filters_may_be_others(located: Path, corpus: Path, tmp_path: Path) -> None:
    file = corpus / "wav" / "01_fake.wav"
    done = predict(tmp_path, located, file, "frame_threshold=1e3", "median_filter=1")
    assert done.code == 0, done.err
    (row,) = rows(tmp_path)
    assert [(region["start"], region["end"]) for region in row["regions"]] == [(0, 1)]
    for word in ("median_filter=2", "frame_threshold=inf", "frame_threshold=low"):
        refused = predict(tmp_path, located, file, word, "output=refused.jsonl")
        assert refused.code == 2
        assert not list(tmp_path.glob("refused*"))


@pytest.mark.parametrize("word", ["timelines=true", "frames=here", "frame_threshold=0.0", "median_filter=3"])
def test_a_detector_of_whole_clips_knows_no_regions(
    word: str, run: Path, recordings: Path, tmp_path: Path
) -> None:
    refused = predict(tmp_path, run, recordings / "real" / "u00.wav", word)
    assert refused.code == 2
    assert "task=localization" in refused.line()
    assert not list(tmp_path.glob("predictions*"))
