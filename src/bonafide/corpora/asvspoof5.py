"""ASVspoof 5 (Wang et al., 2024, https://arxiv.org/abs/2408.08739; the data, 2025, https://arxiv.org/abs/2502.08857)."""

from collections.abc import Sequence
from typing import Final, final

from bonafide.corpora.asvspoof import Asvspoof, Part, attack
from bonafide.corpora.protocol import Line
from bonafide.types import ByHand, Download, Utterance

_FOLDERS: Final = ("ASVspoof5_protocols/", "")


def _part(split: str, folder: str, files: Sequence[str], columns: tuple[int, ...], rows: int) -> Part:
    places = tuple(f"{above}{file}" for file in files for above in _FOLDERS)
    return Part(split, (folder,), places, columns, rows)


_PARTS: Final = (
    _part(
        "train",
        "flac_T",
        ("ASVspoof5.train.tsv", "ASVspoof5.train.metadata.txt", "ASVspoof5.train.metainfor.txt"),
        (10, 6),
        182_357,
    ),
    _part(
        "validation",
        "flac_D",
        ("ASVspoof5.dev.track_1.tsv", "ASVspoof5.dev.metadata.txt", "ASVspoof5.dev.metainfor.txt"),
        (10, 6),
        140_950,
    ),
    _part("test", "flac_E_eval", ("ASVspoof5.eval.track_1.tsv",), (10,), 680_774),
)
_ATTACKS: Final = dict.fromkeys(f"A{number:02}" for number in range(1, 33))
_CODECS: Final = (
    {"-": "-"}
    | {f"C{number:02}": f"C{number:02}" for number in range(1, 12)}
    | {f"C{number}": f"C{number:02}" for number in range(1, 10)}
)
_UNCODED: Final = ("-", "0")
"""How the column of the quality says that there is no codec: train and validation, test."""


@final
class Asvspoof5(Asvspoof):
    """Crowdsourced speech of many voices and rooms, 32 attacks, some of them adversarial (track 1).

    ======================  ==========================================================================
    spoofs                  815,262: 163,560 train, 109,616 validation, 542,086 test
    bona fide               188,819: 18,797, 31,334, 138,688
    speakers                about 1,900 of MLS, English: 400, 785, 737; no one speaks in two parts
    systems                 A01–A08, A09–A16, A17–A32; A18, A20, A23, A27 and A30–A32 pass a filter that
                            is made to deceive detectors
    codecs                  test only: none 171,602; C01 Opus, C02 AMR, C03 Speex, C04 Encodec, C05 MP3,
                            C06 M4A, C07 MP3 + Encodec, all 16 kHz; C08 Opus, C09 AMR, C10 Speex, 8 kHz;
                            C11 Bluetooth, cable and other devices
    length                  about 5.4–24 s, 11.8 s in the mean of train and validation
    rates                   16,000 Hz
    format                  FLAC, 16 bit, mono
    licence                 ODC-By 1.0; the bona fide part CC BY 4.0
    download                https://zenodo.org/records/14498691
    ======================  ==========================================================================

    ::

        root/
        ├── flac_T/T_0000000000.flac
        ├── flac_D/D_0000000001.flac
        ├── flac_E_eval/E_0009538969.flac
        └── ASVspoof5_protocols/                    or its files lie in root
            ├── ASVspoof5.train.tsv                 T_4850 T_0000000000 F - - - AC3 A05 spoof -
            ├── ASVspoof5.dev.track_1.tsv
            └── ASVspoof5.eval.track_1.tsv          E_1607 E_0009538969 M C05 2 E_0009486171 AC1 A26 spoof -

    Traps:

    * The protocols are called `.tsv`, but single spaces part their fields, and the first line is no header.
    * The class is the last but one of ten fields. The challenge's own lists (`ASVspoof5.train.metadata.txt`,
      `ASVspoof5.dev.metadata.txt`) have six, the class last; they are read where there are no others.
    * AC1–AC3 say how an attack was adapted, they are no codecs; the codec is the fourth field.
    * A coded recording and the one that it was made from (field six) are one utterance.
    * The folders hold 1,184 (validation) and 1,098 (test) enrolment recordings more than the protocols list.
    * The list of track 2 claims a speaker for each recording, who may not be the one that is heard: it is
      not read.

    Args:
        root: folder of the drawing.
    """

    @property
    def name(self) -> str:
        """As in `data=asvspoof5`."""
        return "asvspoof5"

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """Protocols, which are the keys too, and the recordings of the three parts."""
        record, licence = "zenodo:14498691", "ODC-By 1.0"
        return (
            Download(
                "ASVspoof 5, protocols",
                record,
                into="ASVspoof5_protocols",
                files=("ASVspoof5_protocols.tar.gz",),
                licence=licence,
            ),
            Download(
                "ASVspoof 5, recordings",
                record,
                files=("flac_T_*.tar", "flac_D_*.tar", "flac_E_*.tar"),
                licence=licence,
            ),
        )

    @property
    def parts(self) -> Sequence[Part]:
        """Train, validation and test, whose speakers and attacks do not cross."""
        return _PARTS

    def utterance(self, line: Line, part: Part, path: str) -> Utterance:
        """Speaker, recording, gender, codec, quality, original, adaptation, attack, class, nothing.

        Raises:
            InputError: a class, attack or codec is unknown, or codec and quality disagree.
        """
        if len(line.fields) == 6:
            self.note(f"{line.file.name} has the six columns of the challenge phase")
            speaker, stem, _, codec, system, key = line.fields
            quality = original = "-"
        else:
            speaker, stem, _, codec, quality, original, _, system, key, _ = line.fields
        line.one_of(codec, _CODECS, "codec")
        if (codec == "-") != (quality in _UNCODED):
            raise line.wrong(f"the codec {codec} at the quality {quality}")
        label = line.label(key)
        return Utterance(
            path=path,
            utterance=stem if original == "-" else original,
            corpus=self.name,
            system=attack(line, system, label, _ATTACKS),
            speaker=speaker,
            label=label,
            split=part.split,
            fixed=part.split,
            group=speaker,
            codec=_CODECS[codec],
            listed=line.place,
        )
