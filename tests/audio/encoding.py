"""Writes one waveform in every format that a corpus may come in."""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import soundfile
from numpy.typing import NDArray


class Format(NamedTuple):
    """How a file is written, and what must come back.

    Args:
        name: of the file.
        codec: of FFmpeg; a subtype of libsndfile if it is in capitals.
        lossless: the samples come back.
        timed: the file says where the audio starts and ends, so that length and place come back.
        options: of FFmpeg's muxer.
    """

    name: str
    codec: str
    lossless: bool = True
    timed: bool = True
    options: tuple[tuple[str, str], ...] = ()


FORMATS = (
    Format("pcm16.wav", "PCM_16"),
    Format("pcm24.wav", "PCM_24"),
    Format("float.wav", "FLOAT"),
    Format("pcm16.flac", "PCM_16"),
    Format("pcm24.flac", "PCM_24"),
    Format("pcm16.aiff", "PCM_16"),
    Format("vorbis.ogg", "VORBIS", lossless=False),
    Format("opus.ogg", "OPUS", lossless=False),
    Format("lame.mp3", "libmp3lame", lossless=False),
    Format("untagged.mp3", "libmp3lame", lossless=False, timed=False, options=(("write_xing", "0"),)),
    Format("aac.m4a", "aac", lossless=False),
    Format("aac.mp4.dat", "aac", lossless=False, options=(("format", "mp4"),)),
    Format("aac.aac", "aac", lossless=False, timed=False),
    Format("alac.m4a", "alac"),
    Format("flac.mka", "flac"),
    Format("ffmpeg.flac", "flac"),
    Format("opus.webm", "libopus", lossless=False),
    Format("opus.mp4", "libopus", lossless=False),
    Format("opus.opus", "libopus", lossless=False),
)


def write(folder: Path, form: Format, waveform: NDArray[np.float32], rate: int) -> Path:
    """`waveform` `[time]` or `[time, channels]` in a file of that format."""
    path = folder / form.name
    if form.codec.isupper():
        soundfile.write(
            path, waveform, rate, subtype=form.codec, format="OGG" if path.suffix == ".ogg" else None
        )
    else:
        _encode(path, form, np.atleast_2d(waveform.T), rate)
    return path


def _encode(path: Path, form: Format, planes: NDArray[np.float32], rate: int) -> None:
    options = dict(form.options)
    layout = "mono" if len(planes) == 1 else "stereo"
    with av.open(str(path), "w", format=options.pop("format", None), options=options) as container:
        stream = container.add_stream(form.codec, rate=rate)
        stream.layout = layout
        context = stream.codec_context
        whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(planes), format="fltp", layout=layout)
        whole.sample_rate, whole.pts, whole.time_base = rate, 0, Fraction(1, rate)
        context.open()
        cutter = av.AudioResampler(context.format, layout, rate, frame_size=context.frame_size or 1024)
        for frame in [*cutter.resample(whole), *cutter.resample(None), None]:
            container.mux(stream.encode(frame))
