"""In-the-Wild and lists like its: commas and a header.

Traps: the original says `bona-fide`; the other list has absolute paths of its author.
"""

from typing import Final

from bonafide.evaluation.formats.layout import BONAFIDE_SPOOF, Layout
from bonafide.types import BONAFIDE, SPOOF

KEY: Final = Layout(
    ("path", "speaker", "label"),
    "comma",
    ("file", "speaker", "label"),
    {"bona-fide": BONAFIDE, "spoof": SPOOF},
)
"""`meta.csv`: `4.wav,Christopher Hitchens,bona-fide`"""

ARENA: Final = Layout(("path", "label"), "comma", ("file_name", "label"), BONAFIDE_SPOOF)
"""Speech DF Arena, any of its corpora: `/data/In_Wild/0.wav,spoof`"""
