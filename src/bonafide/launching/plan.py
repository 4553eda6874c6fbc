"""What a sweep has to do: which of its cells are done, which go on, which begin.

A cell is known by the fingerprint of its config, not by its place in the list, so a sweep may grow by further
values, and a mended command takes the place of what failed before it had anything to keep.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Final, Literal, NamedTuple

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import filter_overrides, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from bonafide import assembly, cell
from bonafide.cell import Cell
from bonafide.types import InputError

Compose = Callable[[Sequence[str], int], DictConfig]
"""Options of a job and its number to its whole config, `hydra` included; raises `InputError` in one line."""

State = Literal["new", "resume", "done", "alive", "broken"]
"""Of a cell before the sweep starts: `broken` is one whose options make no config."""

_RESULTS: Final = ("metrics.json",)
"""What a run leaves that tests."""


class Job(NamedTuple):
    """A cell and what is to be done with it. Options that make the same config make one cell, met twice.

    Args:
        number: `hydra.job.num`, by which Hydra names its folder.
        overrides: options of this cell, as Hydra hands them to a launcher.
        folder: where the run is kept.
        fingerprint: of its config; of its options if they make none.
        state: see `State`.
        before: what an earlier attempt left.
        error: one line if it is broken.
        config: whole, `hydra` included; None if it is broken.
    """

    number: int
    overrides: tuple[str, ...]
    folder: Path
    fingerprint: str
    state: State
    before: Cell | None = None
    error: str = ""
    config: DictConfig | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """Its options without those of Hydra itself."""
        return tuple(filter_overrides(self.overrides))

    @property
    def to_run(self) -> bool:
        """Whether there is anything to start."""
        return self.state in {"new", "resume"}


def composer(context: HydraContext, config: DictConfig) -> Compose:
    """How the config of a job is composed, from what Hydra gives the `setup` of launchers and sweepers."""
    explain = import_module("bonafide.scripts.command").explain
    setup_globals()

    def compose(overrides: Sequence[str], number: int) -> DictConfig:
        try:
            found = context.config_loader.load_sweep_config(config, list(overrides))
        except Exception as error:
            said = explain(error, "train")
            if said is None:
                raise
            raise InputError(said) from error
        with open_dict(found):
            found.hydra.job.id = str(number)
            found.hydra.job.num = number
        return found

    return compose


def plan(sweep: Path, overrides: Sequence[Sequence[str]], compose: Compose, first: int = 0) -> list[Job]:
    """The jobs of a sweep in the order of `overrides`; nothing is written.

    Args:
        sweep: folder of the cells.
        overrides: as Hydra hands them to a launcher: the options of each job.
        compose: see `composer`.
        first: number of the first job, where nothing else decides (Hydra's `initial_job_idx`).

    Raises:
        InputError: the file of a cell is damaged.
    """
    drafts = [_draft(options, compose, first + place) for place, options in enumerate(overrides)]
    numbers = _numbered(sweep, [draft.fingerprint for draft in drafts], first)
    return [_settled(sweep, draft, compose, number) for draft, number in zip(drafts, numbers, strict=True)]


def once(jobs: Sequence[Job]) -> list[Job]:
    """Each cell once."""
    return list({job.number: job for job in jobs}.values())


def results(cfg: DictConfig) -> Sequence[str]:
    """Files without which a run with this config is not done."""
    return _RESULTS if cfg.test and not cfg.trainer.fast_dev_run else ()


def fail(job: Job, error: str = "") -> None:
    """Notes of a cell that it failed, where no run could say so itself."""
    if cell.standing(job.folder, job.fingerprint) == "taken":
        return
    before = cell.read(job.folder)
    seconds = before.seconds if before is not None and before.fingerprint == job.fingerprint else 0.0
    cell.write(job.folder, Cell(job.fingerprint, "failed", None, error or job.error, seconds, cell.owner()))
    options = job.folder / ".hydra" / "overrides.yaml"
    if not options.is_file():
        options.parent.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(OmegaConf.create(list(job.options)), options)


@contextmanager
def told(config: DictConfig) -> Iterator[None]:
    """With `${hydra:…}` as it is in this job."""
    now = HydraConfig.instance().cfg
    HydraConfig.instance().set_config(config)
    try:
        yield
    finally:
        HydraConfig.instance().cfg = now


class _Draft(NamedTuple):
    """A job that has no number yet, or no more than its place in the list."""

    overrides: tuple[str, ...]
    fingerprint: str
    number: int
    config: DictConfig | None
    error: str = ""


def _draft(overrides: Sequence[str], compose: Compose, number: int) -> _Draft:
    try:
        config = compose(overrides, number)
        with told(config):
            mark = assembly.fingerprint(task_config(config))
    except InputError as error:
        text = "\n".join(sorted(filter_overrides(overrides)))
        mark = hashlib.sha256(text.encode()).hexdigest()[:16]
        return _Draft(tuple(overrides), mark, number, None, str(error))
    return _Draft(tuple(overrides), mark, number, config)


def task_config(config: DictConfig) -> DictConfig:
    """The config of a job as the job sees it: without `hydra`."""
    plain = OmegaConf.masked_copy(config, [str(name) for name in config if name != "hydra"])
    plain._set_parent(None)  # noqa: SLF001 - references are looked up from here
    return plain


def _numbered(sweep: Path, marks: Sequence[str], first: int) -> list[int]:
    """The number that a cell has already, else its place in the list if that is free, else the next free."""
    there = _cells(sweep)
    known = {found.fingerprint: number for number, found in there.items()}
    wanted = {known[mark] for mark in marks if mark in known}
    occupied = wanted | {number for number in there if cell.standing(sweep / str(number), "") == "taken"}
    given: dict[str, int] = {}
    for place, mark in enumerate(marks):
        if mark in given:
            continue
        number = known.get(mark, first + place)
        if mark not in known:
            if number in occupied:
                number = next(free for free in count(first) if free not in occupied)
            occupied.add(number)
        given[mark] = number
    return [given[mark] for mark in marks]


def _settled(sweep: Path, draft: _Draft, compose: Compose, number: int) -> Job:
    config = draft.config
    if config is None:
        folder, mark = sweep / str(number), draft.fingerprint
        return Job(number, draft.overrides, folder, mark, "broken", cell.read(folder), draft.error)
    if number != draft.number:
        config = compose(draft.overrides, number)
    with told(config):
        folder = sweep / str(OmegaConf.select(config, "hydra.sweep.subdir"))
    found = cell.standing(folder, draft.fingerprint, results(config))
    before = cell.read(folder)
    if found == "taken":
        said = f"{folder} holds another run; choose another hydra.sweep.dir or hydra.sweep.subdir"
        return Job(number, draft.overrides, folder, draft.fingerprint, "broken", before, said)
    return Job(number, draft.overrides, folder, draft.fingerprint, found, before, config=config)


def _cells(sweep: Path) -> dict[int, Cell]:
    """The cells of a sweep folder by number."""
    folders = sweep.iterdir() if sweep.is_dir() else ()
    found = {int(folder.name): cell.read(folder) for folder in folders if folder.name.isdecimal()}
    return {number: there for number, there in sorted(found.items()) if there is not None}
