"""STFT, mel and chroma against scipy and librosa, published values, laws of the scales."""

import math

import librosa
import numpy as np
import pytest
import scipy.signal
import torch
from numpy.typing import NDArray

from bonafide.frontends.chroma import Chroma
from bonafide.frontends.framing import BLOCK, Framed
from bonafide.frontends.spectrogram import STFT, Mel
from bonafide.types import InputError

RATE = 16000


def sound(samples: int, seed: int = 0) -> torch.Tensor:
    """A chirp and a tone of 440 Hz in noise, `[1, samples]`."""
    generator = torch.Generator().manual_seed(seed)
    t = torch.arange(samples, dtype=torch.float64) / RATE
    tones = 0.3 * torch.sin(2 * math.pi * (100 * t + 800 * t**2)) + 0.2 * torch.sin(2 * math.pi * 440 * t)
    return (tones.float() + 0.05 * torch.randn(samples, generator=generator))[None]


def numbers(features: torch.Tensor) -> NDArray[np.float32]:
    return features[0, 0].numpy()


@pytest.mark.parametrize(("n_fft", "hop"), [(512, 256), (511, 220), (1024, 100)])
@pytest.mark.parametrize("padding", ["reflect", "zero"])
def test_the_stft_against_scipy(n_fft: int, hop: int, padding: str) -> None:
    waveform = sound(9_001)
    beyond = np.pad(
        waveform[0].double().numpy(), n_fft // 2, mode="reflect" if padding == "reflect" else "constant"
    )
    plan = scipy.signal.ShortTimeFFT(scipy.signal.get_window("hann", n_fft), hop, RATE)
    frames = np.lib.stride_tricks.sliding_window_view(beyond, n_fft)[::hop]
    expected = np.abs(np.fft.rfft(frames * plan.win)).T
    for power in (1, 2):
        frontend = STFT(RATE, n_fft=n_fft, hop=hop, power=power, scale="linear", padding=padding)  # type: ignore[arg-type]
        features = frontend(waveform)
        assert features.shape == (1, *frontend.shape(9_001))
        np.testing.assert_allclose(numbers(features), expected**power, rtol=1e-3, atol=1e-3)


def test_the_stft_against_librosa() -> None:
    waveform = sound(32_000)
    frontend = STFT(RATE, n_fft=1024, hop=256, power=1, top_db=80, floor=1e-10, padding="zero")
    expected = librosa.amplitude_to_db(np.abs(librosa.stft(waveform[0].numpy(), n_fft=1024, hop_length=256)))
    features = frontend(waveform)
    assert features.shape == (1, 1, 513, 126)
    np.testing.assert_allclose(numbers(features), expected, atol=1e-2)


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.filterwarnings("ignore:Empty filters")
def test_the_mel_spectrogram_against_librosa(power: int) -> None:
    waveform = sound(32_000)
    frontend = Mel(
        RATE, filters=256, n_fft=1024, hop=256, mel_scale="slaney", norm="slaney", power=power,  # type: ignore[arg-type]
        scale="linear", padding="zero",
    )  # fmt: skip
    expected = librosa.feature.melspectrogram(
        y=waveform[0].numpy(), sr=RATE, n_fft=1024, hop_length=256, n_mels=256, power=power
    )
    features = frontend(waveform)
    assert features.shape == (1, 1, 256, 126)
    np.testing.assert_allclose(numbers(features), expected, rtol=1e-3, atol=1e-4 * expected.max())


def test_the_mel_spectrogram_of_codecfake_has_its_golden_values() -> None:
    tone = 0.1 * torch.sin(2 * math.pi * 440 * torch.arange(64_600, dtype=torch.float64) / RATE).float()
    features = Mel(RATE, filters=80, n_fft=512, hop=128, scale="linear")(tone[None])[0, 0]
    assert features.shape == (80, 505)
    assert features.double().sum().item() == pytest.approx(124_108.98, rel=1e-5)
    assert features[:, 250].argmax() == 15
    assert features[15, 250].item() == pytest.approx(124.9063, rel=1e-5)


def test_the_stft_of_the_packets_has_its_golden_values() -> None:
    frontend = STFT(22_050, n_fft=511, hop=220, scale="log", floor=1e-12)
    features = frontend(torch.zeros(2, 22_050))
    assert features.shape == (2, 1, 256, 101)
    torch.testing.assert_close(features, torch.full_like(features, math.log(1e-12)))


@pytest.mark.parametrize("samples", [511, 512, 731, 22_000, 22_220])
def test_odd_frames_are_counted_and_centred(samples: int) -> None:
    frontend = STFT(22_050, n_fft=511, hop=220)
    click = torch.zeros(1, samples)
    click[0, 220] = 1.0
    features = frontend(click)
    assert features.shape == (1, *frontend.shape(samples))
    assert frontend.times(samples)[features[0, 0].sum(0).argmax()].item() == pytest.approx(220 / 22_050)


def test_magnitudes_and_powers_are_the_same_in_decibels() -> None:
    waveform = sound(4_000)
    one, two = (STFT(RATE, power=power)(waveform) for power in (1, 2))  # type: ignore[arg-type]
    torch.testing.assert_close(one, two, atol=1e-3, rtol=1e-4)


def test_ten_times_louder_is_twenty_decibels_more() -> None:
    waveform = sound(4_000)
    for frontend in (STFT(RATE), Mel(RATE), Mel(RATE, power=1)):
        torch.testing.assert_close(frontend(10 * waveform), frontend(waveform) + 20, atol=1e-2, rtol=0)


@pytest.mark.parametrize("scale", ["decibel", "log", "linear"])
def test_top_db_is_the_range_of_each_clip(scale: str) -> None:
    clips = torch.cat([sound(4_000), 0.001 * sound(4_000)])
    features = STFT(RATE, scale=scale, floor=1e-20, top_db=30)(clips)  # type: ignore[arg-type]
    span = features.amax((1, 2, 3)) - features.amin((1, 2, 3))
    if scale == "decibel":
        torch.testing.assert_close(span, torch.full((2,), 30.0), atol=1e-3, rtol=0)
    elif scale == "log":
        torch.testing.assert_close(span, torch.full((2,), 3 * math.log(10)), atol=1e-3, rtol=0)
    else:
        torch.testing.assert_close(features.amin((1, 2, 3)), 1e-3 * features.amax((1, 2, 3)))


@pytest.mark.parametrize("samples", [32_000, 12_345])
@pytest.mark.parametrize("tuning", [0.0, 0.3])
def test_chroma_against_librosa(samples: int, tuning: float) -> None:
    waveform = sound(samples)
    expected = librosa.feature.chroma_stft(
        y=waveform[0].numpy(), sr=RATE, n_fft=1024, hop_length=256, tuning=tuning
    )
    features = Chroma(RATE, tuning=tuning, scale="linear")(waveform)
    assert features.shape == (1, 1, 12, 1 + samples // 256)
    np.testing.assert_allclose(numbers(features), expected, atol=1e-4)


def test_an_octave_higher_is_the_same_pitch_class() -> None:
    t = torch.arange(16_000) / RATE
    for octave in range(4):
        tone = torch.sin(2 * math.pi * 220 * 2**octave * t)[None]
        features = Chroma(RATE)(tone)[0, 0, :, 10:-10]
        assert (features.argmax(0) == 9).all()  # A is the ninth above C
        assert features.amax() == 0  # decibels below the strongest


def test_chroma_without_a_norm_keeps_the_level() -> None:
    waveform = sound(4_000)
    kept, normed = Chroma(RATE, norm=None), Chroma(RATE)
    torch.testing.assert_close(kept(10 * waveform), kept(waveform) + 20, atol=1e-3, rtol=1e-5)
    torch.testing.assert_close(normed(10 * waveform), normed(waveform), atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("build", [STFT, Mel, Chroma])
def test_single_precision_under_autocast(build: type[STFT | Mel | Chroma]) -> None:
    frontend: Framed = build(RATE)
    waveform = sound(4_000)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = frontend(waveform)
    assert features.dtype == torch.float32
    assert torch.equal(features, frontend(waveform))


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("scale", ["decibel", "log", "linear"])
def test_silence_has_a_finite_gradient(power: int, scale: str) -> None:
    waveform = torch.zeros(1, 4_000, requires_grad=True)
    STFT(RATE, power=power, scale=scale, top_db=80)(waveform).sum().backward()  # type: ignore[arg-type]
    assert waveform.grad is not None
    assert waveform.grad.isfinite().all()


@pytest.mark.parametrize(
    ("build", "settings", "message"),
    [
        (STFT, {"n_fft": 1}, "use at least 2"),
        (STFT, {"hop": 0}, "hop=0"),
        (STFT, {"power": 3}, "use 1 or 2"),
        (STFT, {"scale": "db"}, "use decibel, log or linear"),
        (STFT, {"floor": -1.0}, "use a positive one"),
        (STFT, {"padding": "constant"}, "use reflect or zero"),
        (Mel, {"filters": 600}, "fewer filters or a larger n_fft"),
        (Mel, {"mel_scale": "bark"}, "mel_scale=htk or slaney"),
        (Mel, {"f_max": 9_000.0}, "at most 8000 Hz"),
        (Mel, {"f_min": 8_000.0}, "f_max must be higher"),
        (Chroma, {"classes": 10}, "use 12, 24, 36"),
        (Chroma, {"norm": "sum"}, "use max or null"),
    ],
)
def test_settings_without_meaning_are_refused(
    build: type[STFT | Mel | Chroma], settings: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        build(RATE, **settings)  # type: ignore[arg-type]


def test_a_batch_of_several_blocks_is_its_clips_in_order() -> None:
    frontend = Mel(RATE)
    clips = torch.cat([sound(BLOCK // 3, seed) for seed in range(4)])
    alone = torch.cat([frontend(clip[None]) for clip in clips])
    torch.testing.assert_close(frontend(clips), alone, atol=1e-3, rtol=1e-5)


@pytest.mark.parametrize("build", [STFT, Mel, Chroma])
def test_less_than_a_frame_is_refused(build: type[STFT | Mel | Chroma]) -> None:
    frontend = build(RATE)
    with pytest.raises(InputError, match="shorter than one frame"):
        frontend(torch.zeros(1, frontend.length - 1))
