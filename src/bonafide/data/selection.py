"""Which systems a countermeasure is trained on, and what each test group holds."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bonafide.data.manifest import Manifest
from bonafide.data.order import Domains
from bonafide.data.split import TEST, TRAIN
from bonafide.types import BONAFIDE, SPOOF, InputError

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Train(NamedTuple):
    """What is trained on.

    Args:
        generators: systems to train on; all that the corpus's authors train on if None.
        leave_out: systems among them to keep for testing.
        utterances: use only so many of the training (and of the validation) utterances, each with all its
            systems: for learning curves and for trying things out.
        share_by: `"label"`, `"system"` or `"corpus"`: how much of every batch comes from each of these does
            not depend on how many clips there are; None shuffles all clips together.
        shares: of each label, system or corpus in a batch, by names and patterns; equal ones if None.
        faithful: batches as published with CSAM, see `bonafide.data.order.Grouped`; without `shares` as many
            of each as there are.
    """

    generators: Sequence[str] | None = None
    leave_out: Sequence[str] = ()
    utterances: int | None = None
    share_by: Literal["label", "system", "corpus"] | None = None
    shares: Mapping[str, float] | None = None
    faithful: bool = False


class Group(NamedTuple):
    """A named set of test trials.

    Args:
        systems: `"all"`, `"seen"` (trained on), `"held_out"` (could have been trained on, were not), or a
            list of names and patterns like `jsut_*`.
        split: part of the corpus to test on; `"all"` for every part.
        subset: only these pieces of the part, by names and patterns; all if None.
        codec: likewise, only what went through these.
        language: likewise.
        family: likewise, only systems of these kinds; the bona fide side stays.
        corpora: likewise, only what is compared with these collections.
        against: collections whose bona fide recordings are taken instead of those that the spoofs were made
            from, as some papers do.
    """

    systems: Literal["all", "seen", "held_out"] | Sequence[str] = "all"
    split: str = TEST
    subset: Sequence[str] | None = None
    codec: Sequence[str] | None = None
    language: Sequence[str] | None = None
    family: Sequence[str] | None = None
    corpora: Sequence[str] | None = None
    against: Sequence[str] | None = None


def training_systems(
    manifest: Manifest, parts: NDArray[np.object_], trainable: Sequence[str] | None, train: Train
) -> tuple[str, ...]:
    """The systems seen in training, sorted."""
    present = systems(manifest)
    chosen = named(present, train.generators, "data.train.generators") if train.generators else trainable
    left = named(present, train.leave_out, "data.train.leave_out")
    codes, names = manifest.codes("system")
    there = {names[code] for code in np.unique(codes[parts == TRAIN])}
    seen = sorted(set(present if chosen is None else chosen) & set(present) & there - set(left))
    if not seen:
        raise InputError(
            "no generator is left to train on; check data.train.generators, data.train.leave_out "
            "and data.split"
        )
    return tuple(seen)


def systems(manifest: Manifest) -> list[str]:
    """Every system of the corpus, sorted."""
    codes, names = manifest.codes("system")
    return [names[code] for code in np.unique(codes[manifest.strings("label") == SPOOF])]


def rows_with(manifest: Manifest, chosen: Sequence[str], parts: NDArray[np.object_], group: Group) -> Rows:
    """Rows of the chosen systems' spoofs and of the bona fide recordings that they are compared with.

    An utterance and its resyntheses stand together, so that a short look holds both classes.
    """
    label = manifest.strings("label")
    inside = np.ones(len(label), dtype=bool) if group.split == "all" else parts == group.split
    for column, wanted in (("subset", group.subset), ("codec", group.codec), ("language", group.language)):
        inside &= _among(manifest, column, wanted)
    corpus, _ = manifest.codes("corpus")
    ours = inside & _among(manifest, "corpus", group.corpora)
    spoof = ours & (label == SPOOF) & _exactly(manifest, "system", chosen)
    spoof &= _among(manifest, "family", group.family)
    if group.against is None:
        theirs = ours & np.isin(corpus, np.unique(corpus[spoof]))
        # Spoofs whose own recordings are not here can only be set `against` others.
        spoof &= np.isin(corpus, np.unique(corpus[label == BONAFIDE]))
    else:
        theirs = inside & _among(manifest, "corpus", group.against)
    rows = np.flatnonzero(spoof | (theirs & (label == BONAFIDE) & bool(spoof.any())))
    order = pc.sort_indices(manifest.table["utterance"].take(pa.array(rows)))  # stable
    sorted_rows: Rows = rows[order.to_numpy()]
    return sorted_rows


def first_utterances(manifest: Manifest, rows: Rows, utterances: int | None) -> Rows:
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
    return named(present, group.systems, f"data.tests.{name}.systems")


def named(present: Sequence[str], names: Sequence[str], option: str, kind: str = "generator") -> list[str]:
    """Names and patterns made plain; a name that does not exist is an error, a pattern may match nothing."""
    found: set[str] = set()
    for name in names:
        matches = [each for each in present if fnmatchcase(each, name)]
        if not matches and not set(name) & set("*?["):
            near = get_close_matches(name, present, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            there = ", ".join(present)
            raise InputError(f"{option}: there is no {kind} {name}; {hint}this corpus has {there}")
        found.update(matches)
    return sorted(found)


def domains(manifest: Manifest, rows: Rows, train: Train) -> Domains | None:
    """The domain of each row, and the share of each domain in a batch; None where all is shuffled together.

    Raises:
        InputError: shares that leave a domain out, are not positive, or name none.
    """
    if train.share_by is None:
        if train.shares is not None or train.faithful:
            option = "shares says" if train.shares is not None else "faithful knows"
            raise InputError(f"data.train.{option} how much, but not of what; add data.train.share_by=corpus")
        return None
    if train.share_by not in {"label", "system", "corpus"}:
        raise InputError(f"data.train.share_by={train.share_by} is unknown; choose label, system or corpus")
    codes, names = manifest.codes(train.share_by)
    present, domain = np.unique(codes[rows], return_inverse=True)
    there = [names[code] for code in present]
    if train.shares is None:
        natural = np.bincount(domain) / len(domain)
        return Domains(
            domain, natural if train.faithful else np.full(len(there), 1 / len(there)), train.faithful
        )
    share = np.zeros(len(there))
    of = np.full(len(there), -1)
    for place, (pattern, wanted) in enumerate(train.shares.items()):
        matches = named(there, [pattern], "data.train.shares", train.share_by)
        if not wanted > 0 or not matches:
            raise InputError(f"data.train.shares: {pattern}={wanted} is no share of {', '.join(there)}")
        of[[there.index(name) for name in matches]] = place
        share[place] = wanted
    if (of < 0).any():
        left = ", ".join(name for name, place in zip(there, of, strict=True) if place < 0)
        raise InputError(
            f"data.train.shares says nothing of {left}; give it a share, or leave it out of the data"
        )
    used = np.unique(of)
    return Domains(np.searchsorted(used, of)[domain], share[used] / share[used].sum(), train.faithful)


def _among(manifest: Manifest, column: str, wanted: Sequence[str] | None) -> Mask:
    """Rows whose value is one of the names and patterns; all if None. A part of a corpus may be absent."""
    if wanted is None:
        return np.ones(manifest.table.num_rows, dtype=bool)
    _, values = manifest.codes(column)
    return _exactly(
        manifest, column, [each for each in values if any(fnmatchcase(each, name) for name in wanted)]
    )


def _exactly(manifest: Manifest, column: str, wanted: Sequence[str]) -> Mask:
    codes, values = manifest.codes(column)
    chosen = set(wanted)
    found: Mask = np.array([value in chosen for value in values], dtype=bool)[codes]
    return found
