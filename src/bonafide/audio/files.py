"""Reading audio files of any common format: mono, float32, at the rate asked for, only the window asked for.

WAV, FLAC, AIFF and Vorbis are decoded by libsndfile; MP3, M4A, Opus, MP4 and whatever it refuses by FFmpeg,
inside this process. A window equals the same slice of the whole file read at once: to the bit where nothing
is resampled, and within 1e-4 where it is (1e-6 with full-scale noise).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bonafide.audio import channels, clip, frames
from bonafide.audio.decoder import Header, Undecodable
from bonafide.audio.inspection import Inspection, inspect
from bonafide.audio.recording import Recording
from bonafide.audio.resample import RESAMPLERS, margin, require, resample, resampler_version
from bonafide.types import InputError

__all__ = [
    "EXTENSIONS", "RESAMPLERS", "Header", "Inspection",
    "header", "inspect", "read", "resampler_version", "windows",
]  # fmt: skip

EXTENSIONS: Final = frozenset({".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".aac", ".aiff", ".aif"})
"""By which a folder's audio is told from its other files; a file named by itself may have any."""


def header(path: str | Path) -> Header:
    """Length, rate and channels of a file.

    The file is decoded only where no header counts its samples (MP3, M4A, WebM).

    Raises:
        InputError: it cannot be read.
    """
    with _opened(path) as recording:
        return recording.header()


def read(
    path: str | Path,
    sample_rate: int,
    *,
    start: int = 0,
    length: int | None = None,
    resampler: str = "soxr_hq",
    channel: int | None = None,
) -> NDArray[np.float32]:
    """A window of a file, or all of it.

    Args:
        path: of the file.
        sample_rate: of the result, in Hz.
        start: first sample, at `sample_rate`.
        length: samples, at `sample_rate`; None for the rest. Where the file ends earlier, there are fewer.
        resampler: one of `RESAMPLERS`.
        channel: the only one to read, from 0; None averages two and refuses more.

    Raises:
        InputError: the file cannot be read, is damaged in this window, has samples that are not numbers or
            too many channels; or there is no such resampler.

    Shape:
        `[time]`.
    """
    require(resampler)
    with _opened(path) as recording:
        return _window(recording, sample_rate, start, length, resampler=resampler, channel=channel)


def windows(
    path: str | Path,
    sample_rate: int,
    length: int,
    hop: int,
    *,
    ends: int = 0,
    resampler: str = "soxr_hq",
    channel: int | None = None,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The windows of a file in turn, in bounded memory; the last one ends where the file ends.

    Args:
        path: of the file.
        sample_rate: of the result, in Hz.
        length: samples of a window, at `sample_rate`; a shorter file gives one window of what there is.
        hop: samples from one window to the next, at most `length`.
        ends: samples left out at either end of the file, as long as one is left.
        resampler: see `read`.
        channel: see `read`.

    Yields:
        The first sample of a window, and the window `[time]`.

    Raises:
        InputError: as `read`.
    """
    require(resampler)
    with _opened(path) as recording:
        found = recording.header()
        total = frames.resampled_length(found.frames, found.sample_rate, sample_rate)
        ends = max(0, min(ends, (total - 1) // 2))
        inside = total - 2 * ends
        for start in clip.starts(inside, length, hop).tolist():
            first, size = ends + start, min(length, inside - start)
            yield first, _window(recording, sample_rate, first, size, resampler=resampler, channel=channel)


@contextmanager
def _opened(path: str | Path) -> Iterator[Recording]:
    try:
        with Recording(path) as recording:
            yield recording
    except Undecodable as error:
        raise InputError(f"{path} {error}; replace it or leave it out") from error


def _window(
    recording: Recording,
    sample_rate: int,
    start: int,
    length: int | None,
    *,
    resampler: str,
    channel: int | None,
) -> NDArray[np.float32]:
    if start < 0 or (length is not None and length < 0):
        raise InputError(f"{recording.path}: a window cannot start at {start} and be {length} samples long")
    problem = channels.problem(recording.channels, channel)
    if problem:
        raise InputError(f"{recording.path} {problem}")
    rate = recording.sample_rate
    span = frames.span(start, length, rate, sample_rate, margin(rate, sample_rate))
    native = channels.mono(recording.read(span.start, span.stop), channel)
    waveform = resample(native, rate, sample_rate, resampler)[span.skip :]
    waveform = waveform if length is None else waveform[:length]
    if not np.isfinite(waveform).all():
        raise Undecodable("holds samples that are not numbers (NaN or infinite)")
    return np.ascontiguousarray(waveform)
