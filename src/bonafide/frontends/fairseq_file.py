"""Checkpoints in fairseq's format, read without fairseq and without running anything that they hold.

A `.pt` file is a pickle, and a pickle names classes and functions to call. Beside tensors, fairseq's name
`argparse.Namespace`, omegaconf's containers, configuration dataclasses, enumerations and dictionaries. Here a
name is never imported: tensors are rebuilt by code of ours, every other class becomes a `Husk` that keeps
what it is given and does nothing, and a function is refused.
"""

import collections
import pickle
import sys
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple, final

import torch
from torch import Tensor

from bonafide.types import InputError

LEGACY: Final = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")
"""How files of torch < 1.6 begin: their magic number, pickled."""

CONTAINERS: Final[dict[str, Any]] = {
    "collections.OrderedDict": collections.OrderedDict,
    "collections.defaultdict": collections.defaultdict,
    **{
        f"builtins.{kind.__name__}": kind
        for kind in (bool, bytes, complex, dict, float, frozenset, int, list, set, str, tuple)
    },
}
"""What is taken as it is: types whose calls only hold values."""

HUSKS: Final = {
    "_codecs.encode",
    "argparse.Namespace",
    "numpy.dtype",
    "numpy.ndarray",
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    "pathlib.Path",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "torch.Size",
    "torch.device",
}
"""Names outside the rules of `_is_harmless_class` that released files hold, kept as husks like the rest."""


class FairseqFile(NamedTuple):
    """What a front end needs of a checkpoint.

    Args:
        config: of the model, in plain values: from `cfg["model"]`, from a flat `cfg`, or from `args`. That of
            the encoder inside a fine-tuned model (`w2v_args`) is laid over it; `normalize` comes from the
            task where the model does not say it.
        state: weights by name, on the CPU; those of a nested dictionary are named `OUTER.INNER`.
        path: of the file.
    """

    config: dict[str, Any]
    state: dict[str, Tensor]
    path: Path


class Husk:
    """Stands where an object of some class would: keeps its arguments and state, and does nothing."""

    def __init__(self, *args: Any, **_: Any) -> None:
        self.args = args
        self.state: Any = None
        self.items: list[Any] = []

    def __new__(cls, *args: Any, **_: Any) -> "Husk":  # noqa: D102 - pickle may skip the constructor
        made = super().__new__(cls)
        made.args, made.state, made.items = args, None, []
        return made

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))

    def append(self, value: Any) -> None:
        """As a list or a deque would be filled."""
        self.items.append(value)

    def add(self, value: Any) -> None:
        """As a set would be filled."""
        self.items.append(value)


class Refused(pickle.UnpicklingError):
    """The file names something that has no place in a checkpoint."""


@final
class _Tensor:
    """Puts a tensor together from its storage, as `torch._utils._rebuild_tensor_v2` does, without its hooks.

    An object without attributes, so that a pickle cannot change torch's own function.
    """

    __slots__ = ()

    def __call__(self, storage: Any, offset: int, size: Any, stride: Any, *_: Any) -> Tensor:
        return torch.empty(0, dtype=storage.dtype).set_(storage._untyped_storage, offset, size, stride)  # noqa: SLF001 - as torch does


@final
class _Parameter:
    """A parameter is kept as its tensor."""

    __slots__ = ()

    def __call__(self, tensor: Tensor, *_: Any) -> Tensor:
        return tensor


REBUILDERS: Final[dict[str, Callable[..., Tensor]]] = {
    "torch._utils._rebuild_tensor": _Tensor(),
    "torch._utils._rebuild_tensor_v2": _Tensor(),
    "torch._utils._rebuild_parameter": _Parameter(),
}


def _is_harmless_class(module: str, name: str) -> bool:
    """Whether a name reads like a class of a package, which a husk may stand for.

    Functions and the standard library are not what configurations are made of: whoever names `os.system` or
    `subprocess.Popen` wants something else. Nothing is imported either way.
    """
    last = name.rpartition(".")[2].lstrip("_")
    package = module.partition(".")[0]
    if package in {"typing", "enum"}:
        return True
    return last[:1].isupper() and package != "torch" and package not in sys.stdlib_module_names


class _Unpickler(pickle.Unpickler):
    """Finds names in the tables above and nowhere else."""

    def find_class(self, module: str, name: str) -> Any:
        # Protocol 2, which torch writes, uses the names of Python 2: `__builtin__.long`.
        module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
        full = f"{module}.{name}"
        if full in CONTAINERS:
            return CONTAINERS[full]
        if full in REBUILDERS:
            return REBUILDERS[full]
        if module == "torch" and name.endswith("Storage") and isinstance(getattr(torch, name, None), type):
            return getattr(torch, name)
        if full in HUSKS or _is_harmless_class(module, name):
            return type("Husk", (Husk,), {"__doc__": full})
        raise Refused(full)


def _unpickle(file: Any, **options: Any) -> Any:
    return _Unpickler(file, **options).load()


def read(path: str | Path) -> FairseqFile:
    """Reads a checkpoint; the weights are mapped from the disk where the format allows it.

    Raises:
        InputError: there is no such file, it is damaged or of another format, it names a function or class
            that has no place in a checkpoint, or it holds no weights of a model.
    """
    path = Path(path)
    whole = _load(path)
    if not isinstance(whole, dict) or not isinstance(whole.get("model"), dict):
        raise InputError(
            f'{path} is not a fairseq checkpoint: it has no weights under "model"; '
            "give the .pt file as its authors released it"
        )
    state: dict[str, Tensor] = {}
    for name, value in _leaves(whole["model"]):
        if type(value) is not Tensor:
            raise InputError(f"{path} holds something that is not a tensor among its weights: {name}")
        state[name] = value.detach()
    try:
        return FairseqFile(_model_config(whole), state, path)
    except RecursionError:
        raise InputError(f"the configuration in {path} holds itself; fetch the file again") from None


def _load(path: Path) -> Any:
    if not path.is_file():
        raise InputError(f"{path} does not exist; give the path of a fairseq checkpoint (.pt)")
    zipped = _is_archive(path)
    try:
        return torch.load(
            str(path),
            map_location="cpu",
            pickle_module=SimpleNamespace(Unpickler=_Unpickler, load=_unpickle, __name__="restricted"),
            weights_only=False,  # torch's own list of the harmless knows no Namespace; ours is as strict
            mmap=zipped,  # the optimizer's state, twice the weights, is never read
        )
    except Refused as error:
        raise InputError(
            f"{path} names {error}, which has no place in a checkpoint; "
            "refused for safety, nothing of it was run"
        ) from None
    except Exception as error:  # a damaged pickle fails in any way
        raise InputError(f"{path} is damaged or not a checkpoint of tensors; fetch it again") from error


def _is_archive(path: Path) -> bool:
    """Whether a file is a zip archive as torch ≥ 1.6 writes it; if not, it must be of the older kind."""
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except zipfile.BadZipFile as error:
            raise InputError(f"{path} is damaged; fetch it again") from error
        if any(name.endswith("constants.pkl") for name in names):
            raise InputError(f"{path} is a TorchScript program, not a checkpoint; refused for safety")
        return True
    with path.open("rb") as file:
        if file.read(len(LEGACY)) != LEGACY:
            raise InputError(f"{path} is not a torch checkpoint, or it is damaged; fetch it again")
    return False


def _leaves(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}", value


def _model_config(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the model, wherever the file keeps them."""
    cfg = plain(whole.get("cfg"))
    args = plain(whole.get("args"))
    task: Any = {}
    config: Any = args
    if isinstance(cfg, dict):
        config, task = cfg, cfg.get("task")
        if "model" in cfg:
            config = cfg["model"] or args
    found: dict[str, Any] = dict(config) if isinstance(config, dict) else {}
    inner = found.pop("w2v_args", None)
    if isinstance(inner, dict):
        task = inner.get("task") or task
        found |= inner["model"] if isinstance(inner.get("model"), dict) else inner
    if not isinstance(found.get("normalize"), bool):  # absent, or "${task.normalize}"
        found.pop("normalize", None)
        if isinstance(task, dict) and isinstance(task.get("normalize"), bool):
            found["normalize"] = task["normalize"]
    return found


def plain(value: Any) -> Any:
    """Numbers, texts, lists and dictionaries out of husks; None for what is neither."""
    if isinstance(value, Husk):
        return plain(_inside(value))
    if isinstance(value, Mapping):
        return {_key(key): plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(child) for child in value]
    return value if isinstance(value, bool | int | float | str) else None


def _key(key: Any) -> str:
    return str(plain(key))


def _inside(husk: Husk) -> Any:
    """What a husk holds: the content or value of omegaconf's nodes, a namespace's fields, an enum's value."""
    state = husk.state
    if isinstance(state, tuple) and len(state) == 2:  # fields, and those in slots
        state = {**(state[0] or {}), **(state[1] or {})}
    if isinstance(state, dict):
        for name in ("_content", "_val"):
            if name in state and "_metadata" in state:
                return state[name]
        return state
    return husk.args[0] if len(husk.args) == 1 else None
