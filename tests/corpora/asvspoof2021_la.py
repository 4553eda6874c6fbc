"""Writes ASVspoof 2021 LA in miniature."""

from pathlib import Path

from tests.corpora.miniature import _write, voice

KEY = "keys/LA/CM/trial_metadata.txt"
CHANNELS = ("none -", "alaw ita_tx", "pstn mad_tx", "g722 loc_tx", "ulaw sin_tx", "gsm loc_tx", "opus ita_tx")


def write(root: Path, speakers: int = 12, seconds: float = 0.4) -> Path:
    """The recordings and the key, in each phase one of either class for a speaker; returns `root`."""
    lines = []
    for speaker in range(speakers):
        for phase, trim in (("eval", "notrim"), ("progress", "notrim"), ("hidden", "trim")):
            for system in ("bonafide", f"A{7 + len(lines) % 13:02}"):
                name = f"LA_E_{9_332_881 - 7919 * len(lines)}"
                key = "bonafide" if system == "bonafide" else "spoof"
                channel = CHANNELS[len(lines) // 2 % len(CHANNELS)]
                lines.append(f"LA_{speaker:04} {name} {channel} {system} {key} {trim} {phase}\n")
                sound = voice(name, 16_000, int(seconds * 16_000), "" if key == "bonafide" else system)
                _write(root / "ASVspoof2021_LA_eval/flac" / f"{name}.flac", sound, 16_000)
    (root / "ASVspoof2021_LA_eval/ASVspoof2021.LA.cm.eval.trl.txt").write_text(
        "".join(f"{line.split()[1]}\n" for line in lines)
    )
    (root / KEY).parent.mkdir(parents=True)
    (root / KEY).write_text("".join(lines))
    return root
