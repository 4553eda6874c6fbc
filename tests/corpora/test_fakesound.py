import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.corpora import fakesound, real

from bonafide.corpora.fakesound import FakeSound
from bonafide.data.manifest import Manifest, columns
from bonafide.data.split import Split, divide
from bonafide.types import BONAFIDE, SPOOF, InputError, Segment

SCRIPTS = {
    "train": "ldm2_train",
    "easy": "ldm2_test_easy",
    "hard": "ldm2_test_hard",
    "zeroshot": "ldm_test_zeroshot",
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return fakesound.write(tmp_path_factory.mktemp("fakesound"))


@pytest.fixture
def root(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / "fakesound"))


def change(root, part, number, **fields):
    """Changes a record of a list, as counted from 1."""
    file = root / f"FakeSound/meta_data/{part}.json"
    content = json.loads(file.read_text())
    content["audios"][number - 1] |= fields
    file.write_text(json.dumps(content))


def test_every_clip_once_sorted_and_there(root):
    rows = FakeSound(root).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    assert {str(path.relative_to(root)) for path in root.rglob("*.wav")} == set(paths)
    assert Counter(row.label for row in rows) == {BONAFIDE: 26, SPOOF: 26}


def test_a_spoof_knows_its_video_its_region_and_its_system(root):
    rows = {row.path: row for row in FakeSound(root).utterances()}
    row = rows["FakeSound/deepfake_data/train/-mVGmVjx001_0.12_0.4.wav"]
    assert row.label == SPOOF
    assert row.utterance == "-mVGmVjx001"
    assert row.segments == (Segment(0.12, 0.4),)
    assert (row.corpus, row.system, row.listed) == ("audiocaps", "audioldm2", "train.json:1")
    recording = rows["FakeSound/deepfake_data/train/-mVGmVjx001.wav"]
    assert (recording.label, recording.utterance, recording.segments) == (BONAFIDE, row.utterance, ())
    assert (recording.system, recording.listed) == ("-", "train.json:2")


def test_segments_are_where_the_audio_differs(root):
    for row in FakeSound(root).utterances():
        if row.label == SPOOF and row.subset != "zeroshot":
            spoof, rate = soundfile.read(root / row.path)
            recording, _ = soundfile.read((root / row.path).parent / f"{row.utterance}.wav")
            changed = np.flatnonzero(spoof != recording) / rate
            ((start, end),) = row.segments
            assert start <= changed[0] < start + 0.001
            assert end - 0.001 < changed[-1] < end


def test_systems_and_subsets(root):
    corpus = FakeSound(root)
    spoofs = [row for row in corpus.utterances() if row.label == SPOOF]
    assert Counter((row.split, row.subset, row.system) for row in spoofs) == {
        ("train", "", "audioldm2"): 12,
        ("test", "easy", "audioldm2"): 4,
        ("test", "hard", "audioldm2"): 5,
        ("test", "zeroshot", "audioldm"): 5,
    }
    assert corpus.training_systems == ("audioldm2",)


def test_validation_is_taken_from_training_by_video(root):
    rows = FakeSound(root).utterances()
    assert {row.split for row in rows} == {"train", "test"}
    assert all(row.fixed == row.split for row in rows)
    parts = divide(Manifest(root, columns(rows)), Split(validation=0.25))
    found = {
        part: {row.utterance for row, name in zip(rows, parts, strict=True) if name == part}
        for part in ("train", "validation", "test")
    }
    assert found["test"] == set(fakesound.HARD)
    assert len(found["validation"]) == 3
    assert not found["validation"] & found["train"]
    assert found["validation"] | found["train"] == set(fakesound.TRAIN)


def test_recordings_of_one_folder_are_listed_once_with_all_their_subsets(tmp_path):
    there = tmp_path / "audiocaps"
    root = fakesound.write(tmp_path / "fakesound", audiocaps=there)
    (there / "val").mkdir()
    (there / f"{fakesound.EASY[0]}.wav").rename(there / f"val/Y{fakesound.EASY[0]}.wav")
    corpus = FakeSound(root, audiocaps=there)
    recordings = {row.path: row for row in corpus.utterances() if row.label == BONAFIDE}
    assert set(recordings) == {str(path) for path in there.rglob("*.wav")}
    assert Counter(row.subset for row in recordings.values()) == {
        "": 12, "easy+hard+zeroshot": 4, "hard+zeroshot": 1,
    }  # fmt: skip
    assert recordings[f"{there}/val/Y{fakesound.EASY[0]}.wav"].listed == "easy.json:2"
    assert not any("recordings" in note and "not here" in note for note in corpus.notes)


def test_recordings_that_are_nowhere_are_rows_and_said(tmp_path):
    root = fakesound.write(tmp_path / "fakesound", audiocaps=tmp_path / "gone")
    corpus = FakeSound(root)
    rows = {row.path: row for row in corpus.utterances()}
    assert len(rows) == 52
    assert rows[f"FakeSound/deepfake_data/hard/{fakesound.HARD[0]}.wav"].listed == "hard.json:2"
    assert any("12 recordings of train" in note and "data.corpus.audiocaps" in note for note in corpus.notes)
    with pytest.raises(InputError, match=r"data\.corpus\.audiocaps=.*is no folder"):
        FakeSound(root, audiocaps=tmp_path / "nowhere").utterances()


def test_a_recording_of_a_test_may_not_be_in_training(tmp_path):
    root = fakesound.write(tmp_path / "fakesound", audiocaps=tmp_path / "audiocaps")
    video = fakesound.TRAIN[0]
    path = f"FakeSound/deepfake_data/easy/{video}.wav"
    change(root, "easy", 2, audio_id=video, filepath=path)
    with pytest.raises(InputError, match=r"for training and for a test \(train\.json:2, easy\.json:2\)"):
        FakeSound(root, audiocaps=tmp_path / "audiocaps").utterances()


def test_lists_under_the_names_of_the_scripts(root):
    before = FakeSound(root).utterances()
    for part, name in SCRIPTS.items():
        (root / f"FakeSound/meta_data/{part}.json").rename(root / f"FakeSound/deepfake_data/{name}.json")
    after = FakeSound(root).utterances()
    assert [row._replace(listed="") for row in after] == [row._replace(listed="") for row in before]
    assert {row.listed.split(":")[0] for row in after} == {f"{name}.json" for name in SCRIPTS.values()}


def test_root_may_be_the_folder_itself(root):
    rows = FakeSound(root / "FakeSound").utterances()
    assert len(rows) == 52
    assert all(row.path.startswith("deepfake_data/") for row in rows)


def test_a_part_without_audio_is_left_out_and_noted(root):
    shutil.rmtree(root / "FakeSound/deepfake_data/zeroshot")
    corpus = FakeSound(root)
    assert {row.subset for row in corpus.utterances()} == {"", "easy", "hard"}
    assert any(note.startswith("left out") and note.endswith(": zeroshot") for note in corpus.notes)
    assert "easy.json lists 8 recordings, the published one 92: a part, or another version" in corpus.notes


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"label": 0}, r"the label 0 \(1 is fake\) contradicts the region 0\.12_0\.4"),
        ({"label": 2}, r"the label 2 is none of 0 \(genuine\), 1 \(fake\)"),
        ({"label": True}, "the label True is none of"),
        ({"label": "1"}, "the label '1' is none of"),
        ({"onset_offset": "0_0"}, "contradicts the region 0_0"),
        ({"onset_offset": "0.12_0.5"}, "is not a video's eleven characters and _0.12_0.5"),
        ({"onset_offset": None}, "onset_offset is no text but None"),
        ({"audio_id": 7}, "audio_id is no text but 7"),
        ({"filepath": "FakeSound/deepfake_data/train/x.wav"}, "filepath .*x.wav is not that of -mVGmVjx001"),
        (
            {"audio_id": "-mVGmVjx001_a_b", "onset_offset": "a_b", "filepath": "-mVGmVjx001_a_b.wav"},
            "onset_offset 'a_b' is not",
        ),
        (
            {"audio_id": "-mVGmVjx001_3_2", "onset_offset": "3_2", "filepath": "-mVGmVjx001_3_2.wav"},
            "the region 3_2 ends before it begins",
        ),
    ],
)
def test_a_record_that_contradicts_itself_is_said_with_its_number(root, fields, said):
    change(root, "train", 1, **fields)
    with pytest.raises(InputError, match=rf"train\.json, record 1: .*{said}"):
        FakeSound(root).utterances()


def test_a_genuine_record_with_a_region_is_refused(root):
    change(root, "train", 2, onset_offset="0.12_0.4")
    with pytest.raises(InputError, match=r"record 2: the label 0 \(1 is fake\) contradicts the region"):
        FakeSound(root).utterances()


def test_a_clip_listed_twice_is_refused_with_both_records(root):
    file = root / "FakeSound/meta_data/hard.json"
    audios = json.loads(file.read_text())["audios"]
    file.write_text(json.dumps({"audios": [*audios, audios[2]]}))
    with pytest.raises(InputError, match=r"hard\.json, record 11: .* is listed already in record 3"):
        FakeSound(root).utterances()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"audios": [\n{"audio_id": }]}', r"easy\.json, line 2: no JSON"),
        (b"[]", 'has no list "audios"'),
        (b'{"audios": []}', 'has no list "audios"'),
        (b'{"audios": [1]}', "record 1: it is no object"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_list_of_another_form_is_refused(root, text, said):
    (root / "FakeSound/meta_data/easy.json").write_bytes(text)
    with pytest.raises(InputError, match=said):
        FakeSound(root).utterances()


def test_what_is_missing_is_said(root, tmp_path):
    with pytest.raises(InputError, match=r"folder of audio is missing.*deepfake_data.*data=fakesound"):
        FakeSound(tmp_path / "nowhere").utterances()
    (root / "FakeSound/meta_data/hard.json").unlink()
    with pytest.raises(InputError, match=r"list hard\.json is missing.*ldm2_test_hard\.json.*data=fakesound"):
        FakeSound(root).utterances()
    for part in fakesound.PARTS:
        shutil.rmtree(root / "FakeSound/deepfake_data" / part)
    with pytest.raises(InputError, match=r"no audio in .*train, easy, hard, zeroshot.*data=fakesound"):
        FakeSound(root).utterances()


def test_sources_and_caveat(root):
    corpus = FakeSound(root)
    assert len(corpus.sources) == 6
    assert "not independent" in corpus.caveat


def published(tmp_path):
    """The published lists, with one empty file in each part so that it counts as present."""
    lists = real.SOURCE / "general/fakesound/metadata"
    if not lists.is_dir():
        pytest.skip("no real lists: set BONAFIDE_REAL_AUDIO to their folder")
    (tmp_path / "FakeSound").mkdir()
    (tmp_path / "FakeSound/meta_data").symlink_to(lists)
    for part in fakesound.PARTS:
        (tmp_path / "FakeSound/deepfake_data" / part).mkdir(parents=True)
        (tmp_path / "FakeSound/deepfake_data" / part / "some.wav").touch()
    return tmp_path


def test_the_published_lists(tmp_path):
    corpus = FakeSound(published(tmp_path))
    rows = corpus.utterances()
    assert Counter((row.subset, row.label) for row in rows) == {
        ("", BONAFIDE): 1_583, ("", SPOOF): 1_583, ("easy", BONAFIDE): 46, ("easy", SPOOF): 46,
        ("hard", BONAFIDE): 135, ("hard", SPOOF): 135, ("zeroshot", BONAFIDE): 135, ("zeroshot", SPOOF): 135,
    }  # fmt: skip
    assert not any("published" in note for note in corpus.notes)
    videos = {
        part: {row.utterance for row in rows if row.subset == part}
        for part in ("", "easy", "hard", "zeroshot")
    }
    assert videos["easy"] < videos["hard"] == videos["zeroshot"]
    assert not videos[""] & videos["hard"]


def test_positive_frames_of_the_published_lists(tmp_path):
    frames = Counter()
    for row in FakeSound(published(tmp_path)).utterances():
        for start, end in row.segments:
            assert abs(start / 0.04 - round(start / 0.04)) < 1e-6
            frames[row.subset] += round(end / 0.02) - round(start / 0.02)
    assert frames == {"": 156_446, "easy": 4_422, "hard": 15_608, "zeroshot": 14_296}


def test_real_clips_have_the_regions_that_their_publishers_state(tmp_path):
    root = published(tmp_path)
    with (real.SOURCE / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        clips = [row for row in csv.DictReader(stream) if row["path"].startswith("general/fakesound/")]
    parts = {"ldm2easy": "easy", "ldm2hard": "hard", "zeroshot": "zeroshot"}
    wanted = {}
    for clip in clips:
        part = parts[Path(clip["path"]).name.split("__")[0]]
        region = clip["segments"].replace("-", "_")
        name = f"{clip['utterance']}_{region}" if region else clip["utterance"]
        path = f"FakeSound/deepfake_data/{part}/{name}.wav"
        (root / path).symlink_to(real.SOURCE / clip["path"])
        wanted[path] = clip
    rows = {row.path: row for row in FakeSound(root).utterances()}
    assert len(wanted) == 14
    for path, clip in wanted.items():
        row = rows[path]
        assert row.label == clip["label"]
        assert "".join(f"{start}-{end}" for start, end in row.segments) == clip["segments"]
        assert row.system == (clip["generator"].split("_")[0] or "-")
        assert (root / row.path).is_file()
