"""Names that come from outside, of files on servers and of members of archives, kept inside their folder."""

import re

OWN = ".bonafide"  # folder below a corpus root for what is remembered between two runs

_DRIVE = re.compile(r"^[A-Za-z]:(?=/)")


def below(name: str) -> str:
    """A name as a path below a folder: forward slashes, no leading slash or drive, no empty steps.

    `""` for the folder itself.

    Raises:
        ValueError: it would lead out of the folder, or into what the program keeps for itself.

    >>> below("/data/./train//a.wav")
    'data/train/a.wav'
    """
    slashed = _DRIVE.sub("", name.replace("\\", "/"))
    steps = [step for step in slashed.split("/") if step not in {"", "."}]
    if ".." in steps:
        raise ValueError("leads out of its folder")
    if "\0" in name:
        raise ValueError("holds a zero byte")
    if OWN in steps:
        raise ValueError(f"lies in {OWN}, which is not an archive's to write")
    return "/".join(steps)
