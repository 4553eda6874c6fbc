"""Checkpoints that are whole or not there, and that run no code when read."""

import os
import pickle
import signal
import threading
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final, final

import torch
from pytorch_lightning.plugins.io import CheckpointIO
from torch import Tensor

from bonafide.types import InputError
from bonafide.whole import whole

EXTERNAL: Final = "external"
"""Where a checkpoint keeps the sha256 of weights that it leaves out."""


@contextmanager
def patiently() -> Iterator[None]:
    """Ctrl-C waits until the block is done: in the middle of a write, torch's writer aborts the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[tuple[int, FrameType | None]] = []
    earlier = signal.signal(signal.SIGINT, lambda number, frame: waiting.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)
    if waiting and callable(earlier):
        earlier(*waiting[-1])


@final
class AtomicCheckpointIO(CheckpointIO):
    """Writes beside the target and renames, so that an interrupted write never harms the last checkpoint."""

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | os.PathLike[str],
        storage_options: Any = None,  # noqa: ARG002 - Lightning's signature
    ) -> None:
        """Writes `checkpoint` to `path`.

        Raises:
            InputError: the disk is full or the folder cannot be written; nothing is left behind.
        """
        with whole(path) as part, patiently():
            try:
                with part.open("wb") as file:
                    torch.save(checkpoint, file)
            except RuntimeError as error:  # torch's writer turns a failed write into this
                raise OSError("the disk is full or the write failed") from error

    def load_checkpoint(
        self,
        path: str | os.PathLike[str],
        map_location: Any = None,
        weights_only: bool | None = None,  # noqa: ARG002 - never anything else
    ) -> dict[str, Any]:
        """Reads the checkpoint at `path`."""
        return read(Path(path), map_location)

    def remove_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Deletes `path` if it is there."""
        Path(path).unlink(missing_ok=True)


def read(path: Path, map_location: Any = "cpu") -> dict[str, Any]:
    """A checkpoint as written by training: tensors and plain values only.

    Raises:
        InputError: there is none, it is damaged, or it holds anything that could run code.
    """
    if not path.is_file():
        raise InputError(
            f"checkpoint {path} does not exist; give the path of a .ckpt file in a run's checkpoints/"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle protocols: what is not safe is refused below
            found = torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path} is not a checkpoint of tensors and plain values; refused for safety"
        ) from error
    except Exception as error:  # a damaged file makes torch's reader fail in any way
        raise InputError(f"checkpoint {path} is damaged; use another one of the run") from error
    if not isinstance(found, dict) or "state_dict" not in found:
        raise InputError(f"{path} is not a checkpoint of a run; it has no weights under state_dict")
    return found


def leave_out(checkpoint: dict[str, Any], external: Mapping[str, str], *, trained: Collection[str]) -> None:
    """Takes weights that come from elsewhere out of a checkpoint, which then only says where they come from.

    Args:
        checkpoint: with all weights under `state_dict`; changed in place.
        external: sha256 of the source of the weights whose names begin with a prefix, by prefix.
        trained: names that stay, wherever they came from.
    """
    if external:
        prefixes = tuple(external)
        checkpoint["state_dict"] = {
            name: value for name, value in checkpoint["state_dict"].items()
            if name in trained or not name.startswith(prefixes)
        }  # fmt: skip
        checkpoint[EXTERNAL] = dict(external)


def fill_in(checkpoint: dict[str, Any], present: Mapping[str, Tensor], external: Mapping[str, str]) -> None:
    """Undoes `leave_out` with weights at hand, which must come from the same source.

    Args:
        checkpoint: as read; changed in place.
        present: state of the task that is to take the checkpoint.
        external: sha256 of the sources that it was made from, by prefix.

    Raises:
        InputError: it was made from other weights.
    """
    wanted = checkpoint.get(EXTERNAL, {})
    if not isinstance(wanted, dict):
        raise InputError("this checkpoint is damaged: it does not say which frozen weights belong to it")
    for prefix, source in wanted.items():
        if prefix not in external or external[prefix] != source:
            known = f"sha256 {external[prefix][:12]}…" if prefix in external else "none"
            raise InputError(
                f"this checkpoint belongs to other frozen weights: {prefix} was sha256 {str(source)[:12]}… "
                f"and is now {known}; choose the weights and the front end that it was trained with"
            )
    absent = {
        name: value for name, value in present.items()
        if name not in checkpoint["state_dict"] and name.startswith(tuple(wanted))
    }  # fmt: skip
    checkpoint["state_dict"] = {**checkpoint["state_dict"], **absent}


def must_fit(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Refuses the weights of another model.

    Raises:
        InputError: names the first parts that are missing, foreign, or of another size.
    """
    missing = sorted(wanted.keys() - found.keys())
    foreign = sorted(found.keys() - wanted.keys())
    resized = sorted(name for name in wanted.keys() & found.keys() if wanted[name].shape != found[name].shape)
    faults = {"missing": missing, "foreign": foreign, "of another size": resized}
    said = [f"{len(names)} {kind} (first: {names[0]})" for kind, names in faults.items() if names]
    if said:
        raise InputError(
            f"this checkpoint belongs to another model: parts {', '.join(said)}; "
            "choose the model, front end and options that it was trained with"
        )
