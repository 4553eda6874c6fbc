"""Every front end under conf/frontend gives exactly the shape it announces, and lets gradients through."""

from typing import Any

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from tests.frontends import untrained

from bonafide import assembly
from bonafide.frontends.frontend import Frontend
from bonafide.frontends.standardize import Standardize
from bonafide.types import InputError

OPTIONS = sorted(file.stem for file in (assembly.conf() / "frontend").glob("*.yaml"))
LENGTHS = (8_000, 8_001, 12_345, 16_000, 64_600)


@pytest.fixture(scope="module", params=OPTIONS)
def frontend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Frontend:
    """As a training uses it: standardized where its YAML says so, with statistics of noise."""
    torch.manual_seed(0)
    cfg = assembly.compose(untrained.words(request.param, tmp_path_factory.mktemp("weights")))
    node: Any = OmegaConf.to_container(cfg.frontend, resolve=True)
    standardize = node.pop("standardize", False)
    made: Frontend = instantiate(node, _convert_="all")
    if standardize:
        made = Standardize(made, "bin" if standardize is True else standardize)
    if not made.fitted:
        made.fit([0.1 * torch.randn(4, 16_000)])
    return made.eval()


@pytest.mark.parametrize("samples", LENGTHS)
def test_features_have_the_shape_announced(frontend: Frontend, samples: int) -> None:
    with torch.no_grad():
        features = frontend(0.1 * torch.randn(2, samples))
    assert tuple(features.shape) == (2, *frontend.shape(samples))
    assert features.dtype == torch.float32
    assert features.isfinite().all()


@pytest.mark.parametrize("samples", LENGTHS)
def test_every_frame_has_its_time_within_the_clip(frontend: Frontend, samples: int) -> None:
    times = frontend.times(samples)
    assert times.shape == (frontend.shape(samples).frames,)
    assert (times.diff() > 0).all()
    assert times[0] >= 0
    assert times[-1] <= samples / frontend.sample_rate


def test_bins_do_not_depend_on_the_length(frontend: Frontend) -> None:
    assert len({frontend.shape(samples)[:2] for samples in LENGTHS}) == 1


def test_an_empty_clip_is_refused_in_our_own_words(frontend: Frontend) -> None:
    with pytest.raises(InputError):
        frontend.shape(0)
    with pytest.raises(InputError):
        frontend(torch.zeros(2, 0))


def test_gradients_reach_the_whole_waveform(frontend: Frontend) -> None:
    waveform = (0.1 * torch.randn(1, 12_345)).requires_grad_()
    weights = torch.randn(1, *frontend.shape(12_345))
    (frontend(waveform) * weights).sum().backward()
    assert waveform.grad is not None
    assert waveform.grad.isfinite().all()
    assert (waveform.grad[0, 2_000:-2_000] != 0).float().mean() > 0.99


def test_silence_is_finite_and_so_is_its_gradient(frontend: Frontend) -> None:
    waveform = torch.zeros(1, 16_000, requires_grad=True)
    features = frontend(waveform)
    features.sum().backward()
    assert features.isfinite().all()
    assert waveform.grad is not None
    assert waveform.grad.isfinite().all()


def test_a_clip_does_not_depend_on_its_company(frontend: Frontend) -> None:
    waveform = 0.1 * torch.randn(4, 8_001)
    loud = torch.cat([waveform[:1], 1_000 * waveform[1:]])
    with torch.no_grad():
        alone, among, beside_loud = frontend(waveform[:1]), frontend(waveform), frontend(loud)
    torch.testing.assert_close(among[:1], alone, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(beside_loud[:1], alone, atol=1e-5, rtol=1e-5)


def test_the_same_clip_gives_the_same_features_after_a_checkpoint(frontend: Frontend) -> None:
    waveform = 0.1 * torch.randn(2, 8_001)
    with torch.no_grad():
        wanted = frontend(waveform)
        state = {name: value.clone() for name, value in frontend.state_dict().items()}
        frontend.load_state_dict(state)
        torch.testing.assert_close(frontend(waveform), wanted, atol=0, rtol=0)
