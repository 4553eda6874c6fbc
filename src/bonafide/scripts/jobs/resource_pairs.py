"""The pairs of front end and model that an option names."""

from difflib import get_close_matches
from typing import Final, NamedTuple

from hydra import compose
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bonafide import assembly
from bonafide.evaluation.resources.published import PUBLISHED
from bonafide.scripts.jobs import listed
from bonafide.types import InputError

FORM: Final = "FRONTEND/MODEL, such as lfcc/lcnn"
DEFAULT: Final = (
    *(f"idsd_{name}/tcn" for name in PUBLISHED),
    "lfcc/gmm",
    "lfcc/lcnn",
    "wavelet_packets/lcnn_blstm",
    "wavelet_packets/dcnn",
    "stft_packets/regression",
    "mel/ast",
    "raw/rawnet2",
    "raw/aasist",
    "raw/aasist_l",
)
"""The published comparison with its model; then models that need no weights of others on their front ends."""


class Pair(NamedTuple):
    """A front end with a model.

    Args:
        frontend: name of its option.
        model: likewise.
        options: of this pair alone.
        config: of a training with them.
    """

    frontend: str
    model: str
    options: tuple[str, ...]
    config: DictConfig

    @property
    def name(self) -> str:
        """As it is typed."""
        return " ".join([f"{self.frontend}/{self.model}", *self.options])


def read(cfg: DictConfig) -> list[Pair]:
    """The pairs of the command, each once, with their configs.

    Raises:
        InputError: a name or an option that is not there.
    """
    named = list(DEFAULT if cfg.pairs is None else dict.fromkeys(listed.words(cfg.pairs, "pairs")))
    common = listed.words(cfg.options, "options")
    if not named:
        raise InputError(f"pairs=[] names nothing to measure; give {FORM}")
    parts = [_parts(text) for text in named]  # all of them are looked at before one is composed
    given = [*common, f"seed={cfg.seed}", f"data.clip_seconds={cfg.clip_seconds}"]
    return [Pair(*found, _composed(*found, given)) for found in parts]


def _parts(text: str) -> tuple[str, str, tuple[str, ...]]:
    pair, *options = text.split() or [""]
    names = pair.split("/")
    if len(names) != 2 or not all(names):
        raise InputError(f"pairs: {pair or 'an empty word'} is no pair; give {FORM}")
    frontend, model = names
    frontends, models = listed.there("frontend"), listed.there("model")
    if frontend in models and model in frontends:
        raise InputError(f"pairs: {pair} has the model first; did you mean {model}/{frontend}?")
    for name, kind, there in ((frontend, "front end", frontends), (model, "model", models)):
        if name not in there:
            raise InputError(f"pairs: there is no {kind} {name} ({pair}); {listed.hint(name, there)}")
    listed.check(options, f"pairs: behind {pair}")
    return frontend, model, tuple(options)


def _composed(frontend: str, model: str, own: tuple[str, ...], common: list[str]) -> DictConfig:
    chosen = ["folder=.", f"model={model}", f"frontend={frontend}"]
    try:
        return compose("train", [*chosen, *common, *own])  # inside a command, which has told Hydra the place
    except (HydraException, OmegaConfBaseException) as error:
        plain = compose("train", chosen)
        for option in (*own, *common):
            name = option.partition("=")[0].lstrip("+~")
            if not option.startswith(("+", "~")) and not _has(plain, name):
                raise InputError(f"{frontend}/{model} has no option {name}{_near(plain, name)}") from error
        raise InputError(f"{frontend}/{model}: {' '.join(str(error).split())}") from error


def _has(cfg: DictConfig, name: str) -> bool:
    group = (assembly.conf() / name.partition("@")[0]).is_dir()
    return group or OmegaConf.select(cfg, name, default=cfg) is not cfg


def _near(cfg: DictConfig, name: str) -> str:
    parent, _, leaf = name.rpartition(".")
    node = OmegaConf.select(cfg, parent) if parent else cfg
    siblings = sorted(map(str, node)) if isinstance(node, DictConfig) else []
    near = get_close_matches(leaf, siblings, 1, 0.5)
    if near:
        return f"; did you mean {f'{parent}.{near[0]}'.lstrip('.')}?"
    return f"; there are {', '.join(siblings)}" if siblings else ""
