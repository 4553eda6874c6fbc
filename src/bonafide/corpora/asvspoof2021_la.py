"""ASVspoof 2021 LA (Liu et al., IEEE/ACM TASLP 2023, https://arxiv.org/abs/2210.02437)."""

from collections.abc import Sequence
from typing import Final, final

from bonafide.corpora.asvspoof import Asvspoof, Part, part_2021, sources_2021, utterance_2021
from bonafide.corpora.protocol import Line
from bonafide.types import ByHand, Download, Utterance

_CODECS: Final = {"none": "-"} | {name: name for name in ("alaw", "pstn", "g722", "ulaw", "gsm", "opus")}
_ATTACKS: Final = dict.fromkeys(f"A{number:02}" for number in range(7, 20))


@final
class Asvspoof2021LA(Asvspoof):
    """The speech of ASVspoof 2019 LA's test, sent through telephone networks; a test and nothing else.

    ======================  ==========================================================================
    spoofs                  163,114
    bona fide               18,452
    phases                  eval 148,176 (what papers report), progress 16,464, hidden 16,926
    speakers                67, English
    systems                 A07–A19 of ASVspoof 2019 LA
    codecs                  none, a-law, PSTN, G.722, μ-law, GSM, Opus (C1–C7): 25,938 recordings each
    rates                   16,000 Hz, though most networks let through 4,000 Hz only
    format                  FLAC, 16 bit, mono
    licence                 recordings ODC-By 1.0; the key names none
    download                https://zenodo.org/records/4837263; key https://www.asvspoof.org/index2021.html
    ======================  ==========================================================================

    ::

        root/
        ├── ASVspoof2021_LA_eval/flac/LA_E_9332881.flac
        └── keys/LA/CM/trial_metadata.txt       LA_0009 LA_E_9332881 alaw ita_tx A07 spoof notrim eval
                                                or ASVspoof2021_LA_eval/trial_metadata.txt, or keys/CM/…

    Traps:

    * The class is the sixth field, not the last; the audio archive has no key at all.
    * Three phases in one list: a figure for all 181,566 recordings is no figure for `eval`. In `hidden` the
      silence around the speech is cut away; it is reported by itself.
    * Other decoders than libsndfile are needed for 43 % of the files (1.2.2 refuses them).
    * One 2019 recording comes through several networks under unrelated names: divide by speaker, as is done
      here when somebody trains on it.

    Args:
        root: folder of the drawing.
    """

    @property
    def name(self) -> str:
        """As in `data=asvspoof2021_la`."""
        return "asvspoof2021_la"

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """The recordings, and their key."""
        return sources_2021(
            "LA", "4837263", "ASVspoof2021_LA_eval.tar.gz", "f052cc2ed276745afa3b5198665d3b26"
        )

    @property
    def parts(self) -> Sequence[Part]:
        """The test."""
        return (part_2021("LA", (8,), 181_566),)

    def utterance(self, line: Line, part: Part, path: str) -> Utterance:  # noqa: ARG002 - there is one part
        """Speaker, recording, codec, route, attack, class, trim, phase.

        Raises:
            InputError: a codec, attack, class, trim or phase is unknown.
        """
        return utterance_2021(line, path, self.name, codecs=_CODECS, attacks=_ATTACKS)
