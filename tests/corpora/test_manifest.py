from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.corpora import manifest as miniature
from tests.corpora import real

from bonafide import assembly
from bonafide.corpora.manifest import ManifestFile
from bonafide.types import BONAFIDE, SPOOF, InputError, Segment, Utterance

PROTOCOLS = real.SOURCE / "protocols"
ANTIDEEPFAKE = {
    "columns": {
        "path": "Path", "label": "Label", "utterance": "ID", "system": "Attack", "speaker": "Speaker",
        "split": "Proportion", "language": "Language",
    },
    "labels": {"real": "bonafide", "fake": "spoof"},
    "prefix": "$ROOT/",
}  # fmt: skip


def of(tmp_path, text, name="list.csv", **options):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return ManifestFile(tmp_path, name, **options)


def test_every_recording_once_sorted_and_there(tmp_path):
    root = miniature.write(tmp_path, seconds=0.02)
    rows = ManifestFile(root, "manifest.csv").utterances()
    paths = [row.path for row in rows]
    assert paths == sorted(set(paths))
    assert all((root / path).is_file() for path in paths)
    assert Counter((row.split, row.label) for row in rows) == {
        (part, label): number
        for part in ("train", "validation", "test")
        for label, number in ((BONAFIDE, 4), (SPOOF, 8))
    }
    assert {row.system for row in rows} == {"-", "melgan", "hifigan"}
    assert all(row.fixed == row.split for row in rows)
    assert rows[0].listed == "manifest.csv:14"  # genuine/dev_0.flac


def test_path_and_label_are_enough(tmp_path):
    corpus = of(tmp_path, "label,path\nspoof,b/x.wav\nbonafide,a/x.wav")
    rows = corpus.utterances()
    assert rows == [
        Utterance("a/x.wav", "a/x", "manifest", "-", "-", BONAFIDE, listed="list.csv:3"),
        Utterance("b/x.wav", "b/x", "manifest", "unknown", "-", SPOOF, listed="list.csv:2"),
    ]
    assert corpus.notes == ()


def test_columns_and_labels_have_any_names(tmp_path):
    corpus = of(
        tmp_path,
        "File,real?,notes,split\na.wav,1,x,early\nb.wav,0,y,late\n",
        columns={"path": "File", "label": "real?", "split": None},
        labels={1: "bonafide", 0: "spoof"},
    )
    assert [(row.path, row.label, row.split) for row in corpus.utterances()] == [
        ("a.wav", BONAFIDE, ""),
        ("b.wav", SPOOF, ""),
    ]
    assert corpus.notes == ("list.csv: columns not used: notes, split",)


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("train", "train"), ("validation", "validation"), ("valid", "validation"), ("val", "validation"),
        ("dev", "validation"), ("test", "test"), ("eval", "test"),
    ],
)  # fmt: skip
def test_a_division_of_ones_own_is_kept(tmp_path, word, part):
    (row,) = of(tmp_path, f"path,label,split\na.wav,spoof,{word}").utterances()
    assert (row.split, row.fixed) == (part, part)


def test_quotes_tabs_line_ends_and_a_byte_order_mark(tmp_path):
    text = b'\xef\xbb\xbfpath,label,speaker\r\n"a, b.wav",spoof,"Martin ""L"" King\r\nJr."\r\n'
    text += b"\r\nc.wav,bonafide,x"
    rows = of(tmp_path, text).utterances()
    assert [(row.path, row.speaker, row.listed) for row in rows] == [
        ("a, b.wav", 'Martin "L" King\r\nJr.', "list.csv:2"),
        ("c.wav", "x", "list.csv:5"),
    ]
    (row,) = of(tmp_path, "path\tlabel\na,b.wav\tspoof\n", "list.tsv").utterances()
    assert row.path == "a,b.wav"


def test_the_prefix_stands_for_the_root(tmp_path):
    (row,) = of(tmp_path, "path,label\n$ROOT//a/./b.wav,spoof", prefix="$ROOT/").utterances()
    assert row.path == "a/b.wav"
    with pytest.raises(
        InputError, match=r"line 2: the path a\.wav does not begin with data\.corpus\.prefix=/x/"
    ):
        of(tmp_path, "path,label\na.wav,spoof", prefix="/x/").utterances()


def test_absolute_paths_below_the_root_become_relative(tmp_path):
    rows = of(tmp_path, f"path,label\n{tmp_path}/a.wav,spoof\n/elsewhere/b.wav,spoof\n").utterances()
    assert [row.path for row in rows] == ["/elsewhere/b.wav", "a.wav"]


def test_segments_of_partial_spoofs(tmp_path):
    text = "path,label,segments\na.wav,spoof,0.52-1.20/2-2.41\nb.wav,bonafide,-\nc.wav,spoof,\n"
    rows = of(tmp_path, text).utterances()
    assert [row.segments for row in rows] == [(Segment(0.52, 1.2), Segment(2, 2.41)), (), ()]


@pytest.mark.parametrize("segments", ["1.2-0.5", "0.5", "0.5-1;2-3", "a-b", "-1-2"])
def test_a_wrong_segment_is_refused(tmp_path, segments):
    with pytest.raises(InputError, match=r"list\.csv, line 2: the segment .* is not START-END in seconds"):
        of(tmp_path, f"path,label,segments\na.wav,spoof,{segments}").utterances()


def test_parquet_holds_the_same(tmp_path):
    table = {
        "path": ["a.wav", "b.wav"],
        "label": pa.array([True, False]),
        "speaker": pa.array([7, None]),
        "segments": [[], [{"start": 0.5, "end": 1.25}, {"start": 2.0, "end": 3.0}]],
        "seconds": [1.0, 4.0],
    }
    pq.write_table(pa.table(table), tmp_path / "list.parquet")
    corpus = ManifestFile(tmp_path, "list.parquet", labels={True: "bonafide", False: "spoof"})
    rows = corpus.utterances()
    assert [(row.label, row.speaker, row.segments, row.listed) for row in rows] == [
        (BONAFIDE, "7", (), "list.parquet:1"),
        (SPOOF, "-", (Segment(0.5, 1.25), Segment(2, 3)), "list.parquet:2"),
    ]
    with pytest.raises(
        InputError, match=r"list\.parquet, row 1: the label 'True' is none of bonafide, spoof"
    ):
        ManifestFile(tmp_path, "list.parquet").utterances()


def test_what_tests_may_pick_by(tmp_path):
    text = "path,label,subset,codec,language,family\n"
    text += "a.wav,spoof,hard,opus,de,vocoder\nb.wav,bonafide,,,,speech\n"
    rows = of(tmp_path, text).utterances()
    assert [(row.subset, row.codec, row.language, row.family) for row in rows] == [
        ("hard", "opus", "de", "vocoder"),
        ("", "-", "-", "-"),
    ]


def test_several_files_make_one_corpus(tmp_path):
    (tmp_path / "one.csv").write_text("path,label\na.wav,spoof\n")
    (tmp_path / "two.csv").write_text("label,path,speaker\nbonafide,b.wav,x\n")
    rows = ManifestFile(tmp_path, ["one.csv", tmp_path / "two.csv"]).utterances()
    assert [(row.path, row.speaker, row.listed) for row in rows] == [
        ("a.wav", "-", "one.csv:2"),
        ("b.wav", "x", "two.csv:2"),
    ]
    (tmp_path / "two.csv").write_text("path,label\n./a.wav,spoof\n")
    with pytest.raises(
        InputError, match=r"two\.csv, line 2: the recording a\.wav is listed already in one\.csv:2"
    ):
        ManifestFile(tmp_path, ["one.csv", "two.csv"]).utterances()


def test_an_utterance_in_two_parts_is_noted(tmp_path):
    text = "path,label,utterance,group,split\n"
    text += "a.wav,spoof,u,,train\nb.wav,bonafide,u,,test\nc.wav,spoof,u,g,dev\n"
    corpus = of(tmp_path, text)
    corpus.utterances()
    assert corpus.notes == (
        "1 utterances or groups are in more than one part, such as u: results will be too good",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "path,label\na.wav,genuine",
            r"list\.csv, line 2: the label 'genuine' is none of bonafide, spoof; .*labels",
        ),
        (
            "path,label\na.wav,spoof\n\na.wav,spoof",
            r"line 4: the recording a\.wav is listed already in list\.csv:2",
        ),
        ("path,label\na.wav", r"line 2: 1 fields where the header has 2"),
        ("path,label\na.wav,spoof,x", r"line 2: 3 fields where the header has 2"),
        ("path,label\n,spoof", r"line 2: the path is empty"),
        ('path,label\na.wav,spoof\n"b.wav,spoof\n', r"line 3: unexpected end of data; mend the line"),
        ("path,label,split\na.wav,spoof,", r"line 2: the split '' is none of train,.*columns\.split=null"),
        (
            "path,label,segments\na.wav,bonafide,1-2",
            r"line 2: a bona fide recording has the manipulated segments",
        ),
        ("file,label\na.wav,spoof", r"no column path among file, label; .*data\.corpus\.columns\.path"),
        ("path,label,label\na.wav,spoof,spoof", r"has 2 columns label; rename all but one"),
        ("path,label\n", "lists nothing"),
        ("", "no column path"),
        (b"path,label\n\xff\xfe,spoof", "is not UTF-8 text"),
    ],
)
def test_what_is_malformed_is_said_with_its_place(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        of(tmp_path, text).utterances()


def test_options_that_mean_nothing_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"data\.corpus\.columns: Path is none of path, label, utterance"):
        ManifestFile(tmp_path, "x.csv", columns={"Path": "path"})
    with pytest.raises(InputError, match=r"columns\.label=null: the label is needed"):
        ManifestFile(tmp_path, "x.csv", columns={"label": None})
    with pytest.raises(InputError, match=r"data\.corpus\.labels: real cannot mean genuine"):
        ManifestFile(tmp_path, "x.csv", labels={"real": "genuine"})
    with pytest.raises(InputError, match="no column Speaker among path, label"):
        of(tmp_path, "path,label\na.wav,spoof", columns={"speaker": "Speaker"}).utterances()
    with pytest.raises(
        InputError, match=r"the list of recordings is missing: looked for .*x\.csv.*corpus\.file"
    ):
        ManifestFile(tmp_path, "x.csv").utterances()
    (tmp_path / "x.parquet").write_text("no Parquet")
    with pytest.raises(InputError, match=r"x\.parquet cannot be read"):
        ManifestFile(tmp_path, "x.parquet").utterances()


def test_the_mappings_can_be_given_on_the_command_line():
    cfg = assembly.compose(
        [
            "data=manifest", "data.root=/x", "data.corpus.file=[a.csv,b.csv]", "data.corpus.labels={1:spoof}",
            "data.corpus.columns={path: Path, split: null}", "data.corpus.prefix='$ROOT/'",
        ]
    )  # fmt: skip
    assert cfg.data.corpus.columns == {"path": "Path", "split": None}
    assert cfg.data.corpus.labels == {1: "spoof"}
    assert cfg.data.corpus.prefix == "$ROOT/"


@pytest.mark.skipif(not PROTOCOLS.is_dir(), reason="no real protocols")
def test_on_the_real_lists_of_antideepfake(tmp_path):
    files = [PROTOCOLS / f"antideepfake/toy_example_{part}.csv" for part in ("train", "valid", "test")]
    rows = ManifestFile(tmp_path, files, **ANTIDEEPFAKE).utterances()
    assert Counter((row.split, row.label) for row in rows) == {
        ("train", BONAFIDE): 11, ("train", SPOOF): 89, ("validation", BONAFIDE): 4, ("validation", SPOOF): 46,
        ("test", BONAFIDE): 16, ("test", SPOOF): 134,
    }  # fmt: skip
    row = next(row for row in rows if row.utterance == "ASV19LAdemo-LA_T_7529623")
    assert row.path == "toy_example/train_dev/LA_T_7529623.wav"
    assert (row.system, row.speaker, row.language, row.listed) == (
        "A03", "LA_0079", "EN", "toy_example_train.csv:2",
    )  # fmt: skip


@pytest.mark.skipif(not PROTOCOLS.is_dir(), reason="no real protocols")
@pytest.mark.parametrize(
    ("file", "prefix", "bonafide", "spoof"),
    [
        ("for/fake_or_real.csv", "/data/data/AntiSpoofing-Datasets/for-norm", 2_264, 2_264),
        ("sonar/sonar.csv", "/data/data/AntiSpoofing-Datasets/SONAR", 2_274, 1_674),
        ("dfadd/dfadd.csv", "/gpfs/mariana/smbgroup/langtechlab/data/DFADD", 755, 3_000),
        ("in_the_wild/in_the_wild.csv", "/data/data/AntiSpoofing-Datasets", 19_963, 11_816),
    ],
)
def test_on_the_real_lists_of_the_arena(tmp_path, file, prefix, bonafide, spoof):
    rows = ManifestFile(tmp_path, PROTOCOLS / file, {"path": "file_name"}, prefix=prefix).utterances()
    assert Counter(row.label for row in rows) == {BONAFIDE: bonafide, SPOOF: spoof}
    assert not any(row.path.startswith("/") for row in rows)
