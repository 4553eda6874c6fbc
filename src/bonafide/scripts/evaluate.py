"""`bonafide evaluate`: scores a trained run on its own test groups or on any other data, without training."""

from collections.abc import Sequence
from pathlib import Path

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from bonafide.scripts import command
from bonafide.types import InputError


def main() -> None:
    """The command."""
    command.run("evaluate", "evaluation", with_data_of_run)


def with_data_of_run(options: Sequence[str]) -> Sequence[str]:
    """Makes the data of the run the default of the `data` group, so that any option of it can be changed.

    No perturbations are `none`, the name that Hydra wants.
    """
    run = command.value_of("run", options)
    node = OmegaConf.create({})
    if run is not None:
        file = Path(run).expanduser() / ".hydra" / "config.yaml"
        if not file.is_file():
            raise InputError(
                f"{run} is not a run folder, it has no .hydra/config.yaml; give run=outputs/DATE/TIME"
            )
        node = OmegaConf.load(file).data
    ConfigStore.instance().store(group="data", name="run", node=node)
    return ["perturbations=none" if option == "perturbations=null" else option for option in options]


if __name__ == "__main__":
    main()
