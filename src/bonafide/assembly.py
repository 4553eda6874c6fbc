"""From a config to the things it names; the same for every script and for notebooks.

```python
cfg = assembly.compose(["model=rawnet2", "data=demo"])
task, data = assembly.task(cfg), assembly.data(cfg)
assembly.trainer(cfg).fit(task, data)
countermeasure = assembly.load("outputs/2026-11-20/12-00-00")
```
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from pydoc import ErrorDuringImport, locate
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from bonafide import cell, choices
from bonafide.types import InputError

if TYPE_CHECKING:  # torch and Lightning are imported only when a job starts
    import pytorch_lightning as pl

    from bonafide.augment.chain import Chain
    from bonafide.data.module import AudioData
    from bonafide.frontends.frontend import Frontend
    from bonafide.tasks.scoring import Scoring

TRUSTED = (
    "bonafide.augment.",
    "bonafide.corpora.",
    "bonafide.data.",
    "bonafide.frontends.",
    "bonafide.models.",
    "bonafide.objectives.",
    "bonafide.tasks.",
    "datetime.timedelta",
    "pytorch_lightning.callbacks.",
    "pytorch_lightning.loggers.",
    "pytorch_lightning.profilers.",
    "pytorch_lightning.trainer.",
    "torch.optim.",
    "torchmetrics.",
)
"""Where the classes that a run folder names must come from; a run can come from a stranger."""

_WITHOUT_EFFECT = {"hardware", "logger", "folder", "train", "test", "ckpt_path", "notes", "compile", "audit"}
"""Parts of a config that do not change the result."""


def conf() -> Path:
    """The folder of the Hydra groups: of the checkout, or as installed."""
    installed = Path(__file__).parent / "conf"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "conf"


def compose(overrides: Sequence[str] = (), config: str = "train") -> DictConfig:
    """The config that `python train.py OVERRIDES` would run."""
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir

    folder = f"folder=outputs/{datetime.now():%Y-%m-%d/%H-%M-%S}"  # noqa: DTZ005 - as Hydra names it
    with initialize_config_dir(str(conf()), version_base="1.3"):
        return hydra_compose(config, [folder, *overrides] if config == "train" else [*overrides])


def frontend(cfg: DictConfig) -> "Frontend":
    """The front end by itself: neither standardized nor remembered."""
    node = _plain(cfg.frontend)
    for wrapper in ("standardize", "memo"):
        node.pop(wrapper, None)
    made: Frontend = _make(node)
    return made


def task(cfg: DictConfig) -> "Scoring":
    """The task with its front end and model, sized for the clips of the data.

    A front end's YAML also says over what its features are standardized and where they are remembered, a
    model's YAML at which learning rate it was published and with which released weights it starts, a task's
    YAML by which measure callbacks choose; none of it is told to the constructor.
    """
    from bonafide.audio import frames
    from bonafide.frontends.memo import Memo
    from bonafide.frontends.standardize import Standardize
    from bonafide.models import published

    features, changes = frontend(cfg), augmentation(cfg)
    wrappers = _plain(cfg.frontend)
    if wrappers.get("memo"):
        if changes is not None and (changes.has("loader") or changes.has("device")):
            raise InputError(
                "frontend.memo remembers clips that come again, and augment changes them every time; "
                "drop frontend.memo, or set augment=none or augment=masking"
            )
        features = Memo.of(features, wrappers["memo"], cfg.data.cache)
    if wrappers.get("standardize"):
        features = Standardize.of(features, wrappers["standardize"])
    samples = frames.to_samples(cfg.data.clip_seconds, cfg.data.sample_rate)
    parts = _plain(cfg.model)
    parts.pop("learning_rate", None)
    weights = parts.pop("weights", None)
    model = _make(parts, shape=features.shape(samples))
    if weights:
        published.load(model, Path(weights).expanduser())
    how = _plain(cfg.task)
    for watched in ("monitor", "monitor_mode"):
        how.pop(watched, None)
    made: Scoring = _make(how, frontend=features, model=model, augment=changes)
    if cfg.compile:
        made.model.compile()
    return made


def data(cfg: DictConfig) -> "AudioData":
    """The data module; nothing is read before its `prepare_data`."""
    made: AudioData = _make(_plain(cfg.data), augment=augmentation(cfg))
    return made


def augmentation(cfg: DictConfig) -> "Chain | None":
    """What is done to training clips; None for nothing."""
    from bonafide.augment.chain import Chain

    if not cfg.get("augment"):
        return None
    return Chain({"augment": _make(_plain(cfg.augment))}, validation=cfg.augment_validation)


def trainer(cfg: DictConfig) -> "pl.Trainer":
    """The trainer with its callbacks and loggers."""
    from bonafide.tasks.checkpoints import AtomicCheckpointIO
    from bonafide.tasks.random_state import RandomState

    wanted = {name: node for name, node in _plain(cfg.callbacks).items() if node}
    if not cfg.trainer.enable_progress_bar:
        wanted.pop("progress", None)
    callbacks = [_make(node) for node in wanted.values()]
    made: pl.Trainer = _make(
        _plain(cfg.trainer),
        callbacks=[*callbacks, RandomState()],
        logger=[_make(_named(node, cfg)) for node in _plain(cfg.logger).values() if node],
        plugins=[AtomicCheckpointIO()],
        default_root_dir=cfg.folder,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
    )
    return made


def _named(logger: dict[str, Any], cfg: DictConfig) -> dict[str, Any]:
    """A W&B run says which sweep it belongs to and what is chosen in it; its id is its folder's.

    So a resumed run goes on in its own, and a single run is named after its parts.
    """
    given = dict(logger)
    if "id" not in given:
        return given
    folder = Path(cfg.folder).absolute()
    parts = [str(node._target_).rpartition(".")[2] for node in (cfg.model, cfg.frontend, cfg.data.corpus)]
    chosen, kind = cell.choices(folder), choices.kind(folder.parent)
    given["id"] = given["id"] or choices.run_id(folder)
    given["name"] = given["name"] or choices.named(chosen) or "-".join([*parts, f"seed{cfg.seed}"])
    given["group"] = given["group"] or (choices.sweep_name(folder.parent) if kind else None)
    given["job_type"] = given.get("job_type") or ("evaluate" if not cfg.train else kind or "train")
    given["tags"] = list(dict.fromkeys([*parts, *given["tags"]]))
    return given


def load(run: str | Path, checkpoint: str = "best", *, trust: Sequence[str] = ()) -> "Scoring":
    """The trained task of a run, on the CPU, ready to score.

    Args:
        run: a run folder.
        checkpoint: `"best"`, `"last"`, or the path of a `.ckpt`.
        trust: further packages whose code the run may name, for parts of your own.

    Raises:
        InputError: not a run folder, no such checkpoint, or a part that is not on the list of trusted ones.
    """
    from bonafide.tasks import checkpoints

    cfg = recipe(run, trust=trust)
    cfg.augment = None
    for start in {"weights", "source"} & cfg.model.keys():  # what it began with is not needed again
        cfg.model[start] = None
    made = task(cfg)
    found = checkpoints.read(checkpoint_path(run, checkpoint))
    made.on_load_checkpoint(found)
    made.load_state_dict(found["state_dict"])
    return made.eval()


def recipe(run: str | Path, *, trust: Sequence[str] = ()) -> DictConfig:
    """The config that a run was trained with, checked before anything of it is used."""
    file = Path(run) / ".hydra" / "config.yaml"
    if not file.is_file():
        raise InputError(
            f"{run} is not a run folder: it has no .hydra/config.yaml; give run=outputs/DATE/TIME"
        )
    cfg = OmegaConf.load(file)
    if not isinstance(cfg, DictConfig):
        raise InputError(f"{file} is not the config of a run")
    cfg.folder = str(run)
    cfg.compile = False
    _check_trust(_plain(cfg), (*TRUSTED, *(f"{name}." for name in trust)), str(file))
    return cfg


def checkpoint_path(run: str | Path, checkpoint: str) -> Path:
    """`best`, `last` and `averaged` are names; anything else is a path."""
    if checkpoint in {"best", "last", "averaged"}:
        return Path(run) / "checkpoints" / f"{checkpoint}.ckpt"
    return Path(checkpoint)


def fingerprint(cfg: DictConfig) -> str:
    """A hash of what decides the result: the same for any number of workers, devices and loggers."""
    placeless = OmegaConf.merge(cfg, {"folder": ""})  # callbacks name files below it
    assert isinstance(placeless, DictConfig)  # noqa: S101 - as `cfg` is; for the type checker
    plain = {name: node for name, node in _plain(placeless).items() if name not in _WITHOUT_EFFECT}
    for name in ("workers", "pin_memory", "cache", "root"):
        plain["data"].pop(name, None)
    plain["frontend"].pop("memo", None)
    for name in ("accelerator", "devices", "num_nodes", "strategy", "enable_progress_bar", "profiler"):
        plain["trainer"].pop(name, None)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _plain(node: DictConfig) -> dict[str, Any]:
    """Plain containers with every reference resolved."""
    try:
        found = OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        raise InputError(f"{error.full_key} is not set; add {error.full_key}=VALUE") from error
    except OmegaConfBaseException as error:
        raise InputError(" ".join(str(error).split())) from error
    if not isinstance(found, dict):
        raise InputError(f"{node} is not a part of a config")
    return {str(name): value for name, value in found.items()}


def _make(node: dict[str, Any], **given: Any) -> Any:
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    try:
        return instantiate(node, **given, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, InputError):
            raise error.__cause__ from None
        raise


def _check_trust(node: Any, trusted: Sequence[str], place: str) -> None:
    if isinstance(node, dict):
        if "_target_" in node and not _is_trusted(str(node["_target_"]), trusted):
            raise InputError(
                f"{place} names {node['_target_']}, which is not on the list of trusted parts; "
                "if you know where the run comes from, add its package with trust=[package]"
            )
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            _check_trust(child, trusted, place)


def _is_trusted(target: str, trusted: Sequence[str]) -> bool:
    """Whether a name is that of a class, and of one that was written in a trusted place.

    A name alone proves nothing: `bonafide.data.module.os.system` begins well and ends in the shell.
    """
    if not target.startswith(tuple(name.partition(".")[0] for name in trusted)):
        return False
    try:
        found = locate(target)
    except ErrorDuringImport:
        return False
    return isinstance(found, type) and f"{found.__module__}.{found.__qualname__}".startswith(tuple(trusted))
