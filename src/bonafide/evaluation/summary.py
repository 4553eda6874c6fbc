"""What a report is made of, before anything is written."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bonafide.evaluation.breakdown import Group
from bonafide.evaluation.cells import Table
from bonafide.evaluation.localization.found import Where
from bonafide.evaluation.mistakes import Shown


class Picture(NamedTuple):
    """A figure of a report.

    Args:
        file: PNG.
        caption: what it shows.
        group: test group that it is about; empty for all.
        broad: needs the whole width of a page.
    """

    file: Path
    caption: str
    group: str = ""
    broad: bool = False


class Summary(NamedTuple):
    """What a report tells.

    Args:
        title: heading.
        facts: about the run, in the order shown: model, front end, data, seed, parameters, duration, …
        groups: what `breakdown.measure` gave for each test group, in the order shown; or for each detector
            of one group, where these are compared.
        note: shown above everything, for example that the demo corpus is synthetic; empty for none.
        trained: systems in the training data; None if that is not known.
        trivial: EER of a detector that sees trivial numbers alone, by group, where it is known.
        pictures: in the order shown.
        mistakes: the worst of each group, the worst first.
        tables: further ones; those of a group stand in its part of the report, which is made for them if
            there is none.
        detailed: whether each of `groups` has a part with all its measures and systems.
        lines: what one of `groups` is, in a word.
        where: what localization found; None for detectors of whole clips.
    """

    title: str
    facts: Mapping[str, str]
    groups: Mapping[str, Group]
    note: str = ""
    trained: Collection[str] | None = None
    trivial: Mapping[str, float] = {}
    pictures: Sequence[Picture] = ()
    mistakes: Mapping[str, Sequence[Shown]] = {}
    tables: Sequence[Table] = ()
    detailed: bool = True
    lines: str = "Group"
    where: Where | None = None
