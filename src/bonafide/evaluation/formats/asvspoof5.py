"""ASVspoof 5: the evaluation package's tables, the protocols that are the keys, and the fusion demo.

Traps: the protocols end in `.tsv` and have spaces and no header, the class is the second last field; the demo
has no names and marks a spoof 0, though its read-me says 3.
"""

from typing import Final

from bonafide.evaluation.formats.layout import Layout
from bonafide.types import BONAFIDE, SPOOF

SCORES: Final = Layout(("path", "score"), "tab", ("filename", "cm-score"))
"""Tabs and a header: `E_000001<tab>0.01`"""

DEMO: Final = Layout(
    ("-", "score", "label"),
    "comma",
    ("asv_score", "cm_score", "sasv_label"),
    {"1.0": BONAFIDE, "2.0": BONAFIDE, "0.0": SPOOF},
)
"""`0.6910020709037781,10.664997100830078,1.0`: target 1, nontarget 2, spoof 0"""

KEY: Final = Layout(
    (
        *("speaker", "path", "gender", "codec", "codec_quality", "codec_seed"),
        *("adaptation", "system", "label", "-"),
    )
)
"""Track 1: `E_1607 E_0009538969 M C05 2 E_0009486171 AC1 A26 spoof -`"""

KEY_CHALLENGE: Final = Layout(("speaker", "path", "gender", "-", "system", "label"))
"""During the challenge (`ASVspoof5.dev.metadata.txt`): speaker, file, gender, `-`, attack, key"""

LABELS: Final = Layout(("path", "label"), "tab", ("filename", "cm-label"))
"""Of the evaluation package: `E_000001<tab>bonafide`"""
