"""The real fairseq, transformers and the converter agree; skipped where fairseq is not installed."""

import argparse
import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.frontends import fairseq_checkpoints, tiny_encoders

from bonafide.frontends import fairseq, sources
from bonafide.frontends.fairseq import Fairseq
from bonafide.frontends.transformer import Transformer
from bonafide.types import InputError

pytestmark = [
    pytest.mark.fairseq,
    pytest.mark.skipif(importlib.util.find_spec("fairseq") is None, reason="fairseq is not installed"),
]

VARIANTS = {
    "group norm": {"extractor_mode": "default"},
    "layer norm": {"extractor_mode": "layer_norm", "conv_bias": True},
}
CLIPS = 0.1 * torch.randn(2, 64_600, generator=torch.Generator().manual_seed(1))


def write(path: Path, **options: Any) -> dict[str, Any]:
    """A checkpoint of a whole pre-training model as fairseq initialises it; its settings."""
    with fairseq._quietly():
        from fairseq.models.wav2vec.wav2vec2 import Wav2Vec2Config, Wav2Vec2Model  # noqa: PLC0415 - optional

        settings = {
            "conv_feature_layers": "[(32, 10, 5)] + [(32, 3, 2)] * 4 + [(32,2,2)] + [(32,2,2)]",
            "encoder_embed_dim": 64,
            "encoder_layers": 6,
            "encoder_attention_heads": 4,
            "encoder_ffn_embed_dim": 128,
            "quantize_targets": True,
            "latent_vars": 8,
            "final_dim": 16,
            **dict.fromkeys(("dropout", "attention_dropout", "encoder_layerdrop", "dropout_input"), 0.0),
            **options,
        }
        torch.manual_seed(0)
        model = Wav2Vec2Model(Wav2Vec2Config(**settings))
    for weight in model.parameters():
        weight.data += 0.05 * torch.randn_like(weight)
    torch.save({"args": argparse.Namespace(**settings), "cfg": None, "model": model.state_dict()}, path)
    return settings


@pytest.mark.parametrize("layer_norm_first", [False, True], ids=["post-norm", "pre-norm"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_fairseq_and_transformers_compute_the_same(
    variant: str, tmp_path: Path, *, layer_norm_first: bool
) -> None:
    file = tmp_path / "a.pt"
    write(file, layer_norm_first=layer_norm_first, **VARIANTS[variant])
    every: dict[str, Any] = {"source": str(file), "layers": list(range(7)), "normalize": "fairseq"}
    theirs, ours = Fairseq(16_000, **every), Transformer(16_000, **every)
    found, wanted = theirs(CLIPS), ours(CLIPS)
    assert found.shape == (2, *theirs.shape(64_600)) == (2, 7, 64, 201)
    assert (found - wanted).abs().max() < 1e-5
    every["layers"] = "last"
    odd = CLIPS[:, :8_123]  # 25 frames, which fairseq makes even by padding
    assert (Fairseq(16_000, **every)(odd) - Transformer(16_000, **every)(odd)).abs().max() < 1e-5
    assert theirs.reference == ours.reference == sources.digest([file])


def test_layer_4_of_extract_features_is_hidden_state_5(tmp_path: Path) -> None:
    write(tmp_path / "a.pt", layer_norm_first=True, **VARIANTS["layer norm"])
    whole: Any = Fairseq(16_000, source=str(tmp_path / "a.pt"), normalize="none", layers="last")
    cut = Transformer(16_000, source=str(tmp_path / "a.pt"), normalize="none", layers=5)
    wanted = whole.encoder.extract_features(CLIPS, None, mask=False, layer=4)["x"].transpose(1, 2)
    assert (cut(CLIPS)[:, 0] - wanted).abs().max() < 1e-5


def test_the_converter_inverts_what_the_other_tests_write(tmp_path: Path) -> None:
    """The checkpoints that are made without fairseq are as fairseq wants them."""
    for family in ("wav2vec2", "xlsr"):
        file = fairseq_checkpoints.write(family, tmp_path / f"{family}.pt")
        folder = tiny_encoders.write(family, tmp_path / family)
        found = Fairseq(16_000, source=str(file), layers=[1, 6], normalize="transformers")(CLIPS[:, :8_000])
        wanted = Transformer(16_000, source=str(folder), layers=[1, 6])(CLIPS[:, :8_000])
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_what_is_trained_and_what_is_kept(tmp_path: Path) -> None:
    file = str(fairseq_checkpoints.write("xlsr", tmp_path / "a.pt", fine_tuned=True))
    frozen = Fairseq(16_000, source=file).train()
    assert dict(frozen.external) == {"encoder.": frozen.reference}
    assert len(frozen.parameter_groups()) == 1
    tuned = Fairseq(16_000, source=file, frozen=2, layers=4).train()
    (group,) = tuned.parameter_groups()
    tuned(CLIPS[:1, :8_000]).square().sum().backward()
    assert all(weight.grad is not None for weight in group.parameters)
    names = {name for name, weight in tuned.encoder.named_parameters() if weight.requires_grad}
    assert {name.split(".")[2] for name in names} == {"2", "3"}


def test_settings_are_never_evaluated(tmp_path: Path) -> None:
    evil = f"open({str(tmp_path / 'trace')!r}, 'w')"
    file = fairseq_checkpoints.write("xlsr", tmp_path / "a.pt", conv_feature_layers=evil)
    with pytest.raises(InputError, match="describes its convolutions in a way that is not read"):
        Fairseq(16_000, source=str(file))
    assert not (tmp_path / "trace").exists()


def test_what_fairseq_cannot_do_is_said(tmp_path: Path) -> None:
    file = str(fairseq_checkpoints.write("xlsr", tmp_path / "a.pt"))
    with pytest.raises(InputError, match="at least one layer"):
        Fairseq(16_000, source=file, layers=0)
    with pytest.raises(InputError, match="use frontend=wavlm"):
        Fairseq(16_000, source=str(fairseq_checkpoints.write("wavlm", tmp_path / "b.pt")))
