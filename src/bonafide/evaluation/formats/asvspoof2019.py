"""ASVspoof 2019: the files of the challenge and of those who kept to it, AASIST, RawGAT-ST and AIR-ASVspoof.

Traps: AIR writes `A00` for bona fide trials, and its OC-softmax scores are high for *spoofs*.
"""

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bonafide.evaluation.formats import table
from bonafide.evaluation.formats.layout import Layout

SCORES: Final = Layout(("path", "system", "label", "score"))
"""`LA_E_2834763 A11 spoof -8.750496864318848`"""

KEY: Final = Layout(("speaker", "path", "environment", "system", "label"))
"""Countermeasure protocol, LA and PA: `LA_0039 LA_E_2834763 - A11 spoof`"""

_KINDS: Final = ("target", "nontarget", "spoof")


class Verification(NamedTuple):
    """Scores of a speaker verification system, high for the claimed speaker.

    Args:
        target: `[trials]` of the right speaker.
        nontarget: `[trials]` of another one.
        spoof: `[trials]` of an attack.
        system: `[spoofs]` the attack of each spoof.
    """

    target: NDArray[np.float64]
    nontarget: NDArray[np.float64]
    spoof: NDArray[np.float64]
    system: NDArray[np.object_]


def read_verification(file: str | Path) -> Verification:
    """The organisers' verification scores: `bonafide target 7.981530`, `A12 spoof 30.238160`.

    They have no names of trials; the order is that of the organisers' list.

    Raises:
        InputError: the file cannot be read, or lines are malformed; the first ten are named.
    """
    read = table.read(Path(file), ("system", "kind", "score"), "space", ())
    kinds = read.columns["kind"]
    if not set(_KINDS) >= set(kinds):
        read.refuse((kind not in _KINDS for kind in kinds), "kind", f"is none of {', '.join(_KINDS)}")
    score, kind = np.array(read.scores), np.array(kinds, dtype=object)
    target, nontarget, spoof = (score[kind == name] for name in _KINDS)
    return Verification(
        target, nontarget, spoof, np.array(read.columns["system"], dtype=object)[kind == "spoof"]
    )
