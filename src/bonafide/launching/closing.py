"""How a sweep ended: a table on the screen, and what Hydra is told of each cell."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf, open_dict, read_write
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bonafide import cell, validated
from bonafide.launching import plan
from bonafide.launching.plan import Job
from bonafide.types import InputError
from bonafide.validated import Validated

STYLES: Final = {"done": "green", "failed": "red", "interrupted": "yellow", "running elsewhere": "yellow"}


class Ending(NamedTuple):
    """How a cell stands after a sweep.

    Args:
        said: done, done before, failed, interrupted, running elsewhere, or waiting.
        validated: what validation chose the weights by.
        seconds: of all its attempts.
        error: one line.
    """

    said: str
    validated: Validated | None = None
    seconds: float | None = None
    error: str = ""

    @property
    def done(self) -> bool:
        """Whether it has its result."""
        return self.said.startswith("done")


def ending(job: Job) -> Ending:
    """How a cell stands now."""
    if job.state == "broken":
        return Ending("failed", error=job.error)
    found = cell.read(job.folder)
    if found is None or found.fingerprint != job.fingerprint:
        return Ending("waiting")
    if found.status == "running":
        said = "running elsewhere" if found.alive else "failed"
        error = "" if found.alive else "it ended without a word; its log says more"
        return Ending(said, seconds=found.seconds, error=error)
    said = "done before" if job.state == "done" and found.status == "done" else found.status
    return Ending(said, found.validated, found.seconds, found.error)


def show(jobs: Sequence[Job], sweep: Path) -> None:
    """What ran, what was there before, and what failed with the first line of its error."""
    ends = {job.number: (job, ending(job)) for job in jobs}
    table = Table(title=f"Cells of {sweep}", title_justify="left", box=None, pad_edge=False)
    table.add_column("cell", justify="right")
    table.add_column("options", overflow="fold")
    table.add_column("state")
    head, _ = validated.titles(end.validated for _, end in ends.values())
    table.add_column(f"validation {head}".strip(), justify="right")
    table.add_column("seconds", justify="right")
    common = shared([job for job, _ in ends.values()])
    for number, (job, end) in sorted(ends.items()):
        found = end.validated
        value = "" if found is None else found.text if head else found.named
        seconds = "" if end.seconds is None else f"{end.seconds:.0f}"
        said = Text(end.said, STYLES.get(end.said, ""))
        table.add_row(str(number), Text(short(job, common)), said, value, seconds)
    console = Console(soft_wrap=False)
    if not console.is_terminal:  # in a file every line stays whole
        console = Console(width=200)
    console.print(table)
    for number, (job, end) in sorted(ends.items()):
        if end.error:
            console.print(Text(f"cell {number} ({job.folder}): {end.error}"), soft_wrap=True)
    counted = Counter(end.said for _, end in ends.values())
    console.print(", ".join(f"{count} {said}" for said, count in sorted(counted.items())))


def short(job: Job, common: frozenset[str] = frozenset()) -> str:
    """The options of a cell that are not those of all."""
    return " ".join(option for option in job.options if option not in common) or "(no options)"


def shared(jobs: Sequence[Job]) -> frozenset[str]:
    """Options that all cells have; none of a single one."""
    options = [frozenset(job.options) for job in jobs]
    return frozenset.intersection(*options) if len(options) > 1 else frozenset()


def returns(jobs: Sequence[Job]) -> list[JobReturn]:
    """What Hydra's sweepers are told: a value, or what stopped the cell."""
    return [_returned(job, ending(job)) for job in jobs]


def _returned(job: Job, end: Ending) -> JobReturn:
    found = JobReturn(overrides=list(job.overrides), working_dir=str(Path.cwd()), task_name="train")
    if job.config is not None:
        found.cfg = plan.task_config(job.config)
        found.hydra_cfg = OmegaConf.masked_copy(job.config, ["hydra"])
        with read_write(found.hydra_cfg.hydra.runtime), open_dict(found.hydra_cfg.hydra.runtime):
            found.hydra_cfg.hydra.runtime.output_dir = str(job.folder.absolute())
    value = None if end.validated is None else end.validated.cost
    found.return_value = value if end.done else InputError(f"cell {job.number}: {end.error or end.said}")
    found.status = JobStatus.COMPLETED if end.done else JobStatus.FAILED
    return found
