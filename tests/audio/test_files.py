import os
import re
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.audio import encoding

from bonafide.audio import files, frames
from bonafide.audio.resample import RESAMPLERS
from bonafide.types import InputError

RATE = 24_000
REAL_AUDIO = Path(
    os.environ.get("BONAFIDE_REAL_AUDIO", Path(__file__).parents[2].parent / "shared" / "data")
).absolute()


def sweep(samples=3 * RATE + 123):
    """A rising tone and noise: every place in it is unlike every other."""
    time = np.arange(samples) / RATE
    noise = np.random.default_rng(0).standard_normal(samples)
    return (0.3 * np.sin(2 * np.pi * (200 + 400 * time) * time) + 0.03 * noise).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    for form in encoding.FORMATS:
        encoding.write(folder, form, sweep(), RATE)
    return folder


@pytest.fixture(params=encoding.FORMATS, ids=lambda form: form.name)
def form(request):
    return request.param


def delay(waveform, reference):
    """Samples by which `waveform` comes later, by their cross-correlation."""
    size = 2 * max(len(waveform), len(reference))
    spectrum = np.fft.rfft(waveform, size) * np.fft.rfft(reference, size).conj()
    place = int(np.argmax(np.fft.irfft(spectrum, size)))
    return place if place < size // 2 else place - size


def test_the_audio_comes_back(folder, form):
    waveform = files.read(folder / form.name, RATE)
    assert waveform.dtype == np.float32
    assert waveform.ndim == 1
    if form.timed:
        assert abs(len(waveform) - len(sweep())) <= (0 if form.lossless else 1)
        assert delay(waveform, sweep()) == 0
    if form.lossless:
        step = 0 if form.name.startswith("float") else 2.0**-23 if "24" in form.name else 2.0**-15
        assert np.abs(waveform - sweep()).max() <= step


def test_the_header_counts_what_is_decoded(folder, form):
    found = files.header(folder / form.name)
    assert found.channels == 1
    assert found.frames == len(files.read(folder / form.name, found.sample_rate))
    inspected = files.inspect(folder / form.name, shortest_seconds=0.032)
    trusted = files.inspect(folder / form.name, shortest_seconds=0.032, header_only=True)
    assert inspected[: len(files.Header._fields) + 3] == trusted[: len(files.Header._fields) + 3]
    assert (inspected[:3], inspected.problem) == (found, "")


@pytest.mark.parametrize("rate", [RATE, 16_000, 22_050])
def test_a_window_is_a_slice_of_the_whole(folder, form, rate):
    path = folder / form.name
    whole = files.read(path, rate)
    native = files.header(path).sample_rate == rate
    edges = [(0, 1), (0, 5000), (17, 1), (12_345, 8000), (40_001, 3), (len(whole) - 300, 300)]
    for start, length in edges:
        window = files.read(path, rate, start=start, length=length)
        np.testing.assert_allclose(
            window,
            whole[start : start + length],
            rtol=0,
            atol=0 if native else 1e-5,
            err_msg=f"{start} {length}",
        )
    np.testing.assert_allclose(
        files.read(path, rate, start=20_000), whole[20_000:], atol=0 if native else 1e-5
    )


@pytest.mark.parametrize("rate", [RATE, 16_000])
def test_beyond_the_end_is_what_there_is(folder, form, rate):
    path = folder / form.name
    whole = files.read(path, rate)
    assert len(files.read(path, rate, start=len(whole) - 10, length=500)) == 10
    assert files.read(path, rate, start=len(whole), length=500).shape == (0,)
    assert files.read(path, rate, start=10 * len(whole), length=500).shape == (0,)
    assert files.read(path, rate, start=5, length=0).shape == (0,)


@pytest.mark.parametrize("resampler", RESAMPLERS)
@pytest.mark.parametrize(
    "rates", [(22_050, 16_000), (48_000, 16_000), (44_100, 16_000), (8_000, 16_000), (16_000, 22_050)]
)
def test_every_resampler_knows_how_far_it_reaches(tmp_path, resampler, rates):
    native, rate = rates
    waveform = np.random.default_rng(0).uniform(-1, 1, 3 * native).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", waveform, native, subtype="FLOAT")
    whole = files.read(tmp_path / "a.wav", rate, resampler=resampler)
    assert len(whole) == frames.resampled_length(len(waveform), native, rate)
    for start in (1, 9_999, 20_000, 31_357):
        window = files.read(tmp_path / "a.wav", rate, start=start, length=4321, resampler=resampler)
        np.testing.assert_allclose(window, whole[start : start + 4321], rtol=0, atol=1e-5)


@pytest.mark.parametrize("rate", [RATE, 16_000])
@pytest.mark.parametrize("hop", [4000, 1500])
def test_windows_are_the_slices_in_turn(folder, form, rate, hop):
    path = folder / form.name
    whole = files.read(path, rate)
    found = list(files.windows(path, rate, 4000, hop))
    starts = [start for start, _ in found]
    assert starts[0] == 0
    assert starts[-1] == len(whole) - 4000
    assert all(0 < after - before <= hop for before, after in pairwise(starts))
    native = files.header(path).sample_rate == rate
    for start, window in found:
        assert len(window) == 4000
        np.testing.assert_allclose(window, whole[start : start + 4000], rtol=0, atol=0 if native else 1e-5)


def test_a_short_file_is_one_short_window(tmp_path):
    soundfile.write(tmp_path / "a.wav", sweep(1000), RATE)
    [(start, window)] = files.windows(tmp_path / "a.wav", RATE, 4000, 4000)
    assert (start, len(window)) == (0, 1000)
    soundfile.write(tmp_path / "none.wav", sweep(0), RATE)
    assert list(files.windows(tmp_path / "none.wav", RATE, 4000, 4000)) == []


@pytest.mark.parametrize("name", ["long.flac", "long.m4a"])
def test_a_long_file_needs_little_memory(tmp_path, name):
    minutes = np.tile(sweep(60 * RATE), 3)
    codec = "PCM_16" if name.endswith("flac") else "aac"
    path = encoding.write(tmp_path, encoding.Format(name, codec), minutes, RATE)
    tracemalloc.start()
    try:
        seconds = sum(len(window) for _, window in files.windows(path, 16_000, 16_000, 16_000)) / 16_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 180 <= seconds < 181
    assert peak < 4e6 < minutes.nbytes / 4


def test_two_channels_are_averaged_and_one_can_be_picked(tmp_path):
    left, right = sweep(), sweep()[::-1]
    for form in (encoding.Format("a.wav", "FLOAT"), encoding.Format("a.m4a", "alac")):
        path = encoding.write(tmp_path, form, np.stack([left, right], axis=1), RATE)
        np.testing.assert_allclose(files.read(path, RATE), (left + right) / 2, atol=2e-5)
        np.testing.assert_allclose(files.read(path, RATE, channel=0), left, atol=2e-5)
        np.testing.assert_allclose(files.read(path, RATE, channel=1), right, atol=2e-5)
        with pytest.raises(InputError, match=r"no channel 2: set data\.channel to 0 … 1"):
            files.read(path, RATE, channel=2)


def test_more_than_two_channels_want_a_choice(tmp_path):
    eight = np.random.default_rng(0).uniform(-1, 1, (1000, 8)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", eight, RATE, subtype="FLOAT")
    with pytest.raises(InputError, match=r"a\.wav has 8 channels; .* pick one with data\.channel=0"):
        files.read(tmp_path / "a.wav", RATE)
    np.testing.assert_array_equal(files.read(tmp_path / "a.wav", RATE, channel=7), eight[:, 7])
    assert files.header(tmp_path / "a.wav").channels == 8


def test_an_unknown_resampler_is_refused_whatever_the_rate(folder):
    with pytest.raises(InputError, match=re.escape(", ".join(RESAMPLERS))):
        files.read(folder / "pcm16.wav", RATE, resampler="best")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"a readme\n" * 99, "is not audio"),
        (b"\xff\xfb" * 99, "is not audio"),
    ],
)
def test_one_line_says_what_is_wrong_with_a_file(tmp_path, content, message, capfd):
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    for call in (
        files.header,
        lambda path: files.read(path, RATE),
        lambda path: list(files.windows(path, RATE, 9, 9)),
    ):
        with pytest.raises(InputError, match=rf"a\.wav {message}.*; replace it or leave it out") as caught:
            call(path)
        assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_what_is_not_a_number_never_comes_out(tmp_path):
    waveform = sweep()
    waveform[50_000] = np.nan
    soundfile.write(tmp_path / "a.wav", waveform, RATE, subtype="FLOAT")
    assert len(files.read(tmp_path / "a.wav", RATE, length=40_000)) == 40_000
    for rate in (RATE, 16_000):
        with pytest.raises(InputError, match="not numbers"):
            files.read(tmp_path / "a.wav", rate)


def test_a_damaged_window_is_refused_an_intact_one_read(tmp_path, folder):
    content = (folder / "pcm16.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(content[: len(content) // 2])
    np.testing.assert_array_equal(
        files.read(tmp_path / "a.flac", RATE, start=300, length=9000),
        files.read(folder / "pcm16.flac", RATE, start=300, length=9000),
    )
    with pytest.raises(InputError, match=r"a\.flac cannot be decoded .* beyond 1\.\d\d s"):
        files.read(tmp_path / "a.flac", RATE, start=50_000, length=9000)


def test_ffmpeg_takes_over_where_libsndfile_gives_up(tmp_path, folder):
    """ID3 tags in front of FLAC, and a length that the header leaves open: real files have both."""
    content = (folder / "pcm16.flac").read_bytes()
    whole = files.read(folder / "pcm16.flac", RATE)
    tag = b"ID3\x04\x00\x00\x00\x00\x00\x10" + bytes(16)
    (tmp_path / "tagged.flac").write_bytes(tag + content)
    # STREAMINFO: the number of samples is the last 36 bits of bytes 18 … 25.
    open_ended = content[:21] + bytes([content[21] & 0xF0]) + bytes(4) + content[26:]
    (tmp_path / "open.flac").write_bytes(open_ended)
    for name in ("tagged.flac", "open.flac"):
        assert files.header(tmp_path / name) == (len(whole), RATE, 1)
        np.testing.assert_array_equal(files.read(tmp_path / name, RATE), whole)
        np.testing.assert_array_equal(
            files.read(tmp_path / name, RATE, start=33_333, length=999), whole[33_333:34_332]
        )


def test_a_play_list_leads_nowhere(tmp_path):
    (tmp_path / "a.wav").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n")
    with pytest.raises(InputError, match="is not audio"):
        files.read(tmp_path / "a.wav", RATE)


def test_names_with_colons_and_other_letters(tmp_path):
    for name in ("a:b.flac", "http:a.m4a", "Übung 水 %20.m4a"):
        codec = "PCM_16" if name.endswith("flac") else "alac"
        path = encoding.write(tmp_path, encoding.Format(f"./{name}", codec), sweep(), RATE)
        assert files.header(path).frames == len(sweep())


@pytest.mark.parametrize(
    "pattern", ["genuine/librispeech/*.flac", "genuine/fsdd/*_7.wav", "speech_pairs/melgan/*.wav"]
)
def test_on_real_files(pattern):
    paths = sorted(REAL_AUDIO.glob(pattern))[:6]
    if not paths:
        pytest.skip("no real audio: set BONAFIDE_REAL_AUDIO to its folder")
    for path in paths:
        found = files.header(path)
        reference, rate = soundfile.read(path, dtype="float32")
        np.testing.assert_array_equal(files.read(path, rate), reference)
        np.testing.assert_array_equal(files.read(path, rate, start=1001, length=2345), reference[1001:3346])
        whole = files.read(path, 16_000)
        assert len(whole) == frames.resampled_length(found.frames, rate, 16_000)
        np.testing.assert_allclose(
            files.read(path, 16_000, start=777, length=2222), whole[777:2999], atol=1e-5
        )
        inspected = files.inspect(path, shortest_seconds=0.032)
        assert (inspected[:3], inspected.problem) == (found, "")
