"""Seconds, samples and frames: the one place where they are converted.

A sample `k` at `rate` is the instant `k / rate` seconds; instant 0 is the same at every rate. All arithmetic
is exact, on integers or fractions: 4.0375 s at 16 kHz are 64,600 samples, never 64,599.
"""

from fractions import Fraction
from math import floor, gcd, isfinite
from typing import NamedTuple

from bonafide.types import InputError


def to_samples(seconds: float, rate: int) -> int:
    """The nearest whole number of samples, halves upwards.

    Args:
        seconds: taken as the decimal number that is written, not as its binary neighbour.
        rate: in Hz.

    Raises:
        InputError: negative or not a number, or the rate is not positive.

    >>> to_samples(4.0375, 16000), to_samples(0.1, 22050), to_samples(0.00003125, 16000)
    (64600, 2205, 1)
    """
    if not isfinite(seconds) or seconds < 0:
        raise InputError(f"a duration of {seconds} s is impossible; give zero or more seconds")
    return floor(Fraction(str(float(seconds))) * _positive(rate) + Fraction(1, 2))


def to_seconds(samples: int, rate: int) -> float:
    """Instant of a sample, or duration of that many.

    >>> to_seconds(64600, 16000)
    4.0375
    """
    return samples / _positive(rate)


def resampled_length(samples: int, rate_from: int, rate_to: int) -> int:
    """How many samples a recording has at another rate: those whose instants lie before its end.

    That is ⌈samples · rate_to / rate_from⌉, with every resampler.

    >>> resampled_length(22051, 22050, 16000), resampled_length(64600, 16000, 16000)
    (16001, 64600)
    """
    return -(-samples * _positive(rate_to) // _positive(rate_from))


def covering(samples: int, length: int, hop: int) -> int:
    """How many windows of `length`, a `hop` apart, reach the end of `samples`; one if they fit in one.

    >>> covering(10, 4, 3), covering(11, 4, 3), covering(3, 4, 3), covering(0, 4, 3)
    (3, 4, 1, 0)
    """
    if samples <= 0:
        return 0
    return 1 + max(0, -(-(samples - length) // hop))


class Span(NamedTuple):
    """What to decode for a window at another rate.

    Args:
        start: first sample to decode.
        stop: the sample after the last, None for the end.
        skip: samples before the window once these are resampled.
    """

    start: int
    stop: int | None
    skip: int


def span(start: int, length: int | None, rate_from: int, rate_to: int, margin: int) -> Span:
    """The samples at `rate_from` that make the window `start`, `length` at `rate_to`.

    The first one lies on the grid of instants that both rates share (every 441st for 22,050 → 16,000 Hz), so
    that a resampler meets the same phases as when it starts at the beginning of the file.

    Args:
        start: first sample of the window, at `rate_to`.
        length: of the window, at `rate_to`; None for the rest.
        rate_from: of the file.
        rate_to: of the window.
        margin: samples at `rate_from` that the resampler sees on either side.

    >>> span(16000, 16000, 22050, 16000, 400)
    Span(start=21609, stop=44500, skip=320)
    """
    shared = gcd(rate_from, rate_to)
    step_from, step_to = rate_from // shared, rate_to // shared
    steps = max(0, start * step_from // step_to - margin) // step_from
    stop = None if length is None else -(-(start + length) * step_from // step_to) + margin
    return Span(steps * step_from, stop, start - steps * step_to)


def _positive(rate: int) -> int:
    if rate <= 0:
        raise InputError(f"a sample rate of {rate} Hz is impossible; give a positive one")
    return rate
