"""Codecfake (Xie, Lu, Fu et al., 2024, https://arxiv.org/abs/2405.04880)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, final

from bonafide.corpora import protocol, tree
from bonafide.corpora.corpus import Corpus
from bonafide.types import BONAFIDE, SPOOF, ByHand, Download, InputError, Label, Utterance

_LABELS: Final[Mapping[str, Label]] = {"real": BONAFIDE, "fake": SPOOF}
_CODECS: Final = (
    "soundstream", "speechtokenizer", "funcodec", "encodec", "audiodec", "academiccodec", "dac",
)  # fmt: skip
"""In the order of their types, 1 to 7."""
_UNSEEN: Final = "dac"
_LANGUAGE_MODELS: Final = {"A1": "alm_tts_1", "A2": "alm_tts_2", "A3": "alm_audio"}
_GROUPS: Final = ("C1", "C2", "C3", "C4", "C5", "C6", "C7", "A1", "A2", "A3")
_CONFIGURATIONS: Final = ("C3-1", "C3-2", "C3-3", "C3-4", "C4-1", "C4-2", "C4-3")
_FOLDERS: Final = {name: name for name in (*_GROUPS, *_CONFIGURATIONS)} | {"L1": "A1", "L2": "A2", "L3": "A3"}
"""Test folders and lists by name; the authors' older names are L1 to L3."""
_ROWS: Final = {
    "train": 740_747, "dev": 92_596, "C7": 145_505, "A3": 99_112,
    **dict.fromkeys((*_GROUPS[:6], *_CONFIGURATIONS), 26_456),
}  # fmt: skip
"""As published; A1 and A2 are left out: read-me and released scores differ (8,902 and 8,887)."""

_SPEECH: Final = re.compile(
    r"(?:(?P<maker>F0[1-7]|L[12])(?:[-_]\d)?_)?(?P<genuine>(?P<vctk>p\d{3})_\w+|(?P<aishell3>SSB\d{4})\d+)"
)
_CLIP: Final = re.compile(r"Y.{11}")
"""An AudioCaps clip: Y and the video's eleven characters."""


class _Part(NamedTuple):
    """A list and the files that it is about.

    Args:
        name: of the list, without ending.
        split: where its rows belong.
        group: of test trials; `""` for training and validation.
        file: the list.
        found: paths of its audio by stem.
        folder: where a file that is not there would lie.
    """

    name: str
    split: str
    group: str
    file: Path
    found: Mapping[str, str]
    folder: str


class _Named(NamedTuple):
    """What a file's name tells."""

    genuine: str
    corpus: str
    speaker: str
    language: str
    system: str


@final
class Codecfake(Corpus):
    """VCTK and AISHELL-3 through seven neural codecs, and what audio language models say with such codecs.

    ======================  ==========================================================================
    spoofs                  925,939: each of the 132,277 recordings through seven codecs. Besides, made by
                            audio language models: two sets of speech (A1, A2: 4,436 each in the released
                            scores), one of other sounds (A3: 49,838)
    bona fide               132,277 from VCTK (English) and AISHELL-3 (Chinese); A3's 49,274 are AudioCaps
                            clips and **not distributed**
    parts                   train 740,747 files, dev 92,596, C1 to C6 26,456 each, C7 145,505, A3 99,112
    speakers                VCTK's and AISHELL-3's; the name begins with them (p303, SSB1365)
    systems                 1 SoundStream, 2 SpeechTokenizer, 3 FunCodec, 4 EnCodec, 5 AudioDec,
                            6 AcademicCodec, 7 DAC (tested on only); trained on LibriTTS
    rates                   each codec's own: 16 kHz for types 1 to 3, 24 kHz for 4 to 7
    format                  WAV
    licence                 CC BY-NC-ND 4.0
    download                https://zenodo.org/records/13838106, 13841652, 13853860 (train), 13841216 (dev),
                            13838823 (C1 to C6, A1 to A3), 11125029 (C7)
    ======================  ==========================================================================

    ::

        root/                           or root/Codecfake/
        ├── label/
        │   ├── train.txt  dev.txt      SSB13650058.wav real 0
        │   ├── C1.txt … C7.txt         F01_SSB13650058.wav fake 1
        │   ├── A1.txt A2.txt A3.txt    or L1.txt, L2.txt, L3.txt; L1_p303_064.wav; A3: two columns will do
        │   └── C3-1.txt … C4-3.txt     other configurations of two codecs, if they are here
        ├── train/*.wav                 at any depth
        ├── dev/*.wav
        └── test/{C1,…,C7,A1,A2,A3}/*.wav

    Traps:

    * Each part is an archive of several volumes, all of which must lie in one folder; `7z x` of the last one
      (`.zip`) unpacks them. They hold absolute paths, so files are looked for by name at any depth.
    * Files keep their rates: unless everything is resampled, the rate tells some codecs from recordings.
    * The published division keeps sentences apart, not speakers: those of the tests are heard in training.
      C7 moreover holds *all* 132,277 recordings through DAC, with them the sentences trained on.
    * Each test folder repeats the genuine files, so a pool of folders counts them several times.
    * A1 to A3 tell nothing of the language model but their number; an A3 spoof has no recording of its own.
    * A3's genuine files are AudioCaps clips, `Y<video>.wav`, that everybody must fetch for himself. A list of
      a part of A3 (train, dev and eval of the authors' All-Type-ADD) put in the place of `A3.txt` is read
      as well.

    Args:
        root: folder with `label`, `train`, `dev`, `test`, or that above `Codecfake`.
        audiocaps: folder of AudioCaps clips, `Y<video>.wav` or `<video>.wav` at any depth, for A3.
    """

    def __init__(self, root: str | Path, audiocaps: str | Path | None = None) -> None:
        super().__init__(root)
        self._audiocaps = None if audiocaps is None else Path(audiocaps).expanduser()
        self._notes: list[str] = []

    @property
    def name(self) -> str:
        """As in `data=codecfake`."""
        return "codecfake"

    @property
    def notes(self) -> Sequence[str]:
        """Parts left out, lists of another length than published, AudioCaps clips that are wanting."""
        return tuple(self._notes)

    @property
    def caveat(self) -> str:
        """What is heard in training, and what the sampling rate tells."""
        return (
            "Codecfake's tests share their speakers with training, C7 also sentences; codecs keep their own "
            "rate (16 or 24 kHz), so that bandwidth alone may tell a spoof"
        )

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """Zenodo's records, and AudioCaps."""
        records = (
            ("labels and first volumes of train", "13838106", "train"),
            ("middle volumes of train", "13841652", "train"),
            ("last volumes of train", "13853860", "train"),
            ("dev", "13841216", "dev"),
            ("tests C1 to C6 and A1 to A3", "13838823", "test"),
            ("test C7", "11125029", "test/C7"),
        )
        return (
            *(
                Download(f"Codecfake, {title}", f"zenodo:{record}", into, licence="CC BY-NC-ND 4.0")
                for title, record, into in records
            ),
            ByHand(
                "AudioCaps clips, the genuine side of test A3",
                "https://audiocaps.github.io",
                "test/A3",
                "they are cut from YouTube videos, which are not distributed",
            ),
        )

    @property
    def training_systems(self) -> Sequence[str]:
        """The six codecs of the training part; DAC and the language models are for testing."""
        return tuple(codec for codec in _CODECS if codec != _UNSEEN)

    def utterances(self) -> Sequence[Utterance]:
        """Every recording of the lists whose part is here, sorted by path.

        Raises:
            InputError: no list or no audio, a malformed line, a name listed twice, two files of one name.
        """
        self._notes = []
        rows: list[Utterance] = []
        absent: list[str] = []
        for part in self._parts():
            if part.found:
                rows += self._rows(part)
            elif part.name not in _CONFIGURATIONS:
                absent.append(part.folder)
        if not rows:
            raise InputError(
                f"Codecfake has no audio in {self._base()}: looked for {', '.join(absent)}; "
                "python prepare.py data=codecfake gets and unpacks it, or set data.root"
            )
        if absent:
            self._notes.append(f"left out, for there is no audio in {', '.join(absent)}")
        return sorted(rows, key=lambda row: row.path)

    def _base(self) -> Path:
        inner = self.root / "Codecfake"
        return inner if inner.is_dir() else self.root

    def _parts(self) -> Iterator[_Part]:
        """Each part with its files; a walk for train, for dev and for all tests."""
        base = self._base()
        labels = tree.needed(
            "Codecfake's folder of lists",
            [base / "label", base / "train/label"],
            "python prepare.py data=codecfake gets it (with the first volumes of train), or set data.root",
        )
        for name, split in (("train", "train"), ("dev", "validation")):
            folder = tree.below(self.root, base / name)
            found = {stem: f"{folder}/{path}" for stem, path in tree.by_stem(base / name, deep=True).items()}
            yield _Part(name, split, "", labels / f"{name}.txt", found, folder)
        tests = _tests(base / "test", tree.below(self.root, base / "test"))
        for group in (*_GROUPS, *_CONFIGURATIONS):
            names = [name for name, of in _FOLDERS.items() if of == group]
            file = tree.first(labels / f"{name}.txt" for name in names) or labels / f"{group}.txt"
            folder = tree.below(self.root, base / "test" / group)
            yield _Part(group, "test", group, file, tests[group], folder)

    def _rows(self, part: _Part) -> Iterator[Utterance]:
        """The lines of a list; files that are not there as well, the engine names them."""
        once = protocol.Once("file")
        clips = self._clips() if part.group == "A3" else {}
        listed = wanting = 0
        for line in protocol.lines(part.file, (2, 3) if part.group in _LANGUAGE_MODELS else 3):
            listed += 1
            stem = once(line.fields[0].removesuffix(".wav"), line)
            label = line.label(line.fields[1], _LABELS)
            named = _named(stem, label, part, line)
            path = part.found.get(stem)
            if path is None and named.corpus == "audiocaps" and label == BONAFIDE:
                path = clips.get(stem) or clips.get(stem[1:])
                wanting += path is None
            yield Utterance(
                path=path or f"{part.folder}/{stem}.wav",
                utterance=named.genuine,
                corpus=named.corpus,
                system=named.system,
                speaker=named.speaker,
                label=label,
                split=part.split,
                fixed=part.split,
                subset=part.group,
                language=named.language,
                listed=line.place,
            )
        self._note(protocol.counted(listed, _ROWS.get(part.name, listed), part.file.name))
        if wanting:
            self._note(
                f"{wanting:,} genuine files of A3 are not here, for AudioCaps is not distributed: fetch the "
                f"clips (https://audiocaps.github.io) and put them as Y<video>.wav into {part.folder}, or "
                "set data.corpus.audiocaps to their folder; data.on_bad_file=skip goes without them"
            )

    def _clips(self) -> Mapping[str, str]:
        if self._audiocaps is None:
            return {}
        if not self._audiocaps.is_dir():
            raise InputError(
                f"data.corpus.audiocaps={self._audiocaps} is no folder; name that of the AudioCaps clips"
            )
        above = tree.below(self.root, self._audiocaps)
        return {stem: f"{above}/{path}" for stem, path in tree.by_stem(self._audiocaps, deep=True).items()}

    def _note(self, note: str) -> None:
        if note:
            self._notes.append(note)


def _tests(folder: Path, above: str) -> Mapping[str, Mapping[str, str]]:
    """Files of each test group by stem; a file is of the group whose name its nearest such folder bears."""
    found: dict[str, dict[str, str]] = {group: {} for group in _FOLDERS.values()}
    for path in tree.recordings(folder, deep=True):
        *folders, name = path.split("/")
        group = next((_FOLDERS[inner] for inner in reversed(folders) if inner in _FOLDERS), None)
        if group is not None:
            other = found[group].setdefault(name[: name.rfind(".")], f"{above}/{path}")
            if other != f"{above}/{path}":
                raise InputError(f"{above} holds both {other} and {above}/{path}; keep one of them")
    return found


def _named(stem: str, label: Label, part: _Part, line: protocol.Line) -> _Named:
    """What the name of a file tells, where it agrees with the line.

    Raises:
        InputError: it does not, or its form is unknown.
    """
    if part.group == "A3":
        if not (_CLIP.fullmatch(stem) if label == BONAFIDE else stem.isdigit()):
            raise line.wrong(
                f"{stem} is no {line.fields[1]} file of A3 (real ones are Y<video>.wav, fake ones a number)"
            )
        return _Named(stem, "audiocaps", "-", "-", "-" if label == BONAFIDE else _LANGUAGE_MODELS["A3"])
    match = _SPEECH.fullmatch(stem)
    if match is None:
        raise line.wrong(
            f"the name {stem} is neither of VCTK (p303_064) nor of AISHELL-3 (SSB05440084), with F01_ to "
            "F07_, L1_ or L2_ before it or without"
        )
    kind = line.fields[2] if len(line.fields) == 3 else "0"
    if not kind.isdigit():
        raise line.wrong(f"the type {kind!r} is no number")
    system = _system(match["maker"], label, part, kind)
    if system is None:
        raise line.wrong(f"name, label and type do not agree in {part.name}: {' '.join(line.fields)}")
    vctk = match["vctk"]
    return _Named(
        genuine=match["genuine"],
        corpus="vctk" if vctk else "aishell3",
        speaker=vctk or match["aishell3"],
        language="en" if vctk else "zh",
        system=system,
    )


def _system(maker: str | None, label: Label, part: _Part, kind: str) -> str | None:
    """The system that a name, its label and its type agree on; None if they do not.

    Args:
        maker: `F01` to `F07`, `L1` or `L2`; None if the name is a recording's.
        label: of the line.
        part: whose list it stands in.
        kind: the type, a number; what those of the language models mean is published nowhere.
    """
    if label == BONAFIDE:
        return "-" if maker is None and kind == "0" else None
    if part.group in _LANGUAGE_MODELS:
        return _LANGUAGE_MODELS[part.group] if maker == part.group.replace("A", "L") else None
    if maker is None or not maker.startswith("F"):
        return None
    number, codec = maker[2], _CODECS[int(maker[2]) - 1]
    if part.group in _CONFIGURATIONS:
        return f"{codec}-{part.group[3]}" if number == part.group[1] else None
    return codec if kind == number else None
