"""The clips of a folder."""

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from bonafide.corpora import tree
from bonafide.types import InputError

_REGION: Final = re.compile(r"(.+?)_\d+(?:\.\d+)?(?:[_-]\d+(?:\.\d+)?)+")


class Source(NamedTuple):
    """A clip to be manipulated.

    Args:
        name: path relative to the folder, with forward slashes and without ending.
        path: the same with ending.
        stamp: bytes and time of change (ns).
    """

    name: str
    path: str
    stamp: tuple[int, int]


def found(folder: Path, out: Path) -> dict[str, Source]:
    """The clips of a folder and all its folders by name, sorted.

    Raises:
        InputError: there are none; two have one name, or one that a result would have; results would lie
            among them.
    """
    if not folder.is_dir():
        raise InputError(f"the folder {folder} does not exist; set source to that of your recordings")
    if _would_find(folder.resolve(), out.resolve()):
        raise InputError(f"{out} lies among the recordings in {folder}; set out to a folder elsewhere")
    clips: dict[str, Source] = {}
    for path in tree.recordings(folder, deep=True):
        name = path[: path.rfind(".")]
        if name in clips:
            raise InputError(f"{folder} holds both {clips[name].path} and {path}; keep one of them")
        clips[name] = Source(name, path, stamp(folder / path))
    if not clips:
        raise InputError(
            f"no recordings (.wav, .flac, .mp3, …) in {folder}; set source to the folder that has them"
        )
    for name, clip in clips.items():
        match = _REGION.fullmatch(name)
        if match is not None and match[1] in clips:
            raise InputError(
                f"{folder} holds {clips[match[1]].path} and {clip.path}, which is called as a result of the "
                "former would be; rename it, or set source to recordings alone"
            )
    return clips


def stamp(file: Path) -> tuple[int, int]:
    """Bytes and time of change (ns); (-1, -1) if the file is not there."""
    try:
        status = os.stat(file)  # noqa: PTH116 - a million files: no further Path for each
    except OSError:
        return (-1, -1)
    return (status.st_size, status.st_mtime_ns)


def _would_find(source: Path, folder: Path) -> bool:
    """Whether a search through the source comes to a folder; it leaves hidden ones out."""
    if not folder.is_relative_to(source):
        return False
    return not any(part.startswith(".") for part in folder.relative_to(source).parts)
