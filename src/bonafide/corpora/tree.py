"""Looking around in the folders of a corpus."""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from bonafide.audio.files import EXTENSIONS
from bonafide.types import InputError

_PROBE = 4096  # bytes
_NOT_OURS = (".", "__MACOSX")
"""Beginnings of hidden names, and of what macOS leaves in archives."""


def children(folder: Path) -> list[Path]:
    """Sub-folders by name."""
    with os.scandir(folder) as scan:
        names = sorted(
            entry.name for entry in scan if entry.is_dir() and not entry.name.startswith(_NOT_OURS)
        )
    return [folder / name for name in names]


def files(folder: Path, *, deep: bool = True) -> Iterator[str]:
    """Paths of the files below a folder, relative to it; a link back to a folder above is not followed."""
    return _files(folder, (), "", deep=deep)


def recordings(folder: Path, *, deep: bool = False) -> list[str]:
    """Paths of the audio files of a folder, relative to it, sorted; nothing if there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(name for name in files(folder, deep=deep) if _ending(name) in EXTENSIONS)


def by_stem(folder: Path, *, deep: bool = False) -> dict[str, str]:
    """Audio files by their names without ending, so that a protocol need not know .wav from .flac.

    Raises:
        InputError: two files of one name.
    """
    found: dict[str, str] = {}
    for name in files(folder, deep=deep) if folder.is_dir() else ():
        if _ending(name) not in EXTENSIONS:
            continue
        stem = name[name.rfind("/") + 1 : name.rfind(".")]
        other = found.setdefault(stem, name)
        if other != name:
            raise InputError(f"{folder} holds both {other} and {name}; keep one of them")
    return found


def first(places: Iterable[Path]) -> Path | None:
    """The first place that exists, folder or file; names may differ in letter case."""
    for place in places:
        found = place if place.exists() else _any_case(place)
        if found is not None:
            return found
    return None


def needed(what: str, places: Sequence[Path], remedy: str) -> Path:
    """The first place that exists.

    Raises:
        InputError: none does: what is missing, where it was looked for, what to do.
    """
    found = first(places)
    if found is None:
        looked = " or ".join(map(str, places))
        raise InputError(f"{what} is missing: looked for {looked}; {remedy}")
    return found


def below(root: Path, path: Path) -> str:
    """As in `Utterance.path`: relative to the root if it lies there, else absolute."""
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return path.absolute().as_posix()


def not_copies(folder: Path, names: Collection[str], nested: str) -> tuple[list[str], int]:
    """Recordings of a sub-folder that do not repeat one of the folder, and how many do.

    Args:
        folder: that holds both.
        names: of the recordings in it.
        nested: name of the sub-folder.
    """
    there = recordings(folder / nested)
    kept = [name for name in there if name not in names or not same(folder / name, folder / nested / name)]
    return [f"{nested}/{name}" for name in kept], len(there) - len(kept)


def same(one: Path, other: Path) -> bool:
    """Whether two files have one size and the same bytes at start, middle and end.

    Whole files would be gigabytes to read before every run.
    """
    size = one.stat().st_size
    if size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        for place in {0, max(0, (size - _PROBE) // 2), max(0, size - _PROBE)}:
            first.seek(place)
            second.seek(place)
            if first.read(_PROBE) != second.read(_PROBE):
                return False
    return True


def _any_case(place: Path) -> Path | None:
    if not place.parent.is_dir():
        return None
    wanted = place.name.lower()
    return next((path for path in sorted(place.parent.iterdir()) if path.name.lower() == wanted), None)


def _ending(name: str) -> str:
    return name[name.rfind(".") :].lower()


def _files(folder: Path, above: tuple[str, ...], prefix: str, *, deep: bool) -> Iterator[str]:
    real = os.path.realpath(folder)
    if real in above:
        return
    with os.scandir(folder) as scan:
        entries = [entry for entry in scan if not entry.name.startswith(_NOT_OURS)]
    for entry in entries:
        if not entry.is_dir():
            yield prefix + entry.name
        elif deep:
            yield from _files(Path(entry.path), (*above, real), f"{prefix}{entry.name}/", deep=True)
