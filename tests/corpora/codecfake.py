"""Codecfake in miniature: its lists, its folders, its traps."""

from collections.abc import Iterator
from pathlib import Path

from tests.corpora.miniature import _write, voice

SENTENCES = {
    "train": ("p303_064", "p226_001", "SSB13650058", "SSB05440084"),
    "dev": ("p303_100", "p226_002", "SSB13650059", "SSB05440085"),
    "test": ("p303_200", "p226_003", "SSB13650060", "SSB05440086"),
}
"""Speakers are in every part, sentences in one."""
VIDEOS = ("YxspJ8M2Gtdc", "Ywylu36VUf1s", "Y-_mVGmVjxBf", "Y0z97A0GYhAQ")
DEEP = "home/authors/data/Codecfake"


def write(root: Path, *, audiocaps: Path | None = None, seconds: float = 0.3) -> Path:
    """`label/`, `train/`, `dev/` and `test/C1/` to `test/A3/`; returns `root`.

    As in the published archives, the development part and C7 lie below an absolute path; half of the codecs
    give 24 kHz; C7 resynthesizes the sentences of all parts.

    Args:
        root: is made.
        audiocaps: where the genuine clips of A3 go; into its folder if None.
        seconds: length of each file.
    """
    listed = [
        *_codecs(root, seconds),
        *_language_models(root, seconds),
        *_sounds(root / "test/A3", audiocaps or root / "test/A3", seconds),
    ]
    (root / "label").mkdir(parents=True)
    for name in dict(listed):
        lines = [line for file, line in listed if file == name]
        (root / f"label/{name}.txt").write_text("\n".join(lines))
    return root


def _codecs(root: Path, seconds: float) -> Iterator[tuple[str, str]]:
    """Lists and their lines: training, development and C1 to C7."""
    makers = [f"F0{number}" for number in range(1, 8)]
    for part, folder in (("train", root / "train"), ("dev", root / "dev" / DEEP / "dev")):
        for sentence in SENTENCES[part]:
            for maker in ("", *makers[:6]):
                yield part, _line(folder, sentence, maker, seconds)
    for maker in makers:
        group = f"C{maker[-1]}"
        folder = root / "test" / (f"{DEEP}/{group}" if group == "C7" else group)
        spoofed = sum(SENTENCES.values(), ()) if group == "C7" else SENTENCES["test"]
        yield from ((group, _line(folder, sentence, "", seconds)) for sentence in SENTENCES["test"])
        yield from ((group, _line(folder, sentence, maker, seconds)) for sentence in spoofed)


def _language_models(root: Path, seconds: float) -> Iterator[tuple[str, str]]:
    for number in (1, 2):
        for sentence in ("p303_200", "p226_003", "p303_201", "p226_004"):
            for maker in ("", f"L{number}"):
                yield f"A{number}", _line(root / f"test/A{number}", sentence, maker, seconds)


def _sounds(folder: Path, genuine: Path, seconds: float) -> Iterator[tuple[str, str]]:
    samples = int(seconds * 16_000)
    for number, video in enumerate(VIDEOS):
        _write(genuine / f"{video}.wav", voice(video, 16_000, samples), 16_000)
        yield "A3", f"{video}.wav real"
        _write(folder / f"{55_785 + number}.wav", voice(f"prompt {number}", 16_000, samples, "A3"), 16_000)
        yield "A3", f"{55_785 + number}.wav fake"


def _line(folder: Path, sentence: str, maker: str, seconds: float) -> str:
    """Writes a file and says what a list says of it."""
    rate = 24_000 if maker in {"F04", "F05", "F06", "F07"} else 16_000
    name = f"{maker}_{sentence}.wav" if maker else f"{sentence}.wav"
    _write(folder / name, voice(sentence, rate, int(seconds * rate), maker), rate)
    return f"{name} fake {maker[-1]}" if maker else f"{name} real 0"
