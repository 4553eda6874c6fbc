"""The recordings that a command is given."""

import glob
from pathlib import Path

from bonafide.audio import files
from bonafide.types import InputError


def find(audio: str) -> list[Path]:
    """The recordings that a path, a folder or a glob names, sorted.

    Raises:
        InputError: there are none.
    """
    if not str(audio):
        raise InputError("audio names nothing; give audio=FILE, a folder or a quoted glob")
    place = Path(audio).expanduser()
    if place.is_file():
        return [place]
    if place.is_dir():
        found = sorted(
            path for path in place.rglob("*") if path.suffix.lower() in files.EXTENSIONS and path.is_file()
        )
        if not found:
            raise InputError(f"{audio} holds no audio; looked for {' '.join(sorted(files.EXTENSIONS))}")
        return found
    found = sorted(path for path in map(Path, glob.glob(str(place), recursive=True)) if path.is_file())  # noqa: PTH207
    if not found:
        raise InputError(f"{audio} does not exist; give audio=FILE, a folder or a quoted glob")
    return found
