"""Encoders of every family, small and untrained, as folders that the front ends read; nothing is fetched."""

import json
from pathlib import Path
from typing import Any, Final

import torch

LAYERS: Final = 6
HIDDEN: Final = 32
STEM: Final = {
    "conv_dim": [16] * 7,
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2],
}
SMALL: Final[dict[str, Any]] = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "hidden_dropout": 0.1,
    **STEM,
}
LARGE_KIND: Final = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
"""As the large models differ from the base ones: layer norms in the stem, norms before the sub-layers."""


def settings(family: str) -> dict[str, Any]:
    """Of `wav2vec2`, `xlsr`, `hubert`, `wavlm`, `wavlm_base` or `whisper`."""
    if family == "whisper":
        return {
            "d_model": HIDDEN,
            "encoder_layers": LAYERS,
            "encoder_attention_heads": 4,
            "encoder_ffn_dim": 64,
            "decoder_layers": 1,
            "decoder_attention_heads": 4,
            "decoder_ffn_dim": 64,
            "num_mel_bins": 80,
            "max_source_positions": 250,  # windows of 5 s
            "max_target_positions": 8,
            "vocab_size": 16,
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "decoder_start_token_id": 1,
        }
    return SMALL if family in {"wav2vec2", "wavlm_base"} else {**SMALL, **LARGE_KIND}


def make(family: str) -> Any:
    """The whole model as transformers has it, in evaluation mode."""
    import transformers  # noqa: PLC0415 - seconds

    kind = {
        "wav2vec2": "Wav2Vec2",
        "xlsr": "Wav2Vec2",
        "hubert": "Hubert",
        "wavlm": "WavLM",
        "wavlm_base": "WavLM",
        "whisper": "Whisper",
    }[family]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = getattr(transformers, f"{kind}Config")(**settings(family))
        model = getattr(transformers, f"{kind}Model")(config)
        for weight in model.parameters():  # norms and biases that do something, a norm that is seen
            weight.data += 0.05 * torch.randn_like(weight)
    return model.eval()


def write(family: str, folder: Path, *, normalized: bool = True) -> Path:
    """A folder as `save_pretrained` writes it, with the preprocessor's settings beside it."""
    make(family).save_pretrained(folder)
    preprocessor = {"do_normalize": normalized and family != "whisper", "sampling_rate": 16_000}
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    return folder
