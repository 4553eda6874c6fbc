import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.frontends import tiny_encoders
from torch import Tensor

from bonafide.frontends.transformer import Transformer
from bonafide.types import FeatureShape, InputError

FAMILIES = ("wav2vec2", "xlsr", "hubert", "wavlm_base", "wavlm")
LAST = tiny_encoders.LAYERS
XLSR = {
    "model_type": "wav2vec2",
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    **tiny_encoders.LARGE_KIND,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    top = tmp_path_factory.mktemp("encoders")

    def written(family: str) -> str:
        found = top / family
        return str(found if found.is_dir() else tiny_encoders.write(family, found))

    return written


def states(family: str, waveform: Tensor) -> tuple[list[Tensor], Tensor]:
    """Hidden states and last hidden state of transformers itself, on what its feature extractor gives it."""
    from transformers import Wav2Vec2FeatureExtractor  # noqa: PLC0415 - seconds

    extractor = Wav2Vec2FeatureExtractor(do_normalize=True)
    values = extractor([*waveform.numpy()], sampling_rate=16_000, return_tensors="pt").input_values
    with torch.no_grad():
        found = tiny_encoders.make(family)(values, output_hidden_states=True)
    return [state.transpose(1, 2) for state in found.hidden_states], found.last_hidden_state.transpose(1, 2)


def clips(count: int = 2, samples: int = 8_123) -> Tensor:
    return 0.1 * torch.randn(count, samples, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_states_are_those_of_transformers(family: str, folder: Callable[[str], str]) -> None:
    waveform = clips()
    hidden, last = states(family, waveform)
    chosen = Transformer(16_000, source=folder(family), layers=list(range(LAST)))(waveform)
    torch.testing.assert_close(chosen, torch.stack(hidden[:LAST], dim=1), atol=1e-5, rtol=1e-5)
    final = Transformer(16_000, source=folder(family), layers="last")(waveform)
    torch.testing.assert_close(final[:, 0], last, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("layer", [0, 1, 5])
def test_a_cut_encoder_gives_what_the_whole_one_has_at_that_layer(
    family: str, layer: int, folder: Callable[[str], str]
) -> None:
    waveform = clips(1)
    whole = Transformer(16_000, source=folder(family), layers=list(range(LAST + 1)))
    cut = Transformer(16_000, source=folder(family), layers=layer)
    assert len(cut.encoder.encoder.layers) == layer
    assert torch.equal(cut(waveform)[0, 0], whole(waveform)[0, layer])


def test_the_final_norm_is_only_in_the_last_layer_asked_for_by_name(folder: Callable[[str], str]) -> None:
    waveform = clips(1)
    last, stream = (Transformer(16_000, source=folder("xlsr"), layers=layers) for layers in ("last", LAST))
    assert (last(waveform) - stream(waveform)).abs().max() > 0.1
    normed = last.encoder.encoder.layer_norm(stream(waveform)[:, 0].transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(normed, last(waveform)[:, 0])


def test_the_weighted_sum_starts_as_the_mean_and_learns(folder: Callable[[str], str]) -> None:
    waveform = clips(2)
    every = Transformer(16_000, source=folder("xlsr"), layers=list(range(LAST + 1)))(waveform)
    frontend = Transformer(16_000, source=folder("xlsr"))
    assert frontend.shape(8_123) == FeatureShape(1, tiny_encoders.HIDDEN, 25)
    torch.testing.assert_close(frontend(waveform), every.mean(dim=1, keepdim=True))
    frontend(waveform).square().sum().backward()
    (weights,) = frontend.parameter_groups()
    assert weights.lr_scale == 1.0
    assert [weight.grad is not None for weight in weights.parameters] == [True]
    assert all(weight.grad is None for weight in frontend.encoder.parameters())


@pytest.mark.parametrize("normalize", ["transformers", "fairseq", "none"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.filterwarnings("ignore:.*was trained on clips")
def test_padding_counts_for_nothing(family: str, normalize: Any, folder: Callable[[str], str]) -> None:
    lengths = [6_000, 9_999, 400, 8_123]
    waveform = clips(4, 9_999)  # what follows a clip is noise, not zeros
    frontend = Transformer(16_000, source=folder(family), layers=[0, 3, LAST], normalize=normalize).eval()
    padded = frontend(waveform, torch.tensor(lengths))
    assert padded.shape == (4, *frontend.shape(9_999))
    for clip, length, features in zip(waveform, lengths, padded, strict=True):
        alone = frontend(clip[None, :length])[0]
        frames = alone.shape[-1]
        torch.testing.assert_close(features[..., :frames], alone, atol=1e-5, rtol=1e-5)
        assert (features[..., frames:] == 0).all()


def test_transformers_itself_lets_padding_into_a_group_norm(folder: Callable[[str], str]) -> None:
    """What the masked norm is for: without lengths, zeros behind a clip change its features."""
    waveform = clips(1, 6_000)
    frontend = Transformer(16_000, source=folder("wav2vec2"), layers=2)
    longer = torch.nn.functional.pad(waveform, (0, 4_000))
    frames = frontend.shape(6_000).frames
    alone = frontend(waveform)
    assert (frontend(longer)[..., :frames] - alone).abs().max() > 1e-3
    kept = frontend(longer, torch.tensor([6_000]))[..., :frames]
    torch.testing.assert_close(kept, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("samples", "frames"),
    [(400, 1), (16_000, 49), (32_000, 99), (64_600, 201), (160_000, 499), (160_080, 500)],
)
def test_frames_are_those_of_the_published_convolutions(
    samples: int, frames: int, folder: Callable[[str], str]
) -> None:
    frontend = Transformer(16_000, source=folder("xlsr"), layers=0)
    assert frontend.shape(samples).frames == frames
    times = frontend.times(samples)
    assert times[0] == 199.5 / 16_000
    assert frames == 1 or float(times[1] - times[0]) == pytest.approx(0.02)
    assert times[-1] < samples / 16_000
    with pytest.raises(InputError, match="399 samples is shorter than one frame of 400"):
        frontend.shape(399)


@pytest.mark.parametrize(
    ("layers", "parameters"),
    [("last", 315_438_720 - 1_024), (5, 76_108_416 - 1_024), (0, 13_127_296 - 1_024)],
)
def test_xlsr_has_the_published_parameters_but_for_the_mask_embedding(
    layers: Any, parameters: int, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(XLSR))
    with torch.device("meta"):
        frontend = Transformer(16_000, source=str(tmp_path), layers=layers, weights="random")
    encoder: Any = frontend.encoder

    def count(part: torch.nn.Module) -> int:
        return sum(weight.numel() for weight in part.parameters())

    assert count(encoder) == parameters
    assert count(encoder.feature_extractor) == 4_210_176
    assert count(encoder.feature_projection) == 526_336
    assert count(encoder.encoder.pos_conv_embed) == 8_389_760
    assert {count(layer) for layer in encoder.encoder.layers} <= {12_596_224}
    assert frontend.shape(64_600) == FeatureShape(1, 1024, 201)


def test_a_frozen_encoder_stays_as_it_is_and_out_of_checkpoints(folder: Callable[[str], str]) -> None:
    frontend = Transformer(16_000, source=folder("xlsr"), layers=3).train()
    assert not any(module.training for module in frontend.encoder.modules())
    assert frontend.parameter_groups() == []
    assert not frontend(clips()).requires_grad
    assert re.fullmatch("[0-9a-f]{64}", frontend.reference)
    assert dict(frontend.external) == {"encoder.": frontend.reference}
    assert {name.partition(".")[0] for name in frontend.state_dict()} == {"encoder"}


def test_a_fine_tuned_encoder_learns_at_its_own_rate(folder: Callable[[str], str]) -> None:
    frontend = Transformer(16_000, source=folder("xlsr"), frozen=False, lr_scale=0.01).train()
    assert frontend.external == {}
    encoder, weights = frontend.parameter_groups()
    assert (encoder.lr_scale, weights.lr_scale) == (0.01, 1.0)
    torch.manual_seed(0)
    first, second = frontend(clips()), frontend(clips())
    assert not torch.equal(first, second)  # dropout
    first.square().sum().backward()
    # No weight without a use: distributed training would wait for its gradient.
    assert all(weight.grad is not None for group in (encoder, weights) for weight in group.parameters)


@pytest.mark.parametrize("family", FAMILIES)
def test_layers_below_may_stay_frozen(family: str, folder: Callable[[str], str]) -> None:
    def trained(*, frozen: bool | int) -> set[str]:
        frontend = Transformer(16_000, source=folder(family), layers=4, frozen=frozen)
        named = frontend.encoder.named_parameters()
        return {name for name, weight in named if weight.requires_grad}

    everything = trained(frozen=False)
    stem = {name for name in everything if name.startswith("feature_extractor.")}
    assert stem
    assert trained(frozen=0) == everything - stem
    assert trained(frozen=2) == {name for name in everything if re.match(r"encoder\.layers\.[23]\.", name)}
    assert trained(frozen=True) == set()
    (above,) = Transformer(16_000, source=folder(family), layers=4, frozen=2).parameter_groups()
    assert len(above.parameters) == len(trained(frozen=2))


def test_random_weights_need_no_file_and_belong_into_checkpoints(
    folder: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_bytes((Path(folder("xlsr")) / "config.json").read_bytes())
    with pytest.raises(InputError, match="holds no weights"):
        Transformer(16_000, source=str(tmp_path))
    frontend = Transformer(16_000, source=str(tmp_path), weights="random", layers=2)
    assert frontend.external == {}
    assert frontend.reference == ""
    assert frontend(clips()).std() > 0.01


def test_the_two_normalizations_differ_by_their_epsilon(folder: Callable[[str], str]) -> None:
    quiet = 1e-3 * clips()
    variance, mean = torch.var_mean(quiet, dim=-1, correction=0, keepdim=True)
    for normalize, epsilon in (("transformers", 1e-7), ("fairseq", 1e-5)):
        frontend = Transformer(16_000, source=folder("xlsr"), normalize=normalize, layers=1)  # type: ignore[arg-type]
        with pytest.warns(UserWarning, match="normalized; consider frontend.normalize=transformers"):
            bare = Transformer(16_000, source=folder("xlsr"), normalize="none", layers=1)
        torch.testing.assert_close(frontend(quiet), bare((quiet - mean) / (variance + epsilon).sqrt()))


def test_features_stay_single_precision_under_autocast(folder: Callable[[str], str]) -> None:
    frontend = Transformer(16_000, source=folder("wav2vec2"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = frontend(clips(2, 1_000), torch.tensor([1_000, 700]))
    assert features.dtype == torch.float32
    assert features.isfinite().all()


def test_settings_without_a_meaning_are_refused(folder: Callable[[str], str]) -> None:
    source = folder("xlsr")
    for error, options in {
        "hears 16000 Hz, not 8000": {"sample_rate": 8_000},
        "has layers 0 to 6, not layer 7": {"layers": 7},
        "not layer -1": {"layers": [1, -1]},
        "not an empty list": {"layers": []},
        "layers=middle is not a choice": {"layers": "middle"},
        "normalize=yes is not a choice": {"normalize": "yes"},
        "weights=trained is not a choice": {"weights": "trained"},
        "only layers up to 2": {"layers": 2, "frozen": 3},
        "lr_scale=0 trains nothing": {"lr_scale": 0},
        "does not exist; set frontend.source": {"source": "/nowhere/at/all"},
        "is a whisper, not one of": {"source": folder("whisper")},
    }.items():
        with pytest.raises(InputError, match=error) as caught:
            Transformer(**{"sample_rate": 16_000, "source": source, **options})  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="9000 samples does not fit"):
        Transformer(16_000, source=source, layers=0)(clips(1, 8_000), torch.tensor([9_000]))
    with pytest.raises(InputError, match="shorter than one frame"):
        Transformer(16_000, source=source, layers=0)(clips(1, 8_000), torch.tensor([399]))
