"""Captions of clips, from lists of several forms."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from bonafide.types import InputError

_FILE: Final = ("file", "path", "filepath", "file_name", "filename", "wav", "audio_id", "id", "youtube_id")
"""Columns that name a clip, the first one there counts; the last one is AudioCaps'."""
_CAPTION: Final = ("caption", "text", "target_caption", "description")
_LISTS: Final = ("audios", "data", "clips")
"""Keys under which a JSON object holds its records."""


def read(file: str | Path) -> dict[str, str]:
    """Captions by names of clips; of several for one clip, as AudioCaps' test part has, the first.

    CSV with a header (`file,caption`, or AudioCaps' own `audiocap_id,youtube_id,start_time,caption`), JSON
    (`{"name": "caption"}`, or records that have both) or JSON lines.

    Raises:
        InputError: the file is missing, has no such columns, or is malformed.
    """
    path = Path(file).expanduser()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"the list of captions {path} does not exist; set captions to one") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as UTF-8 text ({error}); save it anew") from error
    found: dict[str, str] = {}
    for name, caption in _pairs(path, text):
        found.setdefault(name, caption)
    if not found:
        raise InputError(f"{path} holds no captions; name another list with captions=FILE")
    return found


def of(name: str, ending: str, captions: Mapping[str, str]) -> str:
    """The caption of a clip, by its path with or without ending, its stem, or its YouTube name.

    AudioCaps' copies are called `<id>.wav`, `Y<id>.wav` or `<id>_<start>.wav`.

    >>> of("a/Y--0w1YA1Hm4", ".wav", {"--0w1YA1Hm4": "rain"}), of("b", ".wav", {"a": "rain"})
    ('rain', '')
    """
    stem = PurePosixPath(name).name
    for key in (name + ending, name, stem + ending, stem, stem.removeprefix("Y"), stem[:11]):
        if key in captions:
            return captions[key]
    return ""


def _pairs(path: Path, text: str) -> Iterator[tuple[str, str]]:
    match path.suffix.lower():
        case ".json":
            yield from _records(path, _parsed(path, text))
        case ".jsonl":
            yield from _records(path, [_parsed(path, line) for line in text.splitlines() if line.strip()])
        case suffix:
            rows = csv.DictReader(text.splitlines(), delimiter="\t" if suffix == ".tsv" else ",")
            header = [field.strip() for field in rows.fieldnames or []]
            name, caption = _key(path, header, _FILE), _key(path, header, _CAPTION)
            rows.fieldnames = header
            for row in rows:
                if row[name] is None or row[caption] is None:
                    raise InputError(f"{path}, line {rows.line_num}: {name} or {caption} is missing; mend it")
                yield row[name].strip(), row[caption].strip()


def _records(path: Path, content: Any) -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        held = [content[key] for key in _LISTS if isinstance(content.get(key), list)]
        if not held:
            yield from ((str(name), str(caption)) for name, caption in content.items())
            return
        content = held[0]
    if not isinstance(content, list) or not all(isinstance(record, dict) for record in content):
        raise InputError(f'{path} is neither {{"name": "caption", …}} nor a list of records; see the README')
    for record in content:
        yield str(record[_key(path, record, _FILE)]), str(record[_key(path, record, _CAPTION)])


def _key(path: Path, there: Any, wanted: tuple[str, ...]) -> str:
    for name in wanted:
        if name in there:
            return name
    raise InputError(f"{path} has none of {', '.join(wanted)} among {', '.join(there)}; rename the one meant")


def _parsed(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error}); mend it") from error
