import pickle
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.corpora import partialspoof

from bonafide.corpora.partialspoof import PartialSpoof
from bonafide.types import BONAFIDE, SPOOF, InputError, Segment

PROTOCOL = "database/protocols/PartialSpoof_LA_cm_protocols/PartialSpoof.LA.cm.{}.trl.txt"
LABELS = "database/segment_labels/{}_seglab_{}.npy"


class Malicious:
    """What a pickle can do to a careless reader."""

    def __reduce__(self):
        return (open, ("malicious.txt", "w"))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return partialspoof.write(tmp_path_factory.mktemp("partialspoof"))


@pytest.fixture
def root(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / "partialspoof"))


def spoofs(corpus):
    return {row.path.split("/")[-1][:-4]: row for row in corpus.utterances() if row.label == SPOOF}


def test_every_recording_once_sorted_and_there(root):
    rows = PartialSpoof(root).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    assert {str(path.relative_to(root)) for path in root.rglob("*.wav")} == set(paths)
    assert Counter((row.split, row.label, row.system) for row in rows) == {
        (split, label, system): 4
        for split in ("train", "validation", "test")
        for label, system in ((BONAFIDE, "-"), (SPOOF, "CON"))
    }
    assert all(row.fixed == row.split for row in rows)


def test_no_speaker_is_in_two_parts(root):
    rows = PartialSpoof(root).utterances()
    assert len({(row.split, row.speaker) for row in rows}) == len({row.speaker for row in rows}) == 3


def test_segments_are_the_runs_of_0_in_seconds(root):
    found = spoofs(PartialSpoof(root))
    assert found["CON_T_0000000"].segments == (Segment(0.1, 0.25),)
    assert found["CON_D_0000001"].segments == (Segment(0.0, 0.12), Segment(0.33, 0.41))
    assert found["CON_E_0000002"].segments == (Segment(0.0, 0.41),)
    assert found["CON_E_0000003"].segments == (Segment(0.2, 0.4),)
    assert all(not row.segments for row in PartialSpoof(root).utterances() if row.label == BONAFIDE)


@pytest.mark.parametrize("resolution", partialspoof.STEPS)
def test_every_changed_sample_is_in_a_segment(root, resolution):
    rows = {row.path: row for row in PartialSpoof(root, resolution=resolution).utterances()}
    folder = "database/train/con_wav"
    for number in range(4):
        spoof, rate = soundfile.read(root / f"{folder}/CON_T_{number:07}.wav")
        recording, _ = soundfile.read(root / f"{folder}/LA_T_{9_497_115 + number}.wav")
        changed = np.flatnonzero(spoof != recording) / rate
        inside = np.zeros(len(changed), bool)
        for start, end in rows[f"{folder}/CON_T_{number:07}.wav"].segments:
            inside |= (changed >= start) & (changed < end)
        assert len(changed)
        assert inside.all()


@pytest.mark.parametrize(
    ("resolution", "segment"),
    [(None, (0.1, 0.25)), (0.01, (0.1, 0.25)), (0.02, (0.1, 0.26)), (0.16, (0.0, 0.32))],
)
def test_a_resolution_may_be_chosen(root, resolution, segment):
    assert spoofs(PartialSpoof(root, resolution=resolution))["CON_T_0000000"].segments == (segment,)


def test_the_finest_that_is_here_is_taken_and_said(root):
    corpus = PartialSpoof(root)
    corpus.utterances()
    assert not any("are known to" in note for note in corpus.notes)
    for part in partialspoof.SETS:
        (root / LABELS.format(part, 0.01)).unlink()
    assert spoofs(corpus)["CON_T_0000000"].segments == (Segment(0.1, 0.26),)
    assert "segments of train are known to 0.02 s only; the finest labels have 0.01 s" in corpus.notes


@pytest.mark.parametrize(
    ("protocol", "module"), [(2, "numpy.core"), (3, "numpy.core"), (3, "numpy._core"), (4, "numpy._core")]
)
def test_labels_as_any_numpy_saves_them(root, protocol, module):
    wanted = {name: row.segments for name, row in spoofs(PartialSpoof(root)).items()}
    for part, content in partialspoof.labels(0.01).items():
        file = root / LABELS.format(part, 0.01)
        file.write_bytes(partialspoof.pickled(content, protocol, module))
        assert np.load(file, allow_pickle=True).item().keys() == content.keys()
    assert {name: row.segments for name, row in spoofs(PartialSpoof(root)).items()} == wanted


def test_what_numpy_saves_today_is_read(root):
    wanted = spoofs(PartialSpoof(root))
    for part, content in partialspoof.labels(0.01).items():
        swapped = {name: array.astype(">U3") for name, array in content.items()}
        np.save(root / LABELS.format(part, 0.01), swapped, allow_pickle=True)
    assert spoofs(PartialSpoof(root)) == wanted


def test_swapped_polarity_is_refused(root):
    content = partialspoof.labels(0.01)["dev"]
    swapped = {name: np.where(array == "0", "1", "0").astype("<U21") for name, array in content.items()}
    (root / LABELS.format("dev", 0.01)).write_bytes(partialspoof.pickled(swapped))
    with pytest.raises(InputError, match=r"dev_seglab_0\.01\.npy: .* '0' should mean spoof"):
        PartialSpoof(root).utterances()


@pytest.mark.parametrize(
    ("name", "said"), [("CON_T_0000003", "holds no '0'"), ("LA_T_9497116", "holds a '0'")]
)
def test_one_utterance_that_contradicts_the_protocol_is_named(root, name, said):
    content = partialspoof.labels(0.01)["train"]
    content[name] = np.full(41, "1" if name.startswith("CON") else "0").astype("<U21")
    (root / LABELS.format("train", 0.01)).write_bytes(partialspoof.pickled(content))
    with pytest.raises(InputError, match=f"{name} is .* in PartialSpoof.LA.cm.train.trl.txt:.* {said}"):
        PartialSpoof(root).utterances()


def test_an_utterance_without_labels_is_refused(root):
    content = partialspoof.labels(0.01)["train"]
    del content["CON_T_0000001"]
    (root / LABELS.format("train", 0.01)).write_bytes(partialspoof.pickled(content))
    with pytest.raises(
        InputError, match="no labels for 1 of the protocol's 8 utterances, such as CON_T_0000001"
    ):
        PartialSpoof(root).utterances()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"CON_T_0000000": Malicious()}, "asks for (io|_io).open"),
        (Malicious(), "asks for (io|_io).open"),
        ({"CON_T_0000000": np.array(["0", "2"])}, "a label is neither '0' nor '1'"),
        ({"CON_T_0000000": np.array(["0", "10"])}, "a label is neither '0' nor '1'"),
        ({"CON_T_0000000": np.array([0, 1])}, "no row of texts"),
        ({"CON_T_0000000": np.array([["0", "1"]])}, "no row of texts"),
        ({"CON_T_0000000": np.array(["0", None], dtype=object)}, "no array of texts"),
        ({"CON_T_0000000": "0011"}, "no array of texts"),
        ({7: np.array(["0"])}, "7 is no utterance's name"),
        (["0", "1"], "cannot be read|no dictionary"),
    ],
)
def test_labels_of_another_form_are_refused_and_nothing_runs(root, monkeypatch, content, said):
    monkeypatch.chdir(root)
    array = np.empty((), object)
    array[()] = content
    np.save(root / LABELS.format("train", 0.01), array, allow_pickle=True)
    with pytest.raises(InputError, match=said):
        PartialSpoof(root).utterances()
    assert not (root / "malicious.txt").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read"),
        (b"no array at all", "cannot be read"),
        (partialspoof.pickled({"a": np.array(["0", "1"])})[:-20], "cannot be read"),
        (partialspoof.pickled({})[:128] + pickle.dumps(7), "cannot be read"),
    ],
)
def test_a_damaged_file_is_refused(root, content, said):
    (root / LABELS.format("train", 0.01)).write_bytes(content)
    with pytest.raises(InputError, match=rf"train_seglab_0\.01\.npy {said}.*get it again"):
        PartialSpoof(root).utterances()


def test_an_array_of_numbers_is_refused(root):
    np.save(root / LABELS.format("train", 0.01), np.zeros(3))
    with pytest.raises(InputError, match="it is an array of numbers"):
        PartialSpoof(root).utterances()


def test_without_segment_labels_only_if_asked(root):
    shutil.rmtree(root / "database/segment_labels")
    with pytest.raises(InputError, match=r"of train at 0\.01 s are missing.*data\.corpus\.segments=false"):
        PartialSpoof(root).utterances()
    corpus = PartialSpoof(root, segments=False)
    assert all(not row.segments for row in corpus.utterances())
    assert any("segment labels were not read" in note for note in corpus.notes)


def test_a_resolution_that_is_not_here_is_said_with_those_that_are(root):
    with pytest.raises(InputError, match=r"train_seglab_0\.08\.npy \(here: 0\.01, 0\.02, 0\.16 s\)"):
        PartialSpoof(root, resolution=0.08).utterances()


def test_what_the_list_names_beyond_the_protocol_is_counted(root):
    corpus = PartialSpoof(root)
    assert not set(partialspoof.UNLISTED) & {row.utterance for row in corpus.utterances()}
    said = "eval.lst names 2 utterances that the protocol does not: CON_E_0034982, CON_E_0058039; left out"
    assert said in corpus.notes
    (root / "database/eval/eval.lst").unlink()
    corpus.utterances()
    assert said not in corpus.notes


def test_lists_of_another_length_are_noted(root):
    corpus = PartialSpoof(root)
    corpus.utterances()
    assert any(
        "cm.eval.trl.txt lists 8 recordings, the published one 71,237" in note for note in corpus.notes
    )


def test_a_part_without_audio_is_left_out_and_noted(root):
    shutil.rmtree(root / "database/train")
    corpus = PartialSpoof(root)
    assert {row.split for row in corpus.utterances()} == {"validation", "test"}
    assert any(note.startswith("left out") and "train/con_wav" in note for note in corpus.notes)


def test_a_listed_file_that_is_not_there_is_a_row_all_the_same(root):
    (root / "database/dev/con_wav/CON_D_0000002.wav").unlink()
    row = spoofs(PartialSpoof(root))["CON_D_0000002"]
    assert row.path == "database/dev/con_wav/CON_D_0000002.wav"
    assert row.listed == "PartialSpoof.LA.cm.dev.trl.txt:5"


def test_root_may_be_the_folder_itself(root):
    rows = PartialSpoof(root / "database").utterances()
    assert len(rows) == 24
    assert all(row.path.split("/")[1] == "con_wav" for row in rows)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("LA_0079 CON_T_0000099 - CON", "line 9: 4 fields where there should be 5"),
        ("LA_0079 CON_T_0000099 - CON fake", "line 9: the label 'fake' is none of bonafide, spoof"),
        ("LA_0079 CON_T_0000099 - A01 spoof", "the system of a spoof line 'A01' is none of CON"),
        ("LA_0079 LA_T_0000099 - CON bonafide", "the system of a bonafide line 'CON' is none of -"),
        ("LA_0079 CON_T_0000001 - CON spoof", r"CON_T_0000001 is listed already in .*train\.trl\.txt:3"),
    ],
)
def test_what_is_malformed_is_said_with_its_line(root, line, said):
    with (root / PROTOCOL.format("train")).open("a") as stream:
        stream.write(f"{line}\n")
    with pytest.raises(InputError, match=said):
        PartialSpoof(root).utterances()


def test_what_is_missing_is_said(root, tmp_path):
    with pytest.raises(InputError, match=r"no audio in .*train/con_wav.*prepare\.py data=partialspoof"):
        PartialSpoof(tmp_path / "nowhere").utterances()
    (root / PROTOCOL.format("dev")).unlink()
    with pytest.raises(InputError, match=r"cm\.dev\.trl\.txt does not exist"):
        PartialSpoof(root).utterances()


def test_the_archives_of_the_record(root):
    (source,) = PartialSpoof(root).sources
    assert source.place == "zenodo:5766198"
    assert "database_segment_labels_v1.2.tar.gz" in source.files
