"""The page of a description: facts, remarks and the table around figures and sounds."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bonafide.audio import files
from bonafide.explain.corpus.comparison import System
from bonafide.explain.corpus.page import Cell, Chapter, Heard, Page, Row, render
from bonafide.explain.corpus.profile import NUMBERS
from bonafide.whole import whole

if TYPE_CHECKING:
    from bonafide.scripts.jobs.corpus_results import Facts

TITLES: Final = {
    "seconds": "duration (s)",
    "centroid_hz": "centroid (Hz)",
    "pitch_hz": "pitch (Hz)",
    "pitch_spread_hz": "spread of pitch (Hz)",
    "voiced": "voiced (%)",
    "loudness_lufs": "loudness (LUFS)",
    "rms_db": "level (dBFS)",
}
_DIGITS: Final = {
    "seconds": 2,
    "loudness_lufs": 1,
    "rms_db": 1,
    "voiced": 1,
    "pitch_hz": 1,
    "pitch_spread_hz": 1,
}

_FEW: Final = 30
"""Recordings below which a system's numbers say little."""

GLOSSARY: Final = (
    (
        "Pairs",
        "utterances that a system shares with the bona fide recordings of its corpus. Differences are taken "
        "on them, so that what is said cancels; without pairs, all recordings are compared with all.",
    ),
    (
        "Spectral centroid",
        "where the magnitudes of a frame balance, averaged over the frames with any sound.",
    ),
    (
        "Pitch",
        "mean over the voiced frames of a recording, by autocorrelation (Boersma, 1993); its spread is the "
        "standard deviation within a recording.",
    ),
    ("Loudness", "gated loudness after ITU-R BS.1770-4, of recordings of at least 0.4 s."),
    (
        "Level (dB)",
        "of a spectrum: 10 log10 of the mean power of frames under a Hann window, full scale 1; digital "
        "silence is -120 dB.",
    ),
    (
        "Fingerprint",
        "mean magnitude of each wavelet packet or spectral line over the recordings of a system: what is "
        "said averages out, what the generator always does stays.",
    ),
    (
        "Difference fingerprint",
        "the logarithm of a system's fingerprint minus that of its bona fide reference.",
    ),
)


def text(name: str, value: float) -> str:
    """A number as people read it."""
    if np.isnan(value):
        return "-"
    return f"{100 * value if name == 'voiced' else value:,.{_DIGITS.get(name, 0)}f}"


def write(  # noqa: PLR0917 - the parts of a page, each once
    file: Path,
    systems: Sequence[System],
    facts: "Facts",
    chapters: Sequence[Chapter],
    heard: Sequence[Heard],
    phase: str,
) -> Path:
    """Writes the page and gives its path."""
    settings = facts.settings
    page = Page(
        title=f"{facts.data.corpus.name}: what sets its systems apart",
        remarks=_remarks(systems, facts),
        facts={
            "Recordings": f"{facts.table.num_rows:,}",
            "Bona fide collections": str(sum(system.genuine for system in systems)),
            "Systems": str(sum(not system.genuine for system in systems)),
            "Recordings of each at the most": "all" if facts.amount is None else f"{facts.amount:,}",
            "Sample rate": f"{settings.sample_rate:,} Hz",
            "Resampler": _resampler(facts),
            "Condition": _condition(facts),
            "Unusable files left out": str(facts.left_out),
            "Seed": str(facts.seed),
        },
        columns=["System", "recordings", "pairs", *TITLES.values()],
        rows=[_row(system) for system in systems],
        chapters=chapters,
        heard=heard,
        phase=_phase(phase, facts),
        glossary=GLOSSARY,
    )
    with whole(file) as part:
        part.write_text(render(page), encoding="utf-8")
    return file


def _row(system: System) -> Row:
    cells = [Cell(f"{system.files:,}"), Cell(f"{system.pairs:,}" if system.pairs else "-")]
    for place, name in enumerate(NUMBERS):
        value = text(name, float(system.numbers.value[place]))
        if system.numbers_difference is None or np.isnan(system.numbers_difference.mean[place]):
            cells.append(Cell(value))
            continue
        mean, low, high = (float(side[place]) for side in system.numbers_difference)
        shown = text(name, mean)
        cells.append(Cell(value, shown if shown.startswith("-") else f"+{shown}", bool(low > 0 or high < 0)))
    return Row(system.name, system.genuine, cells)


def _remarks(systems: Sequence[System], facts: "Facts") -> list[str]:
    """What makes the numbers mean less than they seem."""
    said = [facts.data.corpus.caveat] if facts.data.corpus.caveat else []
    alone = [system.name for system in systems if not system.genuine and not system.compared]
    if alone:
        said.append(f"No bona fide recordings of their corpus to compare with: {_listed(alone)}.")
    apart = [system.name for system in systems if system.compared and not system.pairs]
    if apart:
        said.append(
            "They share no utterances with bona fide recordings, so differences hold what is said "
            "and who speaks as "
            f"well: {_listed(apart)}."
        )
    few = [system.name for system in systems if system.files < _FEW]
    if few:
        said.append(f"Fewer than {_FEW} recordings, too few for fine lines: {_listed(few)}.")
    return said + _rates(systems, facts)


def _rates(systems: Sequence[System], facts: "Facts") -> list[str]:
    """Where the band, not the generator, makes the difference."""
    table, rate = facts.table, facts.settings.sample_rate
    corpus, system = (table.column(name).to_numpy(zero_copy_only=False) for name in ("corpus", "system"))
    native = table.column("sample_rate").to_numpy()
    found = {}
    for one in systems:
        rows = (corpus == one.corpus) & (system == one.system)
        found[one.corpus, one.system] = int(min(native[rows].min(), rate))
    said = [
        f"{one.name}: {found[one.corpus, one.system]:,} Hz against {found[one.corpus, '-']:,} Hz"
        for one in systems
        if one.compared and found[one.corpus, one.system] != found[one.corpus, "-"]
    ]
    if not said:
        return []
    return [
        "Sample rates below the one that is heard differ from those of bona fide, so the band alone "
        "tells them "
        f"apart ({_listed(said)}); lower data.sample_rate or set data.condition.lowpass_hz."
    ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _condition(facts: "Facts") -> str:
    wanted = facts.data.form.condition
    fields = wanted._asdict().items()
    said = [f"{name} {value:g}" for name, value in fields if value and not isinstance(value, bool)]
    return ", ".join([*said, *(["dither"] if wanted.dither else [])]) or "none"


def _resampler(facts: "Facts") -> str:
    name = facts.data.form.resampler
    return f"{name} ({files.resampler_version(name)})"


def _phase(phase: str, facts: "Facts") -> str:
    made = f"a random phase (seed {facts.seed})" if phase == "random" else f"the phase of {Path(phase).name}"
    return (
        f"Mean magnitudes turned back into sound with {made}, three times in a row. What a system "
        "adds is where its "
        "magnitudes lie above those of its bona fide reference, what it lacks is where they lie "
        "below. All are "
        "brought to one safe level; the gain that this took is named, and the files lie in the "
        "folder audible."
    )
