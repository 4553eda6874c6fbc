"""Writes small EAT encoders of random weights in the layouts of the released files."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any, Literal

import torch
from omegaconf import OmegaConf
from safetensors.torch import save_file
from torch import Tensor

from bonafide.frontends.eat_encoder import positions

Layout = Literal["fairseq", "fairseq_fine_tuned", "hugging_face", "hugging_face_bin"]
LAYOUTS: tuple[Layout, ...] = ("fairseq", "fairseq_fine_tuned", "hugging_face", "hugging_face_bin")

WIDTH, DEPTH, HEADS, HIDDEN = 32, 3, 4, 48
IMAGE = "modality_encoders.IMAGE."


def encoder_state(seed: int = 0) -> dict[str, Tensor]:
    """The weights of an encoder under the names of a pre-training checkpoint."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*size: int, around: float = 0.0, spread: float = 0.2) -> Tensor:
        return around + spread * torch.randn(*size, generator=generator)

    def norm(name: str) -> dict[str, Tensor]:
        return {f"{name}.weight": draw(WIDTH, around=1.0), f"{name}.bias": draw(WIDTH)}

    def linear(name: str, out: int, into: int) -> dict[str, Tensor]:
        return {f"{name}.weight": draw(out, into), f"{name}.bias": draw(out)}

    state = {
        f"{IMAGE}local_encoder.proj.weight": draw(WIDTH, 1, 16, 16, spread=0.1),
        f"{IMAGE}local_encoder.proj.bias": draw(WIDTH),
        f"{IMAGE}extra_tokens": draw(1, 1, WIDTH, spread=1.0),
        f"{IMAGE}fixed_positional_encoder.positions": positions(64, WIDTH)[None],
        **norm(f"{IMAGE}context_encoder.norm"),
    }
    for block in (f"blocks.{i}." for i in range(DEPTH)):
        state |= linear(f"{block}attn.qkv", 3 * WIDTH, WIDTH) | linear(f"{block}attn.proj", WIDTH, WIDTH)
        state |= linear(f"{block}mlp.fc1", HIDDEN, WIDTH) | linear(f"{block}mlp.fc2", WIDTH, HIDDEN)
        state |= norm(f"{block}norm1") | norm(f"{block}norm2")
    return state


def write(path: Path, layout: Layout = "fairseq", *, state: dict[str, Tensor] | None = None) -> Path:
    """Writes a checkpoint with all that the released ones hold beside the encoder.

    Args:
        path: an existing folder.
        layout: which released kind of file is imitated.
        state: weights under the names of a pre-training checkpoint; random ones if not given.

    Returns:
        What to give as `frontend.source`.
    """
    state = encoder_state() if state is None else state
    config = {
        "depth": DEPTH,
        "embed_dim": WIDTH,
        "num_heads": HEADS,
        "norm_eps": 1e-6,
        "layer_norm_first": False,
    }
    head = {"fc_norm.weight": torch.ones(WIDTH), "fc_norm.bias": torch.zeros(WIDTH)}
    head |= {"head.weight": torch.zeros(5, WIDTH), "head.bias": torch.zeros(5)}
    if layout == "fairseq":
        decoder = {f"{IMAGE}decoder.blocks.0.0.weight": torch.zeros(3, 3)}
        teacher = {name: torch.zeros_like(value) for name, value in state.items()}
        weights: dict[str, Any] = {**state, **decoder, "_ema": teacher}
        cfg = OmegaConf.create({"model": {"_name": "data2vec_multi", **config}, "task": {"data": "audioset"}})
        return _fairseq(path / "eat.pt", weights, cfg, Namespace(seed=1))
    if layout == "fairseq_fine_tuned":
        weights = {f"model.{name}": value for name, value in (state | head).items()}
        return _fairseq(
            path / "eat_fine_tuned.pt", weights, {"model": {"pretrained_model_args": {"model": config}}}, None
        )
    port = {
        f"model.{name.replace(f'{IMAGE}context_encoder.norm', 'pre_norm').removeprefix(IMAGE)}": value
        for name, value in (state | head).items()
    }
    (path / "config.json").write_text(json.dumps(config))
    if layout == "hugging_face":
        save_file(port, path / "model.safetensors")
    else:
        torch.save(port, path / "pytorch_model.bin")
    return path


def _fairseq(file: Path, weights: dict[str, Any], cfg: Any, args: Any) -> Path:
    whole = {"args": args, "cfg": cfg, "model": weights, "criterion": None, "optimizer_history": []}
    torch.save(whole | {"task_state": {}, "extra_state": {"epoch": 30}, "last_optimizer_state": None}, file)
    return file
