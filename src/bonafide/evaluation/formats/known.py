"""All layouts by name, and which of them a file has."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bonafide.evaluation import scores
from bonafide.evaluation.formats import asvspoof5, asvspoof2019, asvspoof2021, codecfake, in_the_wild, table
from bonafide.evaluation.formats.layout import ANY, Layout, own
from bonafide.types import InputError

OURS: Final = Layout(scores.HEADER, "comma", scores.HEADER)
"""A run's `scores/<group>.csv`, which is also a key."""

SCORES: Final[Mapping[str, Layout]] = {
    "bonafide": OURS,
    "asvspoof2019": asvspoof2019.SCORES,
    "aasist": asvspoof2019.SCORES,
    "asvspoof2021": asvspoof2021.SCORES,
    "asvspoof5": asvspoof5.SCORES,
    "asvspoof5_demo": asvspoof5.DEMO,
    "codecfake": codecfake.SCORES,
}

KEYS: Final[Mapping[str, Layout]] = {
    "bonafide": OURS,
    "asvspoof2019": asvspoof2019.KEY,
    "asvspoof2021_la": asvspoof2021.KEY_LA,
    "asvspoof2021_df": asvspoof2021.KEY_DF,
    "asvspoof2021_pa": asvspoof2021.KEY_PA,
    "asvspoof5": asvspoof5.KEY,
    "asvspoof5_challenge": asvspoof5.KEY_CHALLENGE,
    "asvspoof5_labels": asvspoof5.LABELS,
    "in_the_wild": in_the_wild.KEY,
    "arena": in_the_wild.ARENA,
    "codecfake": codecfake.KEY,
    "two_columns": Layout(("path", "label"), labels=ANY),
}


def chosen(
    file: Path,
    known: Mapping[str, Layout],
    name: str | None,
    columns: Mapping[str, str | int] | None,
    needed: Sequence[str],
) -> Layout:
    """The layout named, that of one's own columns, or the one recognised.

    Args:
        file: whose layout it is.
        known: `SCORES` or `KEYS`.
        name: there; None if it is not named.
        columns: as in `layout.own`; None if it is not the user's own.
        needed: columns that it must have.

    Raises:
        InputError: both named and own, no such name, a needed column wanting, or a file not recognised.
    """
    if columns is None:
        return recognised(file, known) if name is None else named(name, known)
    if name is not None:
        raise InputError(f"{file}: both the format {name} and columns are given; choose one of them.")
    missing = [role for role in needed if role not in columns]
    if missing:
        raise InputError(f"{file}: no column for {' and '.join(missing)}; name it in columns.")
    return own(file, columns)


def named(name: str, known: Mapping[str, Layout]) -> Layout:
    """The layout of this name.

    Raises:
        InputError: no such name.
    """
    if name not in known:
        raise InputError(f"No format {name!r}; there are {', '.join(known)}.")
    return known[name]


def recognised(file: Path, known: Mapping[str, Layout]) -> Layout:
    """The one layout that the first line of a file can be of.

    Raises:
        InputError: none fits, or the file cannot be read or is empty.
    """
    line = table.first_line(file)
    # No line fits two of them: they differ in the number of fields, the header or the place of the label.
    for layout in known.values():
        if layout.fits(line):
            return layout
    forms = "; ".join(f"{name}: {layout.form}" for name, layout in known.items())
    raise InputError(
        f"{file}, line 1: {line[:80]!r} is of no known format ({forms}). Name the columns, such as "
        "columns={'path': 0, 'score': 1}, or take read_pair for one score a line."
    )
