"""FakeSound (Xie et al., Interspeech 2024, https://arxiv.org/abs/2406.08052)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, final

from bonafide.corpora import protocol, tree
from bonafide.corpora.corpus import Corpus
from bonafide.types import BONAFIDE, SPOOF, ByHand, Download, InputError, Label, Segment, Utterance

_LABELS: Final[Mapping[int, Label]] = {0: BONAFIDE, 1: SPOOF}
"""The read-me says the reverse; `_record` checks each label against its region."""
_GENUINE: Final = "0_0"
_ID: Final = 11  # characters of a YouTube video's name, any of which may be `_` or `-`
_REGION: Final = re.compile(r"(\d+(?:\.\d+)?)_(\d+(?:\.\d+)?)")
_REPOSITORY: Final = (
    "https://raw.githubusercontent.com/FakeSoundData/FakeSound/15f2a2df046f3762d94e224bd3f990d4127a4e53"
)


class _Part(NamedTuple):
    """A list as published.

    Args:
        lists: its names, in `meta_data` and in the authors' scripts.
        split: where its clips belong.
        system: that made its spoofs.
        rows: how many records it has.
        sha256: of the published file.
    """

    lists: tuple[str, str]
    split: str
    system: str
    rows: int
    sha256: str


_PARTS: Final = {
    "train": _Part(
        ("train.json", "ldm2_train.json"), "train", "audioldm2", 3_166,
        "c327575286a75ab41ec37dc95509b01ee9d2ad92640b7d53b30ddb3060ab2129",
    ),
    "easy": _Part(
        ("easy.json", "ldm2_test_easy.json"), "test", "audioldm2", 92,
        "38e1b081a1162744759e9c76dd92fe8bb4bb263e180cddd9ae9c9ca7b1953866",
    ),
    "hard": _Part(
        ("hard.json", "ldm2_test_hard.json"), "test", "audioldm2", 270,
        "4618076a165dae694d9539492ebf1b75b883ca0ad203ebcbaf0261a4b4c17a68",
    ),
    "zeroshot": _Part(
        ("zeroshot.json", "ldm_test_zeroshot.json"), "test", "audioldm", 270,
        "38632b57c48a33391893f0bbcab723bba88081135a2311441ebe20ab0099bb72",
    ),
}  # fmt: skip


class _Record(NamedTuple):
    """A clip of a list.

    Args:
        name: of its file, without ending.
        video: the YouTube name, which a spoof shares with its recording.
        label: checked against the region.
        segments: the regenerated region; empty for a recording.
        place: for `Utterance.listed`; the number is that of the record.
    """

    name: str
    video: str
    label: Label
    segments: tuple[Segment, ...]
    place: str


class _Files(NamedTuple):
    """Audio of a part.

    Args:
        folder: where a file that is not there would lie.
        found: its paths by stem.
        clips: paths of AudioCaps clips by stem.
    """

    folder: str
    found: Mapping[str, str]
    clips: Mapping[str, str]


@final
class FakeSound(Corpus):
    """Ten-second clips of everyday sounds in which one region was masked and generated anew.

    ======================  ==========================================================================
    spoofs                  1,899 clips: train 1,583, easy 46, hard 135, zeroshot 135; regions of 1 to 4 s
                            in train and easy, of 0.04 to 9.92 s (half of them below 0.45 s) in the others
    bona fide               as many AudioCaps clips, which are **not distributed**
    speakers                none: general audio
    systems                 AudioLDM 2 with AudioSR; AudioLDM in zeroshot only
    rates                   as in AudioCaps copies (32 kHz in the authors' examples); zeroshot spoofs 16 kHz
    format                  WAV, mono
    licence                 none stated
    download                https://huggingface.co/datasets/ZeyuXie/FakeSound (987 MB);
                            lists https://github.com/FakeSoundData/FakeSound
    ======================  ==========================================================================

    ::

        root/
        └── FakeSound/                          or root is this folder itself
            ├── meta_data/
            │   ├── train.json                  or ldm2_train.json, also beside the folders of audio
            │   ├── easy.json                   or ldm2_test_easy.json
            │   ├── hard.json                   or ldm2_test_hard.json
            │   └── zeroshot.json               or ldm_test_zeroshot.json
            └── deepfake_data/
                ├── train/9IIa7qH29ps_6.12_7.4.wav      video, onset and offset in seconds
                ├── train/9IIa7qH29ps.wav               its recording, if you put it here
                └── easy/ hard/ zeroshot/

    Traps:

    * A label of 1 means fake; the read-me says the reverse. Each label is checked against the region.
    * A video's name may hold `_` and begin with `-`: it is the first eleven characters, the region what
      follows the twelfth. Every onset and offset lies on a grid of 0.04 s.
    * The tests are not independent: easy's 46 videos are among hard's 135, zeroshot has the same 135.
      Recordings that lie in one folder (`audiocaps`) are listed once and have the subset
      `easy+hard+zeroshot`, so test groups ask for `"*easy*"`.
    * No validation part is published: `data.split.validation` takes a share of train, both sides of a pair
      together.
    * The splice copies the region alone: outside it spoof and recording are equal to the sample, so bandwidth
      and codec history change at its borders. In zeroshot the rate alone tells the sides apart.

    Args:
        root: folder with `FakeSound`, or that folder.
        audiocaps: folder of the recordings, `<video>.wav` or `Y<video>.wav` at any depth; besides, they are
            looked for among the spoofs of their part.
    """

    def __init__(self, root: str | Path, audiocaps: str | Path | None = None) -> None:
        super().__init__(root)
        self._audiocaps = None if audiocaps is None else Path(audiocaps).expanduser()
        self._notes: list[str] = []

    @property
    def name(self) -> str:
        """As in `data=fakesound`."""
        return "fakesound"

    @property
    def notes(self) -> Sequence[str]:
        """Parts left out, lists of another length than published, recordings that are wanting."""
        return tuple(self._notes)

    @property
    def caveat(self) -> str:
        """What the tests share, and what tells a spoof without listening."""
        return (
            "FakeSound's tests are not independent: easy's clips are among hard's, and zeroshot has hard's; "
            "regions are spliced hard into untouched audio, and zeroshot's spoofs have another rate (16 kHz) "
            "than their recordings"
        )

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """The spoofs, the four lists, and AudioCaps."""
        return (
            Download("FakeSound, spoofs", "huggingface:ZeyuXie/FakeSound", "", ("FakeSound.zip",)),
            *(
                Download(
                    f"FakeSound, list {name}",
                    f"{_REPOSITORY}/FakeSound/meta_data/{part.lists[0]}",
                    "FakeSound/meta_data",
                    checksum=f"sha256:{part.sha256}",
                )
                for name, part in _PARTS.items()
            ),
            ByHand(
                "AudioCaps clips, the bona fide side",
                "https://audiocaps.github.io",
                "FakeSound/deepfake_data/<part>",
                "they are cut from YouTube videos, which are not distributed",
            ),
        )

    @property
    def training_systems(self) -> Sequence[str]:
        """AudioLDM 2; AudioLDM is for the zeroshot test."""
        return (_PARTS["train"].system,)

    def utterances(self) -> Sequence[Utterance]:
        """Every clip of the lists whose part is here, sorted by path.

        Raises:
            InputError: no list or no audio, or a record that cannot be.
        """
        self._notes = []
        folders = [self.root / "FakeSound/deepfake_data", self.root / "deepfake_data"]
        audio = tree.needed(
            "FakeSound's folder of audio",
            folders,
            "python prepare.py data=fakesound gets and unpacks it, or set data.root",
        )
        clips = self._clips()
        rows: dict[str, Utterance] = {}
        absent: list[str] = []
        for name, part in _PARTS.items():
            found = tree.by_stem(audio / name)
            if found:
                folder = tree.below(self.root, audio / name)
                here = {stem: f"{folder}/{path}" for stem, path in found.items()}
                for row in self._rows(name, self._list(part, audio), _Files(folder, here, clips)):
                    before = rows.get(row.path)
                    rows[row.path] = row if before is None else _shared(before, row)
            else:
                absent.append(name)
        if not rows:
            raise InputError(
                f"FakeSound has no audio in {audio}: looked for {', '.join(absent)}; python prepare.py "
                "data=fakesound gets and unpacks it, or set data.root"
            )
        if absent:
            self._notes.append(f"left out, for there is no audio in {audio}: {', '.join(absent)}")
        return [rows[path] for path in sorted(rows)]

    def _list(self, part: _Part, audio: Path) -> Path:
        folders = [audio.parent / "meta_data", audio]
        return tree.needed(
            f"FakeSound's list {part.lists[0]}",
            [folder / name for folder in folders for name in part.lists],
            "python prepare.py data=fakesound gets it (from https://github.com/FakeSoundData/FakeSound)",
        )

    def _rows(self, name: str, file: Path, files: _Files) -> Iterator[Utterance]:
        """The records of a list; files that are not there as well, the engine names them."""
        part = _PARTS[name]
        listed = wanting = 0
        for record in _records(file):
            listed += 1
            path = files.found.get(record.name)
            if path is None and record.label == BONAFIDE:
                path = files.clips.get(record.video) or files.clips.get(f"Y{record.video}")
                wanting += path is None
            yield Utterance(
                path=path or f"{files.folder}/{record.name}.wav",
                utterance=record.video,
                corpus="audiocaps",
                system=part.system if record.label == SPOOF else "-",
                speaker="-",
                label=record.label,
                split=part.split,
                segments=record.segments,
                fixed=part.split,
                subset=name if part.split == "test" else "",
                listed=record.place,
            )
        note = protocol.counted(listed, part.rows, file.name)
        if note:
            self._notes.append(note)
        if wanting:
            self._notes.append(
                f"{wanting:,} recordings of {name} are not here, for AudioCaps is not distributed: fetch the "
                f"clips (https://audiocaps.github.io) and put them as <video>.wav into {files.folder}, or "
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


def _shared(before: Utterance, row: Utterance) -> Utterance:
    """The row of a recording that several tests list.

    Raises:
        InputError: a test shares it with training.
    """
    if before.split != row.split:
        raise InputError(
            f"the clip {row.path} is listed for training and for a test ({before.listed}, {row.listed}); "
            "get FakeSound's lists again"
        )
    return before._replace(subset=f"{before.subset}+{row.subset}")


def _records(file: Path) -> Iterator[_Record]:
    """The records of a list.

    Raises:
        InputError: it is no JSON of FakeSound's form, or a record contradicts itself or another.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise InputError(f"{file}, line {error.lineno}: no JSON ({error.msg}); get it again") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text ({error.reason}); get it again") from error
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from error
    audios = content.get("audios") if isinstance(content, dict) else None
    if not isinstance(audios, list) or not audios:
        raise InputError(f'{file} has no list "audios" of records; get it again')
    met: dict[str, int] = {}
    for number, fields in enumerate(audios, 1):
        record = _record(fields, file, number)
        before = met.setdefault(record.name, number)
        if before != number:
            raise _wrong(file, number, f"the clip {record.name} is listed already in record {before}")
        yield record


def _record(fields: Any, file: Path, number: int) -> _Record:
    """A record whose name, label and region agree."""
    if not isinstance(fields, dict):
        raise _wrong(file, number, "it is no object")
    texts = {key: fields.get(key) for key in ("audio_id", "onset_offset", "filepath")}
    for key, text in texts.items():
        if not isinstance(text, str):
            raise _wrong(file, number, f"{key} is no text but {text!r}")
    name, region, path = map(str, texts.values())
    kind = fields.get("label")
    if type(kind) is not int or kind not in _LABELS:
        raise _wrong(file, number, f"the label {kind!r} is none of 0 (genuine), 1 (fake)")
    label = _LABELS[kind]
    if (label == BONAFIDE) != (region == _GENUINE):
        raise _wrong(file, number, f"the label {kind} (1 is fake) contradicts the region {region}")
    wanted = name[:_ID] if label == BONAFIDE else f"{name[:_ID]}_{region}"
    if len(name) < _ID or name != wanted:
        raise _wrong(
            file, number, f"audio_id {name!r} is not a video's eleven characters{_with(region, label)}"
        )
    if path.rpartition("/")[2].removesuffix(".wav") != name:
        raise _wrong(file, number, f"filepath {path} is not that of {name}")
    segments = () if label == BONAFIDE else (_segment(region, file, number),)
    return _Record(name, name[:_ID], label, segments, f"{file.name}:{number}")


def _with(region: str, label: Label) -> str:
    return f" and _{region}" if label == SPOOF else ""


def _segment(region: str, file: Path, number: int) -> Segment:
    match = _REGION.fullmatch(region)
    if match is None:
        raise _wrong(file, number, f"onset_offset {region!r} is not onset_offset in seconds, as in 6.12_7.4")
    start, end = float(match[1]), float(match[2])
    if start >= end:
        raise _wrong(file, number, f"the region {region} ends before it begins")
    return Segment(start, end)


def _wrong(file: Path, number: int, what: str) -> InputError:
    return InputError(f"{file}, record {number}: {what}; get the file again or mend the record")
