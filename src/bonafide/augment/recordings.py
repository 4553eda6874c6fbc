"""Recordings of a folder to draw from: noises, voices, impulse responses."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from bonafide.audio import files
from bonafide.types import InputError


def recordings(setting: str, folder: str) -> tuple[str, ...]:
    """Paths of all audio files below a folder, sorted, so that a draw names the same one everywhere.

    Raises:
        InputError: there is no such folder, or no audio in it.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise InputError(f"augment: {setting}={folder} is no folder; name one with recordings")
    found = sorted(str(path) for path in root.rglob("*") if path.suffix.lower() in files.EXTENSIONS)
    if not found:
        raise InputError(f"augment: {setting}={folder} holds no audio; name a folder with recordings")
    return tuple(found)


def picked(paths: Sequence[str], where: Tensor) -> str:
    """The path at a number from 0 up to 1, as a share of all."""
    return paths[min(int(where * len(paths)), len(paths) - 1)]
