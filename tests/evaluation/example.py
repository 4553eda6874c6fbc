"""Score tables and a summary in miniature, with names that every format must escape."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from bonafide.evaluation import breakdown
from bonafide.evaluation.breakdown import Group
from bonafide.evaluation.mistakes import Mistake, Shown
from bonafide.evaluation.scores import Trials
from bonafide.evaluation.summary import Picture, Summary
from bonafide.types import Utterance

NASTY = '<b>&_50%|"x"'
"""A name that is markup in HTML, Markdown and LaTeX."""


def group(*parts: tuple[str, str, list[float]]) -> Trials:
    """Trials from (corpus, system, scores); the system `-` is bona fide."""
    rows, values = [], []
    for corpus, system, scores in parts:
        label = "bonafide" if system == "-" else "spoof"
        rows += [
            Utterance(f"{corpus}/{system}/{n}", f"u{n}", corpus, system, "s", label)
            for n in range(len(scores))
        ]
        values += scores
    return Trials.of(rows, values)


def draw(center: float, count: int, seed: int) -> list[float]:
    return np.random.default_rng(seed).normal(center, 1, count).tolist()


def measured() -> Group:
    """1,000 bona fide trials, 700 spoofs of each of two systems."""
    parts = ("c", "-", draw(1, 1000, 0)), ("c", NASTY, draw(-1, 700, 1)), ("c", "melgan", draw(-1, 700, 2))
    return breakdown.measure(group(*parts), 0.25, group="test", replicates=20)


def png(path: Path, width: int = 40, height: int = 20) -> Path:
    Image.new("RGB", (width, height)).save(path)
    return path


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, format="jpeg")
    return file.getvalue()


def summary(folder: Path, found: Group) -> Summary:
    """A report with everything in it; `test` and a group with a nasty name."""
    heard = Mistake(f"wavs/{NASTY}.wav", NASTY, "linda", "spoof", 2.5, 2.25)
    gone = Mistake("wavs/gone.wav", "-", "-", "bonafide", -3.0, 3.25)
    (folder / "figures").mkdir()
    return Summary(
        title=f"A run {NASTY}",
        facts={"Model": "rawnet2", NASTY: NASTY},
        groups={"test": found, NASTY: {**found, "remarks": ["Ties blur the EER."]}},
        note="The corpus is synthetic.",
        trained=["melgan"],
        trivial={"test": 0.4321},
        pictures=[
            Picture(png(folder / "figures" / "det.png"), "DET curves"),
            Picture(png(folder / "figures" / "scores 1.png"), f"Scores of {NASTY}", "test"),
        ],
        mistakes={
            "test": [Shown(heard, b"ID3 sound", jpeg()), Shown(gone, problem="Not to be heard: it is gone.")]
        },
    )
