"""A long recording, heard in windows, is judged as if it were heard whole, in the memory of a few windows."""

import tracemalloc
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tests.models.tiny_localizer import EachFrame

from bonafide.audio import clip, files
from bonafide.frontends.spectrogram import Mel
from bonafide.tasks.localization import Localization
from bonafide.tasks.streaming import Streamed, Window, stream, whole_frames
from bonafide.types import Batch, InputError

RATE, SAMPLES, STEP = 16_000, 16_000, 0.02


@pytest.fixture(scope="module")
def task() -> Localization:
    """Untrained; a frame depends on 512 samples about it, and on nothing else."""
    torch.manual_seed(0)
    frontend = Mel(RATE, filters=20, n_fft=512, hop=320)
    made = Localization(
        frontend, EachFrame(frontend.shape(SAMPLES)), optimizer=partial(torch.optim.Adam, lr=0.1)
    )
    made.loss.set_counts((1, 1), 0.5)
    return made.eval()


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise whose level wanders, so that frames differ."""
    random = np.random.default_rng(seed)
    samples = round(seconds * RATE)
    corners = np.arange(0, samples + RATE // 4, RATE // 4)
    level = np.interp(np.arange(samples), corners, random.uniform(0.001, 0.3, len(corners)))
    return (level * random.standard_normal(samples).clip(-3, 3)).astype(np.float32)


def cut(waveform: np.ndarray, hop: int) -> Iterator[Window]:
    for start in clip.starts(len(waveform), SAMPLES, hop).tolist():
        yield start, waveform[start : start + SAMPLES]


def heard(task: Localization, windows: Iterator[Window], hop: int, batch_size: int = 32) -> Streamed:
    return stream(task, windows, samples=SAMPLES, hop=hop, batch_size=batch_size)


def joined_by_hand(windows: np.ndarray, start: np.ndarray, count: int, overlap: int) -> np.ndarray:
    """The documented weighting, window by window, with everything at hand."""
    total, weights = np.zeros(count), np.zeros(count)
    middle = (np.arange(count) + 0.5) * STEP * RATE
    for row, begin in enumerate(start):
        there = np.flatnonzero((begin <= middle) & (middle < begin + SAMPLES))
        after, before = middle[there] - begin, begin + SAMPLES - middle[there]
        weight = np.ones(len(there))
        for edge, applies in ((after, row > 0), (before, row < len(start) - 1)):
            if applies:
                weight *= np.sin(np.pi / 2 * np.clip(2 * edge / overlap - 0.5, 0, 1)) ** 2
        total[there] += weight * windows[row, (after // (STEP * RATE)).astype(int)]
        weights[there] += weight
    return total / weights


def test_ten_minutes_are_as_if_heard_whole(task: Localization, tmp_path: Path) -> None:
    """From a file, bit by bit, against the same windows of the recording in memory, and against one pass."""
    soundfile.write(tmp_path / "long.wav", sound(600), RATE, subtype="PCM_16")
    hop = SAMPLES // 2
    found = heard(task, files.windows(tmp_path / "long.wav", RATE, SAMPLES, hop), hop)
    whole, _ = soundfile.read(tmp_path / "long.wav", dtype="float32")
    assert found.frames.shape == (30_000,)
    assert found.frames.std() > 0.1

    cuts = torch.from_numpy(np.stack([window for _, window in cut(whole, hop)]))
    with torch.inference_mode():
        frames = task.locate(cuts).double().numpy()
        score = task.hear(cuts, torch.full((len(cuts),), SAMPLES))[0].double().numpy()
        once = task.locate(torch.from_numpy(whole)[None])[0].double().numpy()
    np.testing.assert_allclose(found.score, score, atol=1e-5)
    np.testing.assert_allclose(
        found.frames, joined_by_hand(frames, found.start, 30_000, SAMPLES - hop), atol=1e-5
    )
    np.testing.assert_allclose(found.frames, once[:30_000], atol=1e-5)


@pytest.mark.parametrize("hop", [1_600, 8_000, 12_800])
def test_one_pass_where_the_overlap_covers_what_a_frame_depends_on(task: Localization, hop: int) -> None:
    waveform = sound(10.0)
    with torch.inference_mode():
        once = task.locate(torch.from_numpy(waveform)[None])[0].double().numpy()
    np.testing.assert_allclose(heard(task, cut(waveform, hop), hop).frames, once[:500], atol=1e-5)
    seams = np.abs(heard(task, cut(waveform, SAMPLES), SAMPLES).frames - once[:500])
    assert seams.max() > 0.01, "windows that do not overlap have seams, or this test tells nothing"


def test_a_short_recording_is_judged_as_in_a_test(task: Localization) -> None:
    waveform = sound(0.61)
    found = heard(task, cut(waveform, 8_000), 8_000)
    length = torch.tensor([len(waveform)])
    batch = Batch(
        torch.from_numpy(clip.repeat(waveform, SAMPLES))[None], torch.ones(1), length, torch.zeros(1).long()
    )
    task.on_test_start()
    with torch.inference_mode():
        task.test_step(batch, 0)
        frames = task.locate(batch.waveform)[0].numpy()
    assert found.length.tolist() == [len(waveform)]
    assert found.score.tolist() == pytest.approx(task._parts[0][0].score.tolist(), abs=1e-5)
    np.testing.assert_allclose(found.frames, frames[:31], atol=1e-5)


def test_clips_are_judged_as_in_a_test(task: Localization) -> None:
    waveform = torch.from_numpy(np.stack([sound(1.0, seed) for seed in range(3)]))
    length = torch.tensor([16_000, 12_000, 500])
    for how in ("model", "min", "mean"):
        task.clip_score = how  # type: ignore[assignment]
        task.on_test_start()
        with torch.inference_mode():
            task.test_step(Batch(waveform, torch.ones(3), length, torch.arange(3)), 0)
        torch.testing.assert_close(task.hear(waveform, length)[0], task._parts[0][0].score)
    task.clip_score = "model"


def test_memory_does_not_grow_with_the_recording(task: Localization) -> None:
    """But for a score a frame."""
    second = sound(1.0)

    def windows(seconds: int) -> Iterator[Window]:
        return ((start, second.copy()) for start in range(0, (seconds - 1) * RATE + 1, SAMPLES // 2))

    heard(task, windows(20), 8_000, 8)
    peaks = []
    for seconds in (60, 600):
        tracemalloc.start()
        found = heard(task, windows(seconds), 8_000, 8)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(found.frames) == 50 * seconds
    short, long = peaks
    assert short > 2 * 8 * SAMPLES * 4, "two batches are held"
    samples, frames = 540 * RATE * 4, 540 * 50
    assert long - short < 40 * frames < samples / 30


def test_what_is_no_sound_is_refused(task: Localization) -> None:
    broken = sound(1.5)
    broken[20_000] = np.nan
    with pytest.raises(InputError, match="not numbers"):
        heard(task, cut(broken, 8_000), 8_000)
    with pytest.raises(InputError, match="no audio"):
        heard(task, iter(()), 8_000)


@pytest.mark.parametrize(
    ("hop", "step", "expected"), [(8_000, 0.02, 8_000), (8_100, 0.016, 7_936), (5, 0.02, 320)]
)
def test_a_hop_is_whole_frames(hop: int, step: float, expected: int) -> None:
    assert whole_frames(hop, RATE, step) == expected
