"""One look for all pictures: colours that colour-blind readers tell apart, no LaTeX, no global state."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from bonafide.whole import whole

# Okabe and Ito (2008), https://jfly.uni-koeln.de/color/, without the yellow that vanishes on white.
PALETTE: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GENUINE: Final = PALETTE[0]
FAKE: Final = PALETTE[1]
GREY: Final = "#6b7280"
DASHES: Final = ("-", "--", ":", "-.")

_STYLE: Final[Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": "#e3e6ea",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "text.usetex": False,
    "figure.dpi": 100,
    "savefig.dpi": 192,  # two pixels to one of a page
}


@contextmanager
def styled() -> Iterator[None]:
    """Draws in this style inside the block; matplotlib's settings come back after it."""
    with mpl.rc_context(_STYLE):
        yield


def strokes(count: int) -> list[tuple[str, str]]:
    """Colour and dash of each of `count` lines; the first 28 all differ.

    >>> strokes(2)
    [('#0072B2', '-'), ('#D55E00', '-')]
    """
    looks = ((color, dash) for dash in DASHES for color in PALETTE)
    return list(islice(cycle(looks), count))


def short(name: str) -> str:
    """A name that fits a label; a long one loses its middle.

    >>> short("ljspeech_multi_band_melgan_of_2021")
    'ljspeech_mult…elgan_of_2021'
    """
    return name if len(name) <= 28 else f"{name[:13]}…{name[-13:]}"


def save(figure: Figure, path: str | Path) -> None:
    """Writes the figure as PNG, whole or not at all; folders are made.

    Raises:
        InputError: the file cannot be written; the message has the reason.
    """
    image = io.BytesIO()
    with styled():
        figure.savefig(image, format="png", facecolor="white", metadata={"Software": None})
    with whole(path) as part:
        part.write_bytes(image.getvalue())
