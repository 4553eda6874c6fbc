from pathlib import Path

import pytest
import torch
from tests.frontends import fairseq_checkpoints, tiny_encoders

from bonafide.frontends import fairseq_keys
from bonafide.frontends.transformer import Transformer
from bonafide.types import InputError

FAMILIES = ("wav2vec2", "xlsr", "wavlm_base", "wavlm")
CLIP = 0.1 * torch.randn(1, 8_000, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_key_has_its_counterpart_and_none_is_left_over(family: str) -> None:
    whole = tiny_encoders.make(family).state_dict()
    found = fairseq_keys.renamed(fairseq_checkpoints.state(family), "a.pt")
    assert found.keys() == whole.keys()
    assert all(torch.equal(found[key], value) for key, value in whole.items())


def test_the_dropped_set_is_the_documented_one() -> None:
    for key in (*fairseq_checkpoints.EXTRA, "w2v_encoder.proj.weight", "label_embs_concat"):
        assert fairseq_keys.DROPPED.fullmatch(key)
    for key in (
        "encoder.layers.0.final_layer_norm.weight",
        "layer_norm.bias",
        "quantizer",
        "decoder.proj.weight",
    ):
        assert not fairseq_keys.DROPPED.fullmatch(key)


@pytest.mark.parametrize("fine_tuned", [False, True], ids=["pre-trained", "fine-tuned"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_fairseq_file_gives_the_features_of_the_folder(
    family: str, tmp_path: Path, *, fine_tuned: bool
) -> None:
    folder = tiny_encoders.write(family, tmp_path / "folder")
    file = fairseq_checkpoints.write(family, tmp_path / "a.pt", fine_tuned=fine_tuned)
    wanted, found = (Transformer(16_000, source=str(source), layers=[0, 3, 6]) for source in (folder, file))
    assert torch.equal(found(CLIP), wanted(CLIP))
    assert found.reference != wanted.reference
    last = Transformer(16_000, source=str(file), layers="last")
    assert torch.equal(last(CLIP), Transformer(16_000, source=str(folder), layers="last")(CLIP))


@pytest.mark.parametrize(
    "key", ["encoder.layers.0.self_attn.rotary.weight", "decoder.embed.weight", "blocks.0.bias"]
)
def test_a_key_of_another_model_is_an_error(key: str) -> None:
    state = {**fairseq_checkpoints.state("xlsr"), key: torch.zeros(1)}
    with pytest.raises(InputError, match=f"1 of its weights have no counterpart .first: {key}"):
        fairseq_keys.renamed(state, "a.pt")


def test_a_missing_weight_and_one_of_another_size_are_errors(tmp_path: Path) -> None:
    state = fairseq_checkpoints.state("xlsr")
    del state["encoder.layers.5.fc1.bias"]
    state["layer_norm.bias"] = torch.zeros(3)
    args = fairseq_checkpoints.settings("xlsr")
    torch.save({"cfg": {"model": args}, "model": state}, tmp_path / "a.pt")
    with pytest.raises(
        InputError, match=r"1 missing .*1 of another size .first: feature_projection.layer_norm.bias"
    ):
        Transformer(16_000, source=str(tmp_path / "a.pt"), layers="last")


def test_settings_that_have_no_counterpart_are_refused() -> None:
    usual = fairseq_checkpoints.settings("xlsr")
    for name, value in {"layer_type": "conformer", "pos_conv_depth": 5, "conv_pos_batch_norm": True}.items():
        with pytest.raises(InputError, match=f"{name}={value}, which is not read"):
            fairseq_keys.settings({**usual, name: value}, "a.pt")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "[(1, 2, 3)] * 10**9",
        "[(1, 2)]",
        "3",
        "[[",
        "[(1, 2, 'a')]",
        "[1] * 99 * 99 * [1]",
    ],
)
def test_convolutions_are_never_evaluated(text: str) -> None:
    with pytest.raises(InputError, match="describes its convolutions in a way that is not read"):
        fairseq_keys.convolutions(text, "a.pt")
