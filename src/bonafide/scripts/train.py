"""`bonafide train`: fits a countermeasure, then scores every test group with its best checkpoint."""

import os
from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from bonafide.scripts import command
from bonafide.types import InputError


def main() -> None:
    """The command."""
    command.run("train", "training", asked)


def asked(options: Sequence[str]) -> Sequence[str]:
    """The options of a new run, or of one that goes on.

    Raises:
        InputError: a job for Slurm is asked for in a way that submits none.
    """
    found = resumed(options)
    hardware = command.value_of("hardware", found) or ""
    here = not any(option.startswith("-") for option in found) and not os.environ.get("SLURM_JOB_ID")
    if hardware.startswith("slurm") and here:
        raise InputError(
            f"hardware={hardware} submits the cells of a sweep; add -m, also for a single one, or train here "
            "with hardware=auto"
        )
    return found


def resumed(options: Sequence[str]) -> Sequence[str]:
    """With `ckpt_path=RUN/checkpoints/last.ckpt` and nothing else, everything else is as in that run.

    The run goes on in its own folder; an option typed now wins over the one typed then. A sweep goes on with
    `-m hydra.sweep.dir=SWEEP` and nothing else.
    """
    if set(options) & {"-m", "--multirun"}:
        return _swept(options)
    given = command.value_of("ckpt_path", options)
    if given is None or given == "null":
        return options
    checkpoint = Path(given).expanduser()
    if not checkpoint.is_file():
        raise InputError(f"ckpt_path={given} does not exist; resume from RUN/checkpoints/last.ckpt")
    run = checkpoint.absolute().parent.parent
    recorded = run / ".hydra" / "overrides.yaml"
    if not recorded.is_file():
        return options
    typed = {_name(option) for option in options}
    then = [str(option) for option in OmegaConf.load(recorded)]
    kept = [option for option in then if _name(option) not in typed]
    place = [] if any(name.startswith("hydra.") for name in typed) else [f"hydra.run.dir={run}"]
    return [*kept, *options, *place]


def _swept(options: Sequence[str]) -> Sequence[str]:
    """With `-m hydra.sweep.dir=SWEEP` and no other option, everything else is as in that sweep.

    Options of Hydra itself may be typed along; they win over those typed then.
    """
    folder = command.value_of("hydra.sweep.dir", options)
    chosen = [option for option in options if not option.startswith(("-", "hydra."))]
    if folder is None or chosen:
        return options
    recorded = Path(folder).expanduser() / "multirun.yaml"
    if not recorded.is_file():
        raise InputError(f"{folder} is not a sweep: it has no multirun.yaml; say what to train beside -m")
    then = OmegaConf.select(OmegaConf.load(recorded), "hydra.overrides")
    typed = {_name(option) for option in options} | {"hydra.mode", "hydra.sweep.dir"}
    return [*then.task, *(option for option in then.hydra if _name(option) not in typed), *options]


def _name(option: str) -> str:
    return option.partition("=")[0].lstrip("+~")


if __name__ == "__main__":
    main()
