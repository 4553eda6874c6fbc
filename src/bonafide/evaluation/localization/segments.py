"""Regions of a test group as a file: JSON Lines, a recording a line, for people and for other programs.

    {"path": "a.wav", "label": "spoof", "score": -3.1, "seconds": 10.0, "heard": [0.0, 10.0],
     "true": [[6.12, 7.4]], "predicted": [{"start": 6.5, "end": 7.0, "probability": 0.98}]}

Times are seconds from the beginning of the recording. `heard` is what the model was given of it, and `true`
what of it is spoofed. A recording of which several stretches were heard has a line for each, whose path ends
in its seconds (`a.wav#t=1,2`, https://www.w3.org/TR/media-frags).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bonafide.evaluation.localization.outcome import Outcome
from bonafide.evaluation.scores import Texts
from bonafide.metrics.localization.timeline import Floats, Regions, regions
from bonafide.types import BONAFIDE, SPOOF, InputError
from bonafide.whole import whole


class Located(NamedTuple):
    """What such a file says; time begins where hearing began.

    Args:
        label: `[files]`, `"bonafide"` or `"spoof"`.
        score: `[files]`, log-odds, high when genuine.
        first: `[files]` seconds of each recording before it was heard.
        seconds: `[files]` heard.
        whole: `[files]` seconds of each recording.
        true: spoofed regions.
        predicted: regions called spoofed.
        probability: `[predicted regions]` of a spoof.
    """

    label: Texts
    score: Floats
    first: Floats
    seconds: Floats
    whole: Floats
    true: Regions
    predicted: Regions
    probability: Floats


def write(path: str | Path, outcome: Outcome) -> None:
    """Writes the regions, whole or not at all.

    Raises:
        InputError: the file cannot be written; the message has the reason.
    """
    with whole(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in _lines(outcome))


def read(path: str | Path) -> Located:
    """Reads what `write` wrote.

    Raises:
        InputError: no such file, or a line that is none of these; the message names it.
    """
    path, entries = Path(path), []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                entries.append(_entry(line, f"{path}, line {number}"))
    except OSError as error:
        raise InputError(
            f"No regions at {path} ({error.strerror}): name a localization run's "
            "scores/<group>.segments.jsonl"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8: score the group again") from error
    first, last = np.array([entry["heard"] for entry in entries], np.float64).reshape(-1, 2).T
    names = [entry["path"] for entry in entries]
    true = regions(names, [entry["true"] for entry in entries])
    found = [[(one["start"], one["end"]) for one in entry["predicted"]] for entry in entries]
    predicted = regions(names, found)
    return Located(
        np.array([*(entry["label"] for entry in entries), None], object)[:-1],
        np.array([entry["score"] for entry in entries], np.float64),
        first,
        last - first,
        np.array([entry["seconds"] for entry in entries], np.float64),
        _moved(true, -first),
        _moved(predicted, -first),
        np.array([one["probability"] for entry in entries for one in entry["predicted"]], np.float64),
    )


def _lines(outcome: Outcome) -> Iterator[dict[str, object]]:
    true, predicted = (_moved(side, outcome.first) for side in (outcome.true, outcome.predicted))
    last = outcome.first + outcome.recordings.seconds
    for row, name in enumerate(outcome.names):
        truly, found = (slice(*side.bounds[row : row + 2]) for side in (true, predicted))
        yield {
            "path": name,
            "label": str(outcome.label[row]),
            "score": float(outcome.score[row]),
            "seconds": _rounded(outcome.whole[row]),
            "heard": [_rounded(outcome.first[row]), _rounded(last[row])],
            "true": [
                [_rounded(start), _rounded(end)]
                for start, end in zip(true.start[truly], true.end[truly], strict=True)
            ],
            "predicted": [
                {"start": _rounded(start), "end": _rounded(end), "probability": round(float(share), 6)}
                for start, end, share in zip(
                    predicted.start[found], predicted.end[found], outcome.probability[found], strict=True
                )
            ],
        }


def _rounded(seconds: float) -> float:
    """To the nanosecond, so that 0.1 + 0.2 is written as 0.3."""
    return round(float(seconds), 9)


def _moved(side: Regions, by: Floats) -> Regions:
    """The same regions, later by so many seconds in each file; not before its beginning."""
    later = by[side.file]
    return side._replace(start=np.maximum(side.start + later, 0), end=np.maximum(side.end + later, 0))


def _entry(line: str, place: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
        numbers = [found["score"], found["seconds"], *found["heard"]]
        numbers += [instant for pair in found["true"] for instant in pair]
        numbers += [one[key] for one in found["predicted"] for key in ("start", "end", "probability")]
        fine = isinstance(found["path"], str) and found["label"] in {BONAFIDE, SPOOF}
        fine = fine and all(type(number) in {int, float} for number in numbers)
        fine = fine and len(found["heard"]) == 2 and all(len(pair) == 2 for pair in found["true"])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{place} is no recording with its regions ({error!r}): score the group again"
        ) from error
    if not fine:
        raise InputError(f"{place} is no recording with its regions: score the group again")
    return found  # type: ignore[no-any-return]
