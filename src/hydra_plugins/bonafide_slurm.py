"""Where Hydra finds `hydra/launcher=slurm`; the work is done in `bonafide.launching.slurm.launcher`."""

from collections.abc import Sequence
from typing import final

from hydra.core.utils import JobReturn
from hydra_plugins.hydra_submitit_launcher.submitit_launcher import (  # type: ignore[import-untyped]
    SlurmLauncher as Submitit,
)


@final
class SlurmLauncher(Submitit):  # type: ignore[misc]  # it is not typed
    """Submitit's launcher for Hydra, with which cells come back and fail alone."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Submits what is neither done nor queued, and waits for all of it."""
        from bonafide.launching import plan
        from bonafide.launching.slurm import launcher

        assert self.config is not None  # noqa: S101 - Hydra calls `setup` first
        assert self.hydra_context is not None  # noqa: S101
        assert self.task_function is not None  # noqa: S101
        compose = plan.composer(self.hydra_context, self.config)
        jobs = plan.plan(launcher.sweep_of(self.config), job_overrides, compose, initial_job_idx)
        settings = launcher.Settings(**self.params)
        return launcher.launch(jobs, settings, self.hydra_context, self.task_function)
