"""Other people's score files and keys: read, written and, where they are not sound, refused."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bonafide.evaluation import scores
from bonafide.evaluation.formats import known
from bonafide.evaluation.formats.asvspoof2019 import read_verification
from bonafide.evaluation.formats.joining import side_by_side
from bonafide.evaluation.formats.key import read_key
from bonafide.evaluation.formats.reading import read_pair, read_scores, remark
from bonafide.evaluation.formats.writing import write_pair, write_scores
from bonafide.evaluation.scores import Trials, fingerprint
from bonafide.metrics.eer import eer_official
from bonafide.types import InputError, Utterance

ROOT = Path(os.environ.get("BONAFIDE_REAL_AUDIO", Path(__file__).parents[3] / "shared" / "data"))
published = pytest.mark.skipif(
    not (ROOT / "scores").is_dir(),
    reason="no published score files here: set BONAFIDE_REAL_AUDIO to the folder that holds scores/",
)

KEY_2019 = "LA_0039 LA_E_1 - A11 spoof\nLA_0052 LA_E_2 - - bonafide\nLA_0001 LA_E_3 - A07 spoof\n"
AASIST = "LA_E_1 A11 spoof -8.75\nLA_E_2 - bonafide 5.5\nLA_E_3 A07 spoof -1.25\n"


def put(folder: Path, text: str, name: str = "scores.txt") -> Path:
    (folder / name).write_bytes(text.encode())
    return folder / name


def rows(trials: Trials) -> list[tuple[str, str, str, str, float]]:
    columns = (trials.path, trials.system, trials.speaker, trials.label, trials.score)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def table(*trials: tuple[str, str, str, float]) -> Trials:
    """Of path, system, label and score."""
    utterances = [Utterance(path, path, "-", system, "-", label) for path, system, label, _ in trials]  # type: ignore[arg-type]
    return Trials.of(utterances, [score for *_, score in trials])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (AASIST, [("LA_E_1", "A11", "spoof", -8.75), ("LA_E_2", "-", "bonafide", 5.5)]),
        ("a A11 spoof 0.9\nb A00 bonafide -0.9", [("a", "A11", "spoof", 0.9), ("b", "-", "bonafide", -0.9)]),
        (
            "p/a - bonafide 0.68\r\nVC_4/b VC_4 spoof 0.11\r\n",
            [("p/a", "-", "bonafide", 0.68), ("VC_4/b", "VC_4", "spoof", 0.11)],
        ),
        (
            "F01_a.wav 1e-21 fake\nb.wav 0.9999 real\n",
            [("F01_a.wav", "unknown", "spoof", 1e-21), ("b.wav", "-", "bonafide", 0.9999)],
        ),
        ("0 0.5 spoof\n1 -0.25 bonafide\n", [("0", "unknown", "spoof", 0.5), ("1", "-", "bonafide", -0.25)]),
        (
            "a b\tA01\tspoof\t-1\nc\t-\tbonafide\t2\n",
            [("a b", "A01", "spoof", -1.0), ("c", "-", "bonafide", 2.0)],
        ),
        (
            "asv_score,cm_score,sasv_label\n0.69,10.5,1.0\n0.1,9.5,2.0\n0.2,-7.5,0.0\n",
            [
                ("scores.txt:2", "-", "bonafide", 10.5),
                ("scores.txt:3", "-", "bonafide", 9.5),
                ("scores.txt:4", "unknown", "spoof", -7.5),
            ],
        ),
        (
            "\ufeffpath,utterance,corpus,system,speaker,label,score\n\"a,b\",u,c,melgan,s,spoof,-1.5\n",
            [("a,b", "melgan", "spoof", -1.5)],
        ),
    ],
)  # fmt: skip
def test_files_with_labels_are_recognised(
    tmp_path: Path, text: str, expected: list[tuple[str, str, str, float]]
) -> None:
    found = read_scores(put(tmp_path, text))
    plain = [(path, system, label, score) for path, system, _, label, score in rows(found)]
    assert plain[: len(expected)] == expected


@pytest.mark.parametrize(
    ("text", "expected", "conditions"),
    [
        (KEY_2019, ("LA_E_1", "A11", "LA_0039", "spoof"), {"environment": "-"}),
        ("PA_0079 PA_T_0000001 aaa - bonafide\n", ("PA_T_0000001", "-", "PA_0079", "bonafide"),
         {"environment": "aaa"}),
        ("p227 p227_025 - - bonafide\np1 p2 - - spoof", ("p227_025", "-", "p227", "bonafide"), {}),
        ("LA_0009 LA_E_9332 alaw ita_tx A07 spoof notrim eval\n", ("LA_E_9332", "A07", "LA_0009", "spoof"),
         {"codec": "alaw", "transmission": "ita_tx", "subset": "eval"}),
        ("LA_0020 LA_E_7294490 g722 loc_tx bonafide bonafide notrim eval\n",
         ("LA_E_7294490", "-", "LA_0020", "bonafide"), {"codec": "g722"}),
        ("TEF2 DF_E_2 low_m4a vcc2020 Task1-team20 spoof notrim eval neural Task1 team20 FF E\n",
         ("DF_E_2", "Task1-team20", "TEF2", "spoof"), {"source": "vcc2020", "family": "neural"}),
        ("PA_0010 PA_E_1000001 R3 M3 d4 r1 m1 s4 c4 spoof notrim eval\n",
         ("PA_E_1000001", "unknown", "PA_0010", "spoof"), {"distance": "d4", "replay_device": "s4"}),
        ("E_1607 E_0009538969 M C05 2 E_0009486171 AC1 A26 spoof -\n",
         ("E_0009538969", "A26", "E_1607", "spoof"), {"codec": "C05", "adaptation": "AC1"}),
        ("T_3734 T_0011 F - - - - bonafide bonafide -\n", ("T_0011", "-", "T_3734", "bonafide"), {}),
        ("D_0062 D_0000000001 F - A11 spoof\n", ("D_0000000001", "A11", "D_0062", "spoof"), {"gender": "F"}),
        ("filename\tcm-label\nE_000001\tbonafide\n", ("E_000001", "-", "-", "bonafide"), {}),
        ("file,speaker,label\n4.wav,Christopher Hitchens,bona-fide\n",
         ("4.wav", "-", "Christopher Hitchens", "bonafide"), {}),
        ("file_name,label\n/data/Wild/0.wav,spoof\n", ("/data/Wild/0.wav", "unknown", "-", "spoof"), {}),
        ("F01_SSB1365.wav fake 1\nSSB1365.wav real 0\n", ("F01_SSB1365.wav", "1", "-", "spoof"), {}),
        ("YxspJ8M2Gtdc.wav real\n55785.wav fake\n", ("YxspJ8M2Gtdc.wav", "-", "-", "bonafide"), {}),
        ("a b\tgenuine\n", ("a b", "-", "-", "bonafide"), {}),
        ("path,utterance,corpus,system,speaker,label,score\na,u,c,melgan,s,spoof,-1.5\n",
         ("a", "melgan", "s", "spoof"), {}),
    ],
)  # fmt: skip
def test_keys_are_recognised(
    tmp_path: Path, text: str, expected: tuple[str, ...], conditions: dict[str, str]
) -> None:
    key = read_key(put(tmp_path, text))
    assert rows(key.trials)[0][:4] == expected
    assert {name: key.conditions[name][0] for name in conditions} == conditions
    assert len(key) == len(text.splitlines()) - (text[:4] in {"file", "path"})


def test_labels_come_from_the_key_by_name(tmp_path: Path) -> None:
    key = read_key(put(tmp_path, KEY_2019, "key.txt"))
    found = read_scores(put(tmp_path, "LA_E_3 -1.25\r\nLA_E_1 -8.75\r\nLA_E_2 5.5\r\n"), key)
    assert rows(found) == [
        ("LA_E_1", "A11", "LA_0039", "spoof", -8.75),
        ("LA_E_2", "-", "LA_0052", "bonafide", 5.5),
        ("LA_E_3", "A07", "LA_0001", "spoof", -1.25),
    ]
    assert fingerprint(found) == key.fingerprint == fingerprint(read_scores(put(tmp_path, AASIST)))
    tabs = read_scores(put(tmp_path, "filename\tcm-score\nLA_E_3\t1\nLA_E_2\t2\nLA_E_1\t3\n"), key)
    assert tabs.score.tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("scored", "keyed"),
    [
        (("0", "1"), ("0.wav", "1.wav")),
        (("0.wav", "1.wav"), ("/data/In_Wild/0.wav", "/data/In_Wild/1.wav")),
        (("LA_E_1_A11", "LA_E_2_-"), ("LA_E_1", "LA_E_2")),
        (("flac/a.FLAC", "flac/b.FLAC"), ("wav/a", "wav/b")),
        (("real/a.wav", "fake/a.wav"), ("real/a.flac", "fake/a.flac")),
        (("a.b", "a.c"), ("a.b", "a.c")),
    ],
)
def test_forms_of_one_name_meet(tmp_path: Path, scored: tuple[str, ...], keyed: tuple[str, ...]) -> None:
    key = read_key(put(tmp_path, f"{keyed[0]} spoof\n{keyed[1]} bonafide\n", "key.txt"))
    found = read_scores(put(tmp_path, f"{scored[1]} 2\n{scored[0]} 1\n"), key)
    assert [(path, score) for path, *_, score in rows(found)] == [(keyed[0], 1.0), (keyed[1], 2.0)]


def test_names_that_would_fall_together_stay_apart(tmp_path: Path) -> None:
    key = read_key(put(tmp_path, "real/a.wav bonafide\nfake/a.wav spoof\n", "key.txt"))
    with pytest.raises(
        InputError, match=r"2 missing: fake/a.wav, real/a.wav; 1 not in the trial list: a.wav"
    ):
        read_scores(put(tmp_path, "a.wav 1\n"), key)


def test_a_subset_leaves_the_rest_out(tmp_path: Path) -> None:
    phases = ("A07 spoof notrim eval", "bonafide bonafide notrim eval", "A07 spoof notrim progress")
    lines = [f"s {name} - x {phase}\n" for name, phase in zip("abc", phases, strict=True)]
    file = put(tmp_path, "".join(lines), "key.txt")
    key = read_key(file, subset="eval")
    for extra in ("", "c 3\n", "c nan\n"):
        found = read_scores(put(tmp_path, f"b 2\n{extra}a 1\n"), key)
        assert [(path, score) for path, *_, score in rows(found)] == [("a", 1.0), ("b", 2.0)]
    assert list(key.conditions["subset"]) == ["eval", "eval"]
    with pytest.raises(
        InputError, match=r"1 missing: c.*key\.txt lists eval, progress: read it with the subset"
    ):
        read_scores(put(tmp_path, "b 2\na 1\n"), read_key(file))
    with pytest.raises(InputError, match="1 not in the trial list: d"):
        read_scores(put(tmp_path, "b 2\na 1\nd 1\n"), key)
    with pytest.raises(InputError, match="no subset 'hidden'; there are: eval, progress"):
        read_key(file, subset="hidden")
    with pytest.raises(InputError, match="there are: none"):
        read_key(put(tmp_path, KEY_2019), subset="eval")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LA_E_1 1\nLA_E_2 2\n", "1 missing: LA_E_3"),
        ("LA_E_1 1\nLA_E_2 2\nLA_E_3 3\nLA_E_9 3\n", "1 not in the trial list: LA_E_9"),
        ("LA_E_1 1\nLA_E_2 2\nLA_E_3 3\nLA_E_3 3\n", "1 scored more than once: LA_E_3"),
        ("LA_E_1 1\nLA_E_2 nan\nLA_E_3 -inf\n", "2 NaN or infinite: LA_E_2, LA_E_3"),
        ("LA_E_1 1\nLA_E_2 2\nLA_E_3 3\n" * 2, "3 scored more than once.*stands there 2 times: a later run"),
        ("\n".join(f"x{at:02} 1" for at in range(12)), "12 not in the trial list: x00, .*, x09 and 2 more"),
        (
            "LA_E_1 1\nLA_E_2\nLA_E_3 3 4\n",
            "line 2: 1 fields; line 3: 3 fields, where there should be 2: path score",
        ),
        ("LA_E_1 1\n\nLA_E_2 high\nLA_E_3 3\n", "line 3: the score 'high' is no number"),
        (
            AASIST.replace("A07 spoof", "A07 bonafide"),
            "line 3: the system 'A07' cannot have made a bona fide",
        ),
        (AASIST.replace("A07 spoof", "A07 spoofs"), "line 3: the label 'spoofs' is none of bonafide, spoof"),
        (AASIST.replace("- bonafide", "A01 spoof"), "disagree on 1 labels: LA_E_2"),
        ("0.5\n0.25\n", "'0.5' is of no known format"),
        ("bonafide target 7.98\n", "is of no known format"),
        ("asv_score,cm_score,sasv_label\n0,1,1.0\n", "names no trials"),
        ("filename\tcm-score\n", "lists nothing"),
        (" \n", "is empty"),
    ],
)
def test_what_is_not_sound_is_refused(tmp_path: Path, text: str, message: str) -> None:
    key = read_key(put(tmp_path, KEY_2019, "key.txt"))
    file = put(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        # A file that disagrees with itself is refused when it is its own key.
        read_scores(file, None if "spoofs" in text or "A07 bonafide" in text else key)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (KEY_2019 + "LA_0001 LA_E_2 - A07 spoof\n", "line 4: the path 'LA_E_2' is listed already"),
        (KEY_2019.replace("A07 spoof", "A07 spoofs"), "line 3: the label 'spoofs' is none of"),
        ("asv_score,cm_score,sasv_label\n1,1,3.0\n", "is of no known format"),
        (
            "file,speaker,label\n0.wav,A,bonafide\n",
            "line 2: the label 'bonafide' is none of bona-fide, spoof",
        ),
        ('file,speaker,label\n0.wav,"A"B,spoof\n', "line 2: .*expected after"),
        ("LA_E_1\nLA_E_2\n", "is of no known format"),
    ],
)
def test_keys_that_are_not_sound_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_key(put(tmp_path, text))
    assert "scores.txt" in str(caught.value)


def test_odd_labels_of_the_demo_are_named(tmp_path: Path) -> None:
    file = put(tmp_path, "asv_score,cm_score,sasv_label\n" + "0,1,1.0\n0,1,3.0\n" * 15)
    with pytest.raises(InputError, match=r"line 3: the label '3\.0' is none.*line 21: .*; and 5 more lines"):
        read_scores(file)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt cannot be read"):
        read_scores(tmp_path / "none.txt")
    (tmp_path / "audio.wav").write_bytes(b"RIFF\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_key(tmp_path / "audio.wav")
    with pytest.raises(InputError, match=r"No format 'xml'; there are bonafide, asvspoof2019"):
        read_scores(put(tmp_path, AASIST), format="xml")
    with pytest.raises(InputError, match="line 1: the columns are not filename, cm-score"):
        read_scores(put(tmp_path, AASIST), format="asvspoof5")
    with pytest.raises(InputError, match=r"scores\.txt has no labels: give the key"):
        read_scores(put(tmp_path, "a 1\n"))


def test_columns_of_ones_own(tmp_path: Path) -> None:
    file = put(tmp_path, "name;x,score,truth,model\nq,0.25,fake,gan\nw,0.5,genuine,-\n")
    columns = {"path": "name;x", "score": "score", "label": "truth", "system": "model"}
    assert rows(read_scores(file, columns=columns)) == [
        ("q", "gan", "-", "spoof", 0.25),
        ("w", "-", "-", "bonafide", 0.5),
    ]
    bare = put(tmp_path, "0.25\tq q\tfake\n0.5\tw\treal\n")
    assert rows(read_scores(bare, columns={"score": 0, "path": 1, "label": 2}))[0][0] == "q q"
    antideepfake = put(tmp_path, "ID,Label,Duration,Attack\na,fake,2.7,A03\nb,real,2.7,-\n", "key.csv")
    key = read_key(antideepfake, columns={"path": "ID", "label": "Label", "system": "Attack"})
    assert key.trials.system.tolist() == ["A03", "-"]
    with pytest.raises(InputError, match="no column Truth among name;x, score, truth, model"):
        read_scores(put(tmp_path, "name;x,score,truth,model\n"), columns={"score": "score", "label": "Truth"})
    with pytest.raises(InputError, match="no column 7 among 0, 1, 2"):
        read_scores(put(tmp_path, "0\ta\treal\n"), columns={"score": 0, "label": 7})
    with pytest.raises(InputError, match="no column for score"):
        read_scores(file, columns={"path": "name;x"})
    with pytest.raises(InputError, match="no column for path and label"):
        read_key(file, columns={"system": "model"})
    with pytest.raises(InputError, match="named twice"):
        read_scores(bare, columns={"score": 0, "path": 0})
    with pytest.raises(InputError, match="both the format aasist and columns"):
        read_scores(bare, format="aasist", columns={"score": 0})


def test_polarity_is_declared_and_never_guessed(tmp_path: Path) -> None:
    file = put(tmp_path, AASIST)
    plain, turned = read_scores(file), read_scores(file, polarity="spoof")
    assert turned.score.tolist() == (-plain.score).tolist()
    assert remark(plain) == ""
    assert "AUC 0.0000" in remark(turned)
    assert "polarity='spoof'" in remark(turned)
    with pytest.raises(InputError, match="'high' is none of bonafide, spoof"):
        read_scores(file, polarity="high")  # type: ignore[arg-type]


names = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters='"'), min_size=1, max_size=12)
values = st.floats(allow_nan=False, allow_infinity=False)
trial = st.tuples(names, st.sampled_from([("A01", "spoof"), ("A02", "spoof"), ("-", "bonafide")]), values)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(trial, min_size=1, max_size=8, unique_by=lambda row: row[0]))
def test_what_is_written_is_read(tmp_path: Path, drawn: list[tuple[str, tuple[str, str], float]]) -> None:
    trials = table(*((path, *made, score) for path, made, score in drawn))
    scores.write(tmp_path / "key.csv", trials)
    key = read_key(tmp_path / "key.csv")
    for name, layout in known.SCORES.items():
        if layout is not known.SCORES["asvspoof5_demo"]:
            write_scores(tmp_path / name, trials, name)
            back = read_scores(tmp_path / name, key, format=name)
            assert rows(back) == rows(trials)
            if "label" in layout.columns and "system" in layout.columns:
                assert rows(read_scores(tmp_path / name, format=name)) == rows(trials)


def test_a_pair_of_files(tmp_path: Path) -> None:
    genuine, fake = tmp_path / "eval-genuine.txt", tmp_path / "eval-spoof.txt"
    trials = table(("a", "-", "bonafide", 0.9), ("b", "A01", "spoof", 0.1), ("c", "-", "bonafide", 1 / 3))
    write_pair(genuine, fake, trials)
    back = read_pair(genuine, fake)
    assert (back.bonafide.tolist(), back.spoof.tolist()) == ([0.9, 1 / 3], [0.1])
    assert back.path.tolist() == [f"{genuine}:1", f"{genuine}:2", f"{fake}:1"]
    assert read_pair(genuine, fake, polarity="spoof").spoof.tolist() == [-0.1]
    for text, message in (
        ("0.1\nnan\n", r"1 NaN or infinite: .*spoof\.txt:2"),
        ("0.1\nb\n", "line 2: the score 'b'"),
    ):
        put(tmp_path, text, fake.name)
        with pytest.raises(InputError, match=message):
            read_pair(genuine, fake)


def test_what_a_format_cannot_hold_is_not_written(tmp_path: Path) -> None:
    blank = table(("a b", "-", "bonafide", 1.0))
    with pytest.raises(
        InputError, match="1 times a path would fall apart in the format aasist, such as 'a b'"
    ):
        write_scores(tmp_path / "scores.txt", blank, "aasist")
    with pytest.raises(InputError, match="names no trials"):
        write_scores(tmp_path / "scores.txt", blank, "asvspoof5_demo")
    assert not any(tmp_path.iterdir())
    write_scores(tmp_path / "scores.txt", blank, "asvspoof5")
    assert (tmp_path / "scores.txt").read_bytes() == b"filename\tcm-score\na b\t1.0\n"
    with pytest.raises(InputError, match="fall apart"):
        write_scores(tmp_path / "scores.txt", table(("a\tb", "-", "bonafide", 1.0)), "asvspoof5")


def test_systems_side_by_side() -> None:
    first = table(("a", "-", "bonafide", 1.0), ("b", "A01", "spoof", 2.0))
    second = table(("b", "A01", "spoof", 20.0), ("a", "-", "bonafide", 10.0))
    trials, joined = side_by_side({"one": first, "two": second})
    assert trials is first
    assert joined.tolist() == [[1, 10], [2, 20]]
    with pytest.raises(InputError, match=r"two: .*1 missing: b"):
        side_by_side({"one": first, "two": second.where(np.array([1]))})
    with pytest.raises(InputError, match="two has other labels than one for 1 trials"):
        side_by_side({"one": first, "two": table(("a", "A01", "spoof", 1.0), ("b", "A01", "spoof", 2.0))})
    with pytest.raises(InputError, match="at least one"):
        side_by_side({})


def test_verification_scores(tmp_path: Path) -> None:
    file = put(tmp_path, "- target 13.5\r\nbonafide nontarget 2.5\r\nVC_4 spoof -1.5\r\nA12 spoof 30\r\n")
    found = read_verification(file)
    assert [side.tolist() for side in found[:3]] == [[13.5], [2.5], [-1.5, 30]]
    assert found.system.tolist() == ["VC_4", "A12"]
    with pytest.raises(InputError, match="line 1: the kind 'spoofed' is none of target, nontarget, spoof"):
        read_verification(put(tmp_path, "A12 spoofed 30\n"))


@published
def test_published_scores_with_their_protocol(tmp_path: Path) -> None:
    protocol = ROOT / "protocols/asvspoof2019_la/ASVspoof2019.LA.cm.eval.trl.txt"
    folder = ROOT / "scores/asvspoof2019_la"
    key = read_key(protocol)
    assert len(key) == 71_237
    rawgat = read_scores(folder / "RawGAT_ST_mul.txt", key)
    air = read_scores(folder / "AIR_ocsoftmax.txt", key, polarity="spoof")
    for trials, percent in ((rawgat, 1.060135), (air, 2.177987)):
        assert (trials.bonafide.size, trials.spoof.size) == (7_355, 63_882)
        assert 100 * eer_official(trials.bonafide, trials.spoof) == pytest.approx(percent, abs=1e-6)
        assert fingerprint(trials) == key.fingerprint
        assert remark(trials) == ""
    assert rawgat.path.tolist() == air.path.tolist()
    assert "Spoofs score higher" in remark(read_scores(folder / "AIR_ocsoftmax.txt", key))
    write_scores(tmp_path / "again.txt", read_scores(folder / "RawGAT_ST_mul.txt"), "aasist")
    assert (tmp_path / "again.txt").read_bytes() == (folder / "RawGAT_ST_mul.txt").read_bytes()


@published
def test_published_probabilities(tmp_path: Path) -> None:
    file = ROOT / "scores/codecfake/codec_w2v2aasist_C1.txt"
    trials = read_scores(file)
    assert (trials.bonafide.size, trials.spoof.size) == (13_228, 13_228)
    assert 100 * eer_official(trials.bonafide, trials.spoof) == pytest.approx(0.007560, abs=1e-6)
    write_scores(tmp_path / "again.txt", trials, "codecfake")
    assert (tmp_path / "again.txt").read_bytes() == file.read_bytes()


@published
@pytest.mark.parametrize(
    ("name", "bonafide", "spoof"),
    [
        ("asvspoof2019_la/ASVspoof2019.LA.cm.dev.trl.txt", 2_548, 22_296),
        ("in_the_wild/in_the_wild.csv", 19_963, 11_816),
        ("dfadd/dfadd.csv", 755, 3_000),
        ("for/fake_or_real.csv", 2_264, 2_264),
        ("codecfake/A3_eval.txt", 9_912, 9_911),
    ],
)
def test_published_keys(name: str, bonafide: int, spoof: int) -> None:
    trials = read_key(ROOT / "protocols" / name).trials
    assert (trials.bonafide.size, trials.spoof.size) == (bonafide, spoof)


@published
def test_a_published_list_with_a_wrong_label_is_refused() -> None:
    with pytest.raises(InputError, match=r"line 7554: the label 'spoofs' is none of bonafide, spoof"):
        read_key(ROOT / "protocols/codecfake_plus/CoRS_ALL.txt")


@published
def test_published_verification_scores() -> None:
    found = read_verification(ROOT / "scores/asvspoof2019_la/ASVspoof2019.LA.asv.eval.gi.trl.scores.txt")
    assert [side.size for side in found] == [5_370, 33_327, 63_882, 63_882]


def test_many_trials_take_seconds(tmp_path: Path) -> None:
    count = 300_000
    order = np.random.default_rng(0).permutation(count)
    lines = [f"s E_{at:07} - {'- bonafide' if at % 10 == 0 else 'A17 spoof'}\n" for at in range(count)]
    key = put(tmp_path, "".join(lines), "key.txt")
    file = put(tmp_path, "".join(f"E_{at:07} {at}.5\n" for at in order))
    start = os.times()
    trials = read_scores(file, read_key(key))
    stop = os.times()
    assert trials.score[12_345] == 12_345.5
    assert trials.bonafide.size == count // 10
    assert stop.user + stop.system - start.user - start.system < 10
