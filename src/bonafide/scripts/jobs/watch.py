"""What Weights & Biases is shown: of a run its tables, figures and mistakes; of a sweep its report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import torch

from bonafide import choices
from bonafide.evaluation import cells, tables
from bonafide.evaluation.localization.found import Where
from bonafide.evaluation.localization.tables import detectors
from bonafide.evaluation.mistakes import Shown
from bonafide.evaluation.summary import Picture, Summary
from bonafide.tasks import checkpoints
from bonafide.tasks.watch import Watch

_MISTAKE: Final = ("group", "path", "system", "speaker", "label", "score", "margin", "audio", "spectrogram")
_WEIGHTS: Final = {"state_dict", checkpoints.EXTERNAL, "hyper_parameters", "pytorch-lightning_version"}
"""What of a checkpoint is needed to score with it."""


def show(watch: Watch, summary: Summary, step: int, folder: Path) -> None:
    """EERs by group and system, figures, the worst mistakes to be heard, the weights if they are wanted.

    Args:
        watch: the run.
        summary: of its report.
        step: of the training.
        folder: of the run.
    """
    with TemporaryDirectory() as place:
        watch.show(
            lambda: {
                "test/groups": _table(_filled(tables.screen(summary))),
                **_images(summary.pictures),
                **({} if summary.where is None else _located(summary.where)),
                "test/mistakes": _mistakes(summary.mistakes, Path(place)),
            },
            step,
        )
        best = folder / "checkpoints" / "best.ckpt"
        if watch.wants_model and best.is_file():
            weights = Path(place) / "best.ckpt"
            found = checkpoints.read(best)
            torch.save({name: part for name, part in found.items() if name in _WEIGHTS}, weights)
            recipe = folder / ".hydra" / "config.yaml"
            watch.keep(
                f"model-{watch.version}",
                {"checkpoints/best.ckpt": weights, ".hydra/config.yaml": recipe},
            )


def sweep(
    folder: Path,
    made: Sequence[cells.Table],
    pictures: Sequence[Picture],
    *,
    facts: Mapping[str, object] | None = None,
    numbers: Mapping[str, float] | None = None,
    project: str = "bonafide",
    offline: bool | None = None,
) -> None:
    """A sweep's report as one run among those of its cells, which a second report goes on with.

    Args:
        folder: of the sweep.
        made: tables of the report; those of a group are named after it.
        pictures: of the report.
        facts: about the sweep, its config on the page.
        numbers: that stand in the list of runs.
        project: that the cells belong to.
        offline: see `bonafide.tasks.watch.Watch`.
    """
    place = folder.absolute()
    group = choices.sweep_name(place)
    watch = Watch(
        place, project, name=f"summary of {group}", id=choices.run_id(place), group=group, job_type="summary",
        tags=["summary"], offline=offline,
    )  # fmt: skip
    watch.log_hyperparams({"sweep": str(folder), **(facts or {})})
    named = {"/".join(filter(None, ("sweep", each.group, each.key))): each for each in made}
    watch.show(lambda: {name: _table(each) for name, each in named.items()} | _images(pictures, "sweep"))
    if numbers:
        watch.log_metrics(dict(numbers))
    watch.close()


def _table(made: cells.Table) -> Any:
    """With the values in full: rates are fractions."""
    import wandb  # noqa: PLC0415 - only where it was chosen

    keys = [key for column in made.columns for key in column.keys]
    lines = [
        [None if value == "" else value for cell in row.cells for value in cell.values] for row in made.rows
    ]
    return wandb.Table(columns=keys, data=lines, allow_mixed_types=True)


def _filled(made: cells.Table) -> cells.Table:
    """Every line names its group, which a terminal shows once."""
    rows, group = [], made.rows[0].cells[0]
    for row in made.rows:
        group = row.cells[0] if row.cells[0].text else group
        rows.append(row._replace(cells=(group, *row.cells[1:])))
    return made._replace(rows=tuple(rows))


def _images(pictures: Sequence[Picture], lead: str = "test") -> dict[str, Any]:
    import wandb  # noqa: PLC0415

    return {
        f"{lead}/{picture.file.stem}": wandb.Image(str(picture.file), caption=picture.caption)
        for picture in pictures
    }


def _located(where: Where) -> dict[str, Any]:
    """Measures of localization, and recordings on their timelines."""
    timelines = [Picture(clip.figure, f"{clip.title}: {clip.path}") for clip in where.clips]
    return {"test/localization": _table(detectors(where.groups)), **_images(timelines)}


def _mistakes(found: Mapping[str, Sequence[Shown]], place: Path) -> Any:
    import wandb  # noqa: PLC0415

    table = wandb.Table(columns=list(_MISTAKE), allow_mixed_types=True)
    for group, each in found.items():
        for number, shown in enumerate(each):
            mistake = shown.mistake
            sound, picture = place / f"{group}-{number}.mp3", place / f"{group}-{number}.jpg"
            sound.write_bytes(shown.sound)
            picture.write_bytes(shown.picture)
            said = [
                mistake.path,
                mistake.system,
                mistake.speaker,
                mistake.label,
                mistake.score,
                mistake.margin,
            ]
            table.add_data(
                group,
                *said,
                wandb.Audio(str(sound), caption=mistake.path) if shown.sound else None,
                wandb.Image(str(picture)) if shown.picture else None,
            )
    return table
