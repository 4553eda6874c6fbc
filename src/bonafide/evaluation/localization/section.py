"""The part of a report that says where the fakes were found."""

from collections.abc import Iterator

from bonafide.evaluation.document import Section
from bonafide.evaluation.localization import tables, words
from bonafide.evaluation.localization.found import Where

TITLE = "Where"


def section(where: Where) -> Section:
    """Tables of all groups, then recordings on their timelines."""
    said: dict[str, list[str]] = {}
    for name, group in where.groups.items():
        for remark in group["remarks"]:
            said.setdefault(remark, []).append(name)
    several = len(where.groups) > 1
    return Section(
        TITLE,
        [f"{', '.join(names)}: {remark}" if several else remark for remark, names in said.items()],
        [
            tables.detectors(where.groups, where.joint),
            tables.heard(where.groups),
            tables.measures(where.groups),
        ],
        (),
        stacked=True,
        clips=where.clips,
    )


def glossary() -> Iterator[tuple[str, str]]:
    """What the words of this part mean."""
    for measure in (*words.MEASURES, words.THRESHOLD):
        if measure.meaning != "likewise.":
            yield measure.title, measure.meaning
    yield words.SEGMENTS
    yield words.TRIVIAL
    yield words.INTERVAL
