"""What is wrong with a file, before it is used."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from bonafide.audio import channels, frames
from bonafide.audio.decoder import Undecodable
from bonafide.audio.recording import Recording


class Inspection(NamedTuple):
    """What a file really holds.

    Args:
        frames: samples of each channel, counted while decoding; 0 if it cannot be read.
        sample_rate: in Hz; 0 if it cannot be read.
        channels: how many; 0 if it cannot be read.
        problem: why it cannot be used, in words that follow its name; empty if it can.
    """

    frames: int
    sample_rate: int
    channels: int
    problem: str


def inspect(
    path: str | Path, *, shortest_seconds: float, channel: int | None = None, header_only: bool = False
) -> Inspection:
    """Decodes a file once, in bounded memory; what is wrong is said, never raised.

    Found are missing and empty files, what is not audio, what ends before its header says or cannot be
    decoded midway, samples that are not numbers, more than two channels, and what is too short. A file that
    is silent throughout is in order. A cut-off MP3 without a tag, ADTS or Ogg stream is only a shorter one.

    Args:
        path: of the file.
        shortest_seconds: a shorter file is a problem; one analysis frame.
        channel: see `bonafide.audio.files.read`.
        header_only: believe the header; finds no damage but a WAV or AIFF that was cut off.
    """
    count, rate, width = 0, 0, 0
    try:
        with Recording(path) as recording:
            rate, width = recording.sample_rate, recording.channels
            if header_only:
                count, problem = recording.header().frames, _unkept(recording)
            else:
                count, problem = _decoded(recording)
    except Undecodable as error:
        return Inspection(count, rate, width, str(error))
    problem = problem or channels.problem(width, channel) or _too_short(count, rate, shortest_seconds)
    return Inspection(count, rate, width, problem)


def _unkept(recording: Recording) -> str:
    """Whether the file is shorter than its own header says."""
    present, promised = recording.header().frames, recording.promised()
    if present >= promised:
        return ""
    seconds = [frames.to_seconds(samples, recording.sample_rate) for samples in (present, promised)]
    return f"is damaged or cut short: {seconds[0]:.2f} of {seconds[1]:.2f} s are there"


def _decoded(recording: Recording) -> tuple[int, str]:
    """How many samples there are, and whether one of them is not a number."""
    count, problem = 0, ""
    for block in recording.blocks():
        finite = np.isfinite(block).all(axis=1)
        if not problem and not finite.all():
            first = frames.to_seconds(count + int(np.argmin(finite)), recording.sample_rate)
            problem = f"holds samples that are not numbers (NaN or infinite), the first at {first:.3f} s"
        count += len(block)
    return count, problem


def _too_short(count: int, rate: int, shortest_seconds: float) -> str:
    seconds = frames.to_seconds(count, rate)
    if count == 0:
        return "holds no samples"
    if seconds < shortest_seconds:
        frame = shortest_seconds * 1e3
        return f"is {seconds * 1e3:.3g} ms long, shorter than one analysis frame of {frame:g} ms"
    return ""
