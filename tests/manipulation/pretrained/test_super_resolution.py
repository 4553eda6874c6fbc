"""AudioSR's adapter, on a stand-in with AudioSR's documented functions in a process of its own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bonafide.manipulation.pretrained.super_resolution import AudioSR
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

STAND_IN = """
import json, os
import numpy as np, scipy.signal, soundfile

def build_model(ckpt_path=None, config=None, device=None, model_name="basic"):
    print("Loading AudioSR:", model_name)
    if model_name == "speech":
        raise OSError("haoheliu/audiosr_speech cannot be reached")
    return {"model": model_name, "device": device, "loaded": os.getpid()}

def super_resolution(model, given, seed=42, ddim_steps=200, guidance_scale=3.5, latent_t_per_second=12.8):
    print("a bar on the standard output")
    wave, rate = soundfile.read(given, dtype="float32")
    told = {"seed": seed, "steps": ddim_steps, "guidance": guidance_scale, "rate": rate, "samples": len(wave)}
    with open(os.environ["TOLD"], "a") as file:
        file.write(json.dumps({**model, **told}) + "\\n")
    better = scipy.signal.resample_poly(wave, 48000, rate)
    noise = np.random.default_rng(seed).standard_normal(len(better)) * 1e-3
    return (0.3 * (better + noise)).astype("float32")[None, None]
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Installs the stand-in, and gives the file in which it notes what it is asked."""
    package = tmp_path / "site/audiosr"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(STAND_IN)
    info = tmp_path / "site/audiosr-0.0.7.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: audiosr\nVersion: 0.0.7\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.setenv("TOLD", str(tmp_path / "told.jsonl"))
    return tmp_path / "told.jsonl"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_clips_go_to_audiosr_and_come_back(told: Path, clip: Waveform) -> None:
    enhancer = AudioSR(device="cpu")
    enhancer.require()
    assert enhancer.version == "audiosr 0.0.7"
    better = enhancer.enhance(clip, 16_000, 7)
    again = enhancer.enhance(clip, 16_000, 7)
    other = enhancer.enhance(clip, 16_000, 8)
    assert better.shape == clip.shape
    assert better.dtype == np.float32
    assert np.array_equal(better, again)
    assert not np.array_equal(better, other)
    # The stand-in's level is another; the region must not be heard to drop.
    assert np.isclose(np.std(better), np.std(clip), rtol=1e-3)
    assert np.corrcoef(better, clip)[0, 1] > 0.95
    asked = lines(told)
    assert len({each["loaded"] for each in asked}) == 1
    assert [each["seed"] for each in asked] == [7, 7, 8]
    assert {each["steps"] for each in asked} == {50}
    assert {each["guidance"] for each in asked} == {3.5}
    assert {each["samples"] for each in asked} == {81_920}  # 5.12 s


@pytest.mark.parametrize(("sample_rate", "samples"), [(32_000, 30_000), (22_050, 1), (8000, 41_000)])
def test_any_rate_and_length_come_back(told: Path, sample_rate: int, samples: int) -> None:
    wave = np.random.default_rng(0).standard_normal(samples).astype(np.float32) * 0.1
    assert AudioSR(seed=42).enhance(wave, sample_rate, 1).shape == (samples,)
    (asked,) = lines(told)
    assert asked["seed"] == 42
    blocks = asked["samples"] / sample_rate / 5.12
    assert abs(blocks - round(blocks)) < 1e-4


def test_what_audiosr_says_last_is_told(told: Path, clip: Waveform) -> None:
    with pytest.raises(
        InputError, match="AudioSR failed: OSError: haoheliu/audiosr_speech cannot be reached"
    ):
        AudioSR(model="speech").enhance(clip, 16_000, 0)


def test_a_missing_package_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"not installed in .*pip install audiosr==0\.0\.7.* enhancer\.python="
    ):
        AudioSR().require()
    with pytest.raises(InputError, match=r"/nowhere/python cannot be run .*enhancer\.python="):
        AudioSR(python="/nowhere/python").require()
    with pytest.raises(InputError, match="must be basic or speech"):
        AudioSR(model="music")  # type: ignore[arg-type]
