"""Writes ASVspoof 2019 LA in miniature."""

from pathlib import Path

from tests.corpora.miniature import _write, voice

PARTS = {
    "train": ("T", "trn", ("A01", "A06"), 79),
    "dev": ("D", "trl", ("A01", "A06"), 69),
    "eval": ("E", "trl", ("A07", "A19"), 1),
}


def write(root: Path, speakers: int = 3, seconds: float = 0.4) -> Path:
    """`LA/` with three parts, in each for a speaker two recordings and a spoof of every attack; gives `root`.

    As in the real corpus, the protocols of train and dev list the bona fide first, that of eval is mixed, and
    the folders of dev and eval hold an enrolment recording that none lists.
    """
    for part, (letter, ending, attacks, first) in PARTS.items():
        folder = root / "LA" / f"ASVspoof2019_LA_{part}" / "flac"
        genuine, spoofs = [], []
        for speaker in range(first, first + speakers):
            for system in ("-", "-", *attacks):
                name = f"LA_{letter}_{1_000_000 + 7919 * (len(genuine) + len(spoofs))}"
                key = "bonafide" if system == "-" else "spoof"
                (genuine if system == "-" else spoofs).append(f"LA_{speaker:04} {name} - {system} {key}\n")
                sound = voice(name, 16_000, int(seconds * 16_000), system.strip("-"))
                _write(folder / f"{name}.flac", sound, 16_000)
        if part != "train":
            _write(folder / f"LA_{letter}_9999999.flac", voice("enrolment", 16_000, 8_000), 16_000)
        lines = genuine + spoofs if part != "eval" else sorted(genuine + spoofs, key=lambda line: line[14])
        protocols = root / "LA/ASVspoof2019_LA_cm_protocols"
        protocols.mkdir(exist_ok=True)
        (protocols / f"ASVspoof2019.LA.cm.{part}.{ending}.txt").write_text("".join(lines))
    return root
