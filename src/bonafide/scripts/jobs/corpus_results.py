"""What a description of a corpus leaves: arrays, a table, figures, sounds and a page."""

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bonafide.data.module import AudioData
from bonafide.explain.corpus import comparison, fingerprints
from bonafide.explain.corpus.comparison import System
from bonafide.explain.corpus.profile import NUMBERS, Settings
from bonafide.explain.corpus.tally import Tally
from bonafide.scripts.jobs import corpus_page, corpus_pictures, corpus_sounds
from bonafide.types import InputError
from bonafide.whole import whole

KINDS: Final = ("packets", "lines")
ALL: Final = "all generators"


class Facts(NamedTuple):
    """What was described.

    Args:
        data: the corpus.
        table: its recordings, as in a manifest.
        settings: how they were measured.
        amount: recordings of each system at the most.
        seed: of their choice and of random phases.
        left_out: files that could not be used.
    """

    data: AudioData
    table: pa.Table
    settings: Settings
    amount: int | None
    seed: int
    left_out: int


class Leftovers(NamedTuple):
    """Difference fingerprints of one kind.

    Args:
        khz: frequency of each value.
        systems: name → magnitudes of the system, and of its reference; None for bona fide.
        differences: name → difference of the generators, that of all together first.
        names: of the generators.
        similarity: of the generators, `[generators, generators]`.
    """

    khz: NDArray[np.float64]
    systems: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64] | None]]
    differences: Mapping[str, NDArray[np.float64]]
    names: Sequence[str]
    similarity: NDArray[np.float64]


def check_phase(phase: str) -> None:
    """Refuses a phase before anything is measured.

    Raises:
        InputError: it is neither `random` nor a recording.
    """
    if phase != "random" and not Path(phase).expanduser().is_file():
        raise InputError(f"phase={phase} is neither random nor a recording; give one of them")


def write(folder: Path, tally: Tally, facts: Facts, phase: str) -> None:
    """Writes everything into a folder, and says what there is.

    Args:
        folder: is made.
        tally: what was measured.
        facts: what was described.
        phase: of audible fingerprints: `random`, or the path of a recording.
    """
    systems = comparison.compare(tally, faithful=facts.settings.faithful)
    leftovers = {kind: found for kind in KINDS if (found := _leftovers(tally, systems, kind, facts.settings))}
    hertz = np.arange(facts.settings.n_fft // 2 + 1) * facts.settings.sample_rate / facts.settings.n_fft
    _arrays(folder / "statistics.npz", _statistics(systems, hertz, scale=_scale(facts.settings)))
    for kind, found in leftovers.items():
        _arrays(folder / f"fingerprints_{kind}.npz", _of_leftovers(found))
    _csv(folder / "systems.csv", systems, hertz)
    pictures = corpus_pictures.draw(folder / "figures", systems, leftovers, hertz / 1000, facts.settings)
    heard = corpus_sounds.write(folder / "audible", systems, facts, phase)
    page = corpus_page.write(folder / "description.html", systems, facts, pictures, heard, phase)
    _show(systems, page)


def _leftovers(tally: Tally, systems: Sequence[System], kind: str, settings: Settings) -> Leftovers | None:
    """What there is of one kind of fingerprint; None where all clips are too short."""
    known = [(system, found) for system in systems if (found := getattr(system, kind)) is not None]
    if not known:
        return None
    khz = (
        fingerprints.packet_hertz(settings.sample_rate, settings.level)
        if kind == "packets"
        else fingerprints.line_hertz(settings.sample_rate, settings.samples)
    ) / 1000
    pairs = {
        one.name: (found.system, None if one.genuine or not found.compared else found.reference)
        for one, found in known
    }
    differences = {
        one.name: comparison.leftover(found, faithful=settings.faithful)
        for one, found in known
        if not one.genuine and found.compared
    }
    names = list(differences)
    if settings.faithful:
        alike = [np.array(list(differences.values()))] * 2
    else:
        alike = [fingerprints.coarse(side) for side in comparison.halves(tally, systems, kind) if len(side)]
    everyone = comparison.average(systems, kind)
    if everyone is not None and len(names) > 1:
        differences = {ALL: comparison.leftover(everyone, faithful=settings.faithful), **differences}
    empty: NDArray[np.float64] = np.empty((0, 0))
    return Leftovers(khz, pairs, differences, names, fingerprints.similarity(*alike) if names else empty)


def _scale(settings: Settings) -> float:
    """From decibels to what was published as such: 10 ln."""
    return float(np.log(10)) if settings.faithful else 1.0


def _statistics(systems: Sequence[System], hertz: NDArray[np.float64], scale: float) -> dict[str, Any]:
    none = np.full(len(hertz), np.nan)
    found = [system.spectrum_difference for system in systems]
    differences = [[none] * 3 if each is None else list(each) for each in found]
    return {
        "systems": np.array([system.name for system in systems]),
        "hertz": hertz,
        "spectrum": scale * np.array([system.spectrum.value for system in systems]),
        "spectrum_deviation": scale * np.array([system.spectrum.deviation for system in systems]),
        "difference": scale * np.array([each[0] for each in differences]),
        "difference_low": scale * np.array([each[1] for each in differences]),
        "difference_high": scale * np.array([each[2] for each in differences]),
        "numbers": np.array(NUMBERS),
        "mean": np.array([system.numbers.value for system in systems]),
        "deviation": np.array([system.numbers.deviation for system in systems]),
    }


def _of_leftovers(found: Leftovers) -> dict[str, Any]:
    return {
        "hertz": 1000 * found.khz,
        "systems": np.array(list(found.systems)),
        "magnitude": np.array([own for own, _ in found.systems.values()]),
        "reference": np.array([own if other is None else other for own, other in found.systems.values()]),
        "differences": np.array(list(found.differences)),
        "difference": np.array(list(found.differences.values())),
        "generators": np.array(found.names),
        "similarity": found.similarity,
    }


def _arrays(file: Path, arrays: Mapping[str, Any]) -> None:
    with whole(file) as part, part.open("wb") as stream:
        np.savez_compressed(stream, **arrays)


def _csv(file: Path, systems: Sequence[System], hertz: NDArray[np.float64]) -> None:
    """A line a system; empty where something is not known."""
    kinds = ("", "_deviation", "_difference", "_difference_low", "_difference_high")
    titles = [f"{name}{kind}" for name in NUMBERS for kind in kinds]
    shape = ["spectrum_mean_absolute_db", "spectrum_largest_db", "spectrum_largest_hz"]
    with whole(file) as part, part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["corpus", "system", "label", "recordings", "pairs", *titles, *shape])
        for system in systems:
            label = "bonafide" if system.genuine else "spoof"
            plain = [system.numbers.value, system.numbers.deviation]
            none = [np.full(len(NUMBERS), np.nan)] * 3
            each = [*plain, *(system.numbers_difference or none)]
            values = [float(column[place]) for place in range(len(NUMBERS)) for column in each]
            values += _shape(system, hertz)
            known = ["" if np.isnan(value) else f"{value:.6g}" for value in values]
            writer.writerow([system.corpus, system.system, label, system.files, system.pairs, *known])


def _shape(system: System, hertz: NDArray[np.float64]) -> list[float]:
    """Mean absolute difference of the spectrum, the largest one, and where it is."""
    if system.spectrum_difference is None:
        return [float("nan")] * 3
    mean = system.spectrum_difference.mean
    place = int(np.abs(mean).argmax())
    return [float(np.abs(mean).mean()), float(mean[place]), float(hertz[place])]


def _show(systems: Sequence[System], page: Path) -> None:
    table = Table("system", "recordings", "pairs", *(corpus_page.TITLES[name] for name in NUMBERS))
    for system in systems:
        values = [
            corpus_page.text(name, value) for name, value in zip(NUMBERS, system.numbers.value, strict=True)
        ]
        table.add_row(system.name, f"{system.files:,}", str(system.pairs or "-"), *values)
    screen = Console(width=None if sys.stdout.isatty() else 160)
    screen.print(table)
    screen.print(f"page: {page}", soft_wrap=True)
