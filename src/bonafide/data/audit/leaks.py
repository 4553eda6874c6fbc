"""What the parts of a data set share, and should not."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.data.audit.columns import Coded, Rows, coded
from bonafide.data.manifest import Manifest
from bonafide.data.split import TRAIN, VALIDATION
from bonafide.types import BONAFIDE, SPOOF


class Leak(NamedTuple):
    """Something that two parts, or two labels, share.

    Args:
        kind: `"recording"`, `"utterance"`, `"group"`, `"speaker"`, `"content"`, `"system"` or `"label"`.
        between: the names of the two parts.
        shared: how many different things.
        rows: recordings of the second part that share one.
        of: recordings of the second part.
        examples: up to three of the things shared.
        sentence: all of it in words, and what to do.
        warning: whether a result is in doubt; else it is only to be known.
    """

    kind: str
    between: tuple[str, str]
    shared: int
    rows: int
    of: int
    examples: tuple[str, ...]
    sentence: str
    warning: bool = True


def of(
    manifest: Manifest, held: Mapping[str, Rows], tests: Mapping[str, Rows], *, speakers_apart: bool
) -> Iterator[Leak]:
    """What training and validation share, what either shares with a test group, and what has both labels.

    Args:
        manifest: of usable files.
        held: rows of the training and of the validation part.
        tests: rows of each test group by name.
        speakers_apart: whether a speaker in two parts is a leak.
    """
    label = manifest.strings("label")
    content = _content(manifest)
    keys = {
        "recording": coded(manifest, "path"),
        "utterance": coded(manifest, "utterance", within="corpus"),
        "group": coded(manifest, "group", within="corpus"),
        "content": content,
    }
    advice = {
        "recording": "check data.tests: a group takes files of the training part (split: all)",
        "utterance": "data.split.rule=fixed divides by utterance",
        "group": "data.split.rule=fixed keeps groups together",
        "speaker": "divide by speaker, or report it as a test on known voices",
        "content": "the same audio lies under two names; leave one out",
    }
    nouns = {"recording": "file", "content": "identical recording"}
    if speakers_apart:
        keys["speaker"] = coded(manifest, "speaker", within="corpus", unknown=("", "-"))
    pairs = [
        (TRAIN, VALIDATION, held[VALIDATION]),
        *((part, *test) for part in held for test in tests.items()),
    ]
    for kind, codes in keys.items():
        for part, name, rows in pairs:
            hit, shared = _shared(codes, held[part], rows)
            if not len(hit):
                continue
            if kind == "content":
                examples = tuple(_path(manifest, hit[codes.of[hit] == code][0]) for code in shared[:3])
            else:
                examples = tuple(codes.text(int(code)) for code in shared[:3])
            sentence = (
                f"{part} and {name} share {many(len(shared), nouns.get(kind, kind))} ({len(hit):,} of the "
                f"{many(len(rows), 'file')} of {name}), such as {examples[0]}: {advice[kind]}"
            )
            yield Leak(kind, (part, name), len(shared), len(hit), len(rows), examples, sentence)
    yield from _seen_systems(manifest, held[TRAIN], tests)
    yield from _two_labels(manifest, content, label)


def _content(manifest: Manifest) -> Coded:
    """Files that are silent throughout all hold the same, which is no leak."""
    content = coded(manifest, "content")
    return content._replace(of=np.where(manifest.numbers("peak") <= -200, -1, content.of))


def _shared(codes: Coded, one: Rows, other: Rows) -> tuple[Rows, Rows]:
    """Rows of `other` whose value `one` has too, and these values."""
    present = np.zeros(codes.size + 1, dtype=bool)
    present[codes.of[one]] = True
    present[-1] = False  # where -1, which says nothing, has gone
    hit = other[present[codes.of[other]]]
    shared = np.zeros_like(present)
    shared[codes.of[hit]] = True
    return hit, np.flatnonzero(shared)


def _seen_systems(manifest: Manifest, train: Rows, tests: Mapping[str, Rows]) -> Iterator[Leak]:
    systems = coded(manifest, "system", unknown=("", "-"))
    for name, rows in tests.items():
        hit, shared = _shared(systems, train, rows)
        if len(hit):
            there = systems.of[rows]
            total = len(np.unique(there[there >= 0]))
            examples = tuple(systems.text(int(code)) for code in shared[:3])
            sentence = (
                f"{len(shared)} of {many(total, 'system')} of {name} seen in training, as {examples[0]}: "
                "other generators may fool it; data.train.leave_out keeps some for testing"
            )
            counts = (len(shared), len(hit), len(rows))
            yield Leak("system", (TRAIN, name), *counts, examples, sentence, warning=False)


def _two_labels(manifest: Manifest, content: Coded, label: NDArray[np.object_]) -> Iterator[Leak]:
    known = np.flatnonzero(content.of >= 0)
    genuine, fake = known[label[known] == BONAFIDE], known[label[known] == SPOOF]
    hit, shared = _shared(content, genuine, fake)
    if len(hit):
        twins = [genuine[content.of[genuine] == code][0] for code in shared[:3]]
        fakes = [hit[content.of[hit] == code][0] for code in shared[:3]]
        examples = tuple(
            f"{_path(manifest, a)} = {_path(manifest, b)}" for a, b in zip(twins, fakes, strict=True)
        )
        sentence = (
            f"{many(len(shared), 'recording')} with both labels, such as {examples[0]}: "
            "one of them is wrong; leave both out"
        )
        yield Leak("label", (BONAFIDE, SPOOF), len(shared), len(hit), len(fake), examples, sentence)


def _path(manifest: Manifest, row: int) -> str:
    return str(manifest.table.column("path")[int(row)])


def many(count: int, noun: str) -> str:
    """A number of things in words.

    >>> many(1, "file"), many(1200, "file")
    ('1 file', '1,200 files')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
