"""A figure for a page and for print: PNG and PDF."""

import io
from pathlib import Path

from matplotlib.figure import Figure

from bonafide.figures import style
from bonafide.whole import whole


def save(figure: Figure, path: Path) -> Path:
    """Writes `path` with the endings `.png` and `.pdf`, each whole or not at all; gives that of the PNG.

    Raises:
        InputError: a file cannot be written; the message has the reason.
    """
    image, drawing = path.with_suffix(".png"), path.with_suffix(".pdf")
    style.save(figure, image)
    content = io.BytesIO()
    with style.styled():
        figure.savefig(
            content, format="pdf", facecolor="white", metadata={"CreationDate": None, "Creator": None}
        )
    with whole(drawing) as part:
        part.write_bytes(content.getvalue())
    return image
