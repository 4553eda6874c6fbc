"""The page of given recordings: a map over each spectrogram, and a player."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console
from rich.table import Table as Screen

from bonafide.audio import mp3
from bonafide.evaluation import report
from bonafide.evaluation.cells import Cell, Column, Row, Table, count, measured, percent, score, word
from bonafide.evaluation.document import Document, Section
from bonafide.evaluation.mistakes import Mistake, Shown, excerpt
from bonafide.evaluation.summary import Picture
from bonafide.figures.thumbnail import thumbnail
from bonafide.scripts.jobs.attribution_page import GLOSSARY
from bonafide.types import InputError

if TYPE_CHECKING:
    from bonafide.scripts.jobs.attributed_recordings import Explained, Hearing

_MOST: Final = 40
"""Recordings on a page; a browser has to hold them. All have their pictures."""


def write(folder: Path, done: Sequence[tuple["Explained", Path]], hearing: "Hearing") -> None:
    """The page, and a table on the screen."""
    rate, sections = hearing.sample_rate, []
    for one, file in done[:_MOST]:
        caption = f"{one.path.name}: blue speaks for the output, orange against it"
        picture = Picture(file, caption, broad=True)
        sections.append(
            Section(one.path.name, (), (), [picture], _listening(one), [_heard(one, rate)], stacked=True)
        )
    note = "" if len(done) <= _MOST else f"The first {_MOST} of {len(done)} recordings; figures/ has all."
    document = Document(
        title="What the detector listens to",
        sections=sections,
        facts=hearing.facts,
        note=note,
        glossary=GLOSSARY[:3],
    )
    report.write_document(folder, document, name="attribution")
    screen = Screen("recording", "seconds", "score", "completeness error", "picture")
    for one, file in done:
        error = "–" if np.isnan(one.error) else f"{100 * one.error:.3f} %"
        screen.add_row(
            one.path.name, f"{len(one.waveform) / rate:.2f}", f"{one.score:+.2f}", error, str(file)
        )
    Console(width=None if sys.stdout.isatty() else 160).print(screen)
    sys.stdout.write(f"written to {folder}/attribution.html\n")


def _heard(one: "Explained", sample_rate: int) -> Shown:
    mistake = Mistake(str(one.path), "-", "-", "-", one.score, 0.0)
    try:
        heard = excerpt(str(one.path), "", sample_rate, seconds=len(one.waveform) / sample_rate)
        sound = mp3.encode(heard.waveform, heard.sample_rate)
    except InputError as error:
        return Shown(mistake, problem=f"Not to be heard: {error}.")
    return Shown(mistake, sound, thumbnail(heard.waveform, heard.sample_rate))


def _listening(one: "Explained") -> Table:
    columns = (
        Column("", ("place",)),
        Column("Recording", ("path",), text=True),
        Column("Score", ("score",)),
        Column("Completeness error, %", ("error",)),
    )
    error = Cell("", ("",)) if np.isnan(one.error) else measured(one.error, percent)
    cells = (count(1), word(one.path.name), measured(one.score, score), error)
    return Table(f"recording_{one.path.stem}", "To be heard", columns, (Row(cells),))
