"""Archives for tests: volumes as `zip -s` writes them, and tars of what no one should unpack."""

import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ENTRY, END = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
END64, LOCATOR = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", compression) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content, compress_type=compression)
    return memory.getvalue()


def zip_with_mode(name: str, content: bytes, mode: int) -> bytes:
    """A zip archive with one member of a kind, as a mode of Unix."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as file:
        info = zipfile.ZipInfo(name)
        info.create_system, info.external_attr = 3, mode << 16
        file.writestr(info, content)
    return memory.getvalue()


def tarred(members: Sequence[tarfile.TarInfo | tuple[str, bytes]], kind: str = "") -> bytes:
    """A tar archive of headers alone, and of files; `kind` as in `tarfile.open("w:KIND")`."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode=f"w:{kind}") as file:  # type: ignore[call-overload]
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                file.addfile(member)
            else:
                name, content = member
                info = tarfile.TarInfo(name)
                info.size = len(content)
                file.addfile(info, io.BytesIO(content))
    return memory.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """The header of a link, a device or a folder."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def cut(content: bytes, size: int) -> list[bytes]:
    """Pieces of a stream."""
    return [content[place : place + size] for place in range(0, len(content), size)]


def volumes(archive: bytes, size: int, wide: bool = False) -> list[bytes]:
    """A zip archive as volumes: a mark before it, and a directory that counts from the start of each.

    Args:
        archive: as `zipped` makes it.
        size: of each volume but the last, in bytes.
        wide: with the records for archives beyond 4 GiB.
    """
    *_, count, _, start, _ = END.unpack(archive[-END.size :])
    directory, place = b"", start
    for _ in range(count):
        fields = list(ENTRY.unpack_from(archive, place))
        after = place + ENTRY.size + fields[10]
        name = archive[place + ENTRY.size : after]
        place = after + fields[11] + fields[12]
        disk, offset = divmod(4 + fields[16], size)
        fields[11], fields[13], fields[16] = 0, disk, offset
        extra = b""
        if wide:
            extra = struct.pack("<2H4s2HQ", 0x7075, 4, b"else", 1, 8, offset)
            fields[11], fields[16] = len(extra), 0xFFFFFFFF
        directory += ENTRY.pack(*fields) + name + extra
    body = b"PK\7\x08" + archive[:start]
    disk, offset = divmod(len(body), size)
    whole = body + directory
    last = (len(whole) + (END64.size + LOCATOR.size if wide else 0) + END.size) // size
    if wide:
        lies, at = divmod(len(whole), size)
        whole += END64.pack(
            b"PK\6\6", 44, 45, 45, last, disk, count, count, len(directory), offset
        ) + LOCATOR.pack(b"PK\6\7", lies, at, last + 1)
        whole += END.pack(b"PK\5\6", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    else:
        whole += END.pack(b"PK\5\6", last, disk, count, count, len(directory), offset, 0)
    return cut(whole, size)


def written(folder: Path, stem: str, parts: Sequence[bytes]) -> list[str]:
    """Writes volumes under the names that `zip -s` gives them."""
    names = [f"{stem}.z{number:02}" for number in range(1, len(parts))] + [f"{stem}.zip"]
    for name, part in zip(names, parts, strict=True):
        (folder / name).write_bytes(part)
    return names


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
