"""The cells of a sweep on the screen: a line each, that moves while it runs and stays when it is over."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self, final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from bonafide.launching import closing
from bonafide.launching.closing import Ending
from bonafide.launching.packed.progress import Progress
from bonafide.launching.packed.slots import Slot
from bonafide.launching.plan import Job


@final
class Board:
    """Shows a sweep; plain lines where the screen is not a terminal.

    Args:
        jobs: all cells.
        console: to write on.
    """

    def __init__(self, jobs: Sequence[Job], console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._common = closing.shared(jobs)
        self._waiting = sum(job.to_run for job in jobs)
        self._running: dict[int, tuple[Job, Slot, float, Progress]] = {}
        self.stopping = False
        self._live = Live(get_renderable=self._picture, console=self._console, refresh_per_second=2)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def begin(self, job: Job, slot: Slot) -> None:
        """A cell starts."""
        self._waiting -= 1
        self._running[job.number] = (job, slot, time.monotonic(), Progress())
        if not self._console.is_terminal:
            goes_on = "goes on from its last checkpoint" if job.state == "resume" else "starts"
            self._say(job, f"{goes_on} on {slot.name}")

    def move(self, job: Job, progress: Progress) -> None:
        """A cell says how far it is."""
        _, slot, started, _ = self._running[job.number]
        self._running[job.number] = (job, slot, started, progress)

    def end(self, job: Job, end: Ending) -> None:
        """A cell is over."""
        self._running.pop(job.number, None)
        value = "" if end.validated is None else f", {end.validated}"
        seconds = "" if end.seconds is None else f", {end.seconds:.0f} s"
        error = f": {end.error}" if end.error else ""
        self._say(job, f"{end.said}{value}{seconds}{error}", closing.STYLES.get(end.said, ""))

    def say(self, text: str) -> None:
        """A line about the sweep."""
        self._console.print(Text(text), soft_wrap=True)

    def _say(self, job: Job, text: str, style: str = "") -> None:
        line = Text(f"cell {job.number}  {closing.short(job, self._common)}  ").append(text, style)
        self._console.print(line, soft_wrap=True)

    def _picture(self) -> RenderableType:
        lines = [
            Text(
                f"cell {number}  {closing.short(job, self._common)}  {progress}  "
                f"({time.monotonic() - started:.0f} s on {slot.name})",
                overflow="ellipsis",
                no_wrap=True,
            )
            for number, (job, slot, started, progress) in sorted(self._running.items())
        ]
        rest = f"{self._waiting} queued" if self._waiting else ""
        stop = "stopping: cells write what they must; Ctrl-C again kills them" if self.stopping else rest
        return Group(*lines, *([Text(stop)] if stop else []))
