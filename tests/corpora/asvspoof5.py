"""Writes ASVspoof 5 in miniature."""

from pathlib import Path

from tests.corpora.miniature import _write, voice

PARTS = {
    "T": ("flac_T", "ASVspoof5.train.tsv", ("A01", "A08")),
    "D": ("flac_D", "ASVspoof5.dev.track_1.tsv", ("A09", "A16")),
    "E": ("flac_E_eval", "ASVspoof5.eval.track_1.tsv", ("A18", "A32")),
}


def write(root: Path, speakers: int = 3, seconds: float = 0.4) -> Path:
    """Three parts, in each two recordings and a spoof of every attack for a speaker; returns `root`.

    As in the real corpus, everything of the test is there uncoded and coded, the folders of validation and
    test hold an enrolment recording that track 1 does not list, and the archive of the protocols also has
    what is not for track 1.
    """
    protocols = root / "ASVspoof5_protocols"
    protocols.mkdir(parents=True)
    for letter, (folder, protocol, attacks) in PARTS.items():
        lines: list[str] = []
        for speaker in range(speakers):
            for system in ("-", "-", *attacks):
                tag, attack, key = (
                    ("-", "bonafide", "bonafide") if system == "-" else ("AC1", system, "spoof")
                )
                original = f"{letter}_{len(lines):010}"
                codings = [("-", "0", "-"), ("C05", "2", original)] if letter == "E" else [("-", "-", "-")]
                for codec, quality, seed in codings:
                    name = f"{letter}_{len(lines):010}"
                    sound = voice(original, 16_000, int(seconds * 16_000), system.strip("-"))
                    _write(root / folder / f"{name}.flac", sound, 16_000)
                    lines.append(
                        f"{letter}_{speaker:04} {name} F {codec} {quality} {seed} {tag} {attack} {key} -\n"
                    )
        (protocols / protocol).write_text("".join(lines))
        if letter != "T":
            enrolment = f"{letter}_A0000000562"
            _write(root / folder / f"{enrolment}.flac", voice(enrolment, 16_000, 8_000), 16_000)
            part = {"D": "dev", "E": "eval"}[letter]
            (protocols / f"ASVspoof5.{part}.track_2.enroll.tsv").write_text(f"{letter}_0000 {enrolment}\n")
            trials = (f"{letter}_0000 {line.split()[1]} F {line.split()[7]} nontarget\n" for line in lines)
            (protocols / f"ASVspoof5.{part}.track_2.trial.tsv").write_text("".join(trials))
    (protocols / "ASVspoof5.codec.config.csv").write_bytes(
        b"ID,CODEC,CODEC_Q,Bitrate(kbps)\r\nC1,opus_wb,1,6\r\n"
    )
    return root
