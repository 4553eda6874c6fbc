"""ASVspoof 2019 LA (Wang et al., Computer Speech & Language 2020, https://arxiv.org/abs/1911.01601)."""

from collections.abc import Sequence
from typing import Final, final

from bonafide.corpora.asvspoof import Asvspoof, Part, attack
from bonafide.corpora.protocol import Line
from bonafide.types import ByHand, Download, Utterance

_PARTS: Final = tuple(
    Part(
        split,
        (f"ASVspoof2019_LA_{short}/flac", f"LA/ASVspoof2019_LA_{short}/flac"),
        tuple(
            f"{above}ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.{short}.{ending}.txt"
            for above in ("", "LA/")
        ),
        (5,),
        rows,
    )
    for split, short, ending, rows in (
        ("train", "train", "trn", 25_380),
        ("validation", "dev", "trl", 24_844),
        ("test", "eval", "trl", 71_237),
    )
)
_ATTACKS: Final = dict.fromkeys(f"A{number:02}" for number in range(1, 20))


@final
class Asvspoof2019LA(Asvspoof):
    """Logical access: text-to-speech and voice conversion against the recordings of VCTK.

    ======================  ==========================================================================
    spoofs                  108,978: 22,800 train, 22,296 validation, 63,882 test
    bona fide               12,483: 2,580, 2,548, 7,355
    speakers                107 of VCTK, English: 20, 20, 67; no one speaks in two parts
    systems                 A01–A06 in train and validation, A07–A19 in the test
    rates                   16,000 Hz
    format                  FLAC, 16 bit, mono
    licence                 ODC-By 1.0
    download                https://datashare.ed.ac.uk/handle/10283/3336 (LA.zip)
    ======================  ==========================================================================

    ::

        root/LA/                                        or root is this folder itself
        ├── ASVspoof2019_LA_train/flac/LA_T_1138215.flac
        ├── ASVspoof2019_LA_dev/flac/LA_D_1047731.flac
        ├── ASVspoof2019_LA_eval/flac/LA_E_2834763.flac
        └── ASVspoof2019_LA_cm_protocols/
            ├── ASVspoof2019.LA.cm.train.trn.txt        LA_0079 LA_T_1138215 - - bonafide
            ├── ASVspoof2019.LA.cm.dev.trl.txt
            └── ASVspoof2019.LA.cm.eval.trl.txt         LA_0039 LA_E_2834763 - A11 spoof

    Traps:

    * The class is the last field, the attack the fourth; the third is the room of the PA track.
    * The folders hold 142 (validation) and 696 (test) enrolment recordings more than the protocols list.
    * The protocols of train and validation list all bona fide recordings first.
    * The 2021 LA and DF tests and PartialSpoof are made from the same speakers; what was trained on the test
      part here has met them.

    Args:
        root: folder with `LA/`, or that folder.
    """

    @property
    def name(self) -> str:
        """As in `data=asvspoof2019_la`."""
        return "asvspoof2019_la"

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """One archive of everything."""
        return (
            Download(
                "ASVspoof 2019 LA",
                "https://datashare.ed.ac.uk/bitstream/handle/10283/3336/LA.zip",
                licence="ODC-By 1.0",
            ),
        )

    @property
    def parts(self) -> Sequence[Part]:
        """Train, validation and test, whose speakers and recordings do not cross."""
        return _PARTS

    def utterance(self, line: Line, part: Part, path: str) -> Utterance:
        """Speaker, recording, room, attack, class.

        Raises:
            InputError: the class or the attack is unknown.
        """
        speaker, stem, _, system, key = line.fields
        label = line.label(key)
        return Utterance(
            path=path,
            utterance=stem,
            corpus=self.name,
            system=attack(line, system, label, _ATTACKS),
            speaker=speaker,
            label=label,
            split=part.split,
            fixed=part.split,
            group=speaker,
            listed=line.place,
        )
