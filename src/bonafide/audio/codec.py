"""Sound through a lossy codec and back: encoded and decoded in memory by FFmpeg, aligned to the sample."""

import io
from functools import lru_cache
from typing import Final, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate

from bonafide.audio.resample import resample
from bonafide.types import InputError

_MPEG: Final = (
    8_000,
    11_025,
    12_000,
    16_000,
    22_050,
    24_000,
    32_000,
    44_100,
    48_000,
)  # versions 1, 2 and 2.5
_REACH: Final = 4096  # samples; more than any of the codecs delays


class Format(NamedTuple):
    """How FFmpeg is asked for a codec.

    Args:
        encoder: its name there.
        container: that the packets travel in.
        rates: Hz, ascending; sound goes in at the next one that is not below its own, or at the highest.
        kbps: lowest and highest bit rate of one channel, kbit/s.
    """

    encoder: str
    container: str
    rates: tuple[int, ...]
    kbps: tuple[float, float]


FORMATS: Final = {
    "aac": Format("aac", "mp4", _MPEG, (8, 256)),
    "mp3": Format("libmp3lame", "mp3", _MPEG, (8, 320)),
    "opus": Format("libopus", "ogg", (48_000,), (6, 256)),
    "mulaw": Format("pcm_mulaw", "wav", (8_000,), (64, 64)),  # G.711
    "alaw": Format("pcm_alaw", "wav", (8_000,), (64, 64)),  # G.711
    "g722": Format("g722", "wav", (16_000,), (64, 64)),
    "amr": Format("libopencore_amrnb", "amr", (8_000,), (4.75, 12.2)),
}


def require(name: str) -> None:
    """Makes sure that there is such a codec, and an encoder for it inside PyAV.

    Raises:
        InputError: there is not.
    """
    if name not in FORMATS:
        raise InputError(f"there is no codec {name!r}; choose from {', '.join(FORMATS)}")
    try:
        av.Codec(FORMATS[name].encoder, "w")
    except ValueError as error:  # PyAV's UnknownCodecError
        raise InputError(
            f"the FFmpeg of PyAV {av.__version__} cannot encode {name}; leave it out, or install "
            "the wheel of PyAV (pip install --only-binary=av av)"
        ) from error


def round_trip(
    waveform: NDArray[np.float32], sample_rate: int, name: str, kbps: float
) -> NDArray[np.float32]:
    """A recording as it comes back from a codec, without delay: `[time]` → `[time]`.

    Args:
        waveform: `[time]`.
        sample_rate: in Hz.
        name: one of `FORMATS`.
        kbps: kbit/s; encoders take the nearest that they have at their rate.
    """
    form = FORMATS[name]
    inner = next((rate for rate in form.rates if rate >= sample_rate), form.rates[-1])
    sound = resample(waveform, sample_rate, inner)
    coded = _decoded(_encoded(sound, inner, form, kbps))[_delay(name, inner) :][: len(sound)]
    made = resample(np.pad(coded, (0, len(sound) - len(coded))), inner, sample_rate)[: len(waveform)]
    return np.pad(made, (0, len(waveform) - len(made)))


def _encoded(sound: NDArray[np.float32], rate: int, form: Format, kbps: float) -> io.BytesIO:
    file = io.BytesIO()
    with av.open(file, "w", format=form.container) as container:
        stream = container.add_stream(form.encoder, rate=rate, layout="mono")
        if form.kbps[0] < form.kbps[1]:
            stream.bit_rate = round(1000 * kbps)
        frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    return file


def _decoded(file: io.BytesIO) -> NDArray[np.float32]:
    with av.open(file) as container:
        converter = av.AudioResampler(format="fltp")
        blocks = [
            np.asarray(converted.to_ndarray()[0], np.float32)
            for frame in container.decode(audio=0)
            for converted in converter.resample(frame)
        ]
    return np.concatenate(blocks)


@lru_cache(maxsize=64)
def _delay(name: str, rate: int) -> int:
    """By how many samples a codec is late at a rate, heard from a burst of noise.

    Containers tell some decoders what an encoder put before the sound and others not (AAC keeps 1,024
    samples). A delay belongs to the codec, so it is not looked for in the clip, where a steady tone would
    hide it.
    """
    form = FORMATS[name]
    burst = np.random.default_rng(0).standard_normal(rate // 2) * np.hanning(rate // 2)
    smooth = np.convolve(0.1 * burst, np.ones(5) / 5, "same").astype(
        np.float32
    )  # speech codecs want low tones
    coded = _decoded(_encoded(smooth, rate, form, min(form.kbps[1], 64)))
    similarity = correlate(coded.astype(np.float64), smooth.astype(np.float64), method="fft")
    return int(np.argmax(similarity[len(smooth) - 1 :][:_REACH]))
