"""All that an audit looks for, and how it is told."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from bonafide.data.audit import baseline, features, leaks, shortcuts
from bonafide.data.audit.baseline import Baseline, Trivial
from bonafide.data.audit.columns import Rows
from bonafide.data.audit.features import remedy, title
from bonafide.data.audit.leaks import Leak, many
from bonafide.data.audit.pretraining import Overlap, heard, overlaps
from bonafide.data.audit.shortcuts import LIMIT, Shortcuts, worst
from bonafide.data.manifest import Manifest
from bonafide.data.split import TEST, TRAIN, VALIDATION


class Findings(NamedTuple):
    """What an audit found; empty of warnings is good, but no proof of anything."""

    leaks: tuple[Leak, ...]
    overlaps: tuple[Overlap, ...]
    shortcuts: Shortcuts
    baseline: Baseline


def audit(
    manifest: Manifest,
    parts: NDArray[np.object_],
    *,
    training: Rows | None = None,
    groups: Mapping[str, Rows] | None = None,
    speakers_apart: bool = False,
    pretraining: Sequence[str] = (),
    seed: int = 0,
) -> Findings:
    """Looks for leaks and shortcuts, and scores the trivial baseline.

    Args:
        manifest: of usable files.
        parts: `"train"`, `"validation"` or `"test"` for each row.
        training: rows that are trained on; the whole part if None.
        groups: rows of each test group by name; the test part if None.
        speakers_apart: whether a speaker in two parts is a leak.
        pretraining: names of encoders, or of corpora that the detector's encoder heard; see `pretraining`.
        seed: of the bootstrap, and of the choice among very many training rows.

    Raises:
        InputError: an encoder or corpus in `pretraining` is unknown.
    """
    train = np.flatnonzero(parts == TRAIN) if training is None else training
    tests = {TEST: np.flatnonzero(parts == TEST)} if groups is None else groups
    held = {TRAIN: train, VALIDATION: np.flatnonzero(parts == VALIDATION)}
    seen = features.of(manifest)
    return Findings(
        tuple(leaks.of(manifest, held, tests, speakers_apart=speakers_apart)),
        tuple(overlaps(manifest, tests, heard(pretraining))),
        shortcuts.of(manifest, seen),
        baseline.of(manifest, seen, train, tests, seed),
    )


def warnings(findings: Findings) -> list[str]:
    """What puts results in doubt, a sentence each."""
    found = [leak.sentence for leak in findings.leaks if leak.warning]
    found += [overlap.sentence for overlap in findings.overlaps if overlap.verdict != "unknown"]
    for line in worst(findings.shortcuts):
        if line.warned:
            found.append(
                f"{title(line.feature)} alone gives {line.warned} of {many(line.systems, 'system')} away "
                f"(AUC {line.auc:.2f} for {line.row}): {remedy(line.feature)}"
            )
    for name, trivial in findings.baseline.groups.items():
        if trivial.high < 1 - LIMIT:
            found.append(
                f"trivial numbers alone ({', '.join(findings.baseline.heaviest)}) reach an EER of "
                f"{_percent(trivial)} on {name}"
            )
    return found


def lines(findings: Findings) -> list[str]:
    """All that is to be known, a plain line each, warnings first."""
    found = [f"warning: {sentence}" for sentence in warnings(findings)]
    found += [leak.sentence for leak in findings.leaks if not leak.warning]
    found += [overlap.sentence for overlap in findings.overlaps if overlap.verdict == "unknown"]
    alone = findings.shortcuts
    if alone.not_examined:
        told = ", ".join(title(name) for name in alone.not_examined)
        found.append(f"not examined, since no file says: {told}; data.inspect=full decodes every file")
    if alone.unpaired:
        found.append(f"not examined, for want of bona fide recordings: {', '.join(alone.unpaired)}")
    found += findings.baseline.absent
    found += [
        f"trivial baseline on {name}: EER {_percent(trivial)}, AUC {trivial.auc:.3f}"
        for name, trivial in findings.baseline.groups.items()
    ]
    return found


def tables(findings: Findings) -> list[Table]:
    """The shortcuts, strongest first, and the trivial baseline, for a terminal."""
    alone = Table("trivial number", "strongest for", "AUC", "systems", "remedy", title="Shortcuts")
    for line in worst(findings.shortcuts):
        style = "bold red" if line.warned else ""
        told = remedy(line.feature) if line.warned else ""
        systems = f"{line.warned}/{line.systems}"
        alone.add_row(title(line.feature), line.row, f"{line.auc:.2f}", systems, told, style=style)
    together = Table("test group", "bona fide", "spoofs", "EER, % [95 %]", "AUC", title="Trivial baseline")
    for name, trivial in findings.baseline.groups.items():
        counts = (f"{trivial.bonafide:,}", f"{trivial.spoof:,}")
        together.add_row(name, *counts, _percent(trivial), f"{trivial.auc:.3f}")
    return [table for table in (alone, together) if table.row_count]


def summary(findings: Findings) -> dict[str, Any]:
    """All of it for JSON; what was not examined is null."""
    alone, together = findings.shortcuts, findings.baseline
    matrix = [
        {
            **row._asdict(),
            "auc": dict(zip(alone.features, map(_number, area), strict=True)),
            "warned": [name for name, warned in zip(alone.features, marks, strict=True) if warned],
        }
        for row, area, marks in zip(alone.rows, alone.auc, alone.warned, strict=True)
    ]
    return {
        "warnings": warnings(findings),
        "leaks": [leak._asdict() for leak in findings.leaks],
        "overlaps": [overlap._asdict() for overlap in findings.overlaps],
        "shortcuts": {
            "rows": matrix,
            "not_examined": list(alone.not_examined),
            "unpaired": list(alone.unpaired),
        },
        "baseline": {
            "groups": {name: trivial._asdict() for name, trivial in together.groups.items()},
            "heaviest": list(together.heaviest),
            "absent": list(together.absent),
        },
    }


def _number(value: float) -> float | None:
    return None if isnan(value) else float(value)


def _percent(trivial: Trivial) -> str:
    return f"{100 * trivial.eer:.1f} [{100 * trivial.low:.1f}, {100 * trivial.high:.1f}] %"
