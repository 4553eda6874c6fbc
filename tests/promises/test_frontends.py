"""Every front end under conf/frontend gives exactly the shape it announces, and lets gradients through."""

import pytest
import torch
from omegaconf import DictConfig
from tests.frontends import untrained

from bonafide import assembly
from bonafide.frontends.frontend import Frontend
from bonafide.frontends.standardize import Standardize
from bonafide.types import InputError

OPTIONS = sorted(file.stem for file in (assembly.conf() / "frontend").glob("*.yaml"))
LENGTHS = (8_000, 8_001, 12_345, 16_000, 64_600)


@pytest.fixture(scope="module", params=OPTIONS)
def cfg(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DictConfig:
    return assembly.compose(untrained.words(request.param, tmp_path_factory.mktemp("weights")))


@pytest.fixture(scope="module")
def bare(cfg: DictConfig) -> Frontend:
    torch.manual_seed(0)
    return assembly.frontend(cfg).eval()


@pytest.fixture(scope="module")
def frontend(cfg: DictConfig, bare: Frontend) -> Frontend:
    """As a training uses it: standardized where its YAML says so, with statistics of noise."""
    wanted = cfg.frontend.get("standardize", False)
    made = Standardize.of(bare, wanted) if wanted else bare
    if not made.fitted:
        torch.manual_seed(0)
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


def test_clips_of_several_lengths_share_a_batch(frontend: Frontend) -> None:
    lengths = [12_345, 8_001, 16_000, 8_001]
    clips = [0.1 * torch.randn(samples) for samples in lengths]
    garbage = torch.randn(4, 16_000)
    for row, clip in enumerate(clips):
        garbage[row, : len(clip)] = clip
    with torch.no_grad():
        together = frontend.padded(garbage, torch.tensor(lengths))
        for features, clip in zip(together, clips, strict=True):
            alone = frontend(clip[None])[0]
            frames = alone.shape[-1]
            torch.testing.assert_close(features[..., :frames], alone, atol=1e-5, rtol=1e-5)
            assert not features[..., frames:].any()
    with pytest.raises(InputError, match="does not fit"):
        frontend.padded(garbage, torch.tensor([16_001, 8_000, 8_000, 8_000]))


def test_a_tone_lies_where_the_legend_says(bare: Frontend) -> None:
    legend = bare.legend()
    channels, bins, _ = bare.shape(16_000)
    assert len(legend.channels) == (channels if channels > 1 else 0)
    rows = [row for row, _ in legend.marks]
    assert rows == sorted(set(rows))
    assert all(0 <= row < bins for row in rows)
    if legend.hertz is None:
        return
    assert legend.hertz.shape == (bins,)
    assert (legend.hertz.diff() > 0).all()
    assert legend.hertz[0] >= 0
    assert legend.hertz[-1] <= bare.sample_rate / 2
    time = torch.arange(32_000) / bare.sample_rate
    for hertz in (500.0, 1_900.0, 3_000.0):
        with torch.no_grad():
            features = bare(0.5 * torch.sin(2 * torch.pi * hertz * time)[None])[0, 0]
        loudest = int(features.mean(dim=-1).argmax())
        # Half the distance of lines 31 Hz apart, or of semitones.
        assert abs(float(legend.hertz[loudest]) - hertz) <= max(16.0, 0.035 * hertz)


def test_a_click_lies_where_the_times_say(bare: Frontend) -> None:
    if bare.legend().hertz is None:
        pytest.skip("what mixes frames in ways of its own has no place for a click")
    waveform = torch.zeros(1, 32_000)
    waveform[0, 20_000] = 1.0
    with torch.no_grad():
        features = bare(waveform)[0, 0]
    upper = features[3 * len(features) // 4 :]  # lower bands ring
    loudest = upper.mean(dim=0).argmax()
    assert abs(float(bare.times(32_000)[loudest]) - 20_000 / bare.sample_rate) < 0.02


def test_the_same_clip_gives_the_same_features_after_a_checkpoint(frontend: Frontend) -> None:
    waveform = 0.1 * torch.randn(2, 8_001)
    with torch.no_grad():
        wanted = frontend(waveform)
        state = {name: value.clone() for name, value in frontend.state_dict().items()}
        frontend.load_state_dict(state)
        torch.testing.assert_close(frontend(waveform), wanted, atol=0, rtol=0)
