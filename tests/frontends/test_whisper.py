import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.frontends import tiny_encoders
from torch import Tensor

from bonafide.frontends.whisper import Whisper
from bonafide.types import FeatureShape, InputError

LAST = tiny_encoders.LAYERS
SECONDS = 5  # of its window


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_encoders.write("whisper", tmp_path_factory.mktemp("encoders") / "whisper"))


def clips(count: int = 2, samples: int = 20_001) -> Tensor:
    return 0.1 * torch.randn(count, samples, generator=torch.Generator().manual_seed(1))


def mels(waveform: Tensor) -> Tensor:
    """What the feature extractor of transformers makes of clips of up to 5 s."""
    from transformers import WhisperFeatureExtractor  # noqa: PLC0415 - seconds

    extractor = WhisperFeatureExtractor(feature_size=80, chunk_length=SECONDS)
    found: Tensor = extractor([*waveform.numpy()], sampling_rate=16_000, return_tensors="pt").input_features
    return found


def test_the_input_is_that_of_transformers(source: str) -> None:
    waveform = clips() * torch.tensor([[1.0], [0.01]])
    frontend = Whisper(16_000, source=source, layers=0)
    padded = torch.nn.functional.pad(waveform, (0, SECONDS * 16_000 - waveform.shape[-1]))
    torch.testing.assert_close(frontend.log_mel(padded), mels(waveform), atol=1e-4, rtol=1e-4)


def test_the_states_are_those_of_transformers_and_a_cut_encoder_has_the_same(source: str) -> None:
    waveform = clips()
    with torch.no_grad():
        found = tiny_encoders.make("whisper").encoder(mels(waveform), output_hidden_states=True)
    frames = 63  # of 250
    wanted = torch.stack(found.hidden_states[:LAST], dim=1).transpose(2, 3)[..., :frames]
    frontend = Whisper(16_000, source=source, layers=list(range(LAST)))
    torch.testing.assert_close(frontend(waveform), wanted, atol=1e-4, rtol=1e-4)
    last = Whisper(16_000, source=source, layers="last")(waveform)
    torch.testing.assert_close(
        last[:, 0], found.last_hidden_state.transpose(1, 2)[..., :frames], atol=1e-4, rtol=1e-4
    )
    cut: Any = Whisper(16_000, source=source, layers=2)
    assert len(cut.encoder.layers) == 2
    assert torch.equal(cut(waveform)[:, 0], frontend(waveform)[:, 2])


@pytest.mark.parametrize(
    ("samples", "frames"),
    [(1, 1), (320, 1), (321, 2), (64_600, 202), (80_000, 250), (80_001, 251), (200_000, 625)],
)
def test_frames_are_20_ms_apart_and_within_the_clip(source: str, samples: int, frames: int) -> None:
    frontend = Whisper(16_000, source=source, layers=0)
    assert frontend.shape(samples) == FeatureShape(1, tiny_encoders.HIDDEN, frames)
    assert frontend(clips(1, samples)).shape == (1, *frontend.shape(samples))
    times = frontend.times(samples)
    assert len(times) == frames
    assert times[-1] < samples / 16_000


def test_a_long_clip_is_heard_window_by_window(source: str) -> None:
    waveform = clips(2, 2 * 80_000 + 5_000)
    frontend = Whisper(16_000, source=source, layers=[1, LAST])
    parts = [frontend(part) for part in waveform.split(80_000, dim=-1)]
    torch.testing.assert_close(frontend(waveform), torch.cat(parts, dim=-1), atol=1e-5, rtol=1e-5)


def test_padding_counts_for_nothing(source: str) -> None:
    lengths = [80_001, 7_000, 100_000, 1]
    waveform = clips(4, 100_000)
    frontend = Whisper(16_000, source=source, layers=[0, LAST])
    padded = frontend(waveform, torch.tensor(lengths))
    for clip, length, features in zip(waveform, lengths, padded, strict=True):
        alone = frontend(clip[None, :length])[0]
        frames = alone.shape[-1]
        torch.testing.assert_close(features[..., :frames], alone, atol=1e-5, rtol=1e-5)
        assert (features[..., frames:] == 0).all()


def test_freezing_and_fine_tuning(source: str) -> None:
    frozen = Whisper(16_000, source=source, layers=3).train()
    assert not any(module.training for module in frozen.encoder.modules())
    assert dict(frozen.external) == {"encoder.": frozen.reference}
    assert frozen.parameter_groups() == []
    assert set(frozen.state_dict()) == {f"encoder.{name}" for name in frozen.encoder.state_dict()}
    tuned = Whisper(16_000, source=source, layers=3, frozen=False)
    (group,) = tuned.parameter_groups()
    tuned(clips()).square().sum().backward()
    assert all(weight.grad is not None for weight in group.parameters)
    assert len(group.parameters) == len(list(tuned.encoder.parameters())) - 1  # positions are sines
    above: Any = Whisper(16_000, source=source, layers=3, frozen=2)
    trained = {name for name, weight in above.encoder.named_parameters() if weight.requires_grad}
    assert {name.split(".")[1] for name in trained} == {"2"}


def test_silence_has_finite_gradients(source: str) -> None:
    waveform = torch.zeros(1, 4_000, requires_grad=True)
    Whisper(16_000, source=source)(waveform).sum().backward()
    assert waveform.grad is not None
    assert waveform.grad.isfinite().all()


def test_the_published_sizes(tmp_path: Path) -> None:
    """Whisper small's encoder: 88,154,112 parameters, its 1,500 positions included."""
    config = {"model_type": "whisper", "d_model": 768, "encoder_layers": 12, "encoder_attention_heads": 12}
    (tmp_path / "config.json").write_text(json.dumps({**config, "encoder_ffn_dim": 3072}))
    with torch.device("meta"):
        frontend = Whisper(16_000, source=str(tmp_path), layers="last", weights="random")
    stem = 768 * (80 * 3 + 1) + 768 * (768 * 3 + 1) + 1_500 * 768
    layer = 4 * 768 * 768 + 3 * 768 + 2 * 768 * 3072 + 3072 + 768 + 4 * 768  # keys have no bias
    assert sum(weight.numel() for weight in frontend.encoder.parameters()) == stem + 12 * layer + 2 * 768
    assert frontend.context == 480_000


def test_what_is_not_a_whisper_is_refused(source: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a wav2vec2, not a whisper"):
        Whisper(16_000, source=str(tiny_encoders.write("wav2vec2", tmp_path / "a")))
    with pytest.raises(InputError, match="hears 16000 Hz"):
        Whisper(8_000, source=source)
    with pytest.raises(InputError, match="0 samples"):
        Whisper(16_000, source=source)(torch.zeros(1, 0))
