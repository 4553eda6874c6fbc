"""Plain WAV files are read as libsndfile reads them, and anything else is left to it."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from bonafide.audio.decoder import Undecodable
from bonafide.audio.riff import plain
from bonafide.audio.wav import Wav

NOISE = (0.3 * np.random.default_rng(0).standard_normal((5_000, 2))).clip(-1, 1)


def written(path: Path, subtype: str, channels: int = 2, **form: str) -> Path:
    soundfile.write(path, NOISE[:, :channels], 22_050, subtype=subtype, **form)
    return path


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_every_window_is_libsndfile_s_to_the_bit(tmp_path: Path, subtype: str, channels: int) -> None:
    path = written(tmp_path / "a.wav", subtype, channels)
    whole, rate = soundfile.read(path, dtype="float32", always_2d=True)
    wav = Wav(str(path))
    assert (wav.sample_rate, wav.channels, wav.frames(), wav.promised) == (rate, channels, 5_000, 5_000)
    assert (wav.container, wav.encoding) == ("WAV", subtype)
    for start, count in ((0, 10), (4_990, 100), (17, 3_000), (5_000, 1), (9_999, 5), (0, None), (3, None)):
        wav.go(start)
        block = wav.take(count)
        np.testing.assert_array_equal(block, whole[start:][:count])
        assert block.dtype == np.float32
        assert wav.position == min(start, 5_000) + len(block)
    wav.close()


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "DOUBLE", "ULAW", "ALAW", "GSM610"])
def test_other_encodings_are_left_to_libsndfile(tmp_path: Path, subtype: str) -> None:
    channels = 1 if subtype == "GSM610" else 2
    with pytest.raises(Undecodable):
        Wav(str(written(tmp_path / "a.wav", subtype, channels)))


def test_extensible_and_big_endian_headers_are_left_to_libsndfile(tmp_path: Path) -> None:
    for number, form in enumerate(({"format": "WAVEX"}, {"format": "RF64"}, {"endian": "BIG"})):
        with pytest.raises(Undecodable):
            Wav(str(written(tmp_path / f"{number}.wav", "PCM_16", **form)))


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


FORM = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8_000, 16_000, 2, 16))
SAMPLES = np.arange(-50, 50, dtype="<i2").tobytes()


@pytest.mark.parametrize(
    "before", [b"", chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0"), chunk(b"junk", b"x" * 1_001)]
)
@pytest.mark.parametrize("after", [b"", chunk(b"LIST", b"INFO")])
def test_other_chunks_may_lie_around_the_samples(tmp_path: Path, before: bytes, after: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(riff(FORM, before, chunk(b"data", SAMPLES), after))
    wav = Wav(str(path))
    expected, _ = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(wav.take(None), expected)
    wav.close()


@pytest.mark.parametrize(
    "content",
    [
        riff(FORM, chunk(b"data", SAMPLES))[:-10],  # cut off
        riff(chunk(b"data", SAMPLES)),  # no format
        riff(FORM),  # no samples
        riff(FORM, chunk(b"data", SAMPLES[:-1])),  # half a sample
        riff(FORM, chunk(b"junk", b"x" * 5_000), chunk(b"data", SAMPLES)),  # beyond what is looked at
        riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 0, 8_000, 0, 0, 16)), chunk(b"data", SAMPLES)),
        b"RIFF",
    ],
)
def test_what_is_odd_is_left_to_libsndfile(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(Undecodable):
        Wav(str(tmp_path / "a.wav"))


@given(st.binary(max_size=200), st.integers(0, 300))
def test_no_header_makes_it_stumble(content: bytes, size: int) -> None:
    found = plain(riff(content[:100]) + content[100:], size)
    assert found is None or (found.channels > 0 and found.start + found.frames * found.width <= size)


def test_a_file_that_shrinks_while_it_is_read_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", "PCM_16")
    wav = Wav(str(path))
    path.write_bytes(path.read_bytes()[:2_000])
    with pytest.raises(Undecodable, match="shorter"):
        wav.take(None)
    wav.close()
