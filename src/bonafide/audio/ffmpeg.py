"""Decoding with FFmpeg through PyAV: what libsndfile refuses, such as M4A, WebM, MP4 and odd FLAC."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import final

import av
import numpy as np
from numpy.typing import NDArray

from bonafide.audio.decoder import Decoder, Undecodable

# A file from a stranger may be a play list: no address in it is followed.
_OPTIONS = {"protocol_whitelist": "file"}
_ERRORS = (av.FFmpegError, ValueError)
_GUESSED = ("mp3", "aac", "ac3", "eac3", "mpegts")  # streams without a header: their duration is an estimate
# Where FFmpeg's first name for something is not the usual one.
_CONTAINERS = {"mov": "MP4", "aac": "ADTS"}
_ENCODINGS = {
    "mp3float": "MP3",
    "pcm_u8": "PCM_U8",
    "pcm_s16le": "PCM_16",
    "pcm_s24le": "PCM_24",
    "pcm_s32le": "PCM_32",
    "pcm_f32le": "FLOAT",
    "pcm_f64le": "DOUBLE",
    "pcm_mulaw": "ULAW",
    "pcm_alaw": "ALAW",
}
_SLACK_SECONDS = 0.1  # containers of lossy audio round their durations, or count what encoders prepend


@final
class Ffmpeg(Decoder):
    """The first audio stream, at its own rate, without the silence that encoders prepend and append.

    It seeks only where the codec is lossless and its time stamps count samples; AAC, MP3 and Opus depend on
    what came before, so they are decoded from the start up to the window.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._container, self._stream = _open(path)
        self.sample_rate, self.channels = int(self._stream.rate), int(self._stream.channels)
        container = self._container.format.name.partition(",")[0]
        self.container = _CONTAINERS.get(container, container.upper())
        self.encoding = _encoding(self._stream.codec_context)
        # Samples per unit of a time stamp.
        self._scale = Fraction(self._stream.time_base or 0) * self.sample_rate
        self._exact = bool(
            self._stream.codec_context.codec.lossless
            and self._scale
            and self._scale.numerator == 1
            and not self._stream.start_time
        )
        self.promised = self._promise()
        self._blocks = self._decode()
        self._waiting = np.empty((0, self.channels), np.float32)
        self._position = 0

    @property
    def position(self) -> int:
        """See `Decoder.position`."""
        return self._position

    def frames(self) -> int:
        """By the header if it counts samples, else by decoding."""
        if self._exact and self._stream.duration:
            return self._samples(self._stream.duration)
        counter = Ffmpeg(self.path)
        try:
            return sum(len(block) for block in counter._blocks)
        finally:
            counter.close()

    def go(self, start: int) -> None:
        """See `Decoder.go`."""
        if self._exact and not self._position <= start <= self._position + self.sample_rate:
            self._seek(start)
        if start < self._position:
            self._rewind()
        while self._position < start:
            if not len(self.take(min(self.sample_rate, start - self._position))):
                return

    def take(self, count: int | None) -> NDArray[np.float32]:
        """See `Decoder.take`."""
        blocks, had = [self._waiting], len(self._waiting)
        try:
            while count is None or had < count:
                block = next(self._blocks, None)
                if block is None:
                    break
                blocks.append(block)
                had += len(block)
        except Undecodable:
            self._position += had
            raise
        waveform = np.concatenate(blocks)
        self._waiting = waveform[len(waveform) if count is None else count :].copy()
        taken = waveform if count is None else waveform[:count]
        self._position += len(taken)
        return taken

    def close(self) -> None:
        """See `Decoder.close`."""
        self._blocks = iter(())
        self._container.close()

    def _samples(self, units: int) -> int:
        """A time stamp or duration of the stream in samples."""
        return round(units * self._scale)

    def _promise(self) -> int:
        """Samples that the container is sure of."""
        stream, name = self._stream, self._container.format.name
        # FFmpeg knows the start of an MP3 only from the LAME tag, which also counts the frames.
        if name in _GUESSED and not (name == "mp3" and stream.start_time):
            return 0
        if stream.duration:
            frames = self._samples(stream.duration)
        elif self._container.duration and len(self._container.streams) == 1:
            frames = int(self._container.duration) * self.sample_rate // 1_000_000  # microseconds
        else:
            return 0
        return max(0, frames - (0 if self._exact else round(_SLACK_SECONDS * self.sample_rate)))

    def _rewind(self) -> None:
        self._container.close()
        self._container, self._stream = _open(self.path)
        self._restart(0, self._decode())

    def _restart(self, position: int, blocks: Iterator[NDArray[np.float32]]) -> None:
        self._position, self._blocks = position, blocks
        self._waiting = np.empty((0, self.channels), np.float32)

    def _seek(self, start: int) -> None:
        """Goes to the packet that holds `start`, or to the beginning if the file cannot be sought."""
        try:
            self._container.seek(int(start / self._scale), stream=self._stream)
            frames = self._container.decode(self._stream)
            first = next(frames)
            position = None if first.pts is None else self._samples(first.pts)
        except (*_ERRORS, StopIteration):
            position = None
        if position is None or not 0 <= position <= start:
            self._rewind()
        else:
            self._restart(position, self._convert(chain([first], frames)))

    def _decode(self) -> Iterator[NDArray[np.float32]]:
        return self._convert(self._container.decode(self._stream))

    def _convert(self, frames: Iterator[av.AudioFrame]) -> Iterator[NDArray[np.float32]]:
        """Blocks `[time, channels]` without what lies before time 0 or after the last frame's duration."""
        converter = av.AudioResampler(format="fltp", rate=self.sample_rate)
        try:
            previous = next(frames, None)
            while previous is not None:
                current = next(frames, None)
                before = max(0, self._samples(-(previous.pts or 0)))
                stop = previous.samples if current is not None else self._shown(previous)
                for converted in converter.resample(previous):
                    yield _planes(converted, self.channels)[before:stop]
                previous = current
        except _ERRORS as error:
            raise Undecodable(f"cannot be decoded ({_words(error)})") from error

    def _shown(self, last: av.AudioFrame) -> int:
        """How much of the last frame is audio; time stamps in milliseconds are too coarse to say."""
        if not last.duration or self._scale > Fraction(self.sample_rate, 8000):
            return int(last.samples)
        return min(int(last.samples), self._samples(last.duration))


def _open(path: str) -> tuple[av.container.InputContainer, av.AudioStream]:
    try:
        container = av.open(f"file:{path}", options=_OPTIONS, metadata_errors="ignore")
    except _ERRORS as error:
        raise Undecodable("is not audio that libsndfile or FFmpeg can read") from error
    streams = container.streams.audio
    if not streams or streams[0].codec_context is None or streams[0].rate <= 0 or streams[0].channels <= 0:
        container.close()
        raise Undecodable("is not audio that libsndfile or FFmpeg can read")
    return container, streams[0]


def _encoding(codec: av.AudioCodecContext) -> str:
    """As libsndfile names it, which FLAC does by the bits of a sample; those stand in its STREAMINFO."""
    if codec.name == "flac" and codec.extradata and len(codec.extradata) > 13:
        bits = ((codec.extradata[12] & 1) << 4 | codec.extradata[13] >> 4) + 1
        return f"PCM_{bits}" if bits > 8 else "PCM_S8"
    return _ENCODINGS.get(codec.name, str(codec.name).upper())


def _planes(frame: av.AudioFrame, channels: int) -> NDArray[np.float32]:
    """`[time, channels]`."""
    planes = np.asarray(frame.to_ndarray(), np.float32)
    if len(planes) != channels:
        raise Undecodable(f"changes from {channels} to {len(planes)} channels midway")
    return planes.T


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).splitlines()[0]
