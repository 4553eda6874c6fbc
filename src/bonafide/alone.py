"""Work that several processes want done and one of them does: the others wait, and find it done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

_PATIENCE = 2.0  # seconds of waiting that need no word


@contextmanager
def alone(file: Path, announce: Callable[[str], None], work: str) -> Iterator[None]:
    """A block that one process at a time goes through; the system lets go of the file if the process dies.

    Args:
        file: to lock; it stays, empty.
        announce: is told of a wait.
        work: what is done in the block.
    """
    lock = FileLock(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=_PATIENCE)
        except Timeout:
            announce(f"another process is {work}; waiting for it")
            lock.acquire()
    except (OSError, NotImplementedError):  # no locks here: two may do the work, each into files of its own
        lock.release(force=True)
    try:
        yield
    finally:
        lock.release()
