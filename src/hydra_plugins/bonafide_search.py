"""Where Hydra finds `hydra/sweeper=search`; the work is done in `bonafide.launching.search.sweeper`."""

from typing import Any, final

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@final
class Search(Sweeper):
    """A search for the best options, which goes on where it was interrupted.

    Args:
        settings: see `Settings` of `bonafide.launching.search.sweeper`, and `conf/hydra/sweeper/search.yaml`.
    """

    def __init__(self, **settings: Any) -> None:
        self._settings = settings

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Makes the launcher that trains what is tried."""
        self.config, self.hydra_context = config, hydra_context
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Tries until there are as many values as were asked for."""
        from bonafide.launching.search import sweeper  # Hydra imports every plugin at every start

        assert self.config is not None  # noqa: S101 - Hydra calls `setup` first
        assert self.hydra_context is not None  # noqa: S101
        assert self.launcher is not None  # noqa: S101
        settings = sweeper.Settings(**self._settings)
        sweeper.run(settings, self.config, self.hydra_context, self.launcher, arguments)
