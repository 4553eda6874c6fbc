"""Which utterance is for training, which for validation, which for testing."""

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from bonafide.data.manifest import Manifest
from bonafide.types import BONAFIDE, InputError

Rule = Literal["fixed", "faithful", "unseen"]

TRAIN, VALIDATION, TEST = "train", "validation", "test"


class Split(NamedTuple):
    """How a corpus is divided.

    Args:
        rule: `"fixed"` takes the published parts where they are sound, and divides by utterance (or speaker,
            where the corpus says so) where they are not, so that a sentence and all its resyntheses fall into
            one part; `"faithful"` takes the published parts whatever they are, and where no validation part
            is published, a random share of the training *files*, as published systems do (a sentence can then
            be in both); `"unseen"` is for a detector that was trained elsewhere: what `"fixed"` would divide
            is all for testing.
        validation: share for validation; of everything that is divided, of the training part where only that
            is.
        test: share for testing, of what is divided by `"fixed"`.
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
    if split.rule == "unseen":
        parts = manifest.strings("fixed").copy()
        parts[parts == ""] = TEST
        return parts
    raise InputError(f"data.split.rule={split.rule} is unknown; choose fixed, faithful or unseen")


def groups(manifest: Manifest) -> tuple[NDArray[np.int64], list[str]]:
    """What must not cross, as numbers for each row, and its names."""
    table = manifest.table
    named = pc.if_else(pc.equal(table["group"], ""), table["utterance"], table["group"])
    return manifest._replace(table=table.select(["path"]).append_column("group", named)).codes("group")


def _fixed(manifest: Manifest, split: Split) -> NDArray[np.object_]:
    """Ranks groups by a hash; the first ranks test, the next validate.

    Each corpus is ranked for itself, and in it apart the groups that nobody recorded (prompts of a
    text-to-speech system), so that every part holds its share of recordings.
    """
    group, names = groups(manifest)
    corpus, corpora = manifest.codes("corpus")
    recorded = np.isin(group, np.unique(group[manifest.strings("label") == BONAFIDE]))
    parts = manifest.strings("fixed").copy()
    undecided = parts == ""
    for number in range(len(corpora)):
        for kind in (recorded, ~recorded):
            rows = np.flatnonzero((corpus == number) & kind & undecided)
            ranks, total = _ranks(group[rows], names, split.seed)
            tests, validations = _count(split.test, total), _count(split.validation, total)
            part = np.full(len(rows), TRAIN, dtype=object)
            part[ranks < tests + validations] = VALIDATION
            part[ranks < tests] = TEST
            parts[rows] = part
        mine = corpus == number
        if not (parts[mine] == VALIDATION).any():
            rows = np.flatnonzero(mine & ~undecided & (parts == TRAIN))
            ranks, total = _ranks(group[rows], names, split.seed)
            parts[rows[ranks < _count(split.validation, total)]] = VALIDATION
    return parts


def _ranks(group: NDArray[np.int64], names: Sequence[str], seed: int) -> tuple[NDArray[np.int64], int]:
    """The place of each row's group in an order that only the seed decides, and the number of groups."""
    found, member = np.unique(group, return_inverse=True)
    rank = np.argsort(np.argsort([_hash(seed, names[number]) for number in found]))
    return rank[member], len(found)


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
