"""Weights as their authors released them: read without running anything, and put into a model.

Which names and which class order a model's authors used is the model's own knowledge: `Model.renamed`.
"""

import pickle
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from bonafide.models.model import Model
from bonafide.types import InputError

PLACES: Final = ("state_dict", "model", "model_state_dict", "MODEL_STATE")
"""Where a file keeps the weights, if it holds more than them."""

WRAPPERS: Final = re.compile(r"^(module\.)+")
"""What training on several devices puts before a name, once for every wrapping."""

COUNTER: Final = "num_batches_tracked"
"""Counts the updates of a batch normalisation; files from before torch 0.4.1 lack it."""

SAVE: Final = "torch.save(model.state_dict(), FILE)"

LISTED: Final = 10


def read(file: Path) -> dict[str, Tensor]:
    """The tensors of a released file by their names, on the CPU, without `module.` before the names.

    Args:
        file: `.safetensors`, or a state dictionary that torch saved, bare or under one of `PLACES`.

    Raises:
        InputError: there is no such file, it is damaged, it holds more than tensors and plain values (such as
            a pickled module, of which nothing is run), or no state dictionary is found in it.
    """
    if not file.is_file():
        raise InputError(f"{file} does not exist; give the path of a file of released weights.")
    state = _state(_safetensors(file) if file.suffix == ".safetensors" else _pickled(file), file)
    named = {WRAPPERS.sub("", name): value.detach() for name, value in state.items()}
    if len(named) < len(state):
        raise InputError(
            f"{file} holds weights of the same name with and without module.; it cannot be read."
        )
    return named


def load(model: Model, file: Path) -> None:
    """Puts released weights into a model; all of them fit, or none is loaded.

    Raises:
        InputError: the file cannot be read, the model does not know its layout, or names or shapes differ.
    """
    ours = model.state_dict()
    theirs = model.renamed(read(file))
    wrong = [
        *(f"{name} is missing" for name in ours if name not in theirs and not name.endswith(COUNTER)),
        *(f"{name} is unexpected" for name in theirs if name not in ours),
        *(
            f"{name} is {list(theirs[name].shape)} and not {list(value.shape)}"
            for name, value in ours.items()
            if name in theirs and theirs[name].shape != value.shape
        ),
    ]
    if wrong:
        raise InputError(
            f"{file} does not fit this {type(model).__name__}: {_listed(wrong)}; "
            "set the model's options, model.classes and data.clip_seconds as its authors did."
        )
    model.load_state_dict({**ours, **theirs})


def rename(published: Mapping[str, Tensor], names: Mapping[str, str], model: str) -> dict[str, Tensor]:
    """Tensors under our names, for `Model.renamed`.

    Args:
        published: tensors by their released names.
        names: ours, by what the released ones begin with up to one of their dots, or by whole ones; the
            longest beginning that is listed counts.
        model: what the file should hold, for the message.

    Raises:
        InputError: a released name begins with nothing that is listed.

    >>> list(rename({"fc.weight": torch.zeros(1)}, {"fc": "head"}, "LCNN"))
    ['head.weight']
    """
    found, strange = {}, []
    for name, value in published.items():
        stem = name
        while stem and stem not in names:
            stem = stem.rpartition(".")[0]
        if stem:
            found[names[stem] + name.removeprefix(stem)] = value
        else:
            strange.append(name)
    if strange:
        raise InputError(
            f"these are not the released weights of {model}, which have no {_listed(strange)}; "
            f"give a state dictionary of {model} as its authors named it."
        )
    return found


def _safetensors(file: Path) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{file} is damaged or not a file of safetensors; fetch it again.") from error


def _pickled(file: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle protocols: what is not safe is refused below
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(_refusal(file, str(error))) from error
    except Exception as error:  # a damaged file makes torch's reader fail in any way
        if "TorchScript" in str(error):
            raise InputError(
                f"{file} is a TorchScript program, not weights; "
                f"in the environment that made it, load it and save {SAVE}."
            ) from error
        raise InputError(f"{file} is damaged or not a file of weights; fetch it again.") from error


def _refusal(file: Path, reason: str) -> str:
    """What a file is that holds more than tensors and plain values."""
    named = re.search(r"GLOBAL ([\w.]+)", reason)
    what = f"an object of {named[1]}, perhaps a whole pickled module," if named else "other than tensors"
    return (
        f"{file} holds {what} that only running its code could read; refused for safety, nothing of it was "
        f"run; in the environment that made it, save {SAVE}."
    )


def _state(whole: Any, file: Path) -> Mapping[str, Tensor]:
    """The state dictionary in what a file holds."""
    found = whole
    if isinstance(whole, Mapping):
        found = next((whole[place] for place in PLACES if isinstance(whole.get(place), Mapping)), whole)
    if not isinstance(found, Mapping) or not any(isinstance(value, Tensor) for value in found.values()):
        raise InputError(
            f"{file} holds no state dictionary, bare or under {', '.join(PLACES)}; "
            f"in the environment that made it, save {SAVE}."
        )
    odd = [str(name) for name, value in found.items() if not isinstance(value, Tensor)]
    if odd:
        raise InputError(f"{file} holds more than tensors among its weights: {_listed(odd)}; save {SAVE}.")
    return {str(name): value for name, value in found.items()}


def _listed(items: Sequence[str]) -> str:
    """At most ten of them in one line, and how many more there are."""
    more = len(items) - LISTED
    return ", ".join(items[:LISTED]) + (f" and {more} more" if more > 0 else "")
