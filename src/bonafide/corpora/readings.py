"""The two collections of read speech that vocoders are tried on: where they are had, and where they lie."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from bonafide.types import Download

LJSPEECH, JSUT = "ljspeech", "jsut"


class Readings(NamedTuple):
    """A collection of real speech.

    Args:
        title: also the folder that its archive unpacks to.
        inside: where the files lie in it, or in a folder that somebody names.
        page: of its publishers.
        download: of the archive.
    """

    title: str
    inside: tuple[str, ...]
    page: str
    download: Download


READINGS: Final[Mapping[str, Readings]] = {
    LJSPEECH: Readings(
        "LJSpeech-1.1",
        ("wavs", "."),
        "https://keithito.com/LJ-Speech-Dataset",
        Download(
            "LJSpeech 1.1",
            "https://data.keithito.com/data/speech/LJSpeech-1.1.tar.bz2",
            licence="public domain",
        ),
    ),
    JSUT: Readings(
        "jsut_ver1.1",
        ("basic5000/wav", "wav", "."),
        "https://sites.google.com/site/shinnosuketakamichi/publication/jsut",
        Download(
            "JSUT 1.1",
            "http://ss-takashi.sakura.ne.jp/corpus/jsut_ver1.1.zip",
            licence="research and personal use",
        ),
    ),
}
