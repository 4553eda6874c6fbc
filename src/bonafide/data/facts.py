"""The fact sheet of a corpus: how many recordings and hours of what, how long, at which rates."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from bonafide.data.manifest import Manifest
from bonafide.data.split import TEST, TRAIN, VALIDATION


class Line(NamedTuple):
    """Recordings of one system, or of one bona fide collection, in all parts.

    Args:
        corpus: collection of the bona fide side.
        system: `"-"` for bona fide.
        files: in each part.
        speakers: how many are named.
        hours: altogether.
        seconds: shortest, median and longest.
        rates: sample rates with their numbers of files, the most common first.
    """

    corpus: str
    system: str
    files: dict[str, int]
    speakers: int
    hours: float
    seconds: tuple[float, float, float]
    rates: dict[int, int]


def sheet(manifest: Manifest, parts: NDArray[np.object_]) -> list[Line]:
    """The facts, bona fide collections first in each corpus.

    Args:
        manifest: of usable files.
        parts: the part of each row.
    """
    corpus, corpora = manifest.codes("corpus")
    system, systems = manifest.codes("system")
    speaker, speakers = manifest.codes("speaker")
    seconds, rate = manifest.numbers("seconds"), manifest.numbers("sample_rate")
    key = corpus * len(systems) + system
    lines = []
    for code in np.unique(key):
        rows = np.flatnonzero(key == code)
        lengths = seconds[rows]
        named = {speakers[each] for each in np.unique(speaker[rows])} - {"-", ""}
        lines.append(
            Line(
                corpora[code // len(systems)],
                systems[code % len(systems)],
                {part: int((parts[rows] == part).sum()) for part in (TRAIN, VALIDATION, TEST)},
                len(named),
                float(lengths.sum()) / 3600,
                (float(lengths.min()), float(np.median(lengths)), float(lengths.max())),
                dict(Counter(rate[rows].tolist()).most_common()),
            )
        )
    return sorted(lines, key=lambda line: (line.corpus, line.system != "-", line.system))


def mixed_rates(manifest: Manifest, lines: Sequence[Line]) -> list[str]:
    """Where one source has several sample rates, a line each, with the first file of the rarer ones."""
    rate, path = manifest.numbers("sample_rate"), manifest.strings("path")
    system, corpus = manifest.strings("system"), manifest.strings("corpus")
    found = []
    for line in lines:
        usual, *others = line.rates
        for other in others:
            mine = (system == line.system) & (corpus == line.corpus) & (rate == other)
            name = f"{line.corpus} (bona fide)" if line.system == "-" else line.system
            found.append(
                f"{name} has mixed sample rates: {line.rates[other]:,} files at {other:,} Hz, the first is "
                f"{path[mine][0]}, and {line.rates[usual]:,} at {usual:,} Hz; all are resampled"
            )
    return found


def table(lines: Sequence[Line]) -> Table:
    """For the screen."""
    made = Table(
        "corpus", "system", *(TRAIN, VALIDATION, TEST), "speakers", "hours", "seconds (median)", "Hz",
        title="recordings",
    )  # fmt: skip
    for line in lines:
        low, middle, high = line.seconds
        made.add_row(
            line.corpus,
            "bona fide" if line.system == "-" else line.system,
            *(f"{line.files[part]:,}" for part in (TRAIN, VALIDATION, TEST)),
            f"{line.speakers or '?'}",
            f"{line.hours:.2f}",
            f"{low:.1f} to {high:.1f} ({middle:.1f})",
            ", ".join(f"{rate:,}" for rate in line.rates),
            style="bold" if line.system == "-" else None,
        )
    total = {part: sum(line.files[part] for line in lines) for part in (TRAIN, VALIDATION, TEST)}
    made.add_section()
    numbers = (f"{total[part]:,}" for part in total)
    made.add_row("all", "", *numbers, "", f"{sum(line.hours for line in lines):.2f}", "", "")
    return made


def plain(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """For JSON."""
    return [line._asdict() for line in lines]
