import numpy as np
import pytest
import soundfile
from tests.audio import encoding

from bonafide.audio import probe
from bonafide.audio.ffmpeg import Ffmpeg
from bonafide.audio.inspection import Inspection, inspect
from bonafide.audio.probe import Probe
from bonafide.audio.sndfile import Sndfile

RATE = 16_000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 5 * RATE).astype(np.float32)


def problem(path, **settings):
    found = inspect(path, **{"shortest_seconds": 0.032} | settings)
    assert "\n" not in found.problem
    assert str(path.parent) not in found.problem
    return found.problem


def test_a_good_file_has_none_even_if_silent(tmp_path):
    soundfile.write(tmp_path / "a.flac", np.zeros(RATE), RATE)
    found = inspect(tmp_path / "a.flac", shortest_seconds=0.032)
    assert found[:6] == (RATE, RATE, 1, "", "FLAC", "PCM_16")
    assert (found.zeros, found.trailing_silence, found.rms, found.below_40hz) == (1, 1, -200, -120)


def test_the_fields_of_the_probe_follow_in_its_order():
    names = Inspection._fields
    assert names[names.index(Probe._fields[0]) :] == Probe._fields
    assert Inspection(0, 0, 0, "")[6:-2] == pytest.approx(Probe()[:-2], nan_ok=True)
    assert Inspection(0, 0, 0, "")[-2:] == Probe()[-2:]


def test_a_decoded_file_is_probed_as_its_waveform(tmp_path):
    waveform = np.stack([NOISE, NOISE / 2], axis=1)
    soundfile.write(tmp_path / "a.wav", waveform, RATE, subtype="FLOAT")
    for channel, expected in ((None, waveform.mean(axis=1)), (0, waveform[:, 0]), (1, waveform[:, 1])):
        found = inspect(tmp_path / "a.wav", shortest_seconds=0.032, channel=channel)
        assert Probe(*found[6:]) == probe.of(expected, RATE)


@pytest.mark.parametrize("value", ["header only", "NaN", "cut short", "eight channels"])
def test_what_was_not_decoded_to_its_end_has_no_numbers(tmp_path, value):
    waveform = np.where(np.arange(len(NOISE)) == 70_000, np.nan, NOISE) if value == "NaN" else NOISE
    waveform = np.stack([waveform] * 8, axis=1) if value == "eight channels" else waveform
    soundfile.write(tmp_path / "a.wav", waveform, RATE, subtype="FLOAT")
    if value == "cut short":
        (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:100_000])
    found = inspect(tmp_path / "a.wav", shortest_seconds=0.032, header_only=value == "header only")
    assert bool(found.problem) == (value != "header only")
    assert np.isnan(found[6:-2]).all()
    assert (found.bits, found.content) == (0, "")


ENCODINGS = {"lame": "MP3", "untagged": "MP3", "aac": "AAC", "alac": "ALAC", "opus": "OPUS", "flac": "PCM_16"}
CONTAINERS = {"wav": "WAV", "flac": "FLAC", "aiff": "AIFF", "ogg": "OGG", "mp3": "MP3", "m4a": "MP4"}
CONTAINERS |= {
    "dat": "MP4",
    "aac": "ADTS",
    "mka": "MATROSKA",
    "webm": "MATROSKA",
    "mp4": "MP4",
    "opus": "OGG",
}


@pytest.mark.parametrize("header_only", [False, True])
@pytest.mark.parametrize("form", encoding.FORMATS, ids=lambda form: form.name)
def test_container_and_encoding(tmp_path, form, header_only, capfd):
    path = encoding.write(tmp_path, form, NOISE[: RATE // 2], RATE)
    found = inspect(path, shortest_seconds=0.032, header_only=header_only)
    assert found.container == CONTAINERS[form.name.rpartition(".")[2]]
    named = path.suffix in {".wav", ".flac", ".aiff", ".ogg", ".opus"}
    expected = soundfile.info(path).subtype if named else ENCODINGS[form.name.partition(".")[0]]
    assert found.encoding == expected
    assert capfd.readouterr() == ("", "")


KINDS = [("FLAC", subtype) for subtype in ("PCM_S8", "PCM_16", "PCM_24")]
KINDS += [
    ("WAV", subtype)
    for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
]


@pytest.mark.parametrize(("container", "subtype"), KINDS)
def test_whichever_decoder_reads_it_the_encoding_is_the_same(tmp_path, container, subtype):
    soundfile.write(tmp_path / "a.bin", NOISE, RATE, subtype=subtype, format=container)
    found = inspect(tmp_path / "a.bin", shortest_seconds=0.032)
    assert (found.container, found.encoding) == (container, subtype)
    for decoder in (Sndfile, Ffmpeg):
        reader = decoder(str(tmp_path / "a.bin"))
        assert (reader.container, reader.encoding) == (container, subtype)
        reader.close()


@pytest.mark.parametrize("container", ["WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "NIST"])
def test_rarer_containers(tmp_path, container):
    soundfile.write(tmp_path / "a.bin", NOISE, RATE, subtype="PCM_24", format=container)
    found = inspect(tmp_path / "a.bin", shortest_seconds=0.032)
    assert (found.container, found.encoding) == ("WAV" if container == "WAVEX" else container, "PCM_24")


def test_the_same_audio_in_two_containers_has_the_same_content(tmp_path):
    forms = [form for form in encoding.FORMATS if form.lossless]
    coarse = (np.rint(NOISE * 2**14) / 2**15).astype(np.float32)
    found = {
        form.name: inspect(encoding.write(tmp_path, form, coarse, RATE), shortest_seconds=0.032)
        for form in forms
    }
    assert len({each.content for each in found.values()}) == 1
    assert {each.bits for each in found.values()} == {16}


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
        assert inspect(tmp_path / "a.wav", shortest_seconds=0.032)[:4] == (len(NOISE), RATE, 1, "")


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
