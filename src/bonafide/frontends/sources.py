"""Where the weights of a pre-trained encoder come from: the Hugging Face hub, a folder, or a fairseq file.

Nothing that a source holds is run: weights are read from safetensors, from `.bin` files as tensors only, or
by `fairseq_file`; the code that a hub repository may carry is not even fetched.
"""

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import torch
from torch import Tensor, nn

from bonafide import hub
from bonafide.frontends import fairseq_file, fairseq_keys
from bonafide.types import InputError

CONFIGS: Final = ["config.json", "preprocessor_config.json"]
SAFETENSORS: Final = "model.safetensors"
BINARY: Final = "pytorch_model.bin"

HEADS: Final = re.compile(
    r"((wav2vec2|hubert|wavlm)\.)?"
    r"(quantizer|project_q|project_hid|lm_head|classifier|projector|layer_weights|tdnn|adapter)\b.*"
    r"|(model\.)?decoder\..*|proj_out\..*"
)
"""Weights beside the encoder that no feature needs: for pre-training, recognition, classifying."""

WRAPPED: Final = re.compile(r"^(wav2vec2|hubert|wavlm)\.")
WHISPER: Final = re.compile(r"^(model\.)?encoder\.")
"""What the names of an encoder begin with inside a larger model."""


Weights = Literal["pretrained", "random"]


class Source(NamedTuple):
    """A pre-trained encoder before it is built.

    Args:
        name: as the user wrote it.
        config: in transformers' terms, `model_type` included.
        normalized: whether it was trained on normalized clips; None if the source does not say.
        weights: reads those whose name is wanted, under the names of the bare encoder.
        reference: sha256 of the weights' file; of the list of their digests, if there are several; `""` if
            random ones are wanted.
    """

    name: str
    config: dict[str, Any]
    normalized: bool | None
    weights: Callable[[Callable[[str], bool]], dict[str, Tensor]]
    reference: str

    @property
    def random(self) -> bool:
        """Whether the encoder is to be left as it is initialized."""
        return not self.reference


def architecture(config: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """The settings that describe the encoder.

    The others are left behind: a configuration may also name code of the hub for transformers to fetch and
    run, such as an attention kernel.
    """
    known = set(fields)
    return {name: value for name, value in config.items() if name in known}


def find(source: str, revision: str | None = None, weights: Weights = "pretrained") -> Source:
    """What a hub id, a folder or a fairseq file offers.

    Args:
        source: one of these.
        revision: branch, tag or commit of a hub repository.
        weights: for random ones only the configuration is read.

    Raises:
        InputError: it is none of them, cannot be had, or is not whole.
    """
    if weights not in {"pretrained", "random"}:
        raise InputError(f'weights={weights} is not a choice; use "pretrained" or "random".')
    random = weights == "random"
    path = Path(source).expanduser()
    if path.is_dir():
        return _folder(path, source, random=random)
    if path.is_file():
        return _fairseq(path, source, random=random)
    if path.is_absolute() or not hub.named(source):
        raise InputError(
            f"{source} does not exist; set frontend.source to a folder with config.json, to a fairseq .pt "
            "file, or to OWNER/NAME of the Hugging Face hub"
        )
    return _folder(_fetched(source, revision, random=random), source, random=random)


def _fetched(name: str, revision: str | None, *, random: bool) -> Path:
    """The folder that a hub repository lies in after its download; only what is read is fetched."""

    def fetch(*patterns: str) -> Path:
        return hub.fetched(name, revision, [*CONFIGS, *patterns], "frontend.source")

    folder = fetch() if random else fetch(SAFETENSORS, f"{SAFETENSORS}.index.json", "model-*.safetensors")
    if not random and not _weight_files(folder):
        folder = fetch(BINARY, f"{BINARY}.index.json", "pytorch_model-*.bin")
    return folder


def _folder(folder: Path, name: str, *, random: bool) -> Source:
    config = hub.configuration(folder / "config.json")
    preprocessor = folder / "preprocessor_config.json"
    normalized = hub.configuration(preprocessor).get("do_normalize", True) if preprocessor.is_file() else None
    if random:
        return Source(name, config, normalized, lambda _: {}, "")
    files = _weight_files(folder)
    if not files:
        raise InputError(f"{folder} holds no weights; it needs {SAFETENSORS} or {BINARY} beside config.json")

    prefix = WHISPER if config.get("model_type") == "whisper" else WRAPPED

    def weights(wanted: Callable[[str], bool]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for file in files:
            try:
                found |= _read(file, prefix, wanted)
            except Exception as error:  # a damaged file makes torch's reader fail in any way
                raise InputError(f"{file} is damaged or holds more than weights; fetch it again") from error
        return found

    return Source(name, config, normalized, weights, digest(files))


def _fairseq(path: Path, name: str, *, random: bool) -> Source:
    file = fairseq_file.read(path)
    config = fairseq_keys.settings(file.config, str(path))
    state = fairseq_keys.renamed(file.state, str(path))

    def weights(wanted: Callable[[str], bool]) -> dict[str, Tensor]:
        return {key: value for key, value in state.items() if wanted(key)}

    return Source(name, config, file.config.get("normalize"), weights, "" if random else digest([path]))


def _weight_files(folder: Path) -> list[Path]:
    """The file of the weights, or all its shards; safetensors first."""
    for name in (SAFETENSORS, BINARY):
        if (folder / name).is_file():
            return [folder / name]
        if (folder / f"{name}.index.json").is_file():
            parts = sorted(
                set(hub.configuration(folder / f"{name}.index.json").get("weight_map", {}).values())
            )
            missing = [part for part in parts if Path(part).name != part or not (folder / part).is_file()]
            if missing:
                raise InputError(f"{folder} lacks {missing[0]}, a part of its weights; fetch it again")
            return [folder / part for part in parts]
    return []


def _read(file: Path, prefix: re.Pattern[str], wanted: Callable[[str], bool]) -> dict[str, Tensor]:
    """The wanted weights of one file, under their names in the bare encoder."""
    from safetensors import safe_open  # noqa: PLC0415 - comes with transformers

    found = {}
    if file.suffix == ".safetensors":
        with safe_open(file, framework="pt") as archive:
            for key in archive.keys():  # noqa: SIM118 - not a dictionary
                name = _bare(key, prefix)
                if name is not None and wanted(name):
                    found[name] = archive.get_tensor(key)
        return found
    state = torch.load(file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
    for key, value in state.items():
        name = _bare(key, prefix)
        if name is not None and wanted(name):
            found[name] = value.detach()
    return found


def _bare(key: str, prefix: re.Pattern[str]) -> str | None:
    """A weight's name in the bare encoder, in torch's present naming; None for what belongs to a head."""
    if HEADS.fullmatch(key):
        return None
    old = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}
    name, _, kind = prefix.sub("", key).rpartition(".")
    return f"{name}.{old.get(kind, kind)}" if name else kind


def digest(files: Iterable[Path]) -> str:
    """sha256 of a file; of several, of the lines that `sha256sum` would print for them."""
    found = []
    for file in files:
        with file.open("rb") as opened:
            found.append((hashlib.file_digest(opened, "sha256").hexdigest(), file.name))
    if len(found) == 1:
        return found[0][0]
    return hashlib.sha256("".join(f"{value}  {name}\n" for value, name in found).encode()).hexdigest()


@contextmanager
def building(source: Source) -> Iterator[None]:
    """Around transformers making an encoder: without memory if its weights are filled in later.

    Raises:
        InputError: transformers refuses the settings, which it does in many ways.
    """
    try:
        with nullcontext() if source.random else torch.device("meta"):
            yield
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"the configuration of {source.name} cannot be built: {said}") from error


def fill(encoder: nn.Module, source: Source, unused: Callable[[str], bool]) -> None:
    """Gives an encoder its weights, all of them and no others, as float32.

    Args:
        encoder: may have been made on the meta device.
        source: of the weights.
        unused: names that the encoder was built without on purpose.

    Raises:
        InputError: a weight is missing, has no place, or has another size.
    """
    wanted = encoder.state_dict()
    found = source.weights(lambda key: not unused(key))
    faults = {
        "missing": sorted(wanted.keys() - found.keys()),
        "without a place": sorted(found.keys() - wanted.keys()),
        "of another size": sorted(
            key for key in wanted.keys() & found.keys() if wanted[key].shape != found[key].shape
        ),
    }
    said = [f"{len(keys)} {kind} (first: {keys[0]})" for kind, keys in faults.items() if keys]
    if said:
        raise InputError(
            f"the weights of {source.name} do not fit its configuration: {', '.join(said)}; "
            "choose another source"
        )
    own = {key: value.clone().to(wanted[key].dtype) for key, value in found.items()}
    nn.Module.load_state_dict(encoder, own, assign=True)  # fairseq has a method of its own, without `assign`
