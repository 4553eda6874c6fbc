"""Where a run comes from: versions, git revision, machine, trial lists, systems trained on."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from bonafide.data.module import AudioData
from bonafide.evaluation import scores
from bonafide.evaluation.scores import Trials
from bonafide.whole import whole

PACKAGES = (
    "bonafide",
    "torch",
    "torchaudio",
    "pytorch-lightning",
    "hydra-core",
    "numpy",
    "soundfile",
    "soxr",
    "av",
)


def write(
    file: Path,
    data: AudioData,
    tables: Mapping[str, Trials],
    *,
    resampler: str,
    fingerprint: str,
    seconds: float,
) -> None:
    """Writes provenance.json.

    Args:
        file: of the run.
        data: that was scored.
        tables: scores by test group.
        resampler: by name and version.
        fingerprint: of the config.
        seconds: spent before scoring.
    """
    content = {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: _version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "git": _git_revision(),
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "gpus": [torch.cuda.get_device_name(place) for place in range(torch.cuda.device_count())],
        },
        "resampler": resampler,
        "corpora": {
            name: {"trials": len(trials), "sha256": scores.fingerprint(trials)}
            for name, trials in tables.items()
        },
        "trained_on": list(data.seen),
        "bad_files_left_out": data.skipped,
        "seconds": round(seconds, 1),
        "fingerprint": fingerprint,
    }
    with whole(file) as part, part.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=2)
        stream.write("\n")


def trained_on(run: Path) -> list[str]:
    """Systems that a run was trained on; empty if it has left no word of it."""
    file = run / "provenance.json"
    found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return [str(system) for system in found.get("trained_on", [])]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _git_revision() -> str | None:
    """Of the checkout that runs, if it is one."""
    place = Path(__file__).parents[4]
    if not (place / ".git").exists():
        return None
    command = ["git", "-C", str(place), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
