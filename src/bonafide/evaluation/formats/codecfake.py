"""Codecfake, All-Type-ADD and AIR's systems of 2021: the score before the label, or after the name.

Traps: scores are probabilities of genuine; one file says `real` and `fake`, another `bonafide` and `spoof`;
names come with an ending or without, one model adds the attack (`LA_E_2834763_A11`).
"""

from typing import Final

from bonafide.evaluation.formats.layout import BONAFIDE_SPOOF, REAL_FAKE, Layout

SCORES: Final = Layout(("path", "score", "label"), labels={**REAL_FAKE, **BONAFIDE_SPOOF})
"""`F01_SSB05440084.wav 0.00014146258763503283 fake`"""

KEY: Final = Layout(("path", "label", "system"), labels=REAL_FAKE, no_system=frozenset({"0"}))
"""`F01_SSB13650058.wav fake 1`; the type is the number of the codec."""
