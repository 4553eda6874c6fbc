"""Recordings through lossy codecs: encoded and decoded in memory by FFmpeg, aligned to the sample."""

import io
from typing import Final, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate

from bonafide.audio.resample import resample
from bonafide.corpora.synthesis.transforms import Signal
from bonafide.types import InputError

_REACH: Final = 4096  # samples; LAME delays by 1,105, AAC by 1,024 or 2,048
_RATES: Final = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)  # MPEG 1, 2, 2.5


class Codec(NamedTuple):
    """How FFmpeg is asked for a codec.

    Args:
        encoder: its name there.
        container: that the packets travel in.
        rates: Hz, ascending; audio goes in at the next one above its own, or at the highest.
        kbps: lowest and highest bit rate, kbit/s.
    """

    encoder: str
    container: str
    rates: tuple[int, ...]
    kbps: tuple[float, float]


CODECS: Final = {
    "aac": Codec("aac", "mp4", _RATES, (8, 256)),
    "mp3": Codec("libmp3lame", "mp3", _RATES, (8, 320)),
    "opus": Codec("libopus", "ogg", (48_000,), (6, 256)),
}


def require(name: str) -> None:
    """Makes sure that the FFmpeg inside PyAV has the encoder.

    Raises:
        InputError: it has not.
    """
    try:
        av.Codec(CODECS[name].encoder, "w")
    except ValueError as error:  # PyAV's UnknownCodecError
        raise InputError(
            f"the FFmpeg of PyAV {av.__version__} has no encoder {CODECS[name].encoder}; install the wheel "
            f"of PyAV (pip install --only-binary=av av), or leave {name} out of data.corpus.systems"
        ) from error


def through_codec(wave: Signal, rate: int, name: str, kbps: float) -> Signal:
    """A recording as it comes back from a codec: `[time]` → `[time]`, without delay.

    Containers tell some decoders what an encoder put before the sound and others not (AAC keeps its 1,024
    samples); the cross-correlation with what went in is right for all.

    Args:
        wave: `[time]`.
        rate: Hz.
        name: one of `CODECS`.
        kbps: kbit/s; encoders take the nearest bit rate that they have at their rate.
    """
    codec = CODECS[name]
    inner = next((possible for possible in codec.rates if possible >= rate), codec.rates[-1])
    sound = resample(wave.astype(np.float32), rate, inner)
    coded = _decoded(_encoded(sound, inner, codec, kbps))
    start = _REACH + _delay(coded, sound)
    aligned = np.pad(coded, (_REACH, 2 * _REACH + sound.size))[start : start + sound.size]
    made = resample(aligned, inner, rate)[: wave.size]
    return np.pad(made, (0, wave.size - made.size)).astype(np.float64)


def _encoded(sound: NDArray[np.float32], rate: int, codec: Codec, kbps: float) -> io.BytesIO:
    file = io.BytesIO()
    with av.open(file, "w", format=codec.container) as container:
        stream = container.add_stream(codec.encoder, rate=rate, layout="mono")
        stream.bit_rate = round(1000 * kbps)
        frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
        frame.rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    return file


def _decoded(file: io.BytesIO) -> NDArray[np.float32]:
    with av.open(file) as container:
        converter = av.AudioResampler(format="fltp")
        blocks = [
            converted.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for converted in converter.resample(frame)
        ]
    return np.concatenate(blocks)


def _delay(coded: NDArray[np.float32], sound: NDArray[np.float32]) -> int:
    """By how many samples the first of two similar signals is late, at most `_REACH` either way."""
    similarity = correlate(coded.astype(np.float64), sound.astype(np.float64), method="fft")
    near = similarity[max(0, sound.size - 1 - _REACH) : sound.size + _REACH]
    return int(np.argmax(near)) - min(_REACH, sound.size - 1)
