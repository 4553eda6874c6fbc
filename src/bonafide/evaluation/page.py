"""A report as one HTML page that needs nothing else: no network, no files beside it, no script."""

import struct
from base64 import b64encode
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from bonafide.evaluation.document import Document
from bonafide.types import InputError

_DENSITY: Final = 2
"""Pixels of a figure to one of the page."""


class Image(NamedTuple):
    """A picture inside the page.

    Args:
        data: PNG as base64.
        width: on the page, in CSS pixels.
        height: likewise.
    """

    data: str
    width: int
    height: int


def report(document: Document) -> str:
    """The page.

    Raises:
        InputError: a figure cannot be read.
    """
    environment = Environment(
        loader=PackageLoader("bonafide", "evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["base64"] = base64
    return environment.get_template("report.html.j2").render(
        document=document,
        places={section.title: place for place, section in enumerate(document.sections) if place},
        images={file: image(file) for file in document.figures},
    )


def image(figure: Path) -> Image:
    """A PNG file, twice as fine as it is shown.

    Raises:
        InputError: it cannot be read, or is no PNG.
    """
    try:
        content = figure.read_bytes()
        width, height = struct.unpack(">II", content[16:24])  # the header comes first
    except (OSError, struct.error) as error:
        reason = getattr(error, "strerror", None) or "not a PNG"
        raise InputError(f"Figure {figure} cannot be read ({reason}): draw it again.") from error
    return Image(base64(content), width // _DENSITY, height // _DENSITY)


def base64(content: bytes) -> str:
    """Bytes for a `data:` address."""
    return b64encode(content).decode("ascii")
