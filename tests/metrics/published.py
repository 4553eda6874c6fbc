"""Speakers and systems of ASVspoof 2019 LA evaluation, for the published score files."""

import pytest
from tests.metrics.test_official import ROOT

from bonafide.metrics.schemes import Scheme, by_speaker, by_speaker_and_system, by_system, stratified

PROTOCOL = ROOT / "protocols" / "asvspoof2019_la" / "ASVspoof2019.LA.cm.eval.trl.txt"
there = pytest.mark.skipif(
    not (PROTOCOL.is_file() and (ROOT / "scores").is_dir()),
    reason="no published score files and protocols here: set BONAFIDE_REAL_AUDIO to their folder",
)


def trials(name: str) -> list[tuple[str, str, str]]:
    """Utterance, system and key of each row of a score file."""
    rows = (line.split(" ") for line in (ROOT / name).read_text().splitlines())
    return [(utterance, system, key) for utterance, system, key, _ in rows]


def schemes(name: str) -> dict[str, Scheme]:
    """All schemes, for the trials of a score file in its order."""
    speaker = {row[1]: row[0] for row in map(str.split, PROTOCOL.read_text().splitlines())}
    rows = trials(name)
    genuine = [speaker[utterance] for utterance, _, key in rows if key == "bonafide"]
    fake = [speaker[utterance] for utterance, _, key in rows if key != "bonafide"]
    systems = [system for _, system, key in rows if key != "bonafide"]
    return {
        "stratified": stratified(len(genuine), len(fake)),
        "speaker": by_speaker(genuine, fake),
        "system": by_system(systems),
        "speaker x system": by_speaker_and_system(genuine, fake, systems),
    }
