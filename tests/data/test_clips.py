"""Clips: what a batch holds depends on the draws alone, never on who reads it or with whom."""

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import final

import numpy as np
import pyarrow as pa
import pytest
import soundfile
import torch
from numpy.typing import NDArray
from tests.corpora import miniature

from bonafide.audio import files
from bonafide.corpora.folder import Folder
from bonafide.corpora.wavefake import WaveFake
from bonafide.data import manifest
from bonafide.data.clips import ClipFormat, Clips
from bonafide.data.manifest import SCHEMA, Depth, Manifest
from bonafide.data.order import Draw, Place, ResumableLoader, Shared, Shuffled
from bonafide.data.windows import Clipped
from bonafide.types import Batch, InputError

RATE = 16_000
FORM = ClipFormat(RATE, 1_000)


def clips_of(found: Manifest, form: ClipFormat = FORM, *, crop: bool = False) -> Clips:
    return Clips(found, clipped(np.arange(found.table.num_rows)), form, crop=crop)


def clipped(rows: NDArray[np.int64]) -> Clipped:
    """One clip of each recording, from its start."""
    return Clipped(rows, np.zeros(len(rows), np.int64))


@pytest.fixture
def found(tmp_path: Path) -> Manifest:
    """Nine recordings of 0.2 s at the rate of the clips: nothing is resampled."""
    root = miniature.folder(tmp_path / "corpus", utterances=3, seconds=0.2)
    return manifest.build(Folder(root), Depth(), tmp_path / "cache", announce=str)


@pytest.fixture
def resampled(tmp_path: Path) -> Manifest:
    """Recordings at 22,050, 24,000 and 48,000 Hz."""
    systems = ("ljspeech_melgan", "jsut_multi_band_melgan")
    root = miniature.wavefake(tmp_path / "wavefake", utterances=2, systems=systems, seconds=0.2)
    return manifest.build(WaveFake(root), Depth(), tmp_path / "cache", announce=str)


def whole(found: Manifest, row: int) -> NDArray[np.float32]:
    return files.read(found[0] / found.strings("path")[row], RATE)


def same(one: Batch, other: Batch) -> bool:
    return all(torch.equal(mine, yours) for mine, yours in zip(one, other, strict=True))


@pytest.mark.parametrize("crop", [False, True])
def test_a_batch_is_its_clips_read_one_by_one(crop: bool, resampled: Manifest) -> None:
    clips = clips_of(resampled, crop=crop)
    draws = [Draw(item, 1_000_003 * item) for item in (4, 0, 7, 3, 4)]
    batch = clips.__getitems__(draws)
    alone = [clips[draw] for draw in draws]
    assert same(batch, Batch(*(torch.cat(column) for column in zip(*alone, strict=True))))
    assert batch.waveform.shape == (5, FORM.samples)
    assert [column.dtype for column in batch] == [torch.float32] * 2 + [torch.int64] * 3
    assert batch.index.tolist() == [4, 0, 7, 3, 4]


def test_rows_are_those_of_the_manifest_and_targets_those_of_the_rows(found: Manifest) -> None:
    rows = np.array([8, 2, 5])
    clips = Clips(found, clipped(rows), FORM, crop=False)
    batch = clips.__getitems__([Draw(item, 0) for item in range(3)])
    assert batch.index.tolist() == [0, 1, 2]
    assert batch.target.tolist() == [float(found.strings("label")[row] == "bonafide") for row in rows]
    for row, waveform in zip(rows, batch.waveform.numpy(), strict=True):
        np.testing.assert_array_equal(waveform, whole(found, row)[: FORM.samples])


def test_evaluation_takes_the_first_window_whatever_the_draw(resampled: Manifest) -> None:
    clips = clips_of(resampled)
    for item in range(len(clips)):
        batch = clips[Draw(item, 987_654_321)]
        first = whole(resampled, item)[: FORM.samples]
        np.testing.assert_allclose(batch.waveform[0].numpy(), first, atol=1e-4)
        assert batch.length.item() == FORM.samples


@pytest.mark.parametrize("crop", [False, True])
def test_a_short_recording_is_repeated(crop: bool, found: Manifest) -> None:
    batch = clips_of(found, ClipFormat(RATE, 10_000), crop=crop)[Draw(1, 12_345)]
    assert batch.length.item() == 3_200
    original = whole(found, 1)
    for start in range(0, 10_000, 3_200):
        piece = batch.waveform[0, start : start + 3_200].numpy()
        np.testing.assert_array_equal(piece, original[: len(piece)])


def test_a_training_crop_is_a_stretch_of_the_recording(found: Manifest) -> None:
    clips = clips_of(found, crop=True)
    windows = np.lib.stride_tricks.sliding_window_view(whole(found, 2), FORM.samples)
    numbers = np.random.default_rng(0).integers(0, 2**62, 50).tolist()
    starts = []
    for number in numbers:
        crop = clips[Draw(2, number)].waveform[0].numpy()
        matches = np.flatnonzero((windows == crop).all(axis=1))
        assert len(matches) == 1
        starts.append(int(matches[0]))
    assert len(set(starts)) > 40
    assert min(starts) < 400
    assert max(starts) > 1_800


def test_crops_reach_both_ends_of_the_recording(found: Manifest) -> None:
    clips, original = clips_of(found, crop=True), whole(found, 0)
    reached = {"first": original[:1_000], "last": original[-1_000:]}
    for number, place in ((0, "first"), (2_200, "last"), (2_201, "first")):
        np.testing.assert_array_equal(clips[Draw(0, number)].waveform[0].numpy(), reached[place])


def test_resampled_crops_are_whole_up_to_the_last_place(resampled: Manifest) -> None:
    clips = clips_of(resampled, crop=True)
    for item in range(len(clips)):
        total = len(whole(resampled, item))
        batch = clips[Draw(item, total - FORM.samples)]
        assert batch.length.item() == FORM.samples
        np.testing.assert_allclose(batch.waveform[0].numpy(), whole(resampled, item)[-1_000:], atol=1e-4)


@pytest.mark.slow
def test_workers_read_what_this_process_reads(found: Manifest) -> None:
    """With workers that inherit this process's memory, and with workers that start from nothing."""
    clips = clips_of(found, crop=True)

    def batches(context: str | None) -> list[Batch]:
        order = Shuffled(len(clips), 3, Place())
        workers = 0 if context is None else 2
        loader = ResumableLoader(clips, order, batch_size=2, num_workers=workers, pin_memory=False)
        loader.multiprocessing_context = context
        return list(loader)

    here = batches(None)
    assert [len(batch.target) for batch in here] == [2, 2, 2, 2, 1]
    for context in ("fork", "spawn"):
        there = batches(context)
        assert all(same(mine, yours) for mine, yours in zip(here, there, strict=True))


def _words(file: Path) -> None:
    file.write_text("words, not sound\n" * 50)


def _gone(file: Path) -> None:
    file.unlink()


def _not_numbers(file: Path) -> None:
    soundfile.write(file, np.full(3_200, np.nan, dtype=np.float32), RATE, subtype="FLOAT")


def _cut(file: Path) -> None:
    soundfile.write(file, np.ones(100) / 2, RATE)


@pytest.mark.parametrize("turn", [_words, _gone, _not_numbers, _cut])
def test_a_file_that_turned_bad_is_named(turn: Callable[[Path], None], found: Manifest) -> None:
    """Cut to 100 samples, there is nothing left at the place of the draw."""
    path = found[0] / found.strings("path")[4]
    turn(path)
    clips = clips_of(found, crop=True)
    with pytest.raises(InputError, match=path.name) as caught:
        clips.__getitems__([Draw(3, 2_000), Draw(4, 2_000)])
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_turned_bad_is_named_by_a_worker_too(found: Manifest) -> None:
    path = found[0] / found.strings("path")[4]
    _words(path)
    clips = clips_of(found)
    order = Shared(len(clips), Place())
    loader = ResumableLoader(clips, order, batch_size=3, num_workers=1, pin_memory=False)
    with pytest.raises(InputError, match=path.name):
        list(loader)


def large(rows: int) -> Manifest:
    """A listing of files that are not there, with paths of 80 characters."""
    table = {
        "path": [f"generated_audio/ljspeech_multi_band_melgan/{row:033}.wav" for row in range(rows)],
        "frames": np.full(rows, 64_600),
        "sample_rate": np.full(rows, 22_050, dtype=np.int32),
        "label": np.where(np.arange(rows) % 8, "spoof", "bonafide"),
    }
    filled = {name: table.get(name, pa.nulls(rows, SCHEMA.field(name).type)) for name in SCHEMA.names}
    return Manifest(Path(), pa.table(filled, schema=SCHEMA))


@final
class Counting(pickle.Pickler):
    """Counts the objects that are pickled."""

    objects = 0

    def persistent_id(self, obj: object) -> None:  # noqa: ARG002 - pickle's signature
        self.objects += 1


def sent(clips: Clips) -> tuple[int, bytes]:
    """What a worker is sent: how many objects, and all bytes."""
    buffer = io.BytesIO()
    pickler = Counting(buffer)
    pickler.dump(clips)
    return pickler.objects, buffer.getvalue()


def test_a_worker_is_sent_a_few_arrays_whatever_the_size_of_the_corpus() -> None:
    """As many objects for 200,000 recordings as for 200, in about 100 bytes each."""
    little, _ = sent(clips_of(large(200), crop=True))
    much, data = sent(clips_of(large(200_000), crop=True))
    assert little == much
    assert len(data) < 25e6
    assert pickle.loads(data).targets.sum() == 25_000  # noqa: S301 - our own bytes


def test_a_selection_does_not_carry_the_rest() -> None:
    few = Clips(large(100_000), clipped(np.arange(500, 600)), FORM, crop=False)
    assert len(pickle.dumps(few)) < 50_000
    assert few.paths[0].as_py().endswith("00500.wav")
