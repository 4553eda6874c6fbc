"""The released weights of the grounding network, read as tensors only.

Known of the file here are its size, the settings in its `config.json`, and PANNs' names of layers; not the
names of the modules around them. So the layers are found by how their names end, the word vectors as the one
table with a row for each word, and anything left over is refused by name.
"""

import json
import re
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from bonafide import hub
from bonafide.manipulation.pretrained.grounding_network import GroundingNetwork, Pooling
from bonafide.types import InputError

_BUFFERS: Final = {"window": re.compile(r"(.*\.)?window"), "bank": re.compile(r"(.*\.)?(fb|melW)")}


def sample_rate(folder: Path) -> int:
    """What the network hears, in Hz, by its `config.json`.

    Raises:
        InputError: it is not there, or describes another network.
    """
    found = hub.configuration(folder / "config.json")
    sizes = (found.get("embed_dim", 512), found.get("shared_dim", 512), found.get("add_proj", False))
    rate = found.get("sample_rate")
    if sizes != (512, 512, False) or not isinstance(rate, int):
        raise InputError(
            f"{folder / 'config.json'} is of another network than Cnn8Rnn with word vectors of 512 numbers; "
            "use wsntxxn/cnn8rnn-w2vmean-audiocaps-grounding"
        )
    return rate


def vocabulary(folder: Path) -> dict[str, int]:
    """The row of every word.

    Raises:
        InputError: there is none.
    """
    file = folder / "vocab.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{file} cannot be read; fetch it again: it names the words that are known"
        ) from error
    if isinstance(found, list):
        found = {word: row for row, word in enumerate(found)}
    if not isinstance(found, dict) or not found or not all(isinstance(row, int) for row in found.values()):
        raise InputError(f"{file} does not give a number to each word; fetch it again")
    return found


def network(file: Path, sample_rate: int, words: int, pooling: Pooling) -> GroundingNetwork:
    """The network with the weights of a file.

    Args:
        file: safetensors, or a `.bin` of tensors alone.
        sample_rate: Hz.
        words: rows that the table of word vectors must have at least.
        pooling: of the convolutions.

    Raises:
        InputError: the file is damaged, or does not fit; with the names of what is wrong.
    """
    state = _read(file)
    tables = [
        key for key, value in state.items() if key.endswith(("embedding.weight", "embedding.core.weight"))
    ]
    if not tables:
        tables = [key for key, value in state.items() if value.ndim == 2 and value.shape[0] >= words > 512]
    if len(tables) != 1:
        raise InputError(f"{file} holds {len(tables)} tables of word vectors instead of one: {tables}")
    table = state.pop(tables[0])
    made = GroundingNetwork(len(table), sample_rate, pooling)
    wanted = set(made.state_dict()) - {"embedding.weight", "window", "bank"}
    own = {"embedding.weight": table} | {_name(key, wanted): value for key, value in state.items()}
    expected = made.state_dict()
    faults = {
        "missing": sorted(expected.keys() - own.keys() - {"window", "bank"}),
        "unknown": sorted(own.keys() - expected.keys()),
        "of another size": sorted(
            key for key in expected.keys() & own.keys() if expected[key].shape != own[key].shape
        ),
    }
    said = [f"{len(keys)} {kind} ({', '.join(keys[:3])})" for kind, keys in faults.items() if keys]
    if said or len(table) < words:
        said = said or [f"{len(table)} word vectors for {words} words"]
        raise InputError(f"{file} does not fit the grounding network: {'; '.join(said)}; use another file")
    made.load_state_dict(own, strict=False)
    return made.eval()


def _read(file: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file  # noqa: PLC0415 - comes with transformers

    try:
        if file.suffix == ".safetensors":
            return dict(load_file(file))
        return dict(torch.load(file, map_location="cpu", weights_only=True))
    except Exception as error:  # a damaged file makes the readers fail in any way
        raise InputError(f"{file} is damaged or holds more than weights; fetch it again") from error


def _name(key: str, wanted: set[str]) -> str:
    """A weight's name in this network; its own if it has none here.

    >>> _name("model.audio_encoder.conv_block1.bn1.bias", {"conv_block1.bn1.bias", "fc1.bias"})
    'conv_block1.bn1.bias'
    >>> _name("audio.mel_scale.fb", set())
    'bank'
    """
    parts = key.split(".")
    ends = [".".join(parts[place:]) for place in range(len(parts))]
    buffers = [name for name, pattern in _BUFFERS.items() if pattern.fullmatch(key)]
    return next((end for end in ends if end in wanted), buffers[0] if buffers else key)
