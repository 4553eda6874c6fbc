"""Whatever a user can get wrong: one line that names it, exit code 2, nothing lost."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.scripts.command_line import bonafide
from tests.scripts.conftest import TINY


def _empty(file: Path) -> None:
    file.touch()


def _text(file: Path) -> None:
    file.write_text("these are words, not sound\n" * 50)


def _not_numbers(file: Path) -> None:
    sound = np.zeros(16_000, dtype=np.float32)
    sound[8_000] = np.nan
    soundfile.write(file, sound, 16_000, subtype="FLOAT")


def _eight_channels(file: Path) -> None:
    soundfile.write(file, np.random.default_rng(0).normal(0, 0.1, (96_000, 8)), 96_000)


def _too_short(file: Path) -> None:
    soundfile.write(file, np.ones(100) / 2, 16_000)


def _cut_flac(file: Path) -> None:
    soundfile.write(file.with_suffix(".flac"), np.random.default_rng(0).normal(0, 0.1, 48_000), 16_000)
    whole = file.with_suffix(".flac").read_bytes()
    file.with_suffix(".flac").write_bytes(whole[: len(whole) // 2])


BAD_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty": (_empty, "empty"),
    "text": (_text, "not audio"),
    "nan": (_not_numbers, "not numbers"),
    "eight_channels": (_eight_channels, "channel=0"),
    "short": (_too_short, "shorter than one analysis frame"),
    "cut_flac": (_cut_flac, "beyond 1.0"),
}


@pytest.fixture
def cache(tmp_path: Path) -> dict[str, str]:
    return {"BONAFIDE_CACHE": str(tmp_path / "cache")}


@pytest.fixture(params=BAD_FILES)
def bad(request: pytest.FixtureRequest, recordings: Path, tmp_path: Path) -> tuple[Path, Path, str]:
    """A corpus with a bad file, the file, and what must be said of it."""
    make, said = BAD_FILES[request.param]
    corpus = tmp_path / "corpus"
    shutil.copytree(recordings, corpus)
    make(corpus / "fake" / "dull" / "bad.wav")
    (file,) = (corpus / "fake" / "dull").glob("bad.*")
    return corpus, file, said


def test_a_bad_file_stops_the_run_before_training(
    bad: tuple[Path, Path, str], tmp_path: Path, cache: dict[str, str]
) -> None:
    corpus, file, said = bad
    done = bonafide(tmp_path, "train", *TINY, f"data.root={corpus}", "hydra.run.dir=run", env=cache)
    assert done.code == 2
    assert file.name in done.line()
    assert said in done.line()
    assert "data.on_bad_file=skip" in done.line()
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_a_bad_file_is_left_out_and_counted_on_request(
    bad: tuple[Path, Path, str], tmp_path: Path, cache: dict[str, str]
) -> None:
    corpus, file, said = bad
    options = [f"data.root={corpus}", "hydra.run.dir=run", "data.on_bad_file=skip"]
    done = bonafide(tmp_path, "train", *TINY, *options, env=cache)
    assert done.code == 0, done.err
    provenance = json.loads((tmp_path / "run" / "provenance.json").read_text())
    (counted,) = provenance["bad_files_left_out"]
    assert file.name in counted
    assert said in counted
    assert file.name not in (tmp_path / "run" / "scores" / "seen.csv").read_text()


def test_a_bad_file_is_named_in_prediction_and_the_others_are_scored(
    bad: tuple[Path, Path, str], run: Path, tmp_path: Path
) -> None:
    corpus, file, said = bad
    done = bonafide(tmp_path, "predict", f"run={run}", f"audio={corpus}/fake/dull", "hardware=cpu")
    assert done.code == 2
    assert file.name in done.line()
    assert said in done.line()
    rows = (tmp_path / "predictions.jsonl").read_text().splitlines()
    assert len(rows) == 12
    assert file.name not in "".join(rows)


def _refused(folder: Path, *words: str, env: dict[str, str]) -> str:
    done = bonafide(folder, *words, env=env)
    assert done.code == 2, done.err
    assert not list(folder.rglob("*.ckpt"))
    return done.line()


def test_a_missing_data_root(tmp_path: Path, cache: dict[str, str]) -> None:
    for corpus in ("wavefake", "folder"):
        said = _refused(tmp_path, "train", f"data={corpus}", "data.root=/does/not/exist", env=cache)
        assert "/does/not/exist" in said


def test_a_root_that_was_not_given(tmp_path: Path, cache: dict[str, str]) -> None:
    assert "data.root is not set" in _refused(tmp_path, "train", "data=folder", env=cache)


def test_an_empty_folder(tmp_path: Path, cache: dict[str, str]) -> None:
    (tmp_path / "nothing").mkdir()
    said = _refused(tmp_path, "train", "data=folder", "data.root=nothing", env=cache)
    assert "nothing" in said
    assert "real/" in said


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("model.dropot=0.1", "model.dropout"),
        ("trainer.max_epoch=3", "trainer.max_epochs"),
        ("data.trian.leave_out=[]", "data.train"),
        ("model=lcn", "model=lcnn"),
        ("sead=1", "seed"),
    ],
)
def test_a_misspelt_option(word: str, meant: str, tmp_path: Path, cache: dict[str, str]) -> None:
    said = _refused(tmp_path, "train", word, env=cache)
    assert word.partition("=")[0] in said
    assert meant in said


@pytest.mark.parametrize(
    ("words", "remedy"),
    [(["model=rawnet2", "frontend=lfcc"], "frontend=raw"), (["model=lcnn", "frontend=raw"], "frontend=lfcc")],
)
def test_an_impossible_pair_is_refused_before_data_is_touched(
    words: list[str], remedy: str, tmp_path: Path, cache: dict[str, str]
) -> None:
    said = _refused(tmp_path, "train", *words, "data=folder", "data.root=/does/not/exist", env=cache)
    assert remedy in said


def test_a_job_that_would_not_be_submitted(tmp_path: Path, cache: dict[str, str]) -> None:
    outside = {**cache, "SLURM_JOB_ID": ""}
    result = bonafide(tmp_path, "train", "hardware=slurm", env=outside)
    assert result.code == 2
    assert "add -m" in result.line()
    assert not list(tmp_path.glob("outputs"))


def test_a_generator_that_does_not_exist(recordings: Path, tmp_path: Path, cache: dict[str, str]) -> None:
    options = ["data=folder", f"data.root={recordings}", "data.train.generators=[dul]"]
    said = _refused(tmp_path, "train", *options, env=cache)
    assert "did you mean dull?" in said


def test_a_clip_shorter_than_one_frame(recordings: Path, tmp_path: Path, cache: dict[str, str]) -> None:
    options = ["data=folder", f"data.root={recordings}", "data.clip_seconds=0.01"]
    assert "data.clip_seconds" in _refused(tmp_path, "train", *options, env=cache)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("data.resampler=soxr_best", "soxr_hq"),
        ("data.on_bad_file=ignore", "fail or skip"),
        ("data.split.rule=faithful", "publishes no division"),
        ("hardware.precision=half", "half"),
    ],
)
def test_a_wrong_value(word: str, said: str, recordings: Path, tmp_path: Path, cache: dict[str, str]) -> None:
    assert said in _refused(tmp_path, "train", *TINY, f"data.root={recordings}", word, env=cache)


def test_a_checkpoint_of_another_model(
    run: Path, recordings: Path, tmp_path: Path, cache: dict[str, str]
) -> None:
    other = ["model=lcnn", "model.classes=1", f"ckpt_path={run}/checkpoints/last.ckpt"]
    options = [*TINY, f"data.root={recordings}", "hydra.run.dir=resumed", *other]
    said = _refused(tmp_path, "train", *options, env=cache)
    assert "belongs to another model" in said


def test_a_checkpoint_that_is_not_there(run: Path, tmp_path: Path, cache: dict[str, str]) -> None:
    assert "does not exist" in _refused(tmp_path, "train", "ckpt_path=gone.ckpt", env=cache)
    assert "does not exist" in _refused(tmp_path, "evaluate", f"run={run}", "checkpoint=gone.ckpt", env=cache)


def test_a_checkpoint_that_would_run_code_or_is_damaged(
    run: Path, tmp_path: Path, cache: dict[str, str]
) -> None:
    import pickle  # noqa: PLC0415 - to make what must be refused

    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"state_dict": Path.unlink}))
    (tmp_path / "half.pt").write_bytes((run / "checkpoints" / "best.ckpt").read_bytes()[:5000])
    for name, said in {"evil.pt": "refused", "half.pt": "damaged"}.items():
        line = _refused(tmp_path, "evaluate", f"run={run}", f"checkpoint={name}", env=cache)
        assert said in line


@pytest.mark.parametrize(
    "target", ["os.system", "bonafide.data.module.os.system", "torch.optim.optimizer.torch.hub.load"]
)
def test_a_run_that_names_foreign_code(target: str, run: Path, tmp_path: Path, cache: dict[str, str]) -> None:
    shutil.copytree(run / ".hydra", tmp_path / "stranger" / ".hydra")
    config = tmp_path / "stranger" / ".hydra" / "config.yaml"
    config.write_text(config.read_text().replace("bonafide.models.lcnn.LCNN", target))
    (tmp_path / "clip.wav").touch()
    for words in (["evaluate"], ["predict", "audio=clip.wav"]):
        said = _refused(tmp_path, *words, "run=stranger", env=cache)
        assert f"{target}, which is not on the list" in said


def test_a_folder_that_is_no_run(tmp_path: Path, cache: dict[str, str]) -> None:
    (tmp_path / "clip.wav").touch()
    assert "not a run folder" in _refused(tmp_path, "evaluate", f"run={tmp_path}", env=cache)
    assert "not a run folder" in _refused(tmp_path, "predict", f"run={tmp_path}", "audio=clip.wav", env=cache)


def test_no_such_command(tmp_path: Path, cache: dict[str, str]) -> None:
    assert "there is no command trian" in _refused(tmp_path, "trian", env=cache)


def test_a_full_disk_while_writing_a_checkpoint(
    recordings: Path, tmp_path: Path, cache: dict[str, str]
) -> None:
    """A limit on the size of files stands for the full disk: the write fails midway just the same."""
    options = [*TINY, f"data.root={recordings}", "hydra.run.dir=run"]
    done = bonafide(tmp_path, "train", *options, env=cache, largest_file=500_000)
    assert done.code == 2
    assert "cannot be written" in done.line()
    assert "checkpoints" in done.line()
    assert not list((tmp_path / "run" / "checkpoints").iterdir())
