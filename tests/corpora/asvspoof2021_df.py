"""Writes ASVspoof 2021 DF in miniature."""

from pathlib import Path

from tests.corpora.miniature import _write, voice

KEY = "keys/DF/CM/trial_metadata.txt"
CODECS = ("nocodec", "low_mp3", "high_mp3", "low_m4a", "high_m4a", "low_ogg", "high_ogg", "mp3m4a", "oggm4a")
SOURCES = (
    ("asvspoof", "LA_{:04}", "A14", "traditional_vocoder", "- - - -"),
    ("vcc2018", "VCC2TF{}", "SPO-N10", "neural_vocoder_autoregressive", "- - - -"),
    ("vcc2020", "TEF{}", "Task1-team20", "neural_vocoder_nonautoregressive", "Task1 team20 FF E"),
)


def write(root: Path, speakers: int = 12, seconds: float = 0.4) -> Path:
    """The recordings and the key, in each phase one of either class for a speaker; returns `root`."""
    lines = []
    for speaker in range(speakers):
        source, who, attack, vocoder, rest = SOURCES[speaker % 3]
        for phase, trim in (("eval", "notrim"), ("progress", "notrim"), ("hidden", "trim")):
            for system in ("bonafide", attack):
                name = f"DF_E_{2_000_011 + 7919 * len(lines)}"
                key = "bonafide" if system == "bonafide" else "spoof"
                codec = CODECS[len(lines) // 2 % len(CODECS)]
                more = f"{vocoder} {rest}" if key == "spoof" else "bonafide - - - -"
                lines.append(
                    f"{who.format(speaker)} {name} {codec} {source} {system} {key} {trim} {phase} {more}\n"
                )
                sound = voice(name, 16_000, int(seconds * 16_000), "" if key == "bonafide" else system)
                _write(root / "ASVspoof2021_DF_eval/flac" / f"{name}.flac", sound, 16_000)
    (root / "ASVspoof2021_DF_eval/ASVspoof2021.DF.cm.eval.trl.txt").write_text(
        "".join(f"{line.split()[1]}\n" for line in lines)
    )
    (root / KEY).parent.mkdir(parents=True)
    (root / KEY).write_text("".join(lines))
    return root
