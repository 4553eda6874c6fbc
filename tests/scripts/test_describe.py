from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.scripts.command_line import Result, bonafide

from bonafide import assembly

PNG = b"\x89PNG\r\n\x1a\n"


def describe(folder: Path, *words: str | Path) -> Result:
    return bonafide(folder, "describe", *words, "hardware=cpu", f"folder={folder}/pictures")


def pictures(folder: Path) -> list[str]:
    found = sorted((folder / "pictures").glob("*.png"))
    assert all(file.read_bytes().startswith(PNG) for file in found)
    return [file.name for file in found]


def write(file: Path, seconds: float = 0.5, rate: int = 16_000) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, 0.1 * np.random.default_rng(0).standard_normal(int(seconds * rate)), rate)
    return file


def test_a_recording_becomes_a_picture_and_a_line(tmp_path: Path) -> None:
    done = describe(tmp_path, "frontend=wavelet_packets", f"audio={write(tmp_path / 'a.wav', 1.0)}")
    assert done.code == 0, done.err
    assert pictures(tmp_path) == ["a.png"]
    shape = assembly.frontend(assembly.compose(["frontend=wavelet_packets"])).shape(16_000)
    assert " × ".join(map(str, shape)) in done.out
    assert "16 ms" in done.out


def test_only_the_stretch_asked_for_is_drawn(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", 2.0)
    done = describe(tmp_path, "frontend=raw", f"audio={file}", "start=0.5", "seconds=1")
    assert done.code == 0, done.err
    assert "1 × 1 × 16000" in done.out
    done = describe(tmp_path, "frontend=raw", f"audio={file}", "start=1.5", "seconds=null")
    assert "1 × 1 × 8000" in done.out
    line = describe(tmp_path, f"audio={file}", "start=2").line()
    assert line.endswith("a.wav ends before start=2 s; choose an earlier start")


def test_recordings_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for folder in ("real", "fake"):
        write(tmp_path / "audio" / folder / "u1.wav")
    write(tmp_path / "audio" / "other.wav")
    done = describe(tmp_path, f"audio={tmp_path}/audio")
    assert done.code == 0, done.err
    assert pictures(tmp_path) == ["audio_fake_u1_wav.png", "audio_real_u1_wav.png", "other.png"]


def test_a_trained_front_end_is_drawn_as_it_is(run: Path, recordings: Path, tmp_path: Path) -> None:
    done = describe(tmp_path, f"run={run}", f"audio={recordings}/real/u00.wav")
    assert done.code == 0, done.err
    assert pictures(tmp_path) == ["u00.png"]


def test_what_cannot_be_read_is_named_and_the_rest_drawn(tmp_path: Path) -> None:
    write(tmp_path / "audio" / "good.wav")
    (tmp_path / "audio" / "bad.wav").write_bytes(b"no audio")
    write(tmp_path / "audio" / "short.wav", 0.01)
    done = describe(tmp_path, f"audio={tmp_path}/audio")
    assert done.code == 2
    assert pictures(tmp_path) == ["good.png"]
    assert "bad.wav is not audio" in done.err
    assert "short.wav: a clip of 160 samples is shorter than one frame of 512" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["audio="], "audio names nothing"),
        (["audio=nowhere.wav"], "nowhere.wav does not exist"),
        (["audio=a.wav", "start=-1"], "start=-1 with seconds=10.0 is no stretch of a recording"),
        (["audio=a.wav", "seconds=0"], "is no stretch of a recording"),
        (["audio=a.wav", "frontend=lfc"], "did you mean frontend=lfcc?"),
        (["audio=a.wav", "run=nowhere"], "nowhere is not a run folder"),
        (
            ["audio=a.wav", "frontend=wavelet_packets", "frontend.block_norm=training"],
            "draw that of a trained run",
        ),
    ],
)
def test_a_mistake_is_answered_in_a_line(words: list[str], said: str, tmp_path: Path) -> None:
    write(tmp_path / "a.wav")
    done = describe(tmp_path, *words)
    assert done.code == 2
    assert said in done.line()
