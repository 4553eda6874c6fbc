"""Templates, and pictures and sounds inside of what they make."""

import struct
from base64 import b64encode
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from bonafide.types import InputError

_DENSITY: Final = 2
"""Pixels of a figure to one of the page."""


class Image(NamedTuple):
    """A picture inside a page.

    Args:
        data: PNG as base64.
        width: on the page, in CSS pixels.
        height: likewise.
    """

    data: str
    width: int
    height: int


def render(folder: str, template: str, **values: object) -> str:
    """A page.

    Args:
        folder: of the template, below the package.
        template: its file, which may include `style.css`.
        values: that it names; a name without a value is refused.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("bonafide", place) for place in (folder, "pages")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["base64"] = base64
    return environment.get_template(template).render(**values)


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
