"""Which systems a countermeasure is trained on, and what each test group holds."""

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.data.manifest import Manifest
from bonafide.data.split import TEST
from bonafide.types import BONAFIDE, SPOOF, InputError


class Train(NamedTuple):
    """What is trained on.

    Args:
        generators: systems to train on; all that the corpus's authors train on if None.
        leave_out: systems among them to keep for testing.
        utterances: use only so many of the training (and of the validation) utterances, each with all its
            systems: for learning curves and for trying things out.
    """

    generators: Sequence[str] | None = None
    leave_out: Sequence[str] = ()
    utterances: int | None = None


class Group(NamedTuple):
    """A named set of test trials.

    Args:
        systems: `"all"`, `"seen"` (trained on), `"held_out"` (could have been trained on, were not), or a
            list of names and patterns like `jsut_*`.
        split: part of the corpus to test on; `"all"` for every part.
    """

    systems: Literal["all", "seen", "held_out"] | Sequence[str] = "all"
    split: str = TEST


def training_systems(manifest: Manifest, trainable: Sequence[str] | None, train: Train) -> tuple[str, ...]:
    """The systems seen in training, sorted."""
    present = systems(manifest)
    chosen = _named(present, train.generators, "data.train.generators") if train.generators else trainable
    left = _named(present, train.leave_out, "data.train.leave_out")
    seen = sorted(set(present if chosen is None else chosen) & set(present) - set(left))
    if not seen:
        raise InputError(
            "no generator is left to train on; check data.train.generators and data.train.leave_out"
        )
    return tuple(seen)


def systems(manifest: Manifest) -> list[str]:
    """Every system of the corpus, sorted."""
    return sorted(set(manifest.strings("system")[manifest.strings("label") == SPOOF]))


def rows_with(
    manifest: Manifest, chosen: Sequence[str], parts: NDArray[np.object_], part: str
) -> NDArray[np.int64]:
    """Rows of the chosen systems' spoofs and of the bona fide corpora they were made from.

    An utterance and its resyntheses stand together, so that a short look holds both classes.
    """
    label, system, corpus = (manifest.strings(name) for name in ("label", "system", "corpus"))
    spoof = (label == SPOOF) & np.isin(system, list(chosen))
    bonafide = (label == BONAFIDE) & np.isin(corpus, list(set(corpus[spoof])))
    inside = np.ones(len(label), dtype=bool) if part == "all" else parts == part
    rows = np.flatnonzero((spoof | bonafide) & inside)
    return rows[np.argsort(manifest.strings("utterance")[rows].astype(str), kind="stable")]


def limit(manifest: Manifest, rows: NDArray[np.int64], utterances: int | None) -> NDArray[np.int64]:
    """Rows of the first few utterances that have a spoof."""
    if utterances is None:
        return rows
    names = manifest.strings("utterance")[rows]
    spoofed = names[manifest.strings("label")[rows] == SPOOF]
    return rows[np.isin(names, list(dict.fromkeys(spoofed))[:utterances])]


def group_systems(
    manifest: Manifest, group: Group, seen: Sequence[str], trainable: Sequence[str] | None, name: str
) -> list[str]:
    """The systems of a test group; empty when nothing of the corpus falls into it."""
    present = systems(manifest)
    if group.systems == "all":
        return present
    if group.systems == "seen":
        return sorted(set(present) & set(seen))
    if group.systems == "held_out":
        return sorted(set(present if trainable is None else trainable) & set(present) - set(seen))
    if isinstance(group.systems, str):
        raise InputError(
            f"data.tests.{name}.systems={group.systems} is unknown; choose all, seen, held_out or [names]"
        )
    return _named(present, group.systems, f"data.tests.{name}.systems")


def _named(present: Sequence[str], names: Sequence[str], option: str) -> list[str]:
    """Names and patterns made plain; a name that does not exist is an error, a pattern may match nothing."""
    found: set[str] = set()
    for name in names:
        matches = [system for system in present if fnmatchcase(system, name)]
        if not matches and not set(name) & set("*?["):
            near = get_close_matches(name, present, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            there = ", ".join(present)
            raise InputError(f"{option}: there is no generator {name}; {hint}this corpus has {there}")
        found.update(matches)
    return sorted(found)
