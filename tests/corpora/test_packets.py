import shutil
from collections import Counter, defaultdict
from fnmatch import fnmatchcase

import pytest
import soundfile
from tests.corpora import packets, real

from bonafide import assembly
from bonafide.corpora.packets import Packets
from bonafide.types import BONAFIDE, SPOOF, InputError

SYSTEMS = {folder.partition("_")[2] for folder in packets.SOURCES}
ONLY_TEST = {"conformer", "jsutmbmelgan", "jsutpwg"}


@pytest.fixture
def root(tmp_path):
    return packets.write(tmp_path / "packets", utterances=5, seconds=0.05)


def small(root, *sources, **options):
    return packets.write(root, utterances=2, sources=sources, seconds=0.05, **options)


def empty(root, source, names):
    (root / source).mkdir(parents=True)
    for name in names:
        (root / source / f"{name}.wav").touch()


def test_every_recording_once_sorted_and_there(root):
    rows = Packets(root).utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    assert all((root / path).is_file() for path in paths)
    assert Counter(row.label for row in rows) == {BONAFIDE: 10, SPOOF: 13 * 5}
    assert Counter(row.system for row in rows) == {"-": 10, **dict.fromkeys(SYSTEMS, 5)}


def test_the_source_is_what_follows_the_first_underscore(tmp_path):
    corpus = Packets(small(tmp_path, "K_lbigvgan", "P_my_vocoder"))
    systems = {row.path.split("/")[0]: row.system for row in corpus.utterances()}
    assert systems == {"A_ljspeech": "-", "K_lbigvgan": "lbigvgan", "P_my_vocoder": "my_vocoder"}
    assert "not among the published sources: my_vocoder; taken as further systems" in corpus.notes
    assert set(corpus.training_systems) == {"lbigvgan", "my_vocoder"}


def test_a_sentence_has_one_name_in_every_folder(root):
    rows = Packets(root).utterances()
    systems = defaultdict(set)
    for row in rows:
        systems[row.utterance].add(row.system)
    assert systems["LJ001-0003"] == {"-", *SYSTEMS} - ONLY_TEST
    assert systems["BASIC5000_0003"] == {"-", "jsutmbmelgan", "jsutpwg"}
    assert systems["common_voice/gen_3"] == {"conformer"}


def test_spoofs_are_paired_with_their_own_recordings(root):
    corpora = {(row.system, row.label): row.corpus for row in Packets(root).utterances()}
    jsut = {system for (system, label), corpus in corpora.items() if corpus == "jsut" and label == SPOOF}
    assert jsut == {"jsutmbmelgan", "jsutpwg"}
    assert {row.corpus for row in Packets(root).utterances() if row.label == BONAFIDE} == {"ljspeech", "jsut"}


@pytest.mark.parametrize(("number", "cuts"), [(1, (0, 0)), (9, (6, 6)), (10, (7, 8)), (23, (16, 18))])
def test_the_published_split_goes_by_rank_in_each_folder(tmp_path, number, cuts):
    names = [f"LJ001-{place:04}" for place in range(number)]
    empty(tmp_path, "A_ljspeech", names)
    empty(tmp_path, "B_melgan", names)
    rows = Packets(tmp_path).utterances()
    train, validation = cuts
    wanted = ["train"] * train + ["validation"] * (validation - train) + ["test"] * (number - validation)
    for system in ("-", "melgan"):
        assert [row.split for row in rows if row.system == system] == wanted
    assert {(row.fixed, row.group) for row in rows} == {("", "")}


def test_conformer_and_jsut_have_no_training_part(tmp_path):
    rows = Packets(packets.write(tmp_path, utterances=10, seconds=0.02)).utterances()
    parts = defaultdict(Counter)
    for row in rows:
        parts[row.corpus, row.system][row.split] += 1
    only_test = {("ljspeech", "conformer"), ("jsut", "jsutmbmelgan"), ("jsut", "jsutpwg"), ("jsut", "-")}
    for place, counts in parts.items():
        assert counts == (
            {"validation": 3, "test": 7} if place in only_test else {"train": 7, "validation": 1, "test": 2}
        )


def test_training_systems_are_the_ljspeech_vocoders_that_are_here(root):
    assert set(Packets(root).training_systems) == SYSTEMS - ONLY_TEST
    shutil.rmtree(root / "I_avocodo")
    assert set(Packets(root).training_systems) == SYSTEMS - ONLY_TEST - {"avocodo"}


def test_copies_in_the_conformer_folder_are_left_out_and_counted(root):
    corpus = Packets(root)
    assert not any("/generated/" in row.path for row in corpus.utterances())
    assert "5 copies in L_conformer/generated left out" in corpus.notes


def test_a_nested_file_that_is_no_copy_is_kept(root):
    folder = root / "L_conformer"
    original = (folder / "gen_1.wav").read_bytes()
    middle = len(original) // 2
    (folder / "generated/gen_1.wav").write_bytes(original[:middle] + b"other" + original[middle + 5 :])
    (folder / "generated/gen_2.wav").write_bytes(original[:-2])
    corpus = Packets(root)
    nested = [row.path for row in corpus.utterances() if "/generated/" in row.path]
    assert nested == ["L_conformer/generated/gen_1.wav", "L_conformer/generated/gen_2.wav"]
    assert "3 copies in L_conformer/generated left out" in corpus.notes


@pytest.mark.parametrize(
    "where", ["A_ljspeech/wavs", "Q_ljspeech", "LJSpeech-1.1/wavs", "../LJSpeech-1.1/wavs"]
)
def test_ljspeech_may_lie_where_it_was_unpacked(tmp_path, where):
    rows = Packets(small(tmp_path / "packets", "B_melgan", ljspeech=where, jsut=None)).utterances()
    reals = [row.path for row in rows if row.label == BONAFIDE]
    assert len(reals) == 2
    assert all(where.lstrip("./") in path for path in reals)


@pytest.mark.parametrize("where", ["O_jsut", "R_jsut", packets.JSUT, f"../{packets.JSUT}"])
def test_jsut_may_lie_where_it_was_unpacked(tmp_path, where):
    rows = Packets(small(tmp_path / "packets", "N_jsutpwg", jsut=where)).utterances()
    reals = [row for row in rows if row.label == BONAFIDE]
    assert {(row.corpus, row.utterance) for row in reals} == {
        ("jsut", "BASIC5000_0001"),
        ("jsut", "BASIC5000_0002"),
    }
    assert all(where.lstrip("./") in row.path for row in reals)


def test_recordings_elsewhere_get_absolute_paths_and_come_first(tmp_path):
    root = small(tmp_path / "here", "B_melgan", "N_jsutpwg")
    small(tmp_path / "there", ljspeech="wavs", jsut="basic5000/wav")
    rows = Packets(root, ljspeech=tmp_path / "there", jsut=tmp_path / "there/basic5000/wav").utterances()
    reals = [row.path for row in rows if row.label == BONAFIDE]
    assert len(reals) == 4
    assert all(path.startswith(str(tmp_path / "there")) for path in reals)


def test_without_jsut_recordings_their_spoofs_are_kept_and_it_is_said_what_for(tmp_path):
    corpus = Packets(small(tmp_path, "B_melgan", "M_jsutmbmelgan", jsut=None))
    corpora = {(row.system, row.corpus) for row in corpus.utterances()}
    assert corpora == {("-", "ljspeech"), ("melgan", "ljspeech"), ("jsutmbmelgan", "jsut")}
    (note,) = (note for note in corpus.notes if note.startswith("jsutmbmelgan: "))
    assert "against: [ljspeech]" in note
    assert "data.corpus.jsut" in note


def test_without_ljspeech_its_spoofs_are_left_out_and_noted(tmp_path):
    corpus = Packets(small(tmp_path, "B_melgan", "N_jsutpwg", ljspeech=None))
    assert {row.system for row in corpus.utterances()} == {"-", "jsutpwg"}
    assert any(note.startswith("melgan left out: ") and "LJSpeech-1.1" in note for note in corpus.notes)


def test_recordings_that_nothing_was_made_from_are_left_out_and_noted(tmp_path):
    corpus = Packets(small(tmp_path, "B_melgan"))
    assert {row.corpus for row in corpus.utterances()} == {"ljspeech"}
    assert any("jsut_ver1.1 are left out" in note for note in corpus.notes)


def test_what_differs_from_the_published_folders_is_noted(tmp_path):
    root = small(tmp_path, "B_melgan", "L_conformer", jsut=None)
    (root / "C_hifigan").mkdir()
    (root / "waveglow").mkdir()
    corpus = Packets(root)
    corpus.utterances()
    (absent,) = (note for note in corpus.notes if note.startswith("absent or empty"))
    assert absent.split(": ")[1].split(", ") == [
        folder for folder in packets.SOURCES if folder not in {"B_melgan", "L_conformer"}
    ]
    assert "left out, because no letter and _ come first: waveglow" in corpus.notes
    assert (
        "conformer lists 2 recordings, the published one 16,283: a part, or another version" in corpus.notes
    )
    assert "ljspeech lists 2 recordings, the published one 13,100: a part, or another version" in corpus.notes


def test_the_published_folders_need_no_note(tmp_path):
    for folder in (packets.LJSPEECH, *packets.SOURCES):
        sentence = (
            "BASIC5000_{:05}" if "_jsut" in folder else "gen_{}" if "conformer" in folder else "LJ_{:05}"
        )
        count = 5_000 if "_jsut" in folder else 16_283 if "conformer" in folder else 13_100
        if folder in {"A_ljspeech", "B_melgan", "L_conformer", "N_jsutpwg"}:
            empty(tmp_path, folder, map(sentence.format, range(count)))
    empty(tmp_path, "O_jsut", [f"BASIC5000_{number:05}" for number in range(5_000)])
    corpus = Packets(tmp_path)
    rows = corpus.utterances()
    assert Counter((row.system, row.split) for row in rows if row.corpus == "ljspeech") == {
        ("-", "train"): 9_170, ("-", "validation"): 1_310, ("-", "test"): 2_620,
        ("melgan", "train"): 9_170, ("melgan", "validation"): 1_310, ("melgan", "test"): 2_620,
        ("conformer", "validation"): 5_427, ("conformer", "test"): 10_856,
    }  # fmt: skip
    assert [note.split(" in ")[0] for note in corpus.notes] == ["absent or empty"]


def test_what_is_wrong_is_said(tmp_path):
    with pytest.raises(InputError, match=r"no lettered folder .*nowhere.*prepare\.py data=packets"):
        Packets(tmp_path / "nowhere").utterances()
    with pytest.raises(InputError, match=r"looked for A_ljspeech in .*keithito.*data\.corpus\.ljspeech"):
        Packets(small(tmp_path / "fakes", "B_melgan", ljspeech=None, jsut=None)).utterances()
    with pytest.raises(InputError, match="hold no spoofs"):
        Packets(small(tmp_path / "reals")).utterances()
    with pytest.raises(InputError, match=r"data\.corpus\.jsut=.* holds no recordings"):
        Packets(small(tmp_path / "option", "B_melgan"), jsut=tmp_path).utterances()
    with pytest.raises(InputError, match=r"none of the spoofs .*melgan left out.*data\.corpus\.ljspeech"):
        Packets(small(tmp_path / "unpaired", "B_melgan", ljspeech=None)).utterances()
    with pytest.raises(InputError, match="holds both B_melgan and P_melgan"):
        Packets(small(tmp_path / "twice", "B_melgan", "P_melgan")).utterances()
    with pytest.raises(InputError, match="A_melgan: the letter A is for genuine recordings"):
        Packets(small(tmp_path / "letter", "A_melgan")).utterances()


def test_two_files_of_one_utterance_are_refused(tmp_path):
    folder = small(tmp_path, "B_melgan") / "B_melgan"
    shutil.copy(folder / "LJ001-0002_gen.wav", folder / "LJ001-0002.wav")
    with pytest.raises(InputError, match=r"LJ001-0002 twice, as LJ001-0002.wav and LJ001-0002_gen.wav"):
        Packets(tmp_path).utterances()


def test_the_groups_of_the_paper_hold_its_systems(root):
    groups = assembly.compose(["data=packets", f"data.root={root}"]).data.tests
    unseen = SYSTEMS - {"fbmelgan"}
    systems = {
        name: {system for system in SYSTEMS if any(fnmatchcase(system, wanted) for wanted in group.systems)}
        for name, group in groups.items()
        if name != "known"
    }
    assert groups.known.systems == "seen"
    assert systems == {
        "group_1_all": unseen,
        "group_2_wavefake": unseen - {"avocodo", "bigvgan", "lbigvgan"},
        "group_3_avocodo": {"avocodo"},
        "group_4_bigvgan": {"bigvgan", "lbigvgan"},
        "jsut_against_ljspeech": {"jsutmbmelgan", "jsutpwg"},
    }


def test_the_miniature_has_the_traps_of_the_real_corpus(root):
    for row in Packets(root).utterances():
        found = soundfile.info(root / row.path)
        if row.label == BONAFIDE:
            assert found.samplerate == (48_000 if row.corpus == "jsut" else 22_050)
            assert row.corpus == "jsut" or found.frames % 256 == 157
        else:
            maker = packets.SOURCES[row.path.split("/")[0]]
            assert (found.samplerate, found.frames % maker.hop) == (maker.rate, 0)


def test_on_real_files(tmp_path):
    real.link(tmp_path / "wavefake")
    root = tmp_path / "packets"
    root.mkdir()
    made = tmp_path / "wavefake/generated_audio"
    (root / "A_ljspeech").symlink_to(tmp_path / "wavefake/LJSpeech-1.1/wavs")
    (root / "E_fbmelgan").symlink_to(made / "ljspeech_full_band_melgan")
    (root / "M_jsutmbmelgan").symlink_to(made / "jsut_multi_band_melgan")
    (root / "O_jsut").symlink_to(tmp_path / "wavefake/jsut_ver1.1/basic5000/wav")
    rows = Packets(root).utterances()
    spoofs = {(row.corpus, row.utterance) for row in rows if row.label == SPOOF}
    assert spoofs <= {(row.corpus, row.utterance) for row in rows if row.label == BONAFIDE}
    assert {row.system for row in rows} == {"-", "fbmelgan", "jsutmbmelgan"}
    assert len({row.path for row in rows if row.corpus == "jsut"}) == 18
