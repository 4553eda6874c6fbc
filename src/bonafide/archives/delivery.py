"""From the list of a corpus's public archives to its folders."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from rich.filesize import decimal

from bonafide.archives.fetch import Ledger, Wanted, fetch, remaining
from bonafide.archives.listing import PublicFile, Servers, listed
from bonafide.archives.names import OWN, below
from bonafide.archives.unpack import room, unpack
from bonafide.archives.volumes import Archive, grouped
from bonafide.archives.web import Patience, session
from bonafide.types import Download, InputError
from bonafide.whole import whole

# Speech as 16-bit WAV loses about a fifth in a zip; where it loses more, `unpack` finds the disk too small.
_UNPACKED_PER_PACKED: Final = 1.25
_LEFT_PACKED: Final = (".7z", ".rar")


class _Set(NamedTuple):
    """An archive and what is remembered of it.

    Args:
        archive: its files, below the root.
        into: folder below the root that it is unpacked into.
        size: of its files, in bytes, as far as it is known.
        stamp: is written when it has been unpacked.
        version: sizes and checksums of its files, to tell another version of the archive.
    """

    archive: Archive
    into: str
    size: int
    stamp: Path
    version: str


def obtain(
    downloads: Sequence[Download],
    root: Path,
    *,
    servers: Servers = Servers(),  # noqa: B008 - a tuple of names never changes
    connections: int = 4,
    keep: bool = True,
    announce: Callable[[str], None] = print,
    patience: Patience = Patience(),  # noqa: B008 - likewise
) -> None:
    """Fetches, checks and unpacks; does nothing for what is there, goes on with what was interrupted.

    What is remembered between two runs lies in `.bonafide/` below the root; removing that folder makes the
    next run look at everything anew.

    Args:
        downloads: what the corpus is made of; the volumes of one archive may come from several of them.
        root: folder of the corpus; archives are put where they are unpacked.
        servers: where Zenodo and Hugging Face answer.
        connections: files fetched at a time.
        keep: whether archives stay when they have been unpacked.
        announce: is told what happens, a line each.
        patience: with servers.

    Raises:
        InputError: a place, a file or an archive is not what it should be, or the disk has not the room.
    """
    root = root.expanduser()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{root} cannot be made ({error.strerror}); set data.root to another folder"
        ) from error
    with session(connections) as talk:
        files: dict[str, PublicFile] = {}
        sets: list[_Set] = []
        plain: list[str] = []
        for into, group in _by_folder(downloads).items():
            here: dict[str, PublicFile] = {}
            for download in group:
                _take(here, listed(download, talk, servers, patience), download, announce)
            archives, rest = grouped([_join(into, name) for name in here])
            found = {_join(into, name): file for name, file in here.items()}
            sets += [_set(archive, into, found, root) for archive in archives]
            plain += rest
            files |= found
        for path in plain:
            if path.lower().endswith(_LEFT_PACKED):
                announce(f"{root / path} is fetched and left packed; unpack it by hand, with 7z or unrar")
        fresh = [each for each in sets if not _is_unpacked(each, root)]
        wanted = [
            Wanted(files[path], path)
            for path in sorted([*plain, *(part for each in fresh for part in each.archive.parts)])
        ]
        _enough_room(wanted, fresh, root, keep)
        fetch(
            wanted,
            root,
            Ledger(root / OWN / "checked.jsonl"),
            talk=talk,
            patience=patience,
            connections=connections,
            announce=announce,
        )
    for each in fresh:
        _unpack(each, root, keep, announce)
    if not keep:
        for each in sets:
            _remove(each, root)


def _by_folder(downloads: Sequence[Download]) -> dict[str, list[Download]]:
    """Downloads that go into one folder, where volumes of one archive may meet."""
    folders: dict[str, list[Download]] = {}
    for download in downloads:
        try:
            folders.setdefault(below(download.into), []).append(download)
        except ValueError as error:
            raise InputError(f"{download.place} cannot go into {download.into!r}: it {error}") from error
    return folders


def _join(into: str, name: str) -> str:
    return f"{into}/{name}" if into else name


def _take(
    here: dict[str, PublicFile], files: list[PublicFile], download: Download, announce: Callable[[str], None]
) -> None:
    """Adds the files of a download to those of its folder."""
    for file in files:
        other = here.setdefault(file.name, file)
        if (other.size, other.checksum) != (file.size, file.checksum):
            raise InputError(
                f"{other.address} and {file.address} would lie in one place and differ; choose with `files`, "
                "or give one of them another folder with `into`"
            )
    size = sum(file.size or 0 for file in files)
    licence = f", {download.licence}" if download.licence else ""
    count = f"{len(files)} file{'s' if len(files) > 1 else ''}"
    announce(f"{download.title} ({download.place}): {count}, {decimal(size)}{licence}")


def _set(archive: Archive, into: str, files: dict[str, PublicFile], root: Path) -> _Set:
    parts = [files[part] for part in archive.parts]
    version = json.dumps([[part.name, part.size, part.checksum] for part in parts])
    # A short name that no folder of an archive can be in the way of.
    stamp = root / OWN / "unpacked" / f"{hashlib.sha256(archive.name.encode()).hexdigest()[:16]}.json"
    return _Set(archive, into, sum(part.size or 0 for part in parts), stamp, version)


def _is_unpacked(each: _Set, root: Path) -> bool:
    """Whether this version was unpacked, and its folders are still there."""
    try:
        stamp = json.loads(each.stamp.read_text(encoding="utf-8"))
        same = stamp["version"] == each.version
        return same and all((root / each.into / name).exists() for name in stamp["holds"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _enough_room(wanted: Sequence[Wanted], fresh: Sequence[_Set], root: Path, keep: bool) -> None:
    """Looks whether everything will fit, before the first byte is fetched."""
    coming = sum(remaining(each, root) for each in wanted)
    unpacked = int(_UNPACKED_PER_PACKED * sum(each.size for each in fresh))
    if not keep:  # each archive goes when it has been unpacked
        packed = sum(each.size for each in fresh)
        unpacked = max(0, unpacked + max((each.size for each in fresh), default=0) - packed)
    room(coming + unpacked, root, f"fetching {decimal(coming)} and unpacking it")


def _unpack(each: _Set, root: Path, keep: bool, announce: Callable[[str], None]) -> None:
    each.stamp.unlink(missing_ok=True)
    holds = unpack(each.archive, root, root / each.into)
    if holds is None:
        return
    with whole(each.stamp) as stamp:
        text = json.dumps({"archive": each.archive.name, "version": each.version, "holds": holds})
        stamp.write_text(text, encoding="utf-8")
    announce(f"{each.archive.name} is unpacked in {root / each.into}")
    if not keep:
        _remove(each, root)


def _remove(each: _Set, root: Path) -> None:
    """Removes the files of an archive that has been unpacked."""
    if each.stamp.is_file():
        for part in each.archive.parts:
            (root / part).unlink(missing_ok=True)
