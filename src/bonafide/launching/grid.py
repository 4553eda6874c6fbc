"""Every combination of the values given, as Hydra's basic sweeper makes them, with which a cell fails alone.

Hydra's own composes every cell before the first is launched, and stops all at one that makes no config.
Here launchers plan, and say at the end what failed. Hydra's basic launcher does not plan; it is given one
cell at a time, and only those that are not done.
"""

from collections.abc import Sequence
from pathlib import Path

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from bonafide import cell
from bonafide.launching import closing, plan
from bonafide.types import InputError
from bonafide.whole import whole


def run(
    config: DictConfig,
    context: HydraContext,
    launcher: Launcher,
    arguments: Sequence[str],
    most: int | None = None,
) -> None:
    """Launches the cells of a grid.

    Args:
        config: that all have in common, `hydra` included.
        context: from Hydra.
        launcher: runs what it is given.
        arguments: options with their values, as typed.
        most: cells that the launcher is given at once; None for all.

    Raises:
        InputError: not all cells are done.
    """
    parsed = OverridesParser.create(config_loader=context.config_loader).parse_overrides([*arguments])
    batches = BasicSweeper.split_arguments(parsed, most)
    sweep = Path(str(config.hydra.sweep.dir))
    sweep.mkdir(parents=True, exist_ok=True)
    with whole(sweep / "multirun.yaml") as part:
        OmegaConf.save(config, part)
    cell.remember(sweep, [str(option) for option in config.hydra.overrides.task])
    returned: list[JobReturn] = []
    for batch in batches:
        if isinstance(launcher, BasicLauncher):
            returned += _one_by_one(config, context, launcher, batch, len(returned))
        else:
            returned += launcher.launch(batch, initial_job_idx=len(returned))
    failed = sum(one.status != JobStatus.COMPLETED for one in returned)
    if failed:
        raise InputError(f"{failed} of {len(returned)} cells are not done; the same command runs only those")


def _one_by_one(
    config: DictConfig, context: HydraContext, launcher: Launcher, batch: Sequence[Sequence[str]], first: int
) -> Sequence[JobReturn]:
    sweep = Path(str(config.hydra.sweep.dir))
    jobs = plan.plan(sweep, batch, plan.composer(context, config), first)
    try:
        for job in plan.once(jobs):
            if job.to_run:
                launcher.launch([job.overrides], initial_job_idx=job.number)
            elif job.state == "broken":
                plan.fail(job)
    finally:
        closing.show(jobs, sweep)
    return closing.returns(jobs)
