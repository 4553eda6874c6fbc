"""How well trivial numbers alone tell spoofs from bona fide recordings.

A shortcut is a number that has nothing to do with how a spoof was made and yet tells the classes apart, as
silence did in ASVspoof (Müller et al., Speech is Silver, Silence is Golden, 2021,
https://arxiv.org/abs/2106.12914).
"""

from collections.abc import Sequence
from math import nan, sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.data.audit.columns import Rows, Values, coded
from bonafide.data.audit.features import Seen
from bonafide.data.manifest import Manifest
from bonafide.types import BONAFIDE, SPOOF

LIMIT: Final = 0.75
"""AUC, or one minus it, from which a number is a shortcut."""

_CHANCE = 2.5  # standard errors: what a handful of files can show by accident is no warning


class Row(NamedTuple):
    """A system against the bona fide recordings of the same corpus; all systems if it is `"*"`."""

    corpus: str
    system: str
    bonafide: int
    spoof: int


class Shortcuts(NamedTuple):
    """How well each trivial number alone tells each system from bona fide recordings.

    Args:
        features: names in `FEATURES` and `KINDS`.
        rows: what each line of the matrices is about.
        auc: `[rows, features]`, chance that a spoof's number is the higher one, ties one half; NaN where it
            was not examined. A container or encoding counts as high where it is more common in spoofs.
        warned: `[rows, features]`, whether it is beyond `LIMIT` and beyond chance.
        not_examined: features that no recording has, since files were not decoded.
        unpaired: systems without bona fide recordings of their corpus.
    """

    features: tuple[str, ...]
    rows: tuple[Row, ...]
    auc: Values
    warned: NDArray[np.bool_]
    not_examined: tuple[str, ...]
    unpaired: tuple[str, ...]


def of(manifest: Manifest, seen: Seen) -> Shortcuts:
    """Each system against the bona fide recordings of its corpus, by each feature.

    Args:
        manifest: of usable files.
        seen: their features.
    """
    corpora, systems = coded(manifest, "corpus"), coded(manifest, "system")
    genuine, fake = (manifest.strings("label") == label for label in (BONAFIDE, SPOOF))
    names = (*seen.numbers, *seen.kinds)
    rows: list[Row] = []
    areas: list[Values] = [np.empty((0, len(names)))]
    unpaired: set[str] = set()
    for corpus, code in sorted((corpora.text(int(code)), code) for code in np.unique(corpora.of)):
        inside = corpora.of == code
        recorded, made = np.flatnonzero(inside & genuine), np.flatnonzero(inside & fake)
        present, member = np.unique(systems.of[made], return_inverse=True)
        titles = [systems.text(int(system)) for system in present]
        if not len(recorded) or not len(made):
            unpaired.update(titles)
            continue
        order = [1 + place for place in sorted(range(len(titles)), key=titles.__getitem__)]
        order = [0, *order] if len(titles) > 1 else order
        counts = [len(made), *np.bincount(member).tolist()]
        rows += [Row(corpus, ("*", *titles)[place], len(recorded), counts[place]) for place in order]
        areas.append(_columns(seen, recorded, made, member)[order])
    area = np.concatenate(areas)
    beyond = _strength(area, rows) > 1
    missing = tuple(name for name, column in zip(names, area.T, strict=True) if np.isnan(column).all())
    return Shortcuts(names, tuple(rows), area, beyond, missing, tuple(sorted(unpaired)))


def _columns(seen: Seen, genuine: Rows, fake: Rows, member: Rows) -> Values:
    """AUC of all spoofs, then of each member, `[1 + members, features]`."""
    columns = [_areas(values[genuine], values[fake], member) for values in seen.numbers.values()]
    columns += [_areas_of_kinds(kind.of[genuine], kind.of[fake], member) for kind in seen.kinds.values()]
    return np.stack(columns, axis=1)


def _strength(area: Values, rows: Sequence[Row]) -> Values:
    """How far from one half, re what makes a warning: `LIMIT`, and what chance shows under no difference."""
    chance = [sqrt((row.bonafide + row.spoof + 1) / (12 * row.bonafide * row.spoof)) for row in rows]
    strength: Values = np.abs(area - 0.5) / np.maximum(LIMIT - 0.5, _CHANCE * np.array(chance))[:, None]
    return strength


def _areas(genuine: Values, fake: Values, member: Rows) -> Values:
    """AUC of all spoofs, then of each member, ties one half: `bonafide.metrics.auc` for many at once."""
    genuine = np.sort(genuine[~np.isnan(genuine)])
    known = ~np.isnan(fake)
    if not len(genuine):
        return np.full(member.max() + 2, nan)
    order = np.argsort(fake[known])  # neighbours are found faster
    fake, member_known = fake[known][order], member[known][order]
    wins = (np.searchsorted(genuine, fake, "left") + np.searchsorted(genuine, fake, "right")) / 2
    return _means(wins / len(genuine), member_known, member.max() + 1)


def _means(wins: Values, member: Rows, size: int) -> Values:
    totals, counts = np.bincount(member, wins, minlength=size), np.bincount(member, minlength=size)
    with np.errstate(invalid="ignore"):
        means: Values = np.concatenate([[totals.sum()], totals]) / np.concatenate([[counts.sum()], counts])
    return means


def _areas_of_kinds(genuine: Rows, fake: Rows, member: Rows) -> Values:
    """The same for names, each comparison with its own order: the more spoofs among a kind, the higher."""
    size = max(int(genuine.max()), int(fake.max()), 0) + 1
    mine = np.bincount(genuine[genuine >= 0], minlength=size)
    theirs = np.zeros((member.max() + 2, size))
    np.add.at(theirs, (1 + member[fake >= 0], fake[fake >= 0]), 1)
    theirs[0] = theirs.sum(axis=0)
    if not mine.sum():
        return np.full(len(theirs), nan)
    found = []
    for counts in theirs:
        order = np.argsort(counts / np.maximum(counts + mine, 1), kind="stable")
        below = np.cumsum(mine[order]) - mine[order] / 2
        total = counts.sum()
        found.append(float(counts[order] @ below / (total * mine.sum())) if total else nan)
    return np.array(found)


class Line(NamedTuple):
    """A feature, and the row in which it is the strongest.

    Args:
        feature: name in `FEATURES` or `KINDS`.
        row: in words.
        auc: of that row.
        strength: how far from one half, re what makes a warning.
        warned: systems that it gives away.
        systems: how many there are.
    """

    feature: str
    row: str
    auc: float
    strength: float
    warned: int
    systems: int


def worst(shortcuts: Shortcuts) -> list[Line]:
    """Each feature with its strongest row; the strongest feature first."""
    several = {row.corpus for row in shortcuts.rows}
    single = np.array([row.system != "*" for row in shortcuts.rows], dtype=bool)
    found = []
    strengths = _strength(shortcuts.auc, shortcuts.rows)
    for name, area, strength, warned in zip(
        shortcuts.features, shortcuts.auc.T, strengths.T, shortcuts.warned.T, strict=True
    ):
        if np.isnan(area).all():
            continue
        place = int(np.nanargmax(strength))
        row = shortcuts.rows[place]
        system = "all systems" if row.system == "*" else row.system
        told = f"{system} of {row.corpus}" if len(several) > 1 else system
        # A pooled row may be beyond chance where no single system is.
        count = max(int((warned & single).sum()), int(warned.any()))
        found.append(Line(name, told, float(area[place]), float(strength[place]), count, int(single.sum())))
    return sorted(found, key=lambda line: -line.strength)
