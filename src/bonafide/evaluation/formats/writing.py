"""Score tables as files that somebody else's evaluation reads."""

from pathlib import Path
from typing import Final

from bonafide.evaluation import scores
from bonafide.evaluation.formats import known
from bonafide.evaluation.formats.table import Separator
from bonafide.evaluation.scores import Trials
from bonafide.types import BONAFIDE, SPOOF, InputError
from bonafide.whole import whole

_CHARACTERS: Final = {"space": " ", "tab": "\t", "comma": ","}


def write_scores(file: str | Path, trials: Trials, format: str) -> None:  # noqa: A002
    """Writes in a known format, whole or not at all; scores come back as the same float64.

    Args:
        file: to be written.
        trials: high when genuine, and so they are written.
        format: name in `known.SCORES`; `codecfake` writes `real` and `fake`, whose readers also expect
            probabilities.

    Raises:
        InputError: no such format, one that names no trials, a name that would fall apart in it, or the
            file cannot be written.
    """
    layout = known.named(format, known.SCORES)
    if layout is known.OURS:
        scores.write(file, trials)
        return
    if "path" not in layout.columns:
        raise InputError(f"The format {format} names no trials and is read only: write another.")
    words = {label: next(word for word, means in layout.labels.items() if means == label)
             for label in (BONAFIDE, SPOOF)}  # fmt: skip
    texts = {
        "path": trials.path.tolist(),
        "system": trials.system.tolist(),
        "label": [words[label] for label in trials.label],
        "score": list(map(repr, trials.score.tolist())),
    }
    columns = [texts[role] for role in layout.columns]
    for role, column in zip(layout.columns, columns, strict=True):
        torn = [text for text in set(column) if _falls_apart(text, layout.separator)]
        if torn:
            raise InputError(
                f"{file} not written: {len(torn)} times a {role} would fall apart in the format {format}, "
                f"such as {min(torn)!r}; write asvspoof5, which has tabs, or bonafide."
            )
    separator = _CHARACTERS[layout.separator]
    lines = [separator.join(layout.header)] if layout.header else []
    lines += map(separator.join, zip(*columns, strict=True))
    with whole(file) as part, part.open("w", encoding="utf-8", newline="") as stream:
        stream.write("\n".join([*lines, ""]))


def write_pair(bonafide: str | Path, spoof: str | Path, trials: Trials) -> None:
    """Writes one score a line into a file of each class, in the order of the table.

    Raises:
        InputError: a file cannot be written.
    """
    for file, score in ((bonafide, trials.bonafide), (spoof, trials.spoof)):
        with whole(file) as part, part.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(f"{value!r}\n" for value in score.tolist())


def _falls_apart(text: str, separator: Separator) -> bool:
    if separator == "space":
        return text.split() != [text]
    return any(character in text for character in "\t\r\n") or not text
