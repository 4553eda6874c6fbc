"""Files that are there whole or not at all: written beside their place, then moved onto it in one step."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bonafide.types import InputError


@contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A file to write that takes its place only when the block ends without an error; folders are made.

    ```python
    with whole("scores.csv") as part, part.open("w", encoding="utf-8") as file:
        file.write(text)
    ```

    Raises:
        InputError: the disk is full, the folder may not be written to, or a text is not Unicode; what was at
            `path` before stays as it was.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror or error}); free some space or name another folder"
        ) from error
    except UnicodeEncodeError as error:
        raise InputError(
            f"{path} cannot be written: {error.object!r} is not Unicode text, rename it"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()
