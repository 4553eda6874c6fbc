"""MLAAD (Müller et al., IJCNN 2024, https://arxiv.org/abs/2401.09512), set against M-AILABS."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, final

from bonafide.corpora import protocol, tree
from bonafide.corpora.corpus import Corpus
from bonafide.corpora.protocol import Once
from bonafide.types import BONAFIDE, SPOOF, ByHand, Download, InputError, Utterance

_CLIPS: Final = 1_000
"""Published of each model in each language."""

_LOCALE: Final = re.compile(r"[a-z]{2}_[A-Z]{2}")
_READER: Final = re.compile(r"(?:^|/)(?:female|male)/([^/]+)/")
_SPOKEN: Final = frozenset({"de", "en", "es", "fr", "it", "pl", "ru", "uk"})
"""Languages of M-AILABS."""

_MLAAD: Final = "https://huggingface.co/datasets/mueller91/MLAAD"
_MAILABS: Final = "https://github.com/i-celeste-aurora/m-ailabs-dataset"


@final
class Mlaad(Corpus):
    """Text-to-speech in dozens of languages, against the audiobooks that its texts were taken from.

    ======================  ==========================================================================
    spoofs                  1,000 clips of each model in each language: 154,000 in version 5 (378 h),
                            456,000 in version 10
    bona fide               not part of it: M-AILABS, 584,000 clips, 999.5 h, of audiobooks in 8 languages
    speakers                of the spoofs unknown; of the recordings the reader, where one is named
    systems                 82 models of 33 architectures (the families of systems) in version 5, 175 names
                            of models in version 10
    languages               38 in version 5, 54 in version 10; M-AILABS: de, en, es, fr, it, pl, ru, uk
    rates                   16,000 Hz M-AILABS; the spoofs have the rates of their models
    format                  WAV
    licence                 CC BY-NC 4.0; M-AILABS a licence of its own, free to use
    download                https://huggingface.co/datasets/mueller91/MLAAD (log-in, terms)
                            https://github.com/i-celeste-aurora/m-ailabs-dataset
    ======================  ==========================================================================

    ::

        root/
        ├── fake/
        │   ├── de/griffin_lim/
        │   │   ├── meta.csv                        path|original_file|language|…|transcript
        │   │   └── wives_and_daughters_50_f000174.wav
        │   ├── en/Cartesia.ai (Sonic-3)/…
        │   └── …
        └── real/                                   or data.corpus.mailabs
            ├── de_DE/by_book/female/READER/BOOK/wavs/grune_haus_01_f000002.wav
            ├── de_DE/by_book/mix/…                 or mixed
            └── en_UK/…, en_US/…

    Traps:

    * M-AILABS clips begin and end with half a second of silence and the spoofs do not, which tells the class
      by itself: see `caveat`.
    * A text is spoken by several models and in M-AILABS. All of them are one utterance, the name of
      `original_file`, so that no division parts them.
    * Spoofs are compared with M-AILABS recordings of their own language; languages that it does not have are
      left out and noted.
    * `meta.csv` knows no quotes, though transcripts are full of them: read as ordinary CSV, it loses rows
      without a word (152,388 of 154,000 are left). Here rows and files are compared, both ways.
    * `griffin_lim`, `RVC` and `Voxtral` are no text-to-speech.
    * M-AILABS holds a few file-system stubs (`._*.wav`), which are no audio.
    * The few readers of a language are heard in every part of a division by utterance.

    Args:
        root: folder with `fake/` (or `MLAAD/fake/`).
        mailabs: folder of the locales (`de_DE/`, …), if it is not `real/` below the root.
    """

    def __init__(self, root: str | Path, mailabs: str | Path | None = None) -> None:
        super().__init__(root)
        self._mailabs = mailabs
        self._notes: list[str] = []

    @property
    def name(self) -> str:
        """As in `data=mlaad`."""
        return "mlaad"

    @property
    def notes(self) -> Sequence[str]:
        """Languages left out, rows without file, files without row, stubs skipped."""
        return tuple(self._notes)

    @property
    def caveat(self) -> str:
        """The silence around the recordings."""
        return (
            "M-AILABS recordings begin and end with 0.5 s of silence and MLAAD's spoofs do not: a detector "
            "may hear nothing but that; trim both classes alike before drawing conclusions"
        )

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """Spoofs and recordings come from two places."""
        return (
            ByHand("MLAAD", _MLAAD, "", "a log-in, and terms to accept (CC BY-NC 4.0)"),
            ByHand(
                "M-AILABS",
                _MAILABS,
                "real",
                "a licence to read first; an archive for each locale, such as de_DE",
            ),
        )

    def utterances(self) -> Sequence[Utterance]:
        """Every recording once, sorted by path.

        Raises:
            InputError: a folder or a `meta.csv` is missing, a line is wrong, or no language has both sides.
        """
        self._notes = []
        fake = tree.needed(
            "MLAAD",
            [self.root / "fake", self.root / "MLAAD" / "fake"],
            f"get it from {_MLAAD} (python prepare.py data=mlaad says how) or set data.root",
        )
        locales = self._locales()
        spoken = {locale.name[:2] for locale in locales}
        languages = {folder.name: folder for folder in tree.children(fake)}
        both = [language for language in languages if language in spoken]
        self._left_out(languages, spoken)
        rows: list[Utterance] = []
        for language in both:
            rows += self._spoofs(languages[language])
        stubs = 0
        for locale in locales:
            if locale.name[:2] in both:
                names = tree.recordings(locale, deep=True)
                stubs += _stubs(locale, names)
                rows += self._recordings(locale, names)
        if stubs:
            self._notes.append(f"{stubs:,} file-system stubs (._*) of M-AILABS skipped")
        if not {SPOOF, BONAFIDE} <= {row.label for row in rows}:
            raise InputError(
                f"no language has both spoofs in {fake} and recordings in "
                f"{locales[0].parent}: spoofs are in {', '.join(languages) or 'none'}, recordings in "
                f"{', '.join(sorted(spoken))}; get more of {_MAILABS}"
            )
        return sorted(rows)

    def _locales(self) -> list[Path]:
        """The folders of M-AILABS."""
        remedy = f"get it from {_MAILABS} (MLAAD has no recordings of its own) or set data.corpus.mailabs"
        given = self._mailabs
        real = tree.needed(
            "M-AILABS", [self.root / "real" if given is None else Path(given).expanduser()], remedy
        )
        found = [folder for folder in tree.children(real) if _LOCALE.fullmatch(folder.name)]
        if not found:
            raise InputError(f"{real} holds none of the folders of M-AILABS (de_DE, en_US, …); {remedy}")
        return found

    def _left_out(self, languages: dict[str, Path], spoken: set[str]) -> None:
        never = [language for language in languages if language not in _SPOKEN | spoken]
        if never:
            self._notes.append(f"spoofs left out, M-AILABS does not have their language: {', '.join(never)}")
        absent = [language for language in languages if language in _SPOKEN - spoken]
        if absent:
            self._notes.append(
                f"spoofs left out, the recordings of their language are not here: {', '.join(absent)}"
            )
        alone = sorted(spoken - languages.keys())
        if alone:
            self._notes.append(
                f"recordings left out, there are no spoofs in their language: {', '.join(alone)}"
            )

    def _spoofs(self, language: Path) -> Iterator[Utterance]:
        """The rows of each model's `meta.csv`, compared with the files beside it."""
        below = tree.below(self.root, language)
        odd = []
        for model in tree.children(language):
            place = f"{language.name}/{model.name}"
            audio = tree.by_stem(model)
            if not audio:
                self._notes.append(f"{place} left out: it holds no audio")
                continue
            once, missing = Once(), 0
            listed = set()
            for line, row in protocol.table(model / "meta.csv", ["path", "original_file"], separator="|"):
                name, original = once(_stem(row["path"]), line), _stem(row["original_file"])
                if not name or not original:
                    raise line.wrong("path or original_file is empty")
                listed.add(name)
                missing += name not in audio
                yield Utterance(
                    path=f"{below}/{model.name}/{audio.get(name, f'{name}.wav')}",
                    utterance=original,
                    corpus=f"mailabs_{language.name}",
                    system=model.name,
                    speaker="-",
                    label=SPOOF,
                    language=language.name,
                    family=row.get("architecture", "") or "-",
                    listed=f"{place}/{line.place}",
                )
            self._compare(place, missing, len(audio.keys() - listed))
            if len(listed) != _CLIPS:
                odd.append(f"{model.name} {len(listed):,}")
        if odd:
            self._notes.append(f"not {_CLIPS:,} clips as published in {language.name}: {', '.join(odd)}")

    def _compare(self, place: str, missing: int, unlisted: int) -> None:
        if missing:
            self._notes.append(f"{place}: {missing:,} rows of meta.csv have no file")
        if unlisted:
            self._notes.append(f"{place}: {unlisted:,} files are in no row of meta.csv and were left out")

    def _recordings(self, locale: Path, names: Sequence[str]) -> Iterator[Utterance]:
        """The recordings of a locale, whatever its `metadata.csv` lists."""
        language, below = locale.name[:2], tree.below(self.root, locale)
        for name in names:
            reader = _READER.search(name)
            yield Utterance(
                path=f"{below}/{name}",
                utterance=_stem(name),
                corpus=f"mailabs_{language}",
                system="-",
                speaker=reader[1] if reader else "-",
                label=BONAFIDE,
                language=language,
            )


def _stubs(locale: Path, names: Sequence[str]) -> int:
    """How many names beside the recordings are what macOS left there."""
    folders = {name.rpartition("/")[0] for name in names}
    return sum(entry.name.startswith("._") for folder in folders for entry in (locale / folder).iterdir())


def _stem(path: str) -> str:
    return os.path.splitext(path[path.rfind("/") + 1 :])[0]  # noqa: PTH122 - no Path for each line
