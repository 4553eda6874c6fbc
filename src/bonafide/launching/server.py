"""The server that processes are forked from: it has imported what all of them need, and computed nothing."""

import multiprocessing
import signal
from collections.abc import Sequence
from multiprocessing import forkserver, resource_tracker


def start(preload: Sequence[str]) -> None:
    """Starts it, if it does not run.

    Ctrl-C is not for it, nor for what it forks: whoever waits for them ends them.

    Args:
        preload: modules that it imports.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(preload))
    resource_tracker.ensure_running()  # the server would start it, and it lifts the block
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
