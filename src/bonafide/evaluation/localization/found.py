"""What a report tells of localization, before anything is written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bonafide.evaluation.localization.joint import Joint
from bonafide.evaluation.localization.measures import Localization


class Clip(NamedTuple):
    """A recording on its timeline, to be seen and heard.

    Args:
        title: why it is shown.
        path: of the recording.
        figure: PNG of its timeline.
        caption: what that shows.
        facts: in the order shown.
        sound: MP3 file of what the figure shows; empty if it cannot be had.
        problem: why it cannot, a sentence; empty if it can.
    """

    title: str
    path: str
    figure: Path
    caption: str
    facts: Sequence[tuple[str, str]]
    sound: bytes = b""
    problem: str = ""


class Where(NamedTuple):
    """The part of a report that says where the fakes were found.

    Args:
        groups: measures of each test group.
        joint: of groups that share recordings; None where they do not.
        clips: of all groups, in the order shown.
    """

    groups: Mapping[str, Localization]
    joint: Joint | None = None
    clips: Sequence[Clip] = ()
