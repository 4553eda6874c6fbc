"""Resamplers by name: part of a recipe, because detectors flip their decisions with them.

`soxr_*` is libsoxr (https://sourceforge.net/projects/soxr), from very high quality to low; `sinc_*` is
torchaudio's windowed sinc, with its default Hann window of width 6, or with the Kaiser window that its
documentation gives as librosa's `kaiser_best`. None has a delay.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from math import ceil, gcd
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from bonafide.audio import frames
from bonafide.types import InputError

RESAMPLERS: Final = ("soxr_vhq", "soxr_hq", "soxr_mq", "soxr_lq", "sinc_hann", "sinc_kaiser")

_REACH = 256  # samples at the lower of two rates after which no filter above leaves a trace of 1e-6
_LARGEST_KERNEL = 10_000_000  # torchaudio tabulates its filter; between unrelated rates it would fill memory


def resample(
    waveform: NDArray[np.float32], rate_from: int, rate_to: int, resampler: str = "soxr_hq"
) -> NDArray[np.float32]:
    """The waveform at another rate; untouched if it is the same.

    Raises:
        InputError: no resampler of that name, or one that cannot do these rates.

    Shape:
        `[time]` → `[frames.resampled_length(time, rate_from, rate_to)]`.
    """
    require(resampler)
    if rate_from == rate_to:
        return waveform
    length = frames.resampled_length(len(waveform), rate_from, rate_to)
    # Silence is appended because libsoxr rounds the length, down as often as up.
    padded = np.pad(waveform, (0, 1 + ceil(rate_from / rate_to)))
    if resampler.startswith("soxr_"):
        quality = resampler.removeprefix("soxr_").upper()
        return np.asarray(soxr.resample(padded, rate_from, rate_to, quality=quality)[:length], np.float32)
    return _sinc(rate_from, rate_to, resampler)(padded)[:length]


def require(resampler: str) -> None:
    """Refuses a name that is not in `RESAMPLERS`.

    Raises:
        InputError: no resampler of that name.
    """
    if resampler not in RESAMPLERS:
        raise InputError(f"there is no resampler {resampler!r}; choose one of {', '.join(RESAMPLERS)}")


def margin(rate_from: int, rate_to: int) -> int:
    """How far a resampler looks to either side, in samples at `rate_from`; none if the rates are equal."""
    return 0 if rate_from == rate_to else ceil(_REACH * max(1.0, rate_from / rate_to))


def resampler_version(resampler: str) -> str:
    """The library and version behind a name, for provenance.

    Raises:
        InputError: no resampler of that name.
    """
    require(resampler)
    library = "soxr" if resampler.startswith("soxr_") else "torchaudio"
    return f"{library} {version(library)}"


@lru_cache(maxsize=16)
def _sinc(
    rate_from: int, rate_to: int, resampler: str
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    import torch  # noqa: PLC0415 - only for who asks
    import torchaudio  # noqa: PLC0415 - heavy

    shared = gcd(rate_from, rate_to)
    if (rate_from // shared) * (rate_to // shared) > _LARGEST_KERNEL:
        raise InputError(
            f"resampler {resampler} cannot go from {rate_from} to {rate_to} Hz, which have no useful common "
            "divisor; set data.resampler=soxr_hq"
        )
    double = torch.float64  # of the filter only: tabulated in float32 it is 2e-5 off
    if resampler == "sinc_hann":
        transform = torchaudio.transforms.Resample(rate_from, rate_to, dtype=double).float()
    else:  # https://pytorch.org/audio/stable/tutorials/audio_resampling_tutorial.html#kaiser-best
        transform = torchaudio.transforms.Resample(
            rate_from,
            rate_to,
            resampling_method="sinc_interp_kaiser",
            lowpass_filter_width=64,
            rolloff=0.9475937167399596,
            beta=14.769656459379492,
            dtype=double,
        ).float()

    def apply(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            resampled: NDArray[np.float32] = transform(torch.from_numpy(waveform)).numpy()
        return resampled

    return apply
