"""Interruptions that Python ignores come again."""

import signal
import subprocess
import sys

import pytest

from bonafide import interruption

STRUCK = """
import os, signal, sys, time
from bonafide import interruption

def struck():
    signal.raise_signal(signal.SIGINT)

{place}
try:
    with interruption.heard():
        {act}
        time.sleep(20)
except KeyboardInterrupt:
    sys.exit(130)
"""
FORK = ("os.register_at_fork(after_in_parent=struck)", "os.fork() or os._exit(0)")
FINALIZER = ("class Last:\n    def __del__(self): struck()", "Last()")


@pytest.mark.parametrize(("place", "act"), [FORK, FINALIZER])
def test_it_is_heard(place: str, act: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STRUCK.format(place=place, act=act)],
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 130
    assert b"ignored" not in done.stderr


def test_without_it_nobody_hears() -> None:
    code = STRUCK.format(place=FINALIZER[0], act=FINALIZER[1]).replace("sleep(20)", "sleep(0.5)")
    code = code.replace("interruption.heard()", "__import__('contextlib').nullcontext()")
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=60)
    assert (done.returncode, b"Exception ignored" in done.stderr) == (0, True)


def test_other_errors_are_told_as_ever() -> None:
    code = STRUCK.format(place="class Last:\n    def __del__(self): 1 / 0", act="Last()").replace("20", "0")
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=60)
    assert done.returncode == 0
    assert b"ZeroDivisionError" in done.stderr
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_sigterm_interrupts_and_is_what_it_was_after() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), interruption.terminable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
