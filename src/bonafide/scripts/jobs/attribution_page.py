"""What is written about attributions: arrays, tables, figures, a page, and a few lines on the screen."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table as Screen

from bonafide.evaluation import report
from bonafide.evaluation.cells import percent
from bonafide.evaluation.document import Document, Headline, Section
from bonafide.evaluation.summary import Picture
from bonafide.explain.detector import faithfulness
from bonafide.explain.detector.answer import Answer
from bonafide.explain.detector.attribution import completeness
from bonafide.explain.detector.faithfulness import Faithfulness
from bonafide.explain.detector.means import Maps, Sums
from bonafide.figures import removal
from bonafide.figures.style import save
from bonafide.frontends.legend import Legend
from bonafide.scripts.jobs import attribution_files, attribution_tables
from bonafide.scripts.jobs.results import part
from bonafide.types import BONAFIDE, SPOOF

if TYPE_CHECKING:
    from bonafide.scripts.jobs.explaining import Look

Array = NDArray[np.float64]

FAR: Final = 0.05
"""Error of completeness above which one is told how to lower it."""

GLOSSARY: Final = (
    ("Attribution", "how much a part of the input adds to the output that is explained, above its baseline"),
    ("Baseline", "the same clip with nothing to be heard: zeros, a blurred clip, or the mean of others"),
    ("Completeness error", "how far the attributions of a clip are from adding up to what its output differs "
     "from that of its baseline, as a share of this difference"),
    ("Taken away", "parts are replaced by the baseline, the most attributed first; the sooner the output is "
     "that of the baseline, the better the map knows what the detector listens to"),
    ("Area over chance", "area between the curve of the map and that of random orders; 0: no better than "
     "chance, 0.5: everything hangs on a part that the map names, more: the output swings to the other side"),
)  # fmt: skip


def facts(cfg: DictConfig, recipe: DictConfig) -> dict[str, str]:
    """What was asked for."""
    settings = ", ".join(f"{name}={value}" for name, value in cfg.attribute.items() if name[0] != "_")
    output = f"{'probability of ' if cfg.probability else ''}{cfg.of}"
    return {
        "Run": Path(cfg.run).name,
        "Model": f"{part(recipe.model)} on {part(recipe.frontend)}",
        "Method": f"{part(cfg.attribute)} ({settings})",
        "Output explained": output,
        "Input": str(cfg.on),
        "Baseline": str(cfg.baseline),
        "Seed": str(cfg.seed),
    }


def legend(answer: Answer) -> Legend:
    """Of what is attributed to."""
    return Legend("waveform", "amplitude") if answer.on == "waveform" else answer.frontend.legend()


def write(folder: Path, look: "Look", *, seconds: float, complete: bool) -> None:
    """Everything about the clips of a corpus that were explained so far."""
    by_label = {
        label: Sums.of(parts)
        for label in (BONAFIDE, SPOOF)
        if (parts := [sums for system, sums in look.sums.items() if (system == "-") == (label == BONAFIDE)])
    }
    all_maps = Sums.of(list(by_label.values())).means()
    systems = {system: sums.means() for system, sums in sorted(look.sums.items())}
    answer = next(iter(look.answers.values()))
    axes = legend(answer)
    form = look.data.form
    times = (
        np.arange(form.samples) / form.sample_rate
        if answer.on == "waveform"
        else answer.frontend.times(form.samples).double().numpy()
    )
    curves = look.trial.curves()
    measures = {unit: faithfulness.measure(found, seed=look.cfg.seed) for unit, found in curves.items()}
    error = _completeness(look)
    attribution_files.arrays(folder, all_maps, systems, times, axes)
    if look.cfg.faithful:
        attribution_files.published(folder, look, all_maps)
    attribution_files.clips(folder / "clips.csv", look)
    pictures = attribution_files.pictures(
        folder, {label: sums.means() for label, sums in by_label.items()}, systems, times, axes
    )
    if curves:
        mean = {
            unit: removal.Removal(c.shares, c.deletion.mean(0), c.insertion.mean(0), c.random.mean(1))
            for unit, c in curves.items()
        }
        save(removal.removal(mean), folder / "figures" / "faithfulness.png")
    done, wanted = len(look.rows), len(look.chosen.clips)
    told = facts(look.cfg, look.recipe) | {
        "Clips explained": f"{done:,} of {look.cfg.samples}"
        + ("" if complete else f", of {len(look.chosen.clips):,} wanted"),
        "Data": f"{look.data.corpus.name}",
        "Duration": f"{seconds:.0f} s",
    }
    note = look.data.corpus.caveat
    if not complete:
        note = f"Interrupted after {done:,} of {wanted:,} clips: means are those of the clips so far. {note}"
    document = Document(
        title=f"What {part(look.recipe.model)} listens to",
        sections=_sections(folder, pictures, measures, systems, axes),
        headlines=_headlines(measures, error),
        facts=told,
        note=note,
        glossary=GLOSSARY,
    )
    report.write_json(
        folder / "attribution.json",
        {
            "clips": done,
            "complete": complete,
            **({} if error is None else {"completeness_error": error}),
            "faithfulness": {unit: found._asdict() for unit, found in measures.items()},
            "settings": told,
        },
    )
    report.write_document(folder, document, name="attribution")
    _show(folder, measures, error, done, look.cfg.attribute)


def _completeness(look: "Look") -> float | None:
    due = np.array([row.due for row in look.rows])
    if np.isnan(due).any():
        return None
    total = np.array([row.sum for row in look.rows])
    return completeness(torch.from_numpy(total - due), torch.from_numpy(due))


def _headlines(measures: Mapping[str, Faithfulness], error: float | None) -> list[Headline]:
    found = []
    for unit, measure in measures.items():
        low, high = measure.deletion_interval
        lines = [
            f"95 %: {low:.3f} – {high:.3f}".replace("-", "−"),
            f"a random order: 0 ± {measure.chance:.3f}",
        ]
        found.append(
            Headline(
                f"{unit} taken away".capitalize(),
                f"{measure.deletion:.3f}".replace("-", "−"),
                "over chance",
                lines,
            )
        )
    if error is not None:
        found.append(Headline("Completeness error", percent(error), "%", ["of the sums of attributions"]))
    return found


def _sections(
    folder: Path,
    pictures: Sequence[Picture],
    measures: Mapping[str, Faithfulness],
    systems: Mapping[str, Maps],
    axes: Legend,
) -> list[Section]:
    found = [
        Section(
            "What is listened to", (), [attribution_tables.systems(systems, axes)], pictures, stacked=True
        )
    ]
    if measures:
        caption = "The output while parts are taken away or put back; grey: random orders, from least to most"
        picture = Picture(folder / "figures" / "faithfulness.png", caption, broad=True)
        found.append(
            Section(
                "Can the maps be trusted?", (), [attribution_tables.trust(measures)], [picture], stacked=True
            )
        )
    return found


def _show(
    folder: Path,
    measures: Mapping[str, Faithfulness],
    error: float | None,
    clips: int,
    method: Mapping[str, object],
) -> None:
    table = Screen("parts", "taken away: area over chance", "95 %", "put back", "95 %", "a random order")
    for unit, found in measures.items():
        table.add_row(
            unit,
            f"{found.deletion:.3f}",
            "{:.3f} – {:.3f}".format(*found.deletion_interval),
            f"{found.insertion:.3f}",
            "{:.3f} – {:.3f}".format(*found.insertion_interval),
            f"± {found.chance:.3f}",
        )
    console = Console(width=None if sys.stdout.isatty() else 120)
    if measures:
        console.print(table)
    said = "this method promises no sum" if error is None else f"completeness error {100 * error:.3f} %"
    if error is not None and error > FAR and "rule" in method:
        said += ", lower with more attribute.steps, or with attribute.rule=stretches where the detector jumps"
    sys.stdout.write(f"{clips:,} clips explained; {said}\nwritten to {folder}/attribution.html\n")
