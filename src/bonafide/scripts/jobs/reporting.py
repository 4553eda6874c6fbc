"""A report without training or scoring: which form of it was asked for."""

from pathlib import Path

from omegaconf import DictConfig

from bonafide.scripts.jobs import calibrating, comparing, measuring, mining, reproducing, resources, sweeping
from bonafide.types import InputError

_FORMS = {
    frozenset({"scores"}): measuring.run,
    frozenset({"compare"}): comparing.run,
    frozenset({"sweep"}): sweeping.run,
    frozenset({"mistakes"}): mining.run,
    frozenset({"scores", "calibrate"}): calibrating.run,
    frozenset({"fusion", "calibrate"}): calibrating.run,
    frozenset({"resources"}): resources.run,
    frozenset({"reproduce"}): reproducing.run,
}
_OPTIONS = ("scores", "compare", "sweep", "mistakes", "fusion", "calibrate", "resources", "reproduce")


def run(cfg: DictConfig) -> None:
    """Writes the report that the options ask for.

    Raises:
        InputError: none is asked for, two that contradict each other, or one that W&B is not shown.
    """
    for name in ("resources", "reproduce"):
        if not isinstance(cfg[name], bool):
            raise InputError(f"{name}={cfg[name]} is not understood; write {name}=true")
    given = [name for name in _OPTIONS if cfg[name] is not None and cfg[name] is not False]
    form = _FORMS.get(frozenset(given))
    if form is None:
        said = f"{'= and '.join(given)}= do not make a report" if given else "there is nothing to report on"
        raise InputError(
            f"{said}; give scores=FILE, compare=[RUN,RUN], sweep=FOLDER, mistakes=RUN, calibrate=FILE with "
            "scores=FILE, calibrate=[FILE,FILE] with fusion=[FILE,FILE], resources=true or reproduce=true"
        )
    if cfg.wandb and given != ["sweep"]:
        raise InputError("wandb=true logs the report of a sweep; add sweep=FOLDER, or leave it out")
    form(cfg, Path(cfg.folder).expanduser())
