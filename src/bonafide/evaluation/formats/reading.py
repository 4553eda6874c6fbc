"""Score files of any known layout as our score table, joined with a key by the names of the trials."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from bonafide.evaluation import scores
from bonafide.evaluation.formats import known, table
from bonafide.evaluation.formats.key import Key
from bonafide.evaluation.formats.layout import UNKNOWN
from bonafide.evaluation.scores import Trials
from bonafide.metrics.auc import auc
from bonafide.types import BONAFIDE, SPOOF, InputError, Label, Utterance

Polarity = Literal["bonafide", "spoof"]
"""Of which class high scores speak."""

Scores: TypeAlias = NDArray[np.float64]

_ENDING: Final = re.compile(r"\.(?:wav|flac|mp3|m4a|ogg|opus)$", re.IGNORECASE)
_ATTACK: Final = re.compile(r"_(?:A\d\d|-)$")


def _without_ending(name: str) -> str:
    return _ENDING.sub("", name)


def _without_folders(name: str) -> str:
    return _without_ending(name).rpartition("/")[2]


def _without_attack(name: str) -> str:
    return _ATTACK.sub("", _without_folders(name))


_FORMS: Final[Sequence[Callable[[str], str]]] = (str, _without_ending, _without_folders, _without_attack)
"""Of a trial's name, each coarser than the one before."""


def read_scores(
    file: str | Path,
    key: Key | None = None,
    *,
    format: str | None = None,  # noqa: A002
    columns: Mapping[str, str | int] | None = None,
    polarity: Polarity = "bonafide",
) -> Trials:
    """Reads a score file; every trial of the key exactly once, in the key's order.

    Names are compared as they stand; if that leaves trials over, without the ending of an audio file, then
    without folders too, then without an attack's tag (`LA_E_2834763_A11`), as far as names stay apart. What
    the key says of a trial is taken; the file's labels, where it has any, must agree.

    Args:
        file: of any layout of `known.SCORES`, recognised by its first line.
        key: what `read_key` gives; None for a file that has labels itself, which is then taken as the list.
        format: name in `known.SCORES`, where you would rather say it.
        columns: for a file of your own, as in `layout.own`; `score` is needed.
        polarity: the class of which high scores speak, as the publishers of the file say; scores that are
            high for spoofs are turned. Nothing is ever turned by what the labels make of it (`remark` tells).

    Raises:
        InputError: the file cannot be read or is of no known layout, lines are malformed, trials are missing,
            unknown, scored twice or more, or NaN, or labels disagree with the key.
    """
    file = Path(file)
    layout = known.chosen(file, known.SCORES, format, columns, ("score",))
    read = layout.read(file)
    score = np.array(read.scores) * _sign(polarity)
    if key is None:
        if "label" not in read.columns:
            raise InputError(f"{file} has no labels: give the key of its trials.")
        trials = layout.trials(read, score)
        _check(file, trials, trials.path, "")
        return trials
    if "path" not in read.columns:
        raise InputError(f"{file} names no trials, so no key can be joined: read it without one.")
    order = _order(file, read.columns["path"], score, key)
    trials = replace(key.trials, score=score[order])
    if "label" in read.columns:
        _agree(file, key, np.array(layout.label(read), dtype=object)[order])
    return trials


def read_pair(bonafide: str | Path, spoof: str | Path, *, polarity: Polarity = "bonafide") -> Trials:
    """Reads two files of one score a line, one of each class; a trial is called `<file>:<line>`.

    Args:
        bonafide: scores of genuine trials.
        spoof: scores of spoofs.
        polarity: as in `read_scores`.

    Raises:
        InputError: a file cannot be read, lines are malformed, or a score is NaN.
    """
    sides = []
    classes: tuple[tuple[str | Path, Label, str], ...] = ((bonafide, BONAFIDE, "-"), (spoof, SPOOF, UNKNOWN))
    for file, label, system in classes:
        read = table.read(Path(file), ("score",), "space", ())
        names = [f"{file}:{number}" for number in read.numbers]
        rows = [Utterance(name, name, "-", system, "-", label) for name in names]
        sides.append(Trials.of(rows, np.array(read.scores) * _sign(polarity)))
        _check(read.file, sides[-1], names, "")
    return Trials(*(np.concatenate([getattr(side, column) for side in sides]) for column in scores.HEADER))


def remark(trials: Trials) -> str:
    """A sentence if spoofs score higher than bona fide trials; empty if they do not.

    Raises:
        InputError: a class is empty.
    """
    area = auc(trials.bonafide, trials.spoof)
    if area >= 0.5:
        return ""
    return (
        f"Spoofs score higher than bona fide trials (AUC {area:.4f}): if the publishers of the scores say "
        "that high ones mean spoof, read them with polarity='spoof'; if not, the detector is inverted here "
        "and its figures stand."
    )


def _sign(polarity: Polarity) -> float:
    if polarity not in get_args(Polarity):
        raise InputError(f"The polarity {polarity!r} is none of {', '.join(get_args(Polarity))}.")
    return 1.0 if polarity == BONAFIDE else -1.0


def _order(file: Path, names: Sequence[str], score: Scores, key: Key) -> NDArray[np.intp]:
    """Which line has the score of each trial of the key.

    Raises:
        InputError: not every trial is scored once, with a finite number, and no other.
    """
    scored, keyed, elsewhere = _alike(names, key)
    kept = np.array([name not in elsewhere for name in scored])
    found = np.array([*scored, None], dtype=object)[:-1][kept]
    anything = np.full(len(found), SPOOF, dtype=object)  # what is asked is only which trials there are
    subsets = sorted(set(key.conditions.get("subset", ())))
    hint = f" {key.name} lists {', '.join(subsets)}: read it with the subset scored." if subsets[1:] else ""
    _check(file, Trials(found, found, found, found, found, anything, score[kept]), keyed, hint)
    place = dict(zip(scored, range(len(scored)), strict=True))
    return np.fromiter((place[name] for name in keyed), np.intp, len(keyed))


def _alike(names: Sequence[str], key: Key) -> tuple[Sequence[str], Sequence[str], Set[str]]:
    """Names of the file, of the key and of what it has elsewhere, in the first form that makes most meet."""
    best: tuple[Sequence[str], Sequence[str], Set[str]] = (names, key.trials.path.tolist(), key.elsewhere)
    most, apart = -1, len(set(names))
    for form in _FORMS:
        scored, keyed = list(map(form, names)), [form(name) for name in key.trials.path]
        elsewhere = frozenset(map(form, key.elsewhere))
        if len({*keyed, *elsewhere}) < len(key) + len(key.elsewhere) or len(set(scored)) < apart:
            break  # names that are apart fall together, and still more would in the next form
        met = len(set(keyed).intersection(scored))
        if met > most:
            most, best = met, (scored, keyed, elsewhere)
        if met == len(key):
            break
    return best


def _check(file: Path, trials: Trials, expected: Iterable[str], hint: str) -> None:
    try:
        scores.check(trials, expected)
    except InputError as error:
        times = set(Counter(trials.path).values())
        if len(times) == 1 and times != {1}:
            hint = f" Every trial stands there {times.pop()} times: a later run was added to the same file."
        raise InputError(f"{file}: {error}{hint}") from error


def _agree(file: Path, key: Key, label: NDArray[np.object_]) -> None:
    other = key.trials.path[label != key.trials.label].tolist()
    if other:
        more = f" and {len(other) - 10} more" if len(other) > 10 else ""
        raise InputError(
            f"{file} and {key.name} disagree on {len(other)} labels: {', '.join(other[:10])}{more}; "
            "take the key that belongs to the scores."
        )
