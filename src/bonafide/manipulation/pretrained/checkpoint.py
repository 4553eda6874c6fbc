"""Where the weights of a pretrained stage lie: a folder, or a repository of the Hugging Face hub."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch

from bonafide import hub
from bonafide.types import InputError


def folder(weights: str, revision: str | None, files: Sequence[str], setting: str) -> Path:
    """The folder that holds what a stage needs.

    Args:
        weights: a folder, or OWNER/NAME on the hub.
        revision: branch, tag or commit of a hub repository.
        files: names or patterns of what is fetched from the hub.
        setting: that holds `weights`, for the message.

    Raises:
        InputError: there is no such folder, or the repository cannot be had.
    """
    path = Path(weights).expanduser()
    if path.is_dir():
        return path
    if path.is_absolute() or not hub.named(weights):
        raise InputError(
            f"{weights} is not a folder; set {setting} to one that holds the weights, or to OWNER/NAME of "
            "the Hugging Face hub"
        )
    return hub.fetched(weights, revision, files, setting)


def single(weights: str, revision: str | None, files: Sequence[str], setting: str) -> tuple[Path, Path]:
    """The folder of one network, and the file of its weights: safetensors, or a `.bin` read as tensors only.

    Raises:
        InputError: it cannot be had, or holds no weights.
    """
    found = folder(weights, revision, [*files, "model.safetensors"], setting)
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (found / name).is_file():
            return found, found / name
    if not Path(weights).expanduser().is_dir():
        found = folder(weights, revision, [*files, "pytorch_model.bin"], setting)
        if (found / "pytorch_model.bin").is_file():
            return found, found / "pytorch_model.bin"
    raise InputError(
        f"{weights} holds no weights: neither model.safetensors nor pytorch_model.bin; fetch it again, or "
        f"name another: {setting}=FOLDER"
    )


def digest(*files: Path) -> str:
    """sha256 of a file, or of the digests of its shards, which tells one checkpoint from another."""
    found = []
    for file in files:
        with file.open("rb") as opened:
            found.append(hashlib.file_digest(opened, "sha256").hexdigest())
    return found[0] if len(found) == 1 else hashlib.sha256("".join(found).encode()).hexdigest()


def device(name: str, setting: str) -> torch.device:
    """Where a network runs: `"auto"` takes the first GPU if there is one.

    Raises:
        InputError: torch does not know the name, or has no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(name)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"{setting}={name} is not a device of this machine; use auto or cpu") from error
    return found
