"""A Ctrl-C is heard wherever it strikes.

Python cannot raise `KeyboardInterrupt` out of a hook of `os.fork`, which runs whenever a loader starts its
workers, or out of a finalizer: it prints "Exception ignored in …", and the program goes on as if nobody had
pressed a key.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_LATER: Final = 0.1
"""Seconds, by which the hook or finalizer is over."""


@contextmanager
def heard() -> Iterator[None]:
    """An interruption that Python had to ignore in the block is repeated a moment later."""
    process, before = os.getpid(), sys.unraisablehook

    def hook(ignored: Any) -> None:
        if os.getpid() != process or not issubclass(ignored.exc_type, KeyboardInterrupt):
            before(ignored)
            return
        again = threading.Timer(_LATER, os.kill, (process, signal.SIGINT))
        again.daemon = True
        again.start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM interrupts the block as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
