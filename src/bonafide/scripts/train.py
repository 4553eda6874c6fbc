"""`bonafide train`: fits a countermeasure, then scores every test group with its best checkpoint."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from bonafide.scripts import command
from bonafide.types import InputError


def main() -> None:
    """The command."""
    command.run("train", "training", resumed)


def resumed(options: Sequence[str]) -> Sequence[str]:
    """With `ckpt_path=RUN/checkpoints/last.ckpt` and nothing else, everything else is as in that run.

    The run goes on in its own folder; an option typed now wins over the one typed then.
    """
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


def _name(option: str) -> str:
    return option.partition("=")[0].lstrip("+~")


if __name__ == "__main__":
    main()
