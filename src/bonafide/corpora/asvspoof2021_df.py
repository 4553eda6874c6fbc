"""ASVspoof 2021 DF (Liu et al., IEEE/ACM TASLP 2023, https://arxiv.org/abs/2210.02437)."""

from collections.abc import Sequence
from typing import Final, final

from bonafide.corpora.asvspoof import Asvspoof, Part, part_2021, sources_2021, utterance_2021
from bonafide.corpora.protocol import Line
from bonafide.types import SPOOF, ByHand, Download, Utterance

_CODECS: Final = {"nocodec": "-"} | {
    name: name
    for name in ("low_mp3", "high_mp3", "low_m4a", "high_m4a", "low_ogg", "high_ogg", "mp3m4a", "oggm4a")
}
_SOURCES: Final = ("asvspoof", "vcc2018", "vcc2020")


@final
class Asvspoof2021DF(Asvspoof):
    """Speech of three challenges, compressed as on the web and decoded again; a test and nothing else.

    ======================  ==========================================================================
    spoofs                  589,212
    bona fide               22,617
    phases                  eval 533,928 (what papers report: 14,869 + 519,059), progress 59,325,
                            hidden 18,576
    speakers                93 in eval
    systems                 110 in eval: ASVspoof 2019 LA's, and those of the Voice Conversion Challenges
                            2018 and 2020
    families                traditional vocoder, waveform concatenation, neural vocoder autoregressive or not,
                            unknown
    codecs                  none, MP3, M4A, OGG, each at a low and a high rate, MP3 → M4A, OGG → M4A
                            (C1–C9): 67,981 recordings each
    languages               English; VCC 2020 also has Finnish, German and Mandarin speakers
    rates                   16,000 Hz
    format                  FLAC, 16 bit, mono
    licence                 recordings ODC-By 1.0; the key names none
    download                https://zenodo.org/records/4835108; key https://www.asvspoof.org/index2021.html
    ======================  ==========================================================================

    ::

        root/
        ├── ASVspoof2021_DF_eval/flac/DF_E_2000011.flac         all four archives
        └── keys/DF/CM/trial_metadata.txt                       or ASVspoof2021_DF_eval/trial_metadata.txt,
                                                                or keys/CM/trial_metadata.txt

    A line of the key has 13 fields::

        LA_0023 DF_E_2000011 nocodec asvspoof A14 spoof notrim progress traditional_vocoder - - - -

    Traps:

    * The class is the sixth field, not the last; the audio archives have no key at all. A key of eight fields
      is the LA track's.
    * Three phases in one list: a figure for all 611,829 recordings is no figure for `eval`.
    * Spoofs are set against the bona fide speech of all three sources, as in the official measure; eval has
      7,939 of ASVspoof, 3,780 of VCC 2018 and 3,150 of VCC 2020.
    * Other decoders than libsndfile are needed for 36 % of the files (1.2.2 refuses them).
    * One recording comes in several compressions under unrelated names: divide by speaker, as is done here
      when somebody trains on it.

    Args:
        root: folder of the drawing.
    """

    @property
    def name(self) -> str:
        """As in `data=asvspoof2021_df`."""
        return "asvspoof2021_df"

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """The recordings, and their key."""
        return sources_2021(
            "DF", "4835108", "ASVspoof2021_DF_eval_part*.tar.gz", "dabbc5628de4fcef53036c99ac7ab93a"
        )

    @property
    def parts(self) -> Sequence[Part]:
        """The test."""
        return (part_2021("DF", (13, 8), 611_829),)

    def utterance(self, line: Line, part: Part, path: str) -> Utterance:  # noqa: ARG002 - there is one part
        """Speaker, recording, codec, source, attack, class, trim, phase, vocoder, …, language.

        Raises:
            InputError: a codec, source, class, trim or phase is unknown, or the line has eight fields.
        """
        if len(line.fields) == 8:
            raise line.wrong(
                "8 fields are the LA track's or an older key's, that of DF-keys-full.tar.gz has 13"
            )
        line.one_of(line.fields[3], _SOURCES, "source")
        found = utterance_2021(line, path, self.name, codecs=_CODECS, language=line.fields[12])
        return found._replace(family=line.fields[8] if found.label == SPOOF else "-")
