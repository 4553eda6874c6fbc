"""The data of "Towards generalizing deep-audio fake detection networks" (Gasenzer and Wolter, TMLR 2024,
https://openreview.net/forum?id=RGewtLtvHz): WaveFake with Avocodo and BigVGAN added, in lettered folders.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, final

from bonafide.corpora import tree
from bonafide.corpora.corpus import Corpus
from bonafide.corpora.protocol import counted
from bonafide.corpora.readings import JSUT, LJSPEECH, READINGS
from bonafide.types import BONAFIDE, SPOOF, ByHand, Download, InputError, Label, Utterance

_CONFORMER: Final = "conformer"
_PUBLISHED: Final[Mapping[str, tuple[str, int]]] = {
    LJSPEECH: ("A", 13_100),
    "melgan": ("B", 13_100),
    "hifigan": ("C", 13_100),
    "mbmelgan": ("D", 13_100),
    "fbmelgan": ("E", 13_100),
    "waveglow": ("F", 13_100),
    "pwg": ("G", 13_100),
    "lmelgan": ("H", 13_100),
    "avocodo": ("I", 13_100),
    "bigvgan": ("J", 13_100),
    "lbigvgan": ("K", 13_100),
    _CONFORMER: ("L", 16_283),
    "jsutmbmelgan": ("M", 5_000),
    "jsutpwg": ("N", 5_000),
}
"""Letter and number of files of each source."""

_LETTERED = re.compile(r"([A-Z]+)_(.+)")
_SUFFIX = re.compile(r"_gen(erated)?$")


@final
class Packets(Corpus):
    """WaveFake, and LJSpeech resynthesized by three newer vocoders, as the wavelet-packet paper has them.

    ======================  ==========================================================================
    spoofs                  157,283 files: 10 × 13,100 LJSpeech (three of them, Avocodo and two BigVGAN,
                            not in WaveFake), 2 × 5,000 JSUT, 16,283 read by a text-to-speech system
    bona fide               LJSpeech 1.1 (13,100, ≈ 24 h); JSUT basic5000 (5,000), which is no part of the
                            published arrangement
    speakers                two: LJ (English, female) and JSUT's (Japanese, female)
    systems                 MelGAN, MelGAN large, multi-band and full-band MelGAN, HiFi-GAN, Parallel
                            WaveGAN, WaveGlow, Avocodo, BigVGAN, BigVGAN large; Conformer + FastSpeech 2 +
                            Parallel WaveGAN
    rates                   22,050 Hz LJSpeech, both sides; JSUT 48,000 Hz recordings, 24,000 Hz spoofs
    format                  WAV, 16 bit, mono
    licence                 WaveFake CC BY-SA 4.0; LJSpeech public domain; JSUT research and personal use
    download                https://zenodo.org/records/5642694 (WaveFake),
                            https://zenodo.org/records/10512541 (Avocodo, BigVGAN, BigVGAN large)
    ======================  ==========================================================================

    The name of a folder is a letter and a source; the source is the system. The letters give no more than
    the order, any folder may be absent, and further ones are taken as further systems::

        root/
        ├── A_ljspeech/LJ001-0001.wav            the recordings; or LJSpeech-1.1/wavs here or beside root
        ├── B_melgan/LJ001-0001_gen.wav          WaveFake's ljspeech_melgan
        ├── C_hifigan/                           ljspeech_hifiGAN
        ├── D_mbmelgan/                          ljspeech_multi_band_melgan
        ├── E_fbmelgan/                          ljspeech_full_band_melgan
        ├── F_waveglow/                          ljspeech_waveglow
        ├── G_pwg/                               ljspeech_parallel_wavegan
        ├── H_lmelgan/                           ljspeech_melgan_large
        ├── I_avocodo/                           of the extension
        ├── J_bigvgan/
        ├── K_lbigvgan/
        ├── L_conformer/gen_0.wav                common_voices_prompts_from_conformer_fastspeech2_pwg_ljspeech
        ├── M_jsutmbmelgan/BASIC5000_0001_gen.wav    jsut_multi_band_melgan
        ├── N_jsutpwg/                           jsut_parallel_wavegan
        └── O_jsut/BASIC5000_0001.wav            not published; or jsut_ver1.1/basic5000/wav, as above

    Traps:

    * The authors set JSUT's spoofs against LJSpeech, so that Japanese against English looks like detection:
      their released detector calls JSUT's *recordings* fake as well. Here they are set against JSUT's
      recordings. Where those are absent the spoofs are kept for test groups with `against: [ljspeech]`.
    * The authors divide each folder for itself: of its windows in sorted order the first 70 % train, the next
      10 % validate, the rest tests; conformer and JSUT only validate (the first third) and test. `split`
      gives that by files; `fixed` is empty, because a sentence can so be heard in training and in the test.
    * The paper's group 1 has one genuine clip to twelve spoofs: accuracy says little there.
    * WaveFake's text-to-speech folder holds every file twice. If `generated/` came along, the copies in it
      are left out where name, size and the bytes at start, middle and end agree; `notes` counts them.
    * Spoofs are whole frames long (multiples of 256 samples, JSUT's of 300), LJSpeech's recordings never.

    Args:
        root: folder of the lettered folders.
        ljspeech: folder of LJSpeech's recordings, if they lie elsewhere.
        jsut: folder of jsut_ver1.1, likewise.
    """

    def __init__(
        self, root: str | Path, ljspeech: str | Path | None = None, jsut: str | Path | None = None
    ) -> None:
        super().__init__(root)
        self._given = {LJSPEECH: ljspeech, JSUT: jsut}
        self._notes: list[str] = []

    @property
    def name(self) -> str:
        """As in `data=packets`."""
        return "packets"

    @property
    def notes(self) -> Sequence[str]:
        """Folders absent, left out or shorter than the published ones; copies; spoofs without a pair."""
        return tuple(self._notes)

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """WaveFake, its extension, and the recordings of both speakers."""
        return (
            ByHand(
                "WaveFake, ten folders of spoofs",
                "https://zenodo.org/records/5642694",
                "B_melgan … H_lmelgan, L_conformer, M_jsutmbmelgan, N_jsutpwg",
                "its folders have other names there: link or rename each as the class docstring draws it",
            ),
            Download("Avocodo, BigVGAN and BigVGAN large on LJSpeech", "zenodo:10512541"),
            *(readings.download for readings in READINGS.values()),
        )

    @property
    def training_systems(self) -> Sequence[str]:
        """The LJSpeech vocoders that are here; the authors test on JSUT and text-to-speech only."""
        return tuple(
            source for source in self._lettered() if source not in READINGS and not _only_test(source)
        )

    @property
    def window_shares(self) -> tuple[float, float]:
        """Of each source's windows the first 70 % train and the next 10 % validate."""
        return (0.7, 0.1)

    def utterances(self) -> Sequence[Utterance]:
        """Every recording once, sorted by path.

        Raises:
            InputError: no spoofs, or no recordings to set them against; a source has two folders, or a folder
                two files of one utterance.
        """
        self._notes = []
        folders = self._lettered()
        genuine = {collection: self._genuine(collection, folders) for collection in READINGS}
        spoofs = self._spoofs(folders)
        if not any(genuine.values()):
            raise InputError(
                f"no recordings of LJSpeech: looked for A_ljspeech in {self.root} and for LJSpeech-1.1 there "
                f"and beside it; get them from {READINGS[LJSPEECH].page}, or set data.corpus.ljspeech"
            )
        self._say_what_differs({**{name: paths for name, paths in genuine.items() if paths}, **spoofs})
        rows: list[Utterance] = []
        for collection, recordings in genuine.items():
            systems = [source for source in spoofs if _collection(source) == collection]
            if self._left_out(collection, recordings, systems):
                continue
            rows += _rows(recordings, collection, collection, BONAFIDE, only_test=collection == JSUT)
            for system in systems:
                rows += _rows(spoofs[system], collection, system, SPOOF, only_test=_only_test(system))
        if not any(row.label == BONAFIDE for row in rows):
            raise InputError(
                f"none of the spoofs in {self.root} has its recordings here ({'; '.join(self._notes)}); "
                "set data.corpus.ljspeech or data.corpus.jsut to their folder"
            )
        return sorted(rows)

    def _lettered(self) -> dict[str, Path]:
        """The lettered folders by their sources."""
        found: dict[str, Path] = {}
        for folder in tree.children(self.root) if self.root.is_dir() else ():
            match = _LETTERED.fullmatch(folder.name)
            if match is None:
                continue
            letter, source = match.groups()
            other = found.setdefault(source, folder)
            if other != folder:
                raise InputError(
                    f"{self.root} holds both {other.name} and {folder.name}; put their files into one "
                    "folder, or name the sources differently"
                )
            if letter == "A" and source not in READINGS:
                raise InputError(
                    f"{folder}: the letter A is for genuine recordings, and those known are A_ljspeech and "
                    "O_jsut; rename the folder, with another letter if it holds spoofs"
                )
        if not found:
            raise InputError(
                f"no lettered folder (A_ljspeech, B_melgan, …) in {self.root}: see python prepare.py "
                "data=packets for where to get them, or set data.root to the folder that they lie in"
            )
        return found

    def _spoofs(self, folders: Mapping[str, Path]) -> dict[str, list[str]]:
        """The paths of each system that is here."""
        found = {}
        for source, folder in folders.items():
            if source in READINGS:
                continue
            names = _recordings(folder)
            if source == _CONFORMER:
                names += self._not_copies(folder, set(names))
            if names:
                found[source] = self._paths(folder, names)
        if not found:
            raise InputError(
                f"the lettered folders of {self.root} hold no spoofs (B_melgan, …); see python prepare.py "
                "data=packets for where to get them"
            )
        return found

    def _not_copies(self, folder: Path, names: set[str]) -> list[str]:
        """Files below `generated/` that do not repeat one in `folder`."""
        kept, copies = tree.not_copies(folder, names, "generated")
        if copies:
            self._notes.append(f"{copies} copies in {folder.name}/generated left out")
        return kept

    def _genuine(self, collection: str, folders: Mapping[str, Path]) -> list[str]:
        """The paths of a collection's recordings; none if they are nowhere."""
        genuine, given = READINGS[collection], self._given[collection]
        if given is not None:
            places = [Path(given).expanduser()]
        else:
            lettered = [folders[collection]] if collection in folders else []
            places = [*lettered, self.root / genuine.title, self.root.parent / genuine.title]
        for place in places:
            for inside in genuine.inside:
                names = _recordings(place / inside)
                if names:
                    return self._paths(place / inside, names)
        if given is not None:
            raise InputError(
                f"data.corpus.{collection}={given} holds no recordings in {' or '.join(genuine.inside)}; "
                f"name the folder of {genuine.title} ({genuine.page})"
            )
        return []

    def _left_out(self, collection: str, recordings: Sequence[str], systems: Sequence[str]) -> bool:
        """Whether a collection has to be left out; what there is to say about it is noted."""
        genuine, names = READINGS[collection], ", ".join(systems)
        if systems and not recordings:
            where = (
                f"their recordings ({genuine.title}, {genuine.page}) are neither in {self.root} nor beside it"
            )
            if collection == LJSPEECH:
                self._notes.append(f"{names} left out: {where}, and data.corpus.ljspeech is not set")
                return True
            self._notes.append(
                f"{names}: {where}; only test groups with against: [ljspeech] can hold them, as published; "
                "that tells Japanese from English too, so set data.corpus.jsut to pair them with their own"
            )
        elif recordings and not systems:
            self._notes.append(
                f"the recordings of {genuine.title} are left out, nothing here was made from them"
            )
            return True
        return False

    def _say_what_differs(self, found: Mapping[str, Sequence[str]]) -> None:
        absent = [f"{letter}_{source}" for source, (letter, _) in _PUBLISHED.items() if source not in found]
        if absent:
            self._notes.append(f"absent or empty in {self.root}: {', '.join(absent)}")
        usual = {genuine.title.lower() for genuine in READINGS.values()}
        names = [folder.name for folder in tree.children(self.root)]
        unlettered = [name for name in names if not _LETTERED.fullmatch(name) and name.lower() not in usual]
        if unlettered:
            self._notes.append(f"left out, because no letter and _ come first: {', '.join(unlettered)}")
        others = [source for source in found if source not in {*_PUBLISHED, JSUT}]
        if others:
            self._notes.append(
                f"not among the published sources: {', '.join(others)}; taken as further systems"
            )
        notes = [
            counted(len(found[source]), published, source)
            for source, (_, published) in _PUBLISHED.items()
            if source in found
        ]
        self._notes += filter(None, notes)

    def _paths(self, folder: Path, names: Sequence[str]) -> list[str]:
        """As in `Utterance.path`."""
        below = tree.below(self.root, folder)
        prefix = "" if below == "." else f"{below}/"
        return [prefix + name for name in names]


def _collection(source: str) -> str:
    """The recordings that a source was made from: its name begins with JSUT's, or they are LJSpeech's."""
    return JSUT if source.startswith(JSUT) else LJSPEECH


def _only_test(source: str) -> bool:
    return source == _CONFORMER or _collection(source) == JSUT


def _recordings(folder: Path) -> list[str]:
    """Audio files of a folder, each utterance once.

    Raises:
        InputError: an utterance has two files.
    """
    found: dict[str, str] = {}
    names = tree.recordings(folder)
    for name in names:
        other = found.setdefault(_utterance(name), name)
        if other != name:
            raise InputError(
                f"{folder} holds {_utterance(name)} twice, as {other} and {name}; keep one of them"
            )
    return names


def _utterance(path: str) -> str:
    return _SUFFIX.sub("", path[path.rfind("/") + 1 : path.rfind(".")])


def _rows(
    paths: Sequence[str], collection: str, source: str, label: Label, *, only_test: bool
) -> Iterator[Utterance]:
    """A folder with its published split."""
    train, validation = (0, len(paths) // 3) if only_test else (len(paths) * 7 // 10, len(paths) // 10)
    for place, path in enumerate(sorted(paths)):
        utterance = _utterance(path)
        yield Utterance(
            path=path,
            # The text-to-speech system reads other sentences than LJSpeech's, numbered in its own way.
            utterance=f"common_voice/{utterance}" if source == _CONFORMER else utterance,
            corpus=collection,
            system="-" if label == BONAFIDE else source,
            speaker=collection,
            label=label,
            split="train" if place < train else "validation" if place < train + validation else "test",
        )
