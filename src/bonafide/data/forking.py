"""How processes start that only read and decode."""

import sys
from typing import Final

READERS: Final = "fork" if sys.platform == "linux" else None
"""Start method of `multiprocessing`; None is the platform's own.

Forked, they start in no time; they touch neither torch's threads nor a device. It is said wherever they
start: a process that a fork server started, as the cells of a sweep are, would take another server, which
imports torch once more.
"""
