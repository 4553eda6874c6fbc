import pytest

from bonafide.corpora import protocol
from bonafide.types import BONAFIDE, InputError


def write(tmp_path, text):
    file = tmp_path / "list.txt"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_line_ends_padding_and_a_missing_newline_do_not_matter(tmp_path):
    file = write(tmp_path, "\ufeffa  b \r\n\r\n c\td\ne f")
    assert [(line.number, line.fields) for line in protocol.lines(file, 2)] == [
        (1, ("a", "b")),
        (3, ("c", "d")),
        (4, ("e", "f")),
    ]


def test_quotes_mean_nothing(tmp_path):
    file = write(tmp_path, 'id|text\n1|he said "no\n2|yes" and went\n')
    assert [row["text"] for _, row in protocol.table(file, ["id"], separator="|")] == [
        'he said "no',
        'yes" and went',
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a b\na\n", r"list\.txt, line 2: 1 fields where there should be 2"),
        ("", "lists nothing"),
        ("\n\n", "lists nothing"),
        (b"\xff\xfe a b", "not UTF-8"),
    ],
)
def test_what_is_malformed_is_said_with_its_line(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        list(protocol.lines(write(tmp_path, text), 2))


def test_a_missing_file_and_a_missing_column_are_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.txt does not exist"):
        list(protocol.lines(tmp_path / "none.txt", 2))
    with pytest.raises(InputError, match="no column label among file, speaker"):
        list(protocol.table(write(tmp_path, "file,speaker\na,b\n"), ["file", "label"]))


def test_a_name_comes_once_and_a_label_is_known(tmp_path):
    once = protocol.Once()
    first, second = protocol.lines(write(tmp_path, "a bonafide\na spoofs\n"), 2)
    assert once(first.fields[0], first) == "a"
    with pytest.raises(InputError, match=r"line 2: the recording a is listed already in list\.txt:1"):
        once(second.fields[0], second)
    assert first.label(first.fields[1]) == BONAFIDE
    with pytest.raises(InputError, match=r"line 2: the label 'spoofs' is none of bonafide, spoof"):
        second.label(second.fields[1])
