"""Which utterance is for training, which for validation, which for testing."""

import hashlib
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.data.manifest import Manifest
from bonafide.types import BONAFIDE, InputError

Rule = Literal["fixed", "faithful"]

TRAIN, VALIDATION, TEST = "train", "validation", "test"


class Split(NamedTuple):
    """How a corpus is divided.

    Args:
        rule: `"fixed"` divides by utterance, so that a sentence and all its resyntheses fall into one part;
            `"faithful"` takes the published parts, and where no validation part is published, a random
            share of the training *files*, as published systems do (a sentence can then be in both).
        validation: share for validation; of everything for `fixed`, of the training part for `faithful`.
        test: share for testing (`fixed` only).
        seed: another seed, another division.
    """

    rule: Rule = "fixed"
    validation: float = 0.1
    test: float = 0.2
    seed: int = 0


def divide(manifest: Manifest, split: Split) -> NDArray[np.object_]:
    """The part of each row: `"train"`, `"validation"` or `"test"`."""
    if split.rule == "fixed":
        return _fixed(manifest, split)
    if split.rule == "faithful":
        return _faithful(manifest, split)
    raise InputError(f"data.split.rule={split.rule} is unknown; choose fixed or faithful")


def _fixed(manifest: Manifest, split: Split) -> NDArray[np.object_]:
    """Ranks utterances by a hash; the first ranks test, the next validate.

    Each corpus is ranked for itself, and in it apart the sentences that nobody recorded (prompts of a
    text-to-speech system), so that every part holds its share of recordings.
    """
    utterances, corpora = manifest.strings("utterance"), manifest.strings("corpus")
    recorded = np.isin(utterances, utterances[manifest.strings("label") == BONAFIDE])
    parts = np.full(len(utterances), TRAIN, dtype=object)
    for corpus in sorted(set(corpora)):
        for kind in (recorded, ~recorded):
            rows = np.flatnonzero((corpora == corpus) & kind)
            names, member = np.unique(utterances[rows].astype(str), return_inverse=True)
            rank = np.argsort(np.argsort([_hash(split.seed, name) for name in names]))
            tests = _count(split.test, len(names))
            validations = _count(split.validation, len(names))
            part = np.full(len(names), TRAIN, dtype=object)
            part[rank < tests + validations] = VALIDATION
            part[rank < tests] = TEST
            parts[rows] = part[member]
    return parts


def _faithful(manifest: Manifest, split: Split) -> NDArray[np.object_]:
    parts = manifest.strings("split").copy()
    if not all(parts):
        raise InputError(
            "this corpus publishes no division, so data.split.rule=faithful has nothing to follow; "
            "use data.split.rule=fixed"
        )
    if VALIDATION not in set(parts):
        rows = np.flatnonzero(parts == TRAIN)
        paths = manifest.strings("path")[rows]
        order = np.argsort([_hash(split.seed, path) for path in paths])
        parts[rows[order[: _count(split.validation, len(rows))]]] = VALIDATION
    return parts


def _hash(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()


def _count(share: float, total: int) -> int:
    """A share of `total`, at least one where a share is asked for and there is enough to share."""
    if not 0 <= share < 1:
        raise InputError(f"a share of {share} cannot be split off; data.split takes shares from 0 up to 1")
    return max(round(share * total), 1 if share > 0 and total >= 3 else 0)
