"""What is wrong with a file, and what trivial numbers it has, before it is used."""

import os
from math import nan
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from bonafide.audio import channels, frames
from bonafide.audio.decoder import Undecodable
from bonafide.audio.probe import Probe, Prober
from bonafide.audio.recording import Recording
from bonafide.audio.riff import Plain, plain

_BEGINNING: Final = 1 << 12  # bytes


class Inspection(NamedTuple):
    """What a file really holds.

    The fields from `leading_silence` on are those of `bonafide.audio.probe.Probe`, for the waveform made
    mono; they are NaN, 0 or empty where a file was not decoded to its end.

    Args:
        frames: samples of each channel, counted while decoding; 0 if it cannot be read.
        sample_rate: in Hz; 0 if it cannot be read.
        channels: how many; 0 if it cannot be read.
        problem: why it cannot be used, in words that follow its name; empty if it can.
        container: `"WAV"`, `"FLAC"`, `"MP3"`, …; empty if it cannot be read.
        encoding: of a sample, as libsndfile names it (`"PCM_16"`, `"FLOAT"`, `"VORBIS"`), else as FFmpeg does
            (`"AAC"`); empty if it cannot be read.
    """

    frames: int
    sample_rate: int
    channels: int
    problem: str
    container: str = ""
    encoding: str = ""
    leading_silence: float = nan
    trailing_silence: float = nan
    zeros_at_end: float = nan
    zeros: float = nan
    rms: float = nan
    peak: float = nan
    crest: float = nan
    dc: float = nan
    below_40hz: float = nan
    below_60hz: float = nan
    from_7_to_8khz: float = nan
    above_7khz: float = nan
    top_band: float = nan
    floor: float = nan
    bits: int = 0
    content: str = ""


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
        header_only: believe the header; finds no damage but a WAV or AIFF that was cut off, probes nothing.
    """
    if header_only:
        found = _plain(str(path))
        if found is not None:
            problem = channels.problem(found.channels, channel)
            problem = problem or _too_short(found.frames, found.sample_rate, shortest_seconds)
            shape = (found.frames, found.sample_rate, found.channels)
            return Inspection(*shape, problem, "WAV", found.encoding)
    count, rate, width, form, probe = 0, 0, 0, ("", ""), Probe()
    try:
        with Recording(path) as recording:
            rate, width = recording.sample_rate, recording.channels
            form = recording.container, recording.encoding
            if header_only:
                count, problem = recording.header().frames, _unkept(recording)
            else:
                count, problem, probe = _decoded(recording, channel)
    except Undecodable as error:
        return Inspection(count, rate, width, str(error))
    problem = problem or channels.problem(width, channel) or _too_short(count, rate, shortest_seconds)
    return Inspection(count, rate, width, problem, *form, **probe._asdict())


def _plain(path: str) -> Plain | None:
    """What a plain WAV file says of itself; three system calls, where libsndfile needs dozens."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        return plain(os.read(file, _BEGINNING), os.fstat(file).st_size)
    except OSError:
        return None
    finally:
        os.close(file)


def _unkept(recording: Recording) -> str:
    """Whether the file is shorter than its own header says."""
    present, promised = recording.header().frames, recording.promised()
    if present >= promised:
        return ""
    seconds = [frames.to_seconds(samples, recording.sample_rate) for samples in (present, promised)]
    return f"is damaged or cut short: {seconds[0]:.2f} of {seconds[1]:.2f} s are there"


def _decoded(recording: Recording, channel: int | None) -> tuple[int, str, Probe]:
    """How many samples there are, whether one of them is not a number, and what the probe finds."""
    count, problem = 0, ""
    prober = None if channels.problem(recording.channels, channel) else Prober(recording.sample_rate)
    for block in recording.blocks():
        finite = np.isfinite(block)
        if not problem and not finite.all():
            first = frames.to_seconds(count + int(np.argmin(finite.all(axis=1))), recording.sample_rate)
            problem = f"holds samples that are not numbers (NaN or infinite), the first at {first:.3f} s"
            prober = None
        if prober is not None:
            prober.add(channels.mono(block, channel))
        count += len(block)
    return count, problem, Probe() if prober is None else prober.result()


def _too_short(count: int, rate: int, shortest_seconds: float) -> str:
    seconds = frames.to_seconds(count, rate)
    if count == 0:
        return "holds no samples"
    if seconds < shortest_seconds:
        frame = shortest_seconds * 1e3
        return f"is {seconds * 1e3:.3g} ms long, shorter than one analysis frame of {frame:g} ms"
    return ""
