"""Small fairseq checkpoints, written from encoders of transformers through a table of names of its own."""

import argparse
from pathlib import Path
from typing import Any

import torch
from tests.frontends import tiny_encoders
from torch import Tensor

STEM = "[(16, 10, 5)] + [(16, 3, 2)] * 4 + [(16,2,2)] + [(16,2,2)]"
NAMES = {
    "feature_projection.layer_norm": "layer_norm",
    "feature_projection.projection": "post_extract_proj",
    "encoder.pos_conv_embed.conv.parametrizations.weight.original0": "encoder.pos_conv.0.weight_g",
    "encoder.pos_conv_embed.conv.parametrizations.weight.original1": "encoder.pos_conv.0.weight_v",
    "encoder.pos_conv_embed.conv": "encoder.pos_conv.0",
    "feed_forward.intermediate_dense": "fc1",
    "feed_forward.output_dense": "fc2",
    "attention.gru_rel_pos_const": "self_attn.grep_a",
    "attention.gru_rel_pos_linear": "self_attn.grep_linear",
    "attention.rel_attn_embed": "self_attn.relative_attention_bias",
    "masked_spec_embed": "mask_emb",
    ".attention.": ".self_attn.",
}
EXTRA = (
    "quantizer.vars",
    "quantizer.weight_proj.weight",
    "project_q.bias",
    "final_proj.weight",
    "final_proj.bias",
)


def settings(family: str) -> dict[str, Any]:
    """Of `wav2vec2`, `xlsr`, `wavlm_base` or `wavlm`, in fairseq's words."""
    large = family in {"xlsr", "wavlm"}
    return {
        "_name": "wav2vec2",
        "extractor_mode": "layer_norm" if large else "default",
        "conv_feature_layers": STEM,
        "conv_bias": large,
        "layer_norm_first": large,
        "encoder_layers": tiny_encoders.LAYERS,
        "encoder_embed_dim": tiny_encoders.HIDDEN,
        "encoder_ffn_embed_dim": 64,
        "encoder_attention_heads": 4,
        "conv_pos": 16,
        "conv_pos_groups": 4,
        "relative_position_embedding": family.startswith("wavlm"),
        "num_buckets": 320,
        "max_distance": 800,
    }


def state(family: str) -> dict[str, Tensor]:
    """The weights of the tiny encoder, and those that only pre-training needs."""
    found = {}
    for key, value in tiny_encoders.make(family).state_dict().items():
        name = key
        if ".layers." in name:  # the norm before attention, and that before the feed-forward, in a layer
            name = name.replace(".layer_norm.", ".self_attn_layer_norm.")
        if name.startswith("feature_extractor."):
            part = "2.1" if family in {"xlsr", "wavlm"} else "2"
            name = name.replace(".conv.", ".0.").replace(".layer_norm.", f".{part}.")
        for theirs, ours in NAMES.items():
            name = name.replace(theirs, ours)
        found[name] = value
    return found | {name: torch.zeros(2) for name in EXTRA}


def write(family: str, path: Path, *, fine_tuned: bool = False, **more: Any) -> Path:
    """A checkpoint with `args` a namespace; fine-tuned, the encoder stands under a prefix, beside a head."""
    weights, args = state(family), argparse.Namespace(**{**settings(family), "normalize": True, **more})
    if fine_tuned:
        weights = {
            f"w2v_encoder.w2v_model.{key}": value for key, value in weights.items() if key not in EXTRA
        }
        weights |= {"w2v_encoder.proj.weight": torch.zeros(2, 2), "w2v_encoder.proj.bias": torch.zeros(2)}
        args = argparse.Namespace(arch="wav2vec_ctc", dropout=0.3, w2v_args=args)
    torch.save({"args": args, "cfg": None, "model": weights}, path)
    return path
