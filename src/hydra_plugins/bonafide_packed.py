"""Where Hydra finds `hydra/launcher=packed`; the work is done in `bonafide.launching.packed.launcher`."""

from collections.abc import Sequence
from typing import Any, final

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@final
class Packed(Launcher):
    """Cells of a sweep side by side on this machine.

    Args:
        settings: see `Settings` of `bonafide.launching.packed.slots`, and `conf/hydra/launcher/packed.yaml`.
    """

    def __init__(self, **settings: Any) -> None:
        self._settings = settings

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Takes what every cell has in common."""
        self.config, self.hydra_context, self.task_function = config, hydra_context, task_function

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Runs what is not done yet."""
        from bonafide.launching import plan
        from bonafide.launching.packed import launcher, slots

        assert self.config is not None  # noqa: S101 - Hydra calls `setup` first
        assert self.hydra_context is not None  # noqa: S101
        compose = plan.composer(self.hydra_context, self.config)
        settings = slots.Settings(**self._settings)
        return launcher.launch(self.config, job_overrides, compose, settings, initial_job_idx)
