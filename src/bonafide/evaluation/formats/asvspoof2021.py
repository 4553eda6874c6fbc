"""ASVspoof 2021: submissions, and the keys published apart from the audio (`keys/LA/CM/trial_metadata.txt`).

Traps: a score file has no labels; the label is not the last field of a key; a key lists three phases, of
which papers report `eval`.
"""

from typing import Final

from bonafide.evaluation.formats.layout import Layout

SCORES: Final = Layout(("path", "score"))
"""`LA_E_9332881 -3.2517614364624023`; also `0.wav -13.84` of SLS."""

KEY_LA: Final = Layout(("speaker", "path", "codec", "transmission", "system", "label", "trim", "subset"))
"""`LA_0009 LA_E_9332881 alaw ita_tx A07 spoof notrim eval`"""

KEY_DF: Final = Layout(
    (
        *("speaker", "path", "codec", "source", "system", "label", "trim", "subset"),
        *("family", "task", "team", "gender", "language"),
    )
)
"""`LA_0023 DF_E_2000011 nocodec asvspoof A14 spoof notrim progress traditional_vocoder - - - -`"""

KEY_PA: Final = Layout(
    (
        *("speaker", "path", "room", "microphone", "distance"),
        *("attacker_room", "attacker_microphone", "replay_device", "attacker_distance"),
        *("label", "trim", "subset"),
    )
)
"""`PA_0010 PA_E_1000001 R3 M3 d4 r1 m1 s4 c4 spoof notrim eval`; names no attack."""
