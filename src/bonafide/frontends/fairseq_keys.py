"""fairseq's wav2vec 2.0, XLS-R, HuBERT and WavLM in the names and settings of transformers.

The two describe the same computation. fairseq: https://github.com/facebookresearch/fairseq (MIT);
transformers: https://github.com/huggingface/transformers (Apache-2.0). Every key is either renamed or among
those that only pre-training or a head needs; any other is an error.
"""

import ast
import re
from collections.abc import Mapping
from typing import Any, Final

from torch import Tensor

from bonafide.types import InputError

FINE_TUNED: Final = "w2v_encoder.w2v_model."
"""What the names of the encoder begin with in fine-tuned files."""

DROPPED: Final = re.compile(
    r"(quantizer\.(vars|weight_proj\.(weight|bias))"  # wav2vec 2.0: targets of pre-training
    r"|(project_q|final_proj)\.(weight|bias)"
    r"|label_embs_concat"  # HuBERT: its clusters
    r"|w2v_encoder\.proj\.(weight|bias))"  # the head of a fine-tuned model
)

_TOP: Final = {
    "layer_norm": "feature_projection.layer_norm",
    "post_extract_proj": "feature_projection.projection",
    "encoder.layer_norm": "encoder.layer_norm",
}
_LAYER: Final = {
    **{f"self_attn.{part}_proj": f"attention.{part}_proj" for part in ("q", "k", "v", "out")},
    "self_attn.grep_linear": "attention.gru_rel_pos_linear",  # WavLM's gated relative positions
    "self_attn.relative_attention_bias": "attention.rel_attn_embed",
    "self_attn_layer_norm": "layer_norm",
    "fc1": "feed_forward.intermediate_dense",
    "fc2": "feed_forward.output_dense",
    "final_layer_norm": "final_layer_norm",
}
_POSITION: Final = {
    "bias": "bias",
    "weight_g": "parametrizations.weight.original0",
    "weight_v": "parametrizations.weight.original1",
    "parametrizations.weight.original0": "parametrizations.weight.original0",
    "parametrizations.weight.original1": "parametrizations.weight.original1",
}
_CONVOLUTION: Final = re.compile(r"feature_extractor\.conv_layers\.(\d+)\.(0|2|2\.1)\.(weight|bias)")
_IN_LAYER: Final = re.compile(r"encoder\.layers\.(\d+)\.(.+)\.(weight|bias)")
_GATE: Final = re.compile(r"encoder\.layers\.(\d+)\.self_attn\.grep_a")


def renamed(state: Mapping[str, Tensor], place: str) -> dict[str, Tensor]:
    """Weights under the names of transformers' `Wav2Vec2Model` or `WavLMModel`, less those `DROPPED`.

    Args:
        state: of the file.
        place: of the file, for errors.

    Raises:
        InputError: a key has no counterpart.
    """
    found: dict[str, Tensor] = {}
    foreign = []
    for key, value in state.items():
        if DROPPED.fullmatch(key):
            continue
        name = rename(bare(key))
        if name is None:
            foreign.append(key)
        else:
            found[name] = value
    if foreign:
        raise InputError(
            f"{place} is not a wav2vec 2.0, HuBERT or WavLM model: {len(foreign)} of its weights have no "
            f"counterpart (first: {foreign[0]}); choose another source"
        )
    return found


def bare(key: str) -> str:
    """A key as the pre-trained encoder alone has it."""
    return key.removeprefix(FINE_TUNED)


def rename(key: str) -> str | None:
    """Counterpart of one key; None if there is none.

    >>> rename("encoder.layers.3.fc1.bias")
    'encoder.layers.3.feed_forward.intermediate_dense.bias'
    >>> rename("layer_norm.bias"), rename("encoder.layer_norm.bias")
    ('feature_projection.layer_norm.bias', 'encoder.layer_norm.bias')
    """
    if key == "mask_emb":
        return "masked_spec_embed"
    if found := _CONVOLUTION.fullmatch(key):
        index, part, kind = found.groups()
        return f"feature_extractor.conv_layers.{index}.{'conv' if part == '0' else 'layer_norm'}.{kind}"
    if found := _GATE.fullmatch(key):
        return f"encoder.layers.{found[1]}.attention.gru_rel_pos_const"
    if found := _IN_LAYER.fullmatch(key):
        index, part, kind = found.groups()
        return f"encoder.layers.{index}.{_LAYER[part]}.{kind}" if part in _LAYER else None
    if key.startswith("encoder.pos_conv.0."):
        part = _POSITION.get(key.removeprefix("encoder.pos_conv.0."), "")
        return f"encoder.pos_conv_embed.conv.{part}" if part else None
    name, _, kind = key.rpartition(".")
    return f"{_TOP[name]}.{kind}" if name in _TOP and kind in {"weight", "bias"} else None


def settings(config: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The configuration as transformers writes it, `model_type` included.

    What the file leaves out has fairseq's own default (`Wav2Vec2Config`), as fairseq would read it.

    Args:
        config: of the model in the file.
        place: of the file, for errors.

    Raises:
        InputError: the model is built in a way that transformers has no counterpart of.
    """
    unusual = {"layer_type": "transformer", "pos_conv_depth": 1, "conv_pos_batch_norm": False}
    for name, usual in unusual.items():
        if config.get(name, usual) != usual:
            raise InputError(f"{place} has {name}={config[name]}, which is not read; choose another source")
    layers = convolutions(str(config.get("conv_feature_layers") or WAV2VEC), place)
    relative = bool(config.get("relative_position_embedding", False))
    found = {
        "model_type": "wavlm" if relative else "wav2vec2",
        "hidden_size": config.get("encoder_embed_dim", 768),
        "num_hidden_layers": config.get("encoder_layers", 12),
        "num_attention_heads": config.get("encoder_attention_heads", 12),
        "intermediate_size": config.get("encoder_ffn_embed_dim", 3072),
        "hidden_act": config.get("activation_fn", "gelu"),
        "conv_dim": [channels for channels, _, _ in layers],
        "conv_kernel": [kernel for _, kernel, _ in layers],
        "conv_stride": [stride for _, _, stride in layers],
        "conv_bias": config.get("conv_bias", False),
        "feat_extract_norm": "layer" if config.get("extractor_mode") == "layer_norm" else "group",
        "do_stable_layer_norm": config.get("layer_norm_first", False),
        "num_conv_pos_embeddings": config.get("conv_pos", 128),
        "num_conv_pos_embedding_groups": config.get("conv_pos_groups", 16),
        "hidden_dropout": config.get("dropout", 0.1),
        "attention_dropout": config.get("attention_dropout", 0.1),
        "activation_dropout": config.get("activation_dropout", 0.0),
        "feat_proj_dropout": config.get("dropout_input", 0.0),
    }
    if relative:
        found["num_buckets"] = config.get("num_buckets", 320)
        found["max_bucket_distance"] = config.get("max_distance", 1280)
    return found


WAV2VEC: Final = "[(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512, 2, 2)] + [(512, 2, 2)]"


def convolutions(text: str, place: str) -> list[tuple[int, int, int]]:
    """Channels, kernel and stride of each convolution, from the Python expression that fairseq keeps.

    Only lists of numbers, `+` and `*` are understood; fairseq itself would run anything.

    Raises:
        InputError: it is another expression.

    >>> convolutions("[(512, 10, 5)] + [(512, 3, 2)] * 2", "a.pt")
    [(512, 10, 5), (512, 3, 2), (512, 3, 2)]
    """
    try:
        layers = [tuple(layer) for layer in _value(ast.parse(text, mode="eval").body)]
        return [(int(channels), int(kernel), int(stride)) for channels, kernel, stride in layers]
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        raise InputError(
            f"{place} describes its convolutions in a way that is not read: {text[:80]}"
        ) from None


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(child) for child in node.elts]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult):
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Add) and isinstance(left, list) and isinstance(right, list):
            return left + right
        if (
            isinstance(node.op, ast.Mult)
            and isinstance(left, list)
            and isinstance(right, int)
            and right < 100
        ):
            return left * right
    raise ValueError(ast.dump(node))
