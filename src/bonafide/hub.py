"""What the Hugging Face hub keeps: repositories of weights, fetched file by file; no code of them is run."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bonafide.types import InputError

FILES: Final = (".pt", ".pth", ".ckpt", ".bin", ".safetensors")
"""What the name of a weight file ends with, and that of a repository does not."""


def named(source: str) -> bool:
    """Whether this can be a repository, `OWNER/NAME`, and does not look like a file's path.

    >>> named("facebook/wav2vec2-base"), named("weights/model.pt"), named("/data/wav2vec2")
    (True, False, False)
    """
    return bool(re.fullmatch(r"[\w.-]+/[\w.-]+", source)) and not source.endswith(FILES)


def fetched(name: str, revision: str | None, files: Sequence[str], setting: str) -> Path:
    """The folder that a repository lies in after its download.

    Args:
        name: `OWNER/NAME`.
        revision: branch, tag or commit.
        files: names or patterns of what is fetched, if it is there.
        setting: that was set to this name, for the message.

    Raises:
        InputError: it cannot be had.
    """
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only when a hub id is chosen
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=[*files]))
    except LocalEntryNotFoundError as error:
        raise _absent(name, setting, "it does not answer, and no copy is kept here") from error
    except Exception as error:  # no such name, no permission: each client fails in its own way
        said = " ".join(str(error).split())[:160]
        raise _absent(name, setting, f"{type(error).__name__}: {said}") from error


def _absent(name: str, setting: str, why: str) -> InputError:
    return InputError(
        f"{name} cannot be fetched from the Hugging Face hub ({why}); check the name and the connection, or "
        f"give a folder that holds it: {setting}=FOLDER"
    )


def configuration(file: Path) -> dict[str, Any]:
    """A `config.json`, or its like.

    Raises:
        InputError: it is not there, or is not a mapping in JSON.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{file} does not exist; a pre-trained encoder needs it beside its weights"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as JSON; fetch it again") from error
    if not isinstance(found, dict):
        raise InputError(f"{file} is not a configuration; fetch it again")
    return found
