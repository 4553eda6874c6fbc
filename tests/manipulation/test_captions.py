"""Lists of captions, in the forms that they come in."""

import json
from pathlib import Path

import pytest

from bonafide.manipulation import captions
from bonafide.types import InputError

AUDIOCAPS = (
    "audiocap_id,youtube_id,start_time,caption\n"
    '103549,7fmOlUlwoNg,0,"Constant rattling, and sharp vibrations"\n'
    "103548,6BJ455B1aAs,0,A rocket flies by\n"
    "103547,7fmOlUlwoNg,0,A machine rattles\n"
)


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_audiocaps_own_table(tmp_path: Path) -> None:
    found = captions.read(written(tmp_path, "a.csv", AUDIOCAPS))
    assert found == {
        "7fmOlUlwoNg": "Constant rattling, and sharp vibrations",
        "6BJ455B1aAs": "A rocket flies by",
    }
    for name in ("7fmOlUlwoNg", "Y7fmOlUlwoNg", "deep/7fmOlUlwoNg", "7fmOlUlwoNg_30"):
        assert captions.of(name, ".wav", found).startswith("Constant")
    assert captions.of("anything", ".wav", found) == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "file,caption\nx/a.wav,rain\n"),
        ("a.tsv", "caption\tfile\nrain\tx/a.wav\n"),
        ("a.json", json.dumps({"x/a.wav": "rain"})),
        ("a.json", json.dumps([{"file": "x/a", "caption": "rain"}])),
        ("a.json", json.dumps({"audios": [{"audio_id": "a", "caption": "rain"}]})),
        ("a.jsonl", '{"audio_id": "a", "target_caption": "rain"}\n\n'),
    ],
)
def test_every_form_names_the_clip(name: str, text: str, tmp_path: Path) -> None:
    assert captions.of("x/a", ".wav", captions.read(written(tmp_path, name, text))) == "rain"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "wave,words\na,b\n", "has none of file, path"),
        ("a.csv", "file,caption\na\n", "line 2: file or caption is missing"),
        ("a.csv", "file,caption\n", "holds no captions"),
        ("a.json", "{", "is not JSON"),
        ("a.json", "[1]", "is neither"),
    ],
)
def test_what_cannot_be_read_is_told(name: str, text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said) as told:
        captions.read(written(tmp_path, name, text))
    assert name in str(told.value)
    assert "\n" not in str(told.value)


def test_a_missing_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist; set captions"):
        captions.read(tmp_path / "none.csv")
