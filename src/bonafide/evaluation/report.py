"""The results of a run, for a machine (metrics.json) and for a person (report.html)."""

import json
import math
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from bonafide.evaluation.breakdown import Group
from bonafide.types import InputError
from bonafide.whole import whole


class Summary(NamedTuple):
    """What the report tells.

    Args:
        title: heading.
        facts: about the run, in the order shown: model, front end, data, seed, parameters, duration, …
        groups: what `breakdown.measure` gave for each test group, in the order shown.
        note: shown above everything, for example that the demo corpus is synthetic; empty for none.
        trained: systems in the training data; None if that is not known.
        trivial: EER of a detector that sees trivial numbers alone, by group, where it is known.
        cautions: by group, sentences shown under the headline table.
    """

    title: str
    facts: Mapping[str, str]
    groups: Mapping[str, Group]
    note: str = ""
    trained: Collection[str] | None = None
    trivial: Mapping[str, float] = {}
    cautions: Mapping[str, Sequence[str]] = {}


def write(path: str | Path, summary: Summary, figures: Mapping[str, str | Path]) -> None:
    """Writes a page that needs nothing else: no network, no files beside it.

    Args:
        path: of the HTML file.
        summary: what it tells.
        figures: caption → PNG file, in the order shown.

    Raises:
        InputError: a figure cannot be read or the page cannot be written.
    """
    environment = Environment(
        loader=PackageLoader("bonafide", "evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    page = environment.get_template("report.html.j2").render(
        summary=summary,
        systems=sorted({name for group in summary.groups.values() for name in group["systems"]}),
        figures={caption: _base64(figure) for caption, figure in figures.items()},
    )
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.write(page)


def metrics_json(
    path: str | Path,
    groups: Mapping[str, Group],
    *,
    seed: int,
    parameters: int,
    fingerprint: str,
    trivial: Mapping[str, float] | None = None,
) -> None:
    """Writes the measures as JSON, rates as fractions.

    Args:
        path: of the file.
        groups: what `breakdown.measure` gave for each test group.
        seed: of the run.
        parameters: trained numbers in the model.
        fingerprint: of the training data.
        trivial: EER of a detector that sees trivial numbers alone, by group.

    Raises:
        InputError: a measure is NaN or infinite, or the file cannot be written.
    """
    content: dict[str, object] = {"groups": groups, "seed": seed, "parameters": parameters}
    content["fingerprint"] = fingerprint
    if trivial:
        content["trivial_eer"] = dict(trivial)
    holes = list(_holes(content, ""))
    if holes:
        raise InputError(
            f"{path} not written: {', '.join(holes)} is NaN or infinite; look at the group's scores."
        )
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        json.dump(content, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def percent(rate: float) -> str:
    """A fraction in per cent with 2 decimals, 3 below 0.1 %.

    >>> percent(0.0106), percent(0.0000756), percent(0.0)
    ('1.06', '0.008', '0.00')
    """
    return f"{100 * rate:.3f}" if 0 < rate < 0.001 else f"{100 * rate:.2f}"


def _base64(figure: str | Path) -> str:
    try:
        return b64encode(Path(figure).read_bytes()).decode("ascii")
    except OSError as error:
        raise InputError(f"Figure {figure} cannot be read ({error.strerror}): draw it again.") from error


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
