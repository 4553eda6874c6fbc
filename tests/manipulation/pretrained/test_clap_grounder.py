"""Grounding by CLAP, on a tiny random one."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import ClapModel, RobertaTokenizer

from bonafide import hub
from bonafide.manipulation.pretrained.clap import Clap
from bonafide.manipulation.pretrained.clap_grounder import ClapGrounder
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

CPU = torch.device("cpu")


def test_similarity_is_transformers_own(clap_folder: Path, clip: Waveform) -> None:
    clap = Clap.loaded(str(clap_folder), None, CPU, "x")
    clips, sentences = [clip[:16_000], clip[16_000:]], ["a dog barks", "rain"]
    found = clap.similarity(clips, 16_000, sentences)
    tokens = RobertaTokenizer.from_pretrained(clap_folder)(sentences, return_tensors="pt", padding=True)
    sounds = clap.extractor(clips, sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        output = ClapModel.from_pretrained(clap_folder)(**tokens, **sounds)
    np.testing.assert_allclose(found * clap.scale, output.logits_per_audio, rtol=1e-4, atol=1e-4)


def test_of_a_long_clip_the_middle_is_heard(clap_folder: Path, clip: Waveform) -> None:
    clap = Clap.loaded(str(clap_folder), None, CPU, "x")
    assert clap.longest == 4.0
    long = np.concatenate([0 * clip, clip, clip, 0 * clip])
    assert torch.equal(clap.sound([long], 16_000), clap.sound([np.tile(clip, 2)], 16_000))


def test_a_region_is_where_the_caption_fits_best(clap_folder: Path) -> None:
    """A random network tells a tone from noise too: it is asked for a sentence that it likes better."""
    generator = np.random.default_rng(1)
    wave = 0.1 * generator.standard_normal(6 * 16_000).astype(np.float32)
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * 16_000) / 16_000).astype(np.float32)
    wave[2 * 16_000 : 4 * 16_000] = tone
    clap = Clap.loaded(str(clap_folder), None, CPU, "x")
    sentences = [f"{word} {number}" for word in ("dog", "rain", "horn") for number in range(10)]
    likeness = clap.similarity([tone, wave[: 2 * 16_000]], 16_000, sentences)
    difference = likeness[0] - likeness[1]
    caption, other = sentences[int(difference.argmax())], sentences[int(difference.argmin())]
    fits = clap.scale * (likeness[:, difference.argmax()] - likeness[:, difference.argmin()])
    threshold = float((1 / (1 + np.exp(-fits))).mean())
    grounder = ClapGrounder(
        weights=str(clap_folder), window=1.0, hop=0.25, against=[other], threshold=threshold
    )
    (region,) = grounder.ground(wave, 16_000, caption)
    assert abs(region.start - 2) <= 0.5
    assert abs(region.end - 4) <= 0.5
    assert threshold < region.probability <= 1


@pytest.mark.parametrize("sample_rate", [8000, 22_050])
@pytest.mark.parametrize("samples", [1, 100, 30_011])
def test_every_clip_is_covered_to_its_end(
    clap_folder: Path, clip: Waveform, samples: int, sample_rate: int
) -> None:
    grounder = ClapGrounder(weights=str(clap_folder), threshold=0.0)
    (region,) = grounder.ground(clip[:samples], sample_rate, "a dog barks")
    assert (region.start, region.end) == (0.0, samples / sample_rate)
    assert grounder.ground(clip[:0], sample_rate, "a dog barks") == []


def test_it_says_what_it_is(clap_folder: Path) -> None:
    grounder = ClapGrounder(weights=str(clap_folder))
    grounder.require()
    assert grounder.needs_caption
    assert len(grounder.provenance()["sha256"]) == 64
    assert pickle.loads(pickle.dumps(grounder)).window == 2.0  # noqa: S301 - our own, as for a worker process


def test_weights_of_tensors_alone_will_do(clap_folder: Path, tmp_path: Path, clip: Waveform) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(clap_folder, copy)
    torch.save(ClapModel.from_pretrained(clap_folder).state_dict(), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    found, expected = (Clap.loaded(str(each), None, CPU, "x") for each in (copy, clap_folder))
    assert torch.equal(found.sound([clip], 16_000), expected.sound([clip], 16_000))


def test_what_is_no_clap_is_refused(
    clap_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"set grounder\.weights to one"):
        ClapGrounder(weights="/nowhere").require()
    with pytest.raises(InputError, match=r"holds no weights: neither model\.safetensors nor"):
        ClapGrounder(weights=str(tmp_path)).require()
    (tmp_path / "model.safetensors").write_bytes(b"no")
    with pytest.raises(InputError, match="cannot be read as a CLAP model"):
        ClapGrounder(weights=str(tmp_path)).ground(np.zeros(9, np.float32), 8000, "rain")

    def offline(name: str, revision: str | None, files: object, setting: str) -> Path:
        raise InputError(f"{name} cannot be fetched; {setting}=FOLDER")

    monkeypatch.setattr(hub, "fetched", offline)
    with pytest.raises(InputError, match=r"grounder\.weights=FOLDER"):
        ClapGrounder().require()


def test_half_a_clap_is_refused(clap_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(clap_folder, copy)
    state = ClapModel.from_pretrained(clap_folder).state_dict()
    (copy / "model.safetensors").unlink()
    torch.save({key: value for key, value in state.items() if "text_" in key}, copy / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"lacks \d+ weights of a CLAP model"):
        Clap.loaded(str(copy), None, CPU, "grounder.weights")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"threshold": 2}, "not a probability"),
        ({"filter_window": 2}, "must be odd"),
        ({"hop": 3.0}, "at most grounder.window=2.0"),
        ({"against": []}, "one sentence or more"),
    ],
)
def test_settings_without_a_meaning_are_refused(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        ClapGrounder(**wrong)


def test_a_window_that_the_network_cannot_hear_is_refused(clap_folder: Path, clip: Waveform) -> None:
    with pytest.raises(InputError, match=r"hears 4 s at once; set grounder\.window to that"):
        ClapGrounder(weights=str(clap_folder), window=5.0).ground(clip, 16_000, "rain")
