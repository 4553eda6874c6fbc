"""Pipelines of diffusers, from folders and from the hub; only safetensors are read."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import torch

from bonafide import hub
from bonafide.manipulation.pretrained import checkpoint
from bonafide.manipulation.pretrained.quiet import quiet
from bonafide.types import InputError

_FILES: Final = ["model_index.json", "*/*.json", "*/*.txt", "*/*.model"]
_FILES.extend(f"*/{name}.safetensors" for name in ("model", "diffusion_pytorch_model", "*-of-*"))

_LIBRARIES: Final = {"diffusers", "transformers", "audioldm2", None}
"""What may be named as the home of a part; anything else would be code that lies in the folder."""


def require() -> None:
    """Refuses to go on without diffusers.

    Raises:
        InputError: it cannot be imported.
    """
    try:
        import diffusers  # noqa: F401, PLC0415 - an optional extra
    except ImportError as error:
        raise InputError(
            f"this inpainter needs diffusers, which cannot be imported ({error}); run: "
            "pip install 'bonafide[manipulation]'"
        ) from error


def found(kind: str, weights: str, revision: str | None) -> Path:
    """The folder of a pipeline.

    Args:
        kind: its class, such as `"AudioLDM2Pipeline"`.
        weights: a folder, or OWNER/NAME on the hub.
        revision: of a hub repository.

    Raises:
        InputError: there is none, it is another pipeline, or wants code of its own to be run.
    """
    folder = checkpoint.folder(weights, revision, _FILES, "inpainter.weights")
    if not (folder / "model_index.json").is_file():
        raise InputError(
            f"{weights} holds no model_index.json; set inpainter.weights to the folder of a diffusers {kind}"
        )
    index = hub.configuration(folder / "model_index.json")
    if index.get("_class_name") != kind:
        raise InputError(
            f"{weights} holds {index.get('_class_name')}, not {kind}; set inpainter.weights to one that does"
        )
    homes = {value[0] for value in index.values() if isinstance(value, list) and value}
    if not homes <= _LIBRARIES:
        raise InputError(f"{weights} wants code of its own to be run, which is refused; use another one")
    return folder


def loaded(kind: str, folder: Path, parts: Mapping[str, Callable[[Path], Any]], device: torch.device) -> Any:
    """The pipeline in single precision.

    Args:
        kind: its class.
        folder: that it lies in.
        parts: what is made from the folder in another way than it says.
        device: where it goes.

    Raises:
        InputError: a part is missing, damaged, or not there as safetensors.
    """
    import diffusers  # noqa: PLC0415 - an optional extra

    try:
        with quiet():
            own = {name: make(folder) for name, make in parts.items()}
            made = getattr(diffusers, kind).from_pretrained(
                folder, use_safetensors=True, local_files_only=True, low_cpu_mem_usage=False, **own
            )
            return made.to(torch.float32).to(device)
    except Exception as error:  # diffusers and transformers refuse an incomplete folder in many ways
        said = " ".join(str(error).split())[:200]
        raise InputError(
            f"{folder} cannot be loaded as {kind} ({said}); it needs every part as safetensors"
        ) from error
