"""How far memory grows while something is computed."""

import ctypes
import gc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import torch

_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")


def growth(work: Callable[[], object], device: torch.device) -> int | None:
    """Bytes held at the peak beyond those held before; None where the system does not tell.

    On a GPU they are those of torch's allocator. On a CPU they are those of the process, scratch space of the
    libraries included: the kernel counts pages of 4 KiB, and may be some dozens of them late. What the
    libraries load at their first call counts too, so call it once before.

    Args:
        work: what is computed; what it returns is held until the end.
        device: that it is computed on.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        work()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    gc.collect()
    _give_back()
    try:
        _RESET.write_text("5", encoding="ascii")  # the peak becomes what is held now; see proc(5)
        before = _held("VmRSS")
    except OSError:
        return None
    work()
    return max(0, _held("VmHWM") - before)


def _held(name: str) -> int:
    """Bytes of a line of the kernel's status."""
    lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return 1024 * int(kilobytes)


def _give_back() -> None:
    """Memory that was freed, which the allocator keeps for later and would hide growth."""
    with suppress(AttributeError, OSError):  # only glibc's can be told
        ctypes.CDLL(None).malloc_trim(0)
