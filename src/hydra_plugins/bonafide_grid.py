"""Where Hydra finds `hydra/sweeper=grid`; the work is done in `bonafide.launching.grid`."""

from typing import Any, final

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@final
class Grid(Sweeper):
    """Every combination of the values given; a cell fails alone.

    Args:
        max_batch_size: cells that a launcher is given at once; None for all.
        params: further options, as in Hydra's basic sweeper.
    """

    def __init__(self, max_batch_size: int | None = None, params: dict[str, Any] | None = None) -> None:
        self._max_batch_size, self._params = max_batch_size, params

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Makes the launcher."""
        self.config, self.hydra_context = config, hydra_context
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Runs what is not done yet."""
        from bonafide.launching import grid

        assert self.config is not None  # noqa: S101 - Hydra calls `setup` first
        assert self.hydra_context is not None  # noqa: S101
        assert self.launcher is not None  # noqa: S101
        params = [f"{option}={value}" for option, value in (self._params or {}).items()]
        given = [*params, *arguments]
        grid.run(self.config, self.hydra_context, self.launcher, given, self._max_batch_size)
