"""AudioLDM and AudioLDM 2, with tiny random networks in the layout of the released ones."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.manipulation.pretrained import tiny_networks

from bonafide import hub
from bonafide.manipulation.pretrained.audioldm import AudioLDM
from bonafide.manipulation.pretrained.audioldm2 import AudioLDM2
from bonafide.manipulation.pretrained.latent_diffusion import LatentDiffusion
from bonafide.manipulation.pretrained.log_mel import levelled
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

CAPTION = "a dog barks"
Made = Callable[..., LatentDiffusion]


@pytest.fixture(params=["audioldm", "audioldm2"])
def made(request: pytest.FixtureRequest) -> Made:
    """The inpainter of a kind, with other settings."""
    folder = request.getfixturevalue(f"{request.param}_folder")

    def make(**settings: Any) -> LatentDiffusion:
        settings = {"weights": str(folder), "steps": 3, "candidates": 1, **settings}
        if request.param == "audioldm":
            return AudioLDM(clap=str(request.getfixturevalue("clap_folder")), **settings)
        return AudioLDM2(**settings)

    return make


def test_a_gap_of_all_is_what_diffusers_generates(made: Made, clip: Waveform) -> None:
    """Candidates, guidance, steps and noise are the pipeline's, and so is what becomes of them."""
    inpainter = made(candidates=2, eta=1.0)
    pipeline = inpainter.pipeline
    pipeline.set_progress_bar_config(disable=True)
    words = {"num_waveforms_per_prompt": 2, "eta": 1.0, "guidance_scale": 2.5, "num_inference_steps": 3}
    if inpainter.name == "audioldm2":  # which else would rank them itself
        embedded = pipeline.encode_prompt(CAPTION, torch.device("cpu"), 1, do_classifier_free_guidance=True)
        names = ("prompt_embeds", "attention_mask", "generated_prompt_embeds")
        for name, value in zip(names, embedded, strict=True):
            without, told = value.chunk(2)
            words |= {name: told, f"negative_{name}": without}
    else:
        words["prompt"] = CAPTION
    expected = pipeline(
        audio_length_in_s=2.0, generator=torch.Generator().manual_seed(5), output_type="pt", **words
    ).audios
    latents = inpainter.latents(torch.from_numpy(clip), 0, len(clip), CAPTION, 5)
    with torch.no_grad():
        found = inpainter.codec.decoded(latents)
    assert found.shape == (2, 32_000)
    assert torch.allclose(found, torch.as_tensor(expected), atol=1e-5)
    assert not torch.allclose(found[0], found[1], atol=1e-3)


def test_what_is_kept_is_kept_in_the_latents(made: Made, clip: Waveform) -> None:
    inpainter = made(candidates=2)
    wave = torch.from_numpy(clip)
    with torch.no_grad():
        known = inpainter.codec.encoded(wave, 50)
    latents = inpainter.latents(wave, 8000, 16_320, CAPTION, 5)
    assert latents.shape == (2, 4, 50, 16)
    inside = slice(8000 // 640, 26)
    outside = torch.ones(50, dtype=torch.bool)
    outside[inside] = False
    assert torch.equal(latents[:, :, outside], known[:, :, outside].expand(2, -1, -1, -1))
    assert not torch.isclose(latents[:, :, inside], known[:, :, inside]).any(dim=1).any()


def test_what_surrounds_the_gap_reaches_into_it(made: Made, clip: Waveform) -> None:
    inpainter = made()
    wave = torch.from_numpy(clip)
    other = wave.clone()
    other[:4000] *= 3
    gap = slice(20, 30)
    found = [inpainter.latents(each, 12_800, 19_200, CAPTION, 5)[:, :, gap] for each in (wave, other)]
    assert (found[0] - found[1]).abs().max() > 1e-3


def test_the_caption_and_the_guidance_decide(made: Made, clip: Waveform) -> None:
    wave = torch.from_numpy(clip)
    plain = made().latents(wave, 0, 6400, CAPTION, 5)
    assert not torch.equal(plain, made().latents(wave, 0, 6400, "rain", 5))
    assert not torch.equal(plain, made(guidance=1.0).latents(wave, 0, 6400, CAPTION, 5))


def test_a_clip_depends_on_its_seed_alone(made: Made, clip: Waveform) -> None:
    inpainter = made(candidates=2)
    masked = clip.copy()
    masked[8000:16_000] = 0

    def fill(seed: int) -> Waveform:
        return inpainter.fill(masked, 16_000, 8000, 16_000, caption=CAPTION, seed=seed)

    first = fill(1)
    assert not np.allclose(first[9000:15_000], fill(2)[9000:15_000], atol=1e-4)
    assert np.array_equal(first, fill(1))
    published = made(candidates=2, seed=1)
    assert np.array_equal(first, published.fill(masked, 16_000, 8000, 16_000, caption=CAPTION, seed=99))


@pytest.mark.parametrize("sample_rate", [8000, 16_000, 22_050, 44_100])
def test_any_rate_and_length_come_back(made: Made, clip: Waveform, sample_rate: int) -> None:
    masked = clip[:20_011]
    filled = made().fill(masked, sample_rate, 4001, 9007, caption=CAPTION, seed=0)
    assert filled.shape == masked.shape
    assert filled.dtype == np.float32
    assert np.isfinite(filled).all()
    assert filled.std() > 1e-4


def test_of_the_candidates_the_one_most_like_the_caption_is_taken(made: Made, clip: Waveform) -> None:
    inpainter = made(candidates=4)
    level, scale, mean = levelled(torch.from_numpy(clip))
    latents = inpainter.latents(level, 8000, 16_000, CAPTION, 3)
    with torch.no_grad():
        clips = (inpainter.codec.decoded(latents) * scale + mean).numpy()
    likeness = inpainter.clap.similarity(list(clips), 16_000, [CAPTION])[:, 0]
    assert len(set(likeness.tolist())) == 4
    filled = inpainter.fill(clip, 16_000, 8000, 16_000, caption=CAPTION, seed=3)
    np.testing.assert_allclose(filled, clips[int(likeness.argmax())], atol=1e-6)


def test_the_manifest_is_told_what_made_it(made: Made) -> None:
    inpainter = made()
    inpainter.require()
    assert inpainter.version.startswith("diffusers ")
    assert inpainter.heavy
    assert inpainter.needs_caption
    told = inpainter.provenance()
    assert told["steps"] == "3"
    assert len(told["unet_sha256"]) == 64


def test_an_early_audioldm2_can_continue_too(audioldm2_folder: Path, tmp_path: Path, clip: Waveform) -> None:
    """Its repository names `GPT2Model`, which transformers no longer lets continue a sequence."""
    early = tiny_networks.audioldm2(tmp_path / "early", continues=False)
    index = json.loads((early / "model_index.json").read_text())
    assert index["language_model"] == ["transformers", "GPT2Model"]
    inpainter = AudioLDM2(weights=str(early), steps=1, candidates=1)
    assert inpainter.fill(clip, 16_000, 0, 640, caption=CAPTION, seed=0).shape == clip.shape


def test_more_steps_than_the_network_knows_are_refused(made: Made, clip: Waveform) -> None:
    with pytest.raises(InputError, match="the network knows 1000 steps"):
        made(steps=1001).fill(clip, 16_000, 0, 640, caption=CAPTION, seed=0)


@pytest.mark.parametrize("kind", [AudioLDM, AudioLDM2])
def test_a_missing_package_is_named_with_its_remedy(
    kind: type[AudioLDM | AudioLDM2], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(InputError, match=r"pip install 'bonafide\[manipulation\]'"):
        kind(weights="/nowhere").require()


def test_missing_weights_are_named_with_their_remedy(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"/nowhere is not a folder; set inpainter\.weights to one"):
        made(weights="/nowhere").require()

    def offline(name: str, revision: str | None, files: object, setting: str) -> Path:
        raise InputError(f"{name} cannot be fetched; {setting}=FOLDER")

    monkeypatch.setattr(hub, "fetched", offline)
    with pytest.raises(InputError, match=r"OWNER/NAME cannot be fetched; inpainter\.weights=FOLDER"):
        made(weights="OWNER/NAME").require()


def test_another_pipeline_is_refused(audioldm_folder: Path, audioldm2_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds AudioLDMPipeline, not AudioLDM2Pipeline"):
        AudioLDM2(weights=str(audioldm_folder)).require()
    with pytest.raises(InputError, match=r"holds no model_index\.json"):
        AudioLDM2(weights=str(tmp_path)).require()


def test_code_in_a_folder_is_not_run(audioldm2_folder: Path, tmp_path: Path) -> None:
    index = json.loads((audioldm2_folder / "model_index.json").read_text())
    index["unet"] = ["my_unet", "MyUnet"]
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    (tmp_path / "my_unet.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(InputError, match="wants code of its own"):
        AudioLDM2(weights=str(tmp_path)).require()


def test_pickled_weights_are_not_read(audioldm_folder: Path, tmp_path: Path, clip: Waveform) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(audioldm_folder, copy)
    (copy / "unet/diffusion_pytorch_model.safetensors").unlink()
    torch.save({}, copy / "unet/diffusion_pytorch_model.bin")
    with pytest.raises(InputError, match="it needs every part as safetensors"):
        AudioLDM(weights=str(copy), candidates=1, steps=1).fill(clip, 16_000, 0, 640, caption="", seed=0)
