"""The grounding network, with random weights under the names of the layers of PANNs."""

import json
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from bonafide.manipulation.pretrained.grounding_network import GroundingNetwork
from bonafide.manipulation.pretrained.text_to_audio_grounding import TextToAudioGrounding
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

WORDS = {"<unk>": 0, "a": 1, "dog": 2, "barks": 3, "man": 4, "speaks": 5}
SETTINGS = {"sample_rate": 32_000, "embed_dim": 512, "shared_dim": 512, "add_proj": False, "vocab_size": 6}


def state(network: GroundingNetwork) -> dict[str, Tensor]:
    """As the file may have it: other modules around the layers, and their own names for the spectrogram's."""
    names = {"window": "melspec.spectrogram.window", "bank": "melspec.mel_scale.fb"}
    found = {}
    for key, value in network.state_dict().items():
        if key == "embedding.weight":
            found["model.text_encoder.embedding.core.weight"] = value
        else:
            found[f"model.audio_encoder.{names.get(key, key)}"] = value.clone()
    return found


def saved(folder: Path, weights: dict[str, Tensor], settings: dict[str, Any] = SETTINGS) -> str:
    folder.mkdir(exist_ok=True)
    save_file({key: value.contiguous() for key, value in weights.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "vocab.json").write_text(json.dumps(WORDS))
    return str(folder)


@pytest.fixture(scope="module")
def network() -> GroundingNetwork:
    torch.manual_seed(4)
    made = GroundingNetwork(len(WORDS), 32_000, "average+maximum").eval()
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
    return made


@pytest.fixture(scope="module")
def folder(network: GroundingNetwork, tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved(tmp_path_factory.mktemp("grounding"), state(network))


def test_its_size_is_that_of_the_released_file() -> None:
    """35.4 MB are told: 5,221 word vectors, the layers, the running statistics, window and filters."""
    network = GroundingNetwork(5221, 32_000, "average")
    assert sum(each.numel() for each in network.parameters()) == 8_804_800
    told = sum(each.numel() * each.element_size() for each in network.state_dict().values())
    assert f"{told / 1e6:.1f} MB" == "35.4 MB"


def test_the_spectrogram_is_librosas(network: GroundingNetwork, clip: Waveform) -> None:
    power = librosa.feature.melspectrogram(
        y=clip, sr=32_000, n_fft=1024, hop_length=320, n_mels=64, fmin=50, fmax=14_000, htk=True, norm=None,
        pad_mode="reflect",
    )  # fmt: skip
    found = network.mel(torch.from_numpy(clip)[None])[0]
    np.testing.assert_allclose(found.T, librosa.power_to_db(power, amin=1e-10, top_db=None), atol=2e-3)


def test_weights_are_found_under_other_names(folder: str, network: GroundingNetwork, clip: Waveform) -> None:
    grounder = TextToAudioGrounding(weights=folder)
    grounder.require()
    expected, found = network.state_dict(), grounder.network.state_dict()
    assert all(torch.equal(found[key], value) for key, value in expected.items())
    wave, phrase = torch.from_numpy(clip)[None], torch.tensor([1, 2, 3])
    with torch.no_grad():
        assert torch.equal(grounder.network(wave, phrase), network(wave, phrase))


def test_a_frame_is_40_ms_and_regions_are_runs_of_them(folder: str, clip: Waveform) -> None:
    grounder = TextToAudioGrounding(weights=folder)
    wave = torch.from_numpy(np.tile(clip, 10))[None]  # 10 s at 32 kHz
    with torch.no_grad():
        probability = grounder.network(wave, torch.tensor([1, 2, 3]))[0].numpy()
    assert probability.shape == (250,)
    threshold = float(np.median(probability))
    strict = TextToAudioGrounding(weights=folder, threshold=threshold)
    regions = strict.ground(np.tile(clip, 10), 32_000, "A dog barks!")
    active = np.zeros(250, bool)
    for start, end, mean in regions:
        first, behind = round(start / 0.04), round(end / 0.04)
        assert abs(first * 0.04 - start) < 1e-6
        assert abs(mean - probability[first:behind].mean()) < 1e-4
        active[first:behind] = True
    assert np.array_equal(active, probability > threshold)
    assert len(regions) > 1


def test_a_phrase_is_the_mean_of_its_words(folder: str, network: GroundingNetwork) -> None:
    grounder = TextToAudioGrounding(weights=folder)
    assert grounder.phrase("A Dog, barks loudly.") == [1, 2, 3, 0]
    with pytest.raises(InputError, match="knows no word of the caption 'pluie'"):
        grounder.phrase("pluie")
    wave = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = torch.stack([network(wave, torch.tensor([row])).logit() for row in (1, 2)])
        both = network(wave, torch.tensor([1, 2])).logit()
    assert torch.allclose(logits.mean(0), both, atol=1e-4)


@pytest.mark.parametrize("samples", [1, 700, 20_011])
@pytest.mark.parametrize("sample_rate", [8000, 44_100])
def test_no_clip_is_too_short_and_no_region_passes_its_end(
    folder: str, clip: Waveform, samples: int, sample_rate: int
) -> None:
    grounder = TextToAudioGrounding(weights=folder, threshold=0.0)
    (region,) = grounder.ground(clip[:samples], sample_rate, "a dog barks")
    seconds = samples / sample_rate
    assert region.start == 0
    assert seconds - 0.08 < region.end <= seconds


def test_poolings_differ(folder: str, clip: Waveform) -> None:
    found = [TextToAudioGrounding(weights=folder, pooling=each) for each in ("average", "average+maximum")]
    wave = torch.from_numpy(clip)[None]
    with torch.no_grad():
        one, other = (each.network.sound(wave) for each in found)
    assert not torch.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("missing", r"1 missing \(fc1\.bias\)"),
        ("unknown", r"1 unknown \(model\.projection\.weight\)"),
        ("size", r"1 of another size \(bn0\.weight\)"),
        ("words", r"3 word vectors for 6 words"),
        ("tables", r"holds 0 tables of word vectors instead of one"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(
    network: GroundingNetwork, tmp_path: Path, clip: Waveform, change: str, said: str
) -> None:
    weights = state(network)
    table = "model.text_encoder.embedding.core.weight"
    if change == "missing":
        del weights["model.audio_encoder.fc1.bias"]
    elif change == "unknown":
        weights["model.projection.weight"] = torch.zeros(4)
    elif change == "size":
        weights["model.audio_encoder.bn0.weight"] = torch.zeros(65)
    elif change == "words":
        weights[table] = weights[table][:3]
    else:
        del weights[table]
    grounder = TextToAudioGrounding(weights=saved(tmp_path / "other", weights))
    with pytest.raises(InputError, match=said):
        grounder.ground(clip, 16_000, "a dog barks")


def test_what_is_no_such_network_is_refused(
    network: GroundingNetwork, tmp_path: Path, clip: Waveform
) -> None:
    other = saved(tmp_path / "other", state(network), {**SETTINGS, "add_proj": True})
    with pytest.raises(InputError, match="is of another network than Cnn8Rnn"):
        TextToAudioGrounding(weights=other).ground(clip, 16_000, "a dog barks")
    (tmp_path / "other/vocab.json").write_text("{}")
    with pytest.raises(InputError, match="does not give a number to each word"):
        TextToAudioGrounding(weights=other).require()
    (tmp_path / "other/vocab.json").unlink()
    with pytest.raises(InputError, match="it names the words that are known"):
        TextToAudioGrounding(weights=other).require()
    (tmp_path / "other/model.safetensors").write_bytes(b"no")
    (tmp_path / "other/vocab.json").write_text(json.dumps(WORDS))
    (tmp_path / "other/config.json").write_text(json.dumps(SETTINGS))
    with pytest.raises(InputError, match="is damaged or holds more than weights"):
        TextToAudioGrounding(weights=other).ground(clip, 16_000, "a dog barks")
    with pytest.raises(InputError, match="use average or average"):
        TextToAudioGrounding(pooling="maximum")  # type: ignore[arg-type]
