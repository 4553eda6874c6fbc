import pytest
import torch

from bonafide.frontends.raw import Raw
from bonafide.types import FeatureShape, InputError


@pytest.mark.parametrize("samples", [1, 511, 64600])
def test_the_waveform_comes_out_as_announced(samples: int) -> None:
    frontend = Raw(16000)
    waveform = torch.randn(3, samples)
    features = frontend(waveform)
    assert features.shape == (3, *frontend.shape(samples)) == (3, *FeatureShape(1, 1, samples))
    assert torch.equal(features.flatten(1), waveform)
    assert frontend.fitted


def test_a_frame_is_a_sample() -> None:
    times = Raw(8000).times(16001)
    assert len(times) == 16001
    assert times[[0, 1, -1]].tolist() == [0.0, 1 / 8000, 2.0]


def test_an_empty_clip_is_refused() -> None:
    with pytest.raises(InputError, match="0 samples"):
        Raw(16000)(torch.zeros(2, 0))
