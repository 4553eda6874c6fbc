"""Laws of the pieces that the demo corpus is made of."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.fft import irfft, rfft, rfftfreq
from scipy.signal import find_peaks, group_delay, lfilter

from bonafide.corpora.synthesis import analysis, finish, resynthesis, scene, transforms
from bonafide.corpora.synthesis.excitation import pulses
from bonafide.corpora.synthesis.phones import SILENCE, sentence
from bonafide.corpora.synthesis.speech import VOICES, Voice, speak

RATE = 22050
Wave = NDArray[np.float64]


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def recording() -> Wave:
    return scene.record(speak(VOICES[0], 1.5, RATE, random()), RATE, random(1))


@pytest.mark.parametrize("samples", [1, 999, 5000, 5121])
def test_analysis_then_synthesis_is_the_identity(samples: int) -> None:
    wave = random().standard_normal(samples)
    np.testing.assert_allclose(transforms.imdct(transforms.mdct(wave, 64), samples), wave, atol=1e-12)
    spectrum = transforms.stft(wave, 256, 64)
    np.testing.assert_allclose(transforms.istft(spectrum, 256, 64, samples), wave, atol=1e-10)


def test_mdct_is_an_orthogonal_transform() -> None:
    wave = random().standard_normal(4096)
    assert np.sum(transforms.mdct(wave, 128) ** 2) == pytest.approx(np.sum(wave**2))


def test_mdct_is_its_textbook_sum() -> None:
    hop, wave = 16, random().standard_normal(64)
    n, k = np.arange(2 * hop), np.arange(hop)[:, None]
    basis = np.cos(np.pi / hop * (n + 0.5 + hop / 2) * (k + 0.5)) * np.sin(np.pi * (n + 0.5) / (2 * hop))
    frame = np.sqrt(2 / hop) * basis @ wave[hop : 3 * hop]
    np.testing.assert_allclose(transforms.mdct(wave, hop)[2], frame, atol=1e-12)


def test_a_response_that_stays_is_a_plain_filter() -> None:
    wave = random().standard_normal(3000)
    taps = np.array([1.0, 0.5, -0.25])
    response = np.tile(rfft(taps, n=512), (1 + 3000 // 64, 1))
    filtered = transforms.filter_frames(wave, response, 64)
    inside = slice(128, -192)  # the ends fade
    np.testing.assert_allclose(filtered[inside], lfilter(taps, 1, wave)[inside], atol=1e-10)


def test_linear_prediction_recovers_an_autoregressive_process() -> None:
    a = np.array([1.0, -1.2, 0.8, -0.3])
    wave = lfilter([1.0], a, random().standard_normal(200_000))
    found, error = analysis.linear_prediction(wave[None], order=3)
    np.testing.assert_allclose(found[0], a, atol=0.01)
    assert error[0] / wave.size == pytest.approx(1.0, rel=0.02)


def test_linear_prediction_treats_frames_alike() -> None:
    cut = random().standard_normal((3, 400))
    together, _ = analysis.linear_prediction(cut, order=10)
    alone = np.concatenate([analysis.linear_prediction(row[None], order=10)[0] for row in cut])
    np.testing.assert_allclose(together, alone)


@pytest.mark.parametrize("f0", [80.0, 123.4, 200.0, 333.3])
def test_pitch_of_pulses_is_their_rate(f0: float) -> None:
    train = pulses(np.full(RATE, f0), RATE, random(), jitter=0.0, shimmer=0.0)
    assert np.median(analysis.pitch(train, RATE, 110)) == pytest.approx(f0, rel=1e-3)
    assert np.mean(train**2) == pytest.approx(1.0, rel=0.05)


def test_noise_has_hardly_any_pitch() -> None:
    assert np.mean(analysis.pitch(random().standard_normal(RATE), RATE, 110) > 0) < 0.1


def test_jitter_moves_pulses() -> None:
    def spread(jitter: float) -> float:
        train = pulses(np.full(2 * RATE, 100.0), RATE, random(), jitter, shimmer=0.0)
        return float(np.std(np.diff(find_peaks(train, height=5.0)[0])))

    assert spread(0.0) < 1.0
    assert spread(0.02) == pytest.approx(np.sqrt(2) * 0.02 * RATE / 100, rel=0.2)


def test_minimum_phase_keeps_the_magnitude_and_the_phase_of_a_stable_filter() -> None:
    response = 1 / rfft([1.0, -0.9, 0.5], n=1024)
    np.testing.assert_allclose(analysis.minimum_phase(np.abs(response)[None])[0], response, atol=1e-8)


def test_the_envelope_has_no_harmonics() -> None:
    f0 = 150.0
    train = pulses(np.full(RATE, f0), RATE, random(), jitter=0.0, shimmer=0.0)
    density = analysis.power_density(train, 551, 1024, 110)
    smooth = analysis.envelope(density, np.full(len(density), f0), RATE)[20:-20, 10:-60]
    ripple = 10 * np.log10(density[20:-20, 10:-60])
    assert np.std(ripple) > 5.0
    assert np.std(10 * np.log10(smooth)) < 1.0
    assert np.mean(10 * np.log10(smooth)) == pytest.approx(0.0, abs=1.5)


def test_a_truncated_envelope_is_a_projection_that_keeps_slow_shapes() -> None:
    rough = np.exp(random().standard_normal((3, 513)))
    once = analysis.truncated(rough, 24)
    np.testing.assert_allclose(analysis.truncated(once, 24), once)
    assert np.std(np.log(once)) < 0.5 * np.std(np.log(rough))
    place = np.pi * np.arange(513) / 512
    np.testing.assert_allclose(
        analysis.truncated(np.exp(np.cos(24 * place))[None], 24)[0], np.exp(np.cos(24 * place))
    )
    np.testing.assert_allclose(analysis.truncated(np.exp(np.cos(25 * place))[None], 24), 1.0)


def test_sinusoids_are_few() -> None:
    f0 = 100.0
    train = pulses(np.full(RATE, f0), RATE, random(), jitter=0.0, shimmer=0.0)
    power = np.abs(rfft(resynthesis.sinusoidal(train, RATE, random()) * np.hanning(RATE))) ** 2
    frequency = rfftfreq(RATE, 1 / RATE)
    assert power[frequency > 33 * f0].sum() < 1e-3 * power.sum()
    assert power[(frequency > 30.5 * f0) & (frequency < 32.5 * f0)].sum() > 0.01 * power.sum()


def test_aperiodicity_tells_pulses_from_noise() -> None:
    f0 = np.full(1 + RATE // 110, 120.0)
    train = pulses(np.full(RATE, 120.0), RATE, random(), jitter=0.0, shimmer=0.0)
    for wave, low, high in ((train, 0.0, 0.15), (random().standard_normal(RATE), 0.8, 1.0)):
        density = analysis.power_density(wave, 1018, 1024, 110)
        share = analysis.aperiodicity(density, f0, RATE, edges=(2000.0, 5000.0))
        assert low <= np.median(share) <= high
    assert np.all(analysis.aperiodicity(density, 0 * f0, RATE, edges=(2000.0, 5000.0)) == 1.0)


def test_griffin_lim_lowers_spectral_convergence(recording: Wave) -> None:
    magnitude = np.abs(transforms.stft(recording, 512, 128))

    def distance(rounds: int) -> float:
        wave = resynthesis.estimate_phase(magnitude, 128, recording.size, random(), rounds=rounds)
        return resynthesis.spectral_convergence(wave, magnitude, 512, 128)

    start, few, many = distance(0), distance(5), distance(30)
    assert many < few < start
    assert many < 0.5 * start
    assert resynthesis.spectral_convergence(recording, magnitude, 512, 128) == 0.0


def test_phase_noise_keeps_magnitudes_and_loses_the_waveform(recording: Wave) -> None:
    wave = resynthesis.phase_noise(recording, RATE, random())
    length = 1024
    before, after = (np.abs(transforms.stft(each, length, length // 4)) for each in (recording, wave))
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.85
    assert np.sqrt(np.mean((wave - recording) ** 2)) > 0.4 * np.std(recording)


def test_upsampling_mirrors_the_low_band() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE) + 1e-2 * random().standard_normal(RATE)
    power = np.abs(rfft(resynthesis.upsampling(tone, RATE, random()) * np.hanning(RATE))) ** 2
    image = round(RATE / 4 - 1000)
    near = np.r_[image - 200 : image - 20, image + 20 : image + 200]
    assert power[image - 3 : image + 4].max() > 100 * np.median(power[near])


def test_the_codec_is_coarse_where_ears_are(recording: Wave) -> None:
    error = np.abs(rfft(resynthesis.codec(recording, RATE, random()) - recording)) ** 2
    power, frequency = np.abs(rfft(recording)) ** 2, rfftfreq(recording.size, 1 / RATE)
    low, high = frequency < 1500, frequency > 5000
    assert error[low].sum() / power[low].sum() < 0.2 < error[high].sum() / power[high].sum()


def test_a_wave_table_is_a_sum_of_harmonics() -> None:
    spectrum = np.zeros((5, 2049), dtype=np.complex128)
    spectrum[:, [1, 3]] = 4096 / 2 * np.array([1.0, 0.5j])
    phase = 0.0123 * np.arange(400)
    read = resynthesis._read_tables(np.asarray(irfft(spectrum, n=4096)), phase, 100)
    expected = np.cos(2 * np.pi * phase) - 0.5 * np.sin(6 * np.pi * phase)
    np.testing.assert_allclose(read, expected, atol=1e-4)


@pytest.mark.parametrize("system", resynthesis.METHODS)
def test_every_method_keeps_length_time_and_power(recording: Wave, system: str) -> None:
    made = resynthesis.METHODS[system](recording, RATE, random())
    assert made.shape == recording.shape
    assert np.isfinite(made).all()
    assert 0.4 < np.std(made) / np.std(recording) < 2.5
    loud, loud_made = (np.convolve(each**2, np.hanning(441), mode="same") for each in (recording, made))
    delay = np.argmax(np.correlate(loud_made[::20], loud[::20], mode="full")) - (loud[::20].size - 1)
    assert abs(delay) * 20 / RATE < 0.012


@pytest.mark.parametrize("system", resynthesis.METHODS)
def test_every_method_lives_through_silence(system: str) -> None:
    assert np.abs(resynthesis.METHODS[system](np.zeros(RATE), RATE, random())).max() < 1e-3


def chain(**changes: float) -> finish.Chain:
    return finish.draw_chain(12_345, random())._replace(**changes)


def test_finish_gives_exact_length_mean_and_level(recording: Wave) -> None:
    wave = finish.finish(recording + 0.3, RATE, chain(level=-26.0), random())
    assert wave.shape == (12_345,)
    assert wave.mean() == pytest.approx(0.0, abs=1e-15)
    assert 20 * np.log10(np.sqrt(np.mean(wave**2))) == pytest.approx(-26.0)


def test_finish_leaves_only_the_chains_rumble_below_the_cut_off() -> None:
    hum = np.sin(2 * np.pi * 40 * np.arange(30_000) / RATE)
    voice = np.sin(2 * np.pi * 440 * np.arange(30_000) / RATE)
    wave = finish.finish(voice + hum, RATE, chain(level=0.0, rumble=-90.0, floor=-90.0), random())
    power = np.abs(rfft(wave * np.hanning(wave.size))) ** 2
    low = rfftfreq(wave.size, 1 / RATE) < 50
    assert 10 * np.log10(power[low].sum() / power.sum()) < -55


def test_dispersion_is_an_all_pass_with_the_delays_asked_for() -> None:
    impulse = np.zeros(8192)
    impulse[1000] = 1.0
    made = finish.disperse(impulse, RATE, (0.0, 0.005, -0.005, 0.01))
    np.testing.assert_allclose(np.abs(rfft(made))[1:-1], 1.0, atol=1e-9)
    _, delay = group_delay((made, [1.0]), w=[RATE / 6, RATE / 3], fs=RATE)
    np.testing.assert_allclose((delay - 1000) / RATE, [0.005, -0.005], atol=2e-4)


def test_dither_frees_the_error_from_the_signal() -> None:
    ramp = np.linspace(0, 1, 400_000) / 32768  # climbs by one step
    error = (finish.quantise(ramp, random()) - ramp * 32768).reshape(10, -1)
    np.testing.assert_allclose(error.mean(axis=-1), 0.0, atol=0.02)
    np.testing.assert_allclose(error.var(axis=-1), 1 / 4, atol=0.01)


def test_noise_has_the_slope_asked_for() -> None:
    power = np.abs(rfft(scene.coloured_noise(1 << 20, RATE, 3.0, random()))) ** 2
    octaves = [10 * np.log10(power[1 << k : 2 << k].mean()) for k in range(13, 19)]
    np.testing.assert_allclose(np.diff(octaves), -3.0, atol=0.2)


def test_a_sentence_has_pauses_at_its_ends_and_fills_its_time() -> None:
    for seed in range(20):
        sounds = sentence(2.0, 1.0, random(seed))
        assert sounds[0].phone == sounds[-1].phone == SILENCE
        assert len(sounds) > 6
        assert sum(sound.seconds for sound in sounds) == pytest.approx(2.0, abs=0.25)


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
def test_every_voice_speaks_at_its_pitch(voice: Voice) -> None:
    f0 = analysis.pitch(speak(voice, 2.0, RATE, random()), RATE, 110)
    assert np.median(f0[f0 > 0]) == pytest.approx(voice.pitch, rel=0.25)
    assert 0.2 < np.mean(f0 > 0) < 0.95
