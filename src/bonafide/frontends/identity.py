"""What decides the features of a front end, as a short name that is the same in every process."""

import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import FunctionType
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from bonafide.frontends.frontend import Frontend
from bonafide.types import InputError

_MACHINERY: Final = vars(nn.Module()).keys()
"""What every module holds: weights and parts, which are looked at by name, and hooks."""

_NAMED: Final = (FunctionType, type, type(torch.relu), torch.dtype)


def identity(frontend: Frontend) -> str:
    """Sha256 of the classes, settings and weights of a front end and its parts, 64 hexadecimal digits.

    Weights that come from elsewhere count by the reference that the front end announces for them, all others
    by their content. Versions of libraries do not count, nor does the device.

    Raises:
        InputError: a setting is of a kind that cannot be told from another of its kind.
    """
    seen: dict[int, tuple[int, Any]] = {}
    external = dict(frontend.external)
    parts = [
        {
            "name": name,
            "class": _name(type(module)),
            "settings": [
                [key, _plain(value, seen)] for key, value in sorted(vars(module).items())
                if key not in _MACHINERY
            ],
            "weights": _weights(name, module, tuple(external)),
        }
        for name, module in frontend.named_modules()
    ]  # fmt: skip
    text = json.dumps({"parts": parts, "external": external}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _weights(name: str, module: nn.Module, external: tuple[str, ...]) -> dict[str, str]:
    """Of this module alone, those that are not saved too."""
    found = {**dict(module.named_parameters(recurse=False)), **dict(module.named_buffers(recurse=False))}
    return {
        key: f"{value.dtype}{list(value.shape)}"
        if external and f"{name}.{key}".lstrip(".").startswith(external)
        else _digest(value)
        for key, value in found.items()
    }


def _digest(values: Tensor) -> str:
    data = values.detach().cpu().contiguous()
    content = (
        hashlib.sha256(data.flatten().view(torch.uint8).numpy().data).hexdigest() if data.numel() else ""
    )
    return f"{values.dtype}{list(values.shape)}{content}"


def _plain(value: Any, seen: dict[int, tuple[int, Any]]) -> Any:
    """A value as JSON holds it; objects as pickle takes them apart, but always in the same order."""
    found: Any
    match value:
        case None | bool() | int() | str():
            found = value
        case torch.device():
            found = None
        case float() | complex() | bytes() | Path() | Enum():
            found = [type(value).__name__, repr(value)]
        case Tensor() | np.ndarray() | np.generic():
            found = _digest(torch.as_tensor(value))
        case Mapping():
            found = sorted(([_plain(key, seen), _plain(kept, seen)] for key, kept in value.items()), key=repr)
        case list() | tuple():
            found = [_plain(each, seen) for each in value]
        case set() | frozenset():
            found = sorted((_plain(each, seen) for each in value), key=repr)
        case _ if isinstance(value, _NAMED):
            found = _name(value)
        case _:
            found = _object(value, seen)
    return found


def _object(value: Any, seen: dict[int, tuple[int, Any]]) -> Any:
    """An object, the second time as a number: parts of a network share one configuration."""
    if id(value) in seen:
        return ["seen", seen[id(value)][0]]
    seen[id(value)] = (len(seen), value)  # kept, so that no other object takes its place in memory
    try:
        reduced = value.__reduce_ex__(4)
    except Exception as error:
        raise InputError(
            f"a memo cannot tell what a {_name(type(value))} in the front end is set to; drop frontend.memo"
        ) from error
    if isinstance(reduced, str):
        return [_name(type(value)), reduced]
    return [_name(type(value)), *(_plain(part, seen) for part in _listed(reduced))]


def _listed(reduced: tuple[Any, ...]) -> list[Any]:
    """The parts that `__reduce_ex__` gives, items of lists and dictionaries written out."""
    listed = [*reduced, *[None] * (5 - len(reduced))]
    return [*listed[:3], *(None if items is None else list(items) for items in listed[3:5])]


def _name(thing: Any) -> str:
    """Of a class or function; a nameless function by its code."""
    name = f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', repr(thing))}"
    return f"{name}{thing.__code__.co_code.hex()}{thing.__code__.co_consts!r}" if "<lambda>" in name else name
