"""Systems beside their bona fide references: what differs, by how much, and how sure that is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from bonafide.explain.corpus import fingerprints
from bonafide.explain.corpus.moments import Moments
from bonafide.explain.corpus.tally import GENUINE, Tally

Values = NDArray[np.float64]


class Difference(NamedTuple):
    """A mean difference with its 95 % interval (Student's t), `[values]` each.

    Args:
        mean: system minus reference.
        low: lower bound; not a number where the values are too few.
        high: upper bound.
    """

    mean: Values
    low: Values
    high: Values


class Fingerprint(NamedTuple):
    """Mean magnitudes of a system and of the recordings that it is compared with.

    Args:
        system: `[values]`.
        reference: likewise; not numbers where there is none.
    """

    system: Values
    reference: Values

    @property
    def compared(self) -> bool:
        """Whether there is a reference."""
        return not np.isnan(self.reference).any()


class System(NamedTuple):
    """One source of recordings.

    Args:
        corpus: of the bona fide side.
        system: `"-"` for bona fide.
        name: for pictures: the corpus stands in it only where there are several.
        files: how many were measured.
        pairs: utterances that it shares with its reference; 0 where the comparison is of all with all.
        numbers: in the order of `bonafide.explain.corpus.profile.NUMBERS`, over recordings.
        spectrum: in dB, over recordings.
        numbers_difference: to the reference; None for bona fide, and where there is no reference.
        spectrum_difference: likewise.
        packets: likewise, or None where all clips are too short.
        lines: likewise.
        waveform: mean waveform, where it was kept.
    """

    corpus: str
    system: str
    name: str
    files: int
    pairs: int
    numbers: Moments
    spectrum: Moments
    numbers_difference: Difference | None
    spectrum_difference: Difference | None
    packets: Fingerprint | None
    lines: Fingerprint | None
    waveform: Values | None

    @property
    def genuine(self) -> bool:
        """Whether it is a bona fide collection."""
        return self.system == GENUINE

    @property
    def compared(self) -> bool:
        """Whether there is a reference for its spectrum."""
        return self.spectrum_difference is not None


def compare(tally: Tally, *, faithful: bool = False) -> list[System]:
    """Every system with its reference, the bona fide recordings of its corpus.

    Where both have utterances in common, the difference is the mean over these; otherwise it is that of the
    means of all recordings, with Welch's standard error.

    Args:
        tally: of a corpus.
        faithful: as published: lines are those of the mean waveform, and fingerprints are of all recordings.
    """
    found = tally.systems()
    several = len({corpus for corpus, _ in found}) > 1
    return [_system(tally, corpus, system, several=several, faithful=faithful) for corpus, system in found]


def average(systems: Sequence[System], quantity: str) -> Fingerprint | None:
    """The mean fingerprint of all generators, and the mean of their references; None without any.

    Args:
        systems: of `compare`.
        quantity: `packets` or `lines`.
    """
    each = [getattr(system, quantity) for system in systems if not system.genuine]
    known = [one for one in each if one is not None and one.compared]
    if not known:
        return None
    return Fingerprint(
        np.mean([one.system for one in known], axis=0), np.mean([one.reference for one in known], axis=0)
    )


def halves(tally: Tally, systems: Sequence[System], quantity: str) -> tuple[Values, Values]:
    """What each generator leaves behind in either half of the utterances, in dB, `[generators, values]` each.

    Args:
        tally: of a corpus.
        systems: of `compare`.
        quantity: `packets` or `lines`.
    """
    known = [
        one
        for one in systems
        if not one.genuine and getattr(one, quantity) is not None and getattr(one, quantity).compared
    ]
    sides: list[list[Values]] = [[], []]
    for one in known:
        for half in (0, 1):
            found = _fingerprint(tally, one.corpus, one.system, quantity, paired=True, half=half)
            none = np.full(len(getattr(one, quantity).system), np.nan)
            sides[half].append(none if found is None else leftover(found))
    return np.array(sides[0]), np.array(sides[1])


def leftover(fingerprint: Fingerprint, *, faithful: bool = False) -> Values:
    """What a generator leaves behind, `[values]`: in dB, or as a difference of natural logarithms."""
    return (fingerprints.natural if faithful else fingerprints.decibels)(*fingerprint)


def _system(tally: Tally, corpus: str, system: str, *, several: bool, faithful: bool) -> System:
    kind = "bona fide" if system == GENUINE else system
    numbers, spectrum = (tally.of_all(corpus, system, name) for name in ("numbers", "spectrum"))
    pairs = tally.get("difference", corpus, system, "spectrum")
    waveform = tally.get("all", corpus, system, "waveform")
    return System(
        corpus,
        system,
        f"{corpus}: {kind}" if several else kind,
        int(spectrum.counts.max()),
        0 if pairs is None else int(pairs.counts.max()),
        numbers,
        spectrum,
        _difference(tally, corpus, system, "numbers"),
        _difference(tally, corpus, system, "spectrum"),
        _fingerprint(tally, corpus, system, "packets", paired=not faithful),
        _of_waveforms(tally, corpus, system)
        if faithful
        else _fingerprint(tally, corpus, system, "lines", paired=True),
        None if waveform is None else waveform.value,
    )


def _difference(tally: Tally, corpus: str, system: str, quantity: str) -> Difference | None:
    if system == GENUINE:
        return None
    pairs = tally.get("difference", corpus, system, quantity)
    if pairs is not None:
        return _interval(pairs.value, pairs.error, np.asarray(pairs.counts - 1, np.float64))
    mine, theirs = (tally.get("all", corpus, each, quantity) for each in (system, GENUINE))
    if mine is None or theirs is None:
        return None
    parts = [one.error**2 for one in (mine, theirs)]
    variance = parts[0] + parts[1]
    each = [part**2 / np.maximum(one.counts - 1, 1) for part, one in zip(parts, (mine, theirs), strict=True)]
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = np.where(variance > 0, variance**2 / (each[0] + each[1]), 1.0)
    return _interval(mine.value - theirs.value, np.sqrt(variance), freedom)


def _interval(mean: Values, error: Values, freedom: Values) -> Difference:
    reach = student.ppf(0.975, np.maximum(freedom, 1)) * error
    return Difference(mean, mean - reach, mean + reach)


def _fingerprint(
    tally: Tally, corpus: str, system: str, quantity: str, *, paired: bool, half: int | None = None
) -> Fingerprint | None:
    """A bona fide collection is its own reference."""
    mine = tally.get("all", corpus, system, quantity, half)
    theirs = tally.get("all", corpus, GENUINE, quantity, half)
    if paired and system != GENUINE:
        own = tally.get("paired", corpus, system, quantity, half)
        other = tally.get("reference", corpus, system, quantity, half)
        mine, theirs = (mine, theirs) if own is None or other is None else (own, other)
    if mine is None:
        return None
    return Fingerprint(mine.value, np.full(len(mine.mean), np.nan) if theirs is None else theirs.value)


def _of_waveforms(tally: Tally, corpus: str, system: str) -> Fingerprint | None:
    """Magnitudes of the mean waveform, in which phases cancel."""
    each = _fingerprint(tally, corpus, system, "waveform", paired=False)
    return None if each is None else Fingerprint(*(np.abs(np.fft.rfft(side)) for side in each))
