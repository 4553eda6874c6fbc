"""A recording and its resyntheses, all finished alike and written whole: what one worker process does."""

from typing import Final, NamedTuple
from zlib import crc32

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, firwin, oaconvolve, sosfiltfilt

from bonafide.audio import files, frames
from bonafide.audio.codec import round_trip
from bonafide.corpora.synthesis.finish import CUTOFF, Chain, finish, quantise
from bonafide.corpora.synthesis.transforms import Signal
from bonafide.corpora.synthesis.vocoders import VOCODERS
from bonafide.types import InputError
from bonafide.whole import whole

GENUINE: Final = "-"
"""The version that is no resynthesis."""

FOLDER: Final = "genuine"
"""Of the genuine versions; a system's folder has its name."""

CODECS: Final = ("aac", "mp3", "opus")
"""That keep the band; a telephone's would be told by it."""

SYSTEMS: Final = (*VOCODERS, *CODECS)
LOWEST_RATE: Final = 8_000  # Hz

_MARGIN: Final = 0.25  # seconds mirrored at both ends: vocoders and filters may start and stop there
_LOUDEST: Final = -26.0  # dB relative to full scale, as ITU-T P.56 has it: leaves room for peaks
_FULL: Final = 0.99  # of full scale
_BAND: Final = 0.88  # of half the rate, which soxr still passes on the way through another rate
_FLOOR: Final = -50.0  # dB relative to the level: hides digital silence, which no vocoder gives back
_SILENT: Final = 10 ** (-84 / 20)  # two steps of 16 bits


class Job(NamedTuple):
    """What is to be made of one recording.

    Args:
        source: file to read.
        root: folder that `FOLDER` and the systems' folders are in.
        name: of the versions, relative and without ending.
        systems: to be made, `GENUINE` among them if its copy is.
        kbps: bit rates by codec, kbit/s.
        seed: of every random draw.
        shortest: seconds; what is shorter is not usable.
        longest: seconds; what is longer is cut.
        channel: to take from files with several; None averages two and refuses more.
    """

    source: str
    root: str
    name: str
    systems: tuple[str, ...]
    kbps: tuple[tuple[str, float], ...]
    seed: int
    shortest: float
    longest: float
    channel: int | None


class Outcome(NamedTuple):
    """What became of a job.

    Args:
        problem: why the recording is not usable, in words that follow its name; empty if it is.
        cut: it was longer than is taken.
    """

    problem: str = ""
    cut: bool = False


def place(root: str, name: str, system: str) -> str:
    """File of a version."""
    return f"{root}/{path(name, system)}"


def path(name: str, system: str) -> str:
    """File of a version, relative to the root."""
    return f"{FOLDER if system == GENUINE else system}/{name}.flac"


def make(job: Job) -> Outcome:
    """Reads a recording and writes its versions, each file at once; says what is wrong with the recording.

    Raises:
        InputError: a version cannot be written.
    """
    try:
        header = files.header(job.source)
        rate, longest = header.sample_rate, frames.to_samples(job.longest, header.sample_rate)
        if rate < LOWEST_RATE:
            return Outcome(f"has {rate} Hz, fewer than {LOWEST_RATE:,}")
        wave = files.read(job.source, rate, length=longest, channel=job.channel).astype(np.float64)
    except InputError as error:
        return Outcome(str(error).removeprefix(f"{job.source} ").partition(";")[0])
    if wave.size < frames.to_samples(job.shortest, rate):
        return Outcome(f"is {wave.size / rate:.3g} s long, shorter than {job.shortest:g} s")
    recording = _recorded(wave, rate)
    margin = (recording.size - wave.size) // 2
    level = _level(recording[margin : margin + wave.size])
    if level is None:
        return Outcome("is silent")
    chain = _chain(job, wave.size, level)
    for system in job.systems:
        rng = _random(job, system)
        made = finish(_band_limited(_version(recording, rate, system, job, rng)), rate, chain, rng)
        _write(place(job.root, job.name, system), quantise(_inside(made), rng), rate)
    return Outcome(cut=header.frames > longest)


def _recorded(wave: Signal, rate: int) -> Signal:
    """Without what lies below speech, and with both ends mirrored."""
    margin = frames.to_samples(_MARGIN, rate)
    mirrored = np.pad(wave - wave.mean(), margin, mode="reflect")
    return np.asarray(sosfiltfilt(butter(8, CUTOFF, "highpass", fs=rate, output="sos"), mirrored))


def _version(wave: Signal, rate: int, system: str, job: Job, rng: np.random.Generator) -> Signal:
    if system == GENUINE:
        return wave
    if system in VOCODERS:
        return VOCODERS[system](wave, rate, rng)
    coded = round_trip(wave.astype(np.float32), rate, system, dict(job.kbps)[system])
    return coded.astype(np.float64)


def _band_limited(wave: Signal) -> Signal:
    """Without the band below half the rate that resampling, for some codecs, takes away."""
    return np.asarray(oaconvolve(wave, firwin(257, _BAND), mode="same"))


def _level(wave: Signal) -> float | None:
    """Root mean square in dB relative to full scale, at most `_LOUDEST`; None if silent.

    It depends on nothing but the recording, so a system added later gives files that fit those made before.
    """
    level = float(np.sqrt(np.mean(wave**2)))
    return None if level < _SILENT else min(_LOUDEST, float(20 * np.log10(level)))


def _chain(job: Job, samples: int, level: float) -> Chain:
    """What the versions share; the low-frequency noise, drawn for the recording, hides what was below it."""
    rumble = np.random.default_rng([job.seed, crc32(job.name.encode())]).uniform(-46.0, -30.0)
    return Chain(samples, level, floor=_FLOOR, rumble=float(rumble), dispersion=(0.0, 0.0, 0.0, 0.0))


def _random(job: Job, system: str) -> np.random.Generator:
    """Depends on seed, recording and system alone: neither on the order nor on what else is made."""
    return np.random.default_rng([job.seed, crc32(job.name.encode()), crc32(system.encode())])


def _inside(wave: Signal) -> Signal:
    """Flattens peaks beyond full scale, as after long silences, and keeps the level."""
    level, made = np.sqrt(np.mean(wave**2)), wave
    while np.max(np.abs(made)) > _FULL:
        flat = np.clip(made, -0.9 * _FULL, 0.9 * _FULL)
        made = flat * level / np.sqrt(np.mean(flat**2))
    return made


def _write(file: str, wave: NDArray[np.int16], rate: int) -> None:
    with whole(file) as part:
        soundfile.write(part, wave, rate, format="FLAC", subtype="PCM_16")
