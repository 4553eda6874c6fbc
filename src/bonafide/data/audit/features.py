"""The trivial numbers that are looked at, each with what removes it."""

from collections.abc import Callable, Mapping
from math import nan
from typing import Final, NamedTuple

import numpy as np

from bonafide.data.audit.columns import Coded, Values, coded
from bonafide.data.manifest import Manifest

_LENGTH = "cut clips of one length at random, data.clip_seconds below that of most files"
_TRIM = "data.condition.trim_seconds=0.025, more where the silence is longer"
_LEVEL = "data.condition.level_db=-26"
_HIGHPASS = "data.condition.highpass_hz=60"
_LOWPASS = "data.condition.lowpass_hz=7000"
_BAND = "data.sample_rate of the lower side, and data.condition.lowpass_hz below half of it"
_DITHER = "data.condition.dither=true"
_NOISE = "no condition removes it; train with noise at random levels"


class Feature(NamedTuple):
    """A trivial number.

    Args:
        title: for people.
        remedy: what removes it.
        of: makes it of the columns it is named for, in a scale on which it is spread evenly.
        columns: of the manifest.
    """

    title: str
    remedy: str
    of: Callable[..., Values]
    columns: tuple[str, ...]


def _as_is(values: Values) -> Values:
    return values


def _known(values: Values) -> Values:
    """0 stands for what is not known."""
    return np.where(values > 0, values, nan)


def _multiple(base: int) -> Callable[[Values], Values]:
    return lambda frames: np.where(frames > 0, frames % base == 0, nan)


def _plain(name: str, title: str, remedy: str) -> dict[str, Feature]:
    return {name: Feature(title, remedy, _as_is, (name,))}


FEATURES: Final[Mapping[str, Feature]] = {
    "duration": Feature(
        "duration",
        _LENGTH,
        lambda frames, rate: np.log(_known(frames) / _known(rate)),
        ("frames", "sample_rate"),
    ),
    "multiple_of_256": Feature("length divisible by 256", _LENGTH, _multiple(256), ("frames",)),
    "multiple_of_300": Feature("length divisible by 300", _LENGTH, _multiple(300), ("frames",)),
    **_plain("leading_silence", "leading silence", _TRIM),
    **_plain("trailing_silence", "trailing silence", _TRIM),
    "zeros_at_end": Feature("zeros at the end", _TRIM, np.log1p, ("zeros_at_end",)),
    "zeros": Feature("share of exact zeros", _DITHER, lambda share: np.log(share + 1e-5), ("zeros",)),
    **_plain("rms", "level", _LEVEL),
    **_plain("peak", "peak", _LEVEL),
    **_plain("crest", "peak over level", _NOISE),
    "dc": Feature("offset (DC)", _HIGHPASS, lambda mean: np.log(mean + 1e-8), ("dc",)),
    **_plain("below_40hz", "energy below 40 Hz", _HIGHPASS),
    **_plain("below_60hz", "energy below 60 Hz", _HIGHPASS),
    **_plain("from_7_to_8khz", "energy at 7–8 kHz", _LOWPASS),
    **_plain("above_7khz", "energy above 7 kHz", _LOWPASS),
    **_plain("top_band", "energy in the top 8 %", _BAND),
    **_plain("floor", "noise floor", f"{_LEVEL}; {_NOISE}"),
    "sample_rate": Feature("sample rate", _BAND, lambda rate: np.log(_known(rate)), ("sample_rate",)),
    "bits": Feature("bit depth", _DITHER, _known, ("bits",)),
}
KINDS: Final = {"container": ("container", _DITHER), "encoding": ("encoding", _DITHER)}
"""What has a name instead of a number, with its title and remedy."""


def title(feature: str) -> str:
    """A feature's name for people."""
    return FEATURES[feature].title if feature in FEATURES else KINDS[feature][0]


def remedy(feature: str) -> str:
    """What removes it."""
    return FEATURES[feature].remedy if feature in FEATURES else KINDS[feature][1]


class Seen(NamedTuple):
    """The trivial features of every row."""

    numbers: Mapping[str, Values]
    kinds: Mapping[str, Coded]


def of(manifest: Manifest) -> Seen:
    """All features, NaN or -1 where a row says nothing."""
    numbers = {
        name: np.asarray(
            feature.of(*(manifest.numbers(column).astype(np.float64) for column in feature.columns))
        )
        for name, feature in FEATURES.items()
    }
    return Seen(numbers, {name: coded(manifest, name) for name in KINDS})
