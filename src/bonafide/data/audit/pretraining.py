"""Whether the encoder of a detector heard the recordings that it is tested on."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

import numpy as np

from bonafide.data.audit.columns import Rows, coded
from bonafide.data.manifest import Manifest
from bonafide.types import BONAFIDE, InputError

_WEB = "unlisted audio of the web"
# Baevski et al. 2020 (wav2vec 2.0), Conneau et al. 2020 (XLSR-53), Babu et al. 2021 (XLS-R of 128 languages),
# Hsu et al. 2021 (HuBERT), Chen et al. 2021 (WavLM), Radford et al. 2022 (Whisper), Gong et al. 2021 (AST),
# Chen et al. 2024 (EAT).
PRETRAINED_ON: Final[Mapping[str, tuple[str, ...]]] = {
    "wav2vec2": ("LibriSpeech",),
    "wav2vec2_large": ("LibriSpeech",),
    "wav2vec2_large_lv60": ("Libri-Light",),
    "xlsr53": ("MLS", "Common Voice", "BABEL"),
    "xlsr": ("VoxPopuli", "MLS", "Common Voice", "VoxLingua107", "BABEL"),
    "hubert": ("LibriSpeech",),
    "hubert_large": ("Libri-Light",),
    "hubert_xlarge": ("Libri-Light",),
    "wavlm": ("LibriSpeech",),
    "wavlm_base_plus": ("Libri-Light", "GigaSpeech", "VoxPopuli"),
    "wavlm_large": ("Libri-Light", "GigaSpeech", "VoxPopuli"),
    "whisper": (_WEB,),
    "ast": ("AudioSet",),
    "eat": ("AudioSet",),
}
"""Corpora that pretrained encoders heard before any fine-tuning; a name without a size is the base model."""

_FROM_LIBRIVOX = frozenset({"LibriSpeech", "MLS", "Libri-Light"})


class _Origin(NamedTuple):
    """Where bona fide recordings come from: corpora that hold them, and whether they are from LibriVox."""

    inside: tuple[str, ...] = ()
    librivox: bool = False


# LibriTTS is cut from the material of LibriSpeech, ASVspoof 5 from the English part of MLS; AudioCaps, and
# FakeSound with it, from AudioSet. LJSpeech and most of M-AILABS are LibriVox recordings. The last are VCTK
# and other studio recordings, in none of the corpora above.
_ORIGINS: Final[Mapping[str, _Origin]] = {
    "ljspeech": _Origin(librivox=True),
    "mailabs": _Origin(librivox=True),
    "librispeech": _Origin(("LibriSpeech",), librivox=True),
    "libritts": _Origin(("LibriSpeech",), librivox=True),
    "mls": _Origin(("MLS",), librivox=True),
    "asvspoof5": _Origin(("MLS",), librivox=True),
    "commonvoice": _Origin(("Common Voice",)),
    "voxpopuli": _Origin(("VoxPopuli",)),
    "gigaspeech": _Origin(("GigaSpeech",)),
    "audioset": _Origin(("AudioSet",)),
    "audiocaps": _Origin(("AudioSet",)),
    "fakesound": _Origin(("AudioSet",)),
    **dict.fromkeys(
        ("vctk", "jsut", "aishell3", "asvspoof2019la", "asvspoof2021la", "asvspoof2021df", "partialspoof"),
        _Origin(),
    ),
}


class Overlap(NamedTuple):
    """A test group's recordings that an encoder may have heard.

    Args:
        group: of the test.
        corpus: of its bona fide recordings.
        verdict: `"contained"`, `"possible"` (both from one source, or the encoder's is not published), or
            `"unknown"`.
        sentence: in words.
    """

    group: str
    corpus: str
    verdict: str
    sentence: str


def heard(names: Sequence[str]) -> tuple[str, ...]:
    """The corpora behind names of encoders and corpora.

    Raises:
        InputError: a name is unknown.
    """
    corpora = sorted({corpus for heard in PRETRAINED_ON.values() for corpus in heard})
    found: dict[str, None] = {}
    for name in names:
        if name not in PRETRAINED_ON and name not in corpora:
            near = get_close_matches(name, [*PRETRAINED_ON, *corpora], 1)
            raise InputError(
                f"nothing is known of pretraining on {name}; {f'did you mean {near[0]}? ' if near else ''}"
                f"known are {', '.join([*PRETRAINED_ON, *corpora])}"
            )
        found |= dict.fromkeys(PRETRAINED_ON.get(name, (name,)))
    return tuple(found)


def overlaps(manifest: Manifest, tests: Mapping[str, Rows], heard: Sequence[str]) -> Iterator[Overlap]:
    """The corpora of each test group whose bona fide recordings may be among those heard.

    Args:
        manifest: of usable files.
        tests: rows of each test group by name.
        heard: corpora.
    """
    if not heard:
        return
    corpora, genuine = coded(manifest, "corpus"), manifest.strings("label") == BONAFIDE
    for name, rows in tests.items():
        for code in np.unique(corpora.of[rows[genuine[rows]]]):
            corpus = corpora.text(int(code))
            verdict, why = _verdict(corpus, heard)
            if verdict:
                yield Overlap(name, corpus, verdict, f"{corpus}, bona fide side of {name}: {why}")


def _verdict(corpus: str, heard: Sequence[str]) -> tuple[str, str]:
    origin = _ORIGINS.get("".join(filter(str.isalnum, corpus.lower())))
    if origin is not None:
        inside = [each for each in heard if each in origin.inside]
        if inside:
            return "contained", f"the encoder was trained on {inside[0]}, where these recordings come from"
        related = sorted(_FROM_LIBRIVOX & set(heard)) if origin.librivox else []
        if related:
            return "possible", f"the encoder was trained on {related[0]}, and both are recordings of LibriVox"
    if _WEB in heard:
        return "possible", f"the encoder was trained on {_WEB}, which may hold anything that is public"
    if origin is None:
        return "unknown", f"where it comes from is not known here; compare it with {', '.join(heard)}"
    return "", ""
