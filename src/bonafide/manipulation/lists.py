"""What a corpus of manipulated clips is read by: FakeSound's JSON, and a table for `data=manifest`."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from bonafide.manipulation.pipeline import named, number
from bonafide.manipulation.provenance import Record
from bonafide.types import BONAFIDE, SPOOF, Segment
from bonafide.whole import whole

JSON: Final = "manifest.json"
TABLE: Final = "manifest.csv"
_COLUMNS: Final = ("path", "label", "utterance", "corpus", "system", "speaker", "group", "segments")


def write(out: Path, records: Iterable[Record], corpus: str) -> None:
    """Writes both lists, whole; clips that were left out are in neither.

    `manifest.json` has FakeSound's form: a spoof (label **1**) followed by its genuine twin (label 0), whose
    region is `0_0`. In `manifest.csv` both sides of a pair share their `utterance` and their `group`, so that
    no division of the data parts them.

    Args:
        out: folder of the corpus.
        records: of the provenance, in the order wanted.
        corpus: name of the collection that the clips are from.
    """
    made = [record for record in records if "path" in record]
    audios = [entry for record in made for entry in _pair(record)]
    with whole(out / JSON) as part:
        part.write_text(json.dumps({"audios": audios}, indent=1, ensure_ascii=False), encoding="utf-8")
    with whole(out / TABLE) as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(row for record in made for row in _rows(record, corpus))


def remove(out: Path) -> None:
    """Takes both lists away: while clips are being made, none would be true."""
    for name in (JSON, TABLE):
        (out / name).unlink(missing_ok=True)


def _segments(record: Record) -> list[Segment]:
    return [Segment(part["start"], part["end"]) for part in record["regions"]]


def _pair(record: Record) -> list[Mapping[str, Any]]:
    fake = {
        "audio_id": record["audio_id"],
        "label": 1,
        "onset_offset": named(_segments(record)),
        "filepath": record["path"],
    }
    if not record["genuine"]:
        return [fake]
    twin = {"audio_id": record["source"], "label": 0, "onset_offset": "0_0", "filepath": record["genuine"]}
    return [fake, twin]


def _rows(record: Record, corpus: str) -> list[Mapping[str, str]]:
    folder, slash, _ = record["source"].rpartition("/")
    shared = {
        "utterance": record["source"],
        "corpus": corpus,
        "speaker": folder if slash else "-",
        "group": record["source"],
    }
    systems = dict.fromkeys(part["inpainter"]["name"] for part in record["regions"])
    segments = "/".join(f"{number(start)}-{number(end)}" for start, end in _segments(record))
    fake = {
        "path": record["path"], "label": SPOOF, **shared, "system": "+".join(systems), "segments": segments
    }  # fmt: skip
    if not record["genuine"]:
        return [fake]
    return [fake, {"path": record["genuine"], "label": BONAFIDE, **shared, "system": "-", "segments": ""}]
