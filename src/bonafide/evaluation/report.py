"""The results of a run, for a machine (metrics.json, tables) and for a person (a page, Markdown, LaTeX)."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from bonafide.evaluation import latex, markdown, page, sections, spreadsheet
from bonafide.evaluation.breakdown import Group
from bonafide.evaluation.document import Document
from bonafide.evaluation.localization.found import Where
from bonafide.evaluation.summary import Summary
from bonafide.types import InputError
from bonafide.whole import whole


def write(folder: str | Path, summary: Summary) -> None:
    """Writes report.html, report.md, report.tex and tables/*.csv, all of them with the same content.

    Args:
        folder: of the run.
        summary: what they tell.

    Raises:
        InputError: a figure cannot be read, or a file cannot be written.
    """
    write_document(folder, sections.document(summary))


def write_document(folder: str | Path, document: Document, name: str = "report") -> None:
    """Writes NAME.html, NAME.md, NAME.tex and tables/*.csv, all of them with the same content.

    Args:
        folder: where they go.
        document: what they tell.
        name: of the files.

    Raises:
        InputError: a figure cannot be read, or a file cannot be written.
    """
    folder = Path(folder)
    texts = {
        f"{name}.html": page.report(document),
        f"{name}.md": markdown.report(document, folder),
        f"{name}.tex": latex.report(document),
        **{f"tables/{table}": text for table, text in spreadsheet.files(document).items()},
    }
    for file, text in texts.items():
        _write(folder / file, text)


def metrics_json(
    path: str | Path,
    groups: Mapping[str, Group],
    *,
    seed: int,
    parameters: int,
    fingerprint: str,
    trivial: Mapping[str, float] | None = None,
    where: Where | None = None,
) -> None:
    """Writes the measures as JSON, rates as fractions.

    Args:
        path: of the file.
        groups: what `breakdown.measure` gave for each test group.
        seed: of the run.
        parameters: trained numbers in the model.
        fingerprint: of the training data.
        trivial: EER of a detector that sees trivial numbers alone, by group.
        where: what localization found; its measures go below `"localization"` of each group.

    Raises:
        InputError: a measure is NaN or infinite, or the file cannot be written.
    """
    located = {} if where is None else where.groups
    entries = {
        name: {**group, "localization": located[name]} if name in located else group
        for name, group in groups.items()
    }
    content: dict[str, object] = {"groups": entries, "seed": seed, "parameters": parameters}
    content["fingerprint"] = fingerprint
    if where is not None and where.joint is not None:
        content["localization"] = where.joint
    if trivial:
        content["trivial_eer"] = dict(trivial)
    write_json(path, content)


def write_json(path: str | Path, content: Mapping[str, object]) -> None:
    """Writes measures as JSON, whole or not at all.

    Args:
        path: of the file.
        content: texts, numbers, and lists and dictionaries of them.

    Raises:
        InputError: a number is NaN or infinite, or the file cannot be written.
    """
    holes = list(_holes(content, ""))
    if holes:
        raise InputError(
            f"{path} not written: {', '.join(holes)} is NaN or infinite; look at the group's scores."
        )
    _write(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _write(path: str | Path, text: str) -> None:
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.write(text)


def _holes(value: object, name: str) -> Iterator[str]:
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from _holes(inner, f"{name}.{key}".lstrip("."))
        case list() | tuple():
            for place, inner in enumerate(value):
                yield from _holes(inner, f"{name}[{place}]")
        case float() if not math.isfinite(value):
            yield name
