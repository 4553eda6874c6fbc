"""A report on scores that are there already: which form of it was asked for."""

from pathlib import Path

from omegaconf import DictConfig

from bonafide.scripts.jobs import calibrating, comparing, measuring
from bonafide.types import InputError

_FORMS = {
    frozenset({"scores"}): measuring.run,
    frozenset({"compare"}): comparing.run,
    frozenset({"scores", "calibrate"}): calibrating.run,
    frozenset({"fusion", "calibrate"}): calibrating.run,
}
_OPTIONS = ("scores", "compare", "fusion", "calibrate")


def run(cfg: DictConfig) -> None:
    """Writes the report that the options ask for.

    Raises:
        InputError: none is asked for, or two that contradict each other.
    """
    given = [name for name in _OPTIONS if cfg[name] is not None]
    form = _FORMS.get(frozenset(given))
    if form is None:
        said = f"{'= and '.join(given)}= do not make a report" if given else "there is nothing to report on"
        raise InputError(
            f"{said}; give scores=FILE, compare=[RUN,RUN], calibrate=FILE with scores=FILE, "
            "or calibrate=[FILE,FILE] with fusion=[FILE,FILE]"
        )
    form(cfg, Path(cfg.folder).expanduser())
