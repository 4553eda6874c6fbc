import numpy as np
import pytest
import soundfile
from tests.audio import encoding

from bonafide.audio.inspection import inspect

RATE = 16_000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 5 * RATE).astype(np.float32)


def problem(path, **settings):
    found = inspect(path, **{"shortest_seconds": 0.032} | settings)
    assert "\n" not in found.problem
    assert str(path.parent) not in found.problem
    return found.problem


def test_a_good_file_has_none_even_if_silent(tmp_path):
    soundfile.write(tmp_path / "a.flac", np.zeros(RATE), RATE)
    assert inspect(tmp_path / "a.flac", shortest_seconds=0.032) == (RATE, RATE, 1, "")


@pytest.mark.parametrize("header_only", [False, True])
def test_what_is_no_audio_is_said_without_raising(tmp_path, header_only, capfd):
    contents = {
        "empty.wav": (b"", "is empty (0 bytes)"),
        "text.wav": (b"not found\n" * 50, "is not audio that libsndfile or FFmpeg can read"),
        "text.flac": (b"not found\n" * 50, "is not audio that libsndfile or FFmpeg can read"),
        "headerless.raw": (bytes(1000), "is not audio that libsndfile or FFmpeg can read"),
        "pointer.flac": (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
            "is a Git LFS pointer, not audio: run git lfs pull",
        ),
        "page.mp3": (b"<!DOCTYPE html><html></html>", "is not audio that libsndfile or FFmpeg can read"),
    }
    for name, (content, expected) in contents.items():
        (tmp_path / name).write_bytes(content)
        assert problem(tmp_path / name, header_only=header_only) == expected, name
    assert problem(tmp_path / "nowhere.wav", header_only=header_only) == "does not exist"
    assert problem(tmp_path / "nowhere.wav/a.wav", header_only=header_only)
    assert inspect(tmp_path, shortest_seconds=0.032).problem == "is a folder, not a file"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.flac", "a.mp3", "a.mka", "a.webm"])
def test_files_that_end_too_early(tmp_path, name):
    codec = {"mp3": "libmp3lame", "mka": "flac", "webm": "libopus"}.get(name[2:], "PCM_16")
    path = encoding.write(tmp_path, encoding.Format(name, codec), NOISE, RATE)
    assert not problem(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    assert problem(path).startswith(("is damaged or cut short: ", "cannot be decoded ("))
    assert problem(path).split(" s can")[0].split("beyond ")[-1].split(": ")[-1][0] in "23"
    if codec == "PCM_16" and name != "a.flac":
        assert problem(path, header_only=True).startswith("is damaged or cut short: 3.00 of 5.00 s")


@pytest.mark.parametrize("name", ["a.flac", "a.m4a", "a.mp3"])
def test_files_with_a_hole(tmp_path, name, capfd):
    codec = {"mp3": "libmp3lame", "m4a": "aac"}.get(name[2:], "PCM_16")
    path = encoding.write(tmp_path, encoding.Format(name, codec), NOISE, RATE)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = np.random.default_rng(1).bytes(4000)
    path.write_bytes(content)
    assert problem(path).startswith(("is damaged or cut short: ", "cannot be decoded ("))
    assert capfd.readouterr() == ("", "")


def test_a_length_left_open_by_a_pipe_is_no_damage(tmp_path):
    soundfile.write(tmp_path / "a.wav", NOISE, RATE)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    for size in (0xFFFFFFFF, 0x7FFFFFFF - 36):
        content[4:8] = content[40:44] = size.to_bytes(4, "little")
        (tmp_path / "a.wav").write_bytes(content)
        assert inspect(tmp_path / "a.wav", shortest_seconds=0.032) == (len(NOISE), RATE, 1, "")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers(tmp_path, value):
    broken = NOISE.copy()
    broken[70_000:] = value
    soundfile.write(tmp_path / "a.wav", broken, RATE, subtype="FLOAT")
    assert problem(tmp_path / "a.wav") == (
        "holds samples that are not numbers (NaN or infinite), the first at 4.375 s"
    )


def test_channels(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((RATE, 8)), RATE)
    expected = (
        "has 8 channels; averaging more than two microphones cancels speech: pick one with data.channel=0"
    )
    assert problem(tmp_path / "a.wav") == expected
    assert not problem(tmp_path / "a.wav", channel=7)
    assert (
        problem(tmp_path / "a.wav", channel=8) == "has 8 channels and no channel 8: set data.channel to 0 … 7"
    )
    soundfile.write(tmp_path / "b.wav", np.zeros(RATE), RATE)
    assert problem(tmp_path / "b.wav", channel=1) == "has 1 channel and no channel 1: set data.channel to 0"


def test_what_is_too_short(tmp_path):
    soundfile.write(tmp_path / "a.wav", NOISE[:10], RATE)
    assert problem(tmp_path / "a.wav") == "is 0.625 ms long, shorter than one analysis frame of 32 ms"
    assert not problem(tmp_path / "a.wav", shortest_seconds=10 / RATE)
    soundfile.write(tmp_path / "a.wav", NOISE[:0], RATE)
    assert problem(tmp_path / "a.wav", shortest_seconds=0) == "holds no samples"
