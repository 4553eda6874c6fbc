"""WaveFake (Frank and Schönherr, NeurIPS Datasets and Benchmarks 2021, https://arxiv.org/abs/2111.02813)."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, final

from bonafide.corpora import tree
from bonafide.corpora.corpus import Corpus
from bonafide.corpora.readings import JSUT, LJSPEECH, READINGS
from bonafide.types import BONAFIDE, SPOOF, ByHand, Download, InputError, Label, Utterance

_TTS: Final = "common_voices_prompts_from_conformer_fastspeech2_pwg_ljspeech"
_SYSTEMS: Final = {
    "ljspeech_melgan": LJSPEECH,
    "ljspeech_melgan_large": LJSPEECH,
    "ljspeech_multi_band_melgan": LJSPEECH,
    "ljspeech_full_band_melgan": LJSPEECH,
    "ljspeech_hifiGAN": LJSPEECH,
    "ljspeech_parallel_wavegan": LJSPEECH,
    "ljspeech_waveglow": LJSPEECH,
    "jsut_multi_band_melgan": JSUT,
    "jsut_parallel_wavegan": JSUT,
    _TTS: LJSPEECH,
}
_SUFFIX = re.compile(r"_gen(erated)?$")


@final
class WaveFake(Corpus):
    """Vocoders let loose on LJSpeech and JSUT, and one text-to-speech system.

    ======================  ==========================================================================
    spoofs                  117,983 files, ≈ 196 h: 7 × 13,100 LJSpeech, 2 × 5,000 JSUT, 16,283 read from
                            Common Voice prompts by a text-to-speech system in LJSpeech's voice
    bona fide               not part of the archive: LJSpeech 1.1 (13,100, ≈ 24 h), JSUT basic5000 (5,000)
    speakers                two: LJ (English, female) and JSUT's (Japanese, female)
    systems                 MelGAN, MelGAN large, multi-band and full-band MelGAN, HiFi-GAN, Parallel
                            WaveGAN, WaveGlow; Conformer + FastSpeech 2 + Parallel WaveGAN
    rates                   22,050 Hz LJSpeech, both sides; JSUT 48,000 Hz recordings, 24,000 Hz spoofs
    format                  WAV, 16 bit, mono
    licence                 CC BY-SA 4.0; LJSpeech public domain; JSUT research and personal use
    download                https://zenodo.org/records/5642694 (28.9 GB)
    ======================  ==========================================================================

    ::

        root/
        ├── generated_audio/            or root is this folder itself; any of the ten may be absent
        │   ├── ljspeech_melgan/LJ001-0001_gen.wav
        │   ├── ljspeech_hifiGAN/LJ001-0001_generated.wav
        │   ├── ljspeech_waveglow/LJ001-0001.wav
        │   ├── …
        │   ├── jsut_parallel_wavegan/BASIC5000_0001_gen.wav
        │   └── common_voices_prompts_from_conformer_fastspeech2_pwg_ljspeech/
        │       ├── gen_0.wav
        │       └── generated/gen_0.wav          the same file again
        ├── LJSpeech-1.1/wavs/LJ001-0001.wav     or beside root
        └── jsut_ver1.1/basic5000/wav/BASIC5000_0001.wav

    Traps:

    * The text-to-speech folder holds every file twice. The copy below `generated/` is left out if name, size
      and the bytes at its start, middle and end agree; `notes` counts them.
    * Spoofs are whole frames long (multiples of 256 samples, JSUT's of 300), LJSpeech's recordings never:
      cut both to one length that is neither. The sample rate alone tells JSUT's two sides apart.
    * JSUT spoofs are set against JSUT recordings here; the authors set them against LJSpeech.
    * The published split takes the last fifth of each folder's sorted list for testing; the authors train on
      the seven LJSpeech vocoders alone.

    Args:
        root: folder with `generated_audio/`, or that folder.
        ljspeech: folder of LJSpeech-1.1, if it lies elsewhere.
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
        """As in `data=wavefake`."""
        return "wavefake"

    @property
    def notes(self) -> Sequence[str]:
        """Folders absent or left out, and how many copies were skipped."""
        return tuple(self._notes)

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """The archive, and the recordings of both speakers."""
        return (
            Download("WaveFake", "zenodo:5642694", files=("generated_audio.zip",), licence="CC BY-SA 4.0"),
            *(readings.download for readings in READINGS.values()),
        )

    @property
    def training_systems(self) -> Sequence[str]:
        """The LJSpeech vocoders that are here; the authors test on JSUT and text-to-speech only."""
        audio = self._generated_audio()
        return tuple(name for name in _SYSTEMS if name.startswith("ljspeech_") and (audio / name).is_dir())

    def utterances(self) -> Sequence[Utterance]:
        """Every recording once, sorted by path.

        Raises:
            InputError: no spoofs, or no recordings to set them against.
        """
        self._notes = []
        spoofs = self._spoofs()
        genuine = {collection: self._genuine(collection) for collection in (LJSPEECH, JSUT)}
        if not any(genuine.values()):
            raise InputError(
                f"WaveFake has no recordings of its own, and neither LJSpeech-1.1 nor jsut_ver1.1 lies in "
                f"{self.root} or beside it; get them from {READINGS[LJSPEECH].page} and "
                f"{READINGS[JSUT].page}, or set data.corpus.ljspeech and data.corpus.jsut to their folders"
            )
        rows: list[Utterance] = []
        for collection, folder in genuine.items():
            systems = [system for system in spoofs if _SYSTEMS[system] == collection]
            if folder is None:
                self._leave_out(collection, systems)
            elif systems:
                rows += _rows(self._paths(folder, _wavs(folder)), collection, "-", BONAFIDE)
                for system in systems:
                    rows += _rows(spoofs[system], collection, system, SPOOF)
        if not rows:
            raise InputError(
                f"none of the spoofs in {self._generated_audio()} has its recordings here ("
                f"{'; '.join(self._notes)}); set data.corpus.ljspeech or data.corpus.jsut to their folder"
            )
        return sorted(rows)

    def _generated_audio(self) -> Path:
        """The folder of the ten folders."""
        for folder in (
            self.root,
            self.root / "generated_audio",
            self.root / "generated_audio/generated_audio",
        ):
            if any((folder / system).is_dir() for system in _SYSTEMS):
                return folder
        raise InputError(
            f"no WaveFake folder (ljspeech_melgan, …) in {self.root} or {self.root / 'generated_audio'}: get "
            "generated_audio.zip from https://zenodo.org/records/5642694, unpack it there or set data.root"
        )

    def _spoofs(self) -> dict[str, list[str]]:
        """The paths of each system that is here."""
        audio = self._generated_audio()
        found = {}
        for system in _SYSTEMS:
            folder = audio / system
            names = _wavs(folder) if folder.is_dir() else []
            if system == _TTS and (folder / "generated").is_dir():
                names += self._not_copies(folder, set(names))
            if names:
                found[system] = self._paths(folder, names)
        absent = [system for system in _SYSTEMS if system not in found]
        if absent:
            self._notes.append(f"absent or empty in {audio}: {', '.join(absent)}")
        if not found:
            raise InputError(f"the WaveFake folders in {audio} hold no .wav files; unpack the archive again")
        return found

    def _not_copies(self, folder: Path, names: set[str]) -> list[str]:
        """Files below `generated/` that do not repeat one in `folder`."""
        kept, copies = tree.not_copies(folder, names, "generated")
        if copies:
            self._notes.append(f"{copies} copies in {folder.name}/generated left out")
        return kept

    def _genuine(self, collection: str) -> Path | None:
        """The folder of a collection's recordings; None if it is nowhere."""
        genuine, given = READINGS[collection], self._given[collection]
        if given is None:
            places = [above / genuine.title for above in (self.root, self.root.parent)]
        else:
            places = [Path(given).expanduser()]
        for place in places:
            for inside in genuine.inside:
                if (place / inside).is_dir() and _wavs(place / inside):
                    return place / inside
        if given is not None:
            raise InputError(
                f"data.corpus.{collection}={given} holds no .wav files in {' or '.join(genuine.inside)}; "
                f"name the folder of {genuine.title} ({genuine.page})"
            )
        return None

    def _leave_out(self, collection: str, systems: Sequence[str]) -> None:
        if systems:
            title = READINGS[collection].title
            self._notes.append(
                f"{', '.join(systems)} left out: their recordings ({title}) are neither in {self.root} nor "
                f"beside it, and data.corpus.{collection} is not set"
            )

    def _paths(self, folder: Path, names: Sequence[str]) -> list[str]:
        """As in `Utterance.path`."""
        if folder.is_relative_to(self.root):
            below = folder.relative_to(self.root).as_posix()
        else:
            below = folder.absolute().as_posix()
        prefix = "" if below == "." else f"{below}/"
        return [prefix + name for name in names]


def _wavs(folder: Path) -> list[str]:
    """Names of the WAV files of a folder; the hidden ones are what macOS leaves in archives."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries]
    return [name for name in names if name[-4:].lower() == ".wav" and not name.startswith(".")]


def _rows(paths: Sequence[str], collection: str, system: str, label: Label) -> Iterator[Utterance]:
    """A folder with its published split: the last fifth of the sorted list is for testing."""
    train = len(paths) - len(paths) // 5
    for place, path in enumerate(sorted(paths)):
        stem = path[path.rfind("/") + 1 : -4]
        yield Utterance(
            path=path,
            # The text-to-speech system reads other sentences than LJSpeech's, numbered in its own way.
            utterance=f"common_voice/{stem}" if system == _TTS else _SUFFIX.sub("", stem),
            corpus=collection,
            system=system,
            speaker=collection,
            label=label,
            split="train" if place < train else "test",
        )
