"""The report on resources: an overview, every number with its spread, and what others have published."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Final, NamedTuple

from bonafide.choices import named
from bonafide.evaluation.cells import Cell, Column, Row, Table, count, word
from bonafide.evaluation.document import Document, Headline, Section
from bonafide.evaluation.resources import published
from bonafide.evaluation.resources.cost import Cost
from bonafide.evaluation.resources.forms import digits, kilobytes, mebibytes, milliseconds, span
from bonafide.evaluation.summary import Picture

OVERVIEW: Final = "Front ends and models"


class Measured(NamedTuple):
    """A front end with a model.

    Args:
        frontend: its name.
        model: likewise.
        options: of this pair alone, as typed.
        cost: what was found.
    """

    frontend: str
    model: str
    options: Sequence[str]
    cost: Cost

    @property
    def chosen(self) -> str:
        """The options in few words."""
        return named(dict(option.lstrip("+").partition("=")[::2] for option in self.options))

    @property
    def name(self) -> str:
        """Of the pair, for people."""
        return f"{self.frontend}/{self.model} {self.chosen}".rstrip()


def document(
    measured: Sequence[Measured],
    pictures: Sequence[Picture],
    *,
    facts: Mapping[str, str],
    note: str = "",
    left_out: Mapping[str, str] | None = None,
) -> Document:
    """The report.

    Args:
        measured: at least one, in the order shown.
        pictures: of them.
        facts: about machine and workload.
        note: shown above everything.
        left_out: pairs that could not be built, and why.
    """
    remarks = [f"{name} is left out: {reason}" for name, reason in (left_out or {}).items()]
    if any(each.cost.memory is None for each in measured):
        remarks.append("This system does not tell how far memory grew; there are no figures of it.")
    sections = [Section(OVERVIEW, remarks, [overview(measured)], pictures, stacked=True)]
    sections.append(Section("In detail", (), [details(measured)], (), stacked=True))
    plain = {each.frontend: each.cost for each in reversed(measured) if not each.options}
    beside = published.table(plain)
    if beside is not None:
        sections.append(Section("Published comparison", (), [beside], (), stacked=True))
    title = f"Resources of {len(measured)} pairs of front end and model"
    return Document(title, sections, list(_headlines(measured)), facts, note, _GLOSSARY)


def overview(measured: Sequence[Measured]) -> Table:
    """What is asked first."""
    columns = (
        Column("Front end", ("frontend",), text=True),
        Column("Model", ("model", "options"), text=True),
        Column("Extraction, ms", ("extraction",)),
        Column("Scoring, ms", ("scoring",)),
        Column("× real time", ("real_time_factor",)),
        Column("Memory, MiB", ("memory",)),
        Column("Storage, kB", ("storage",)),
        Column("Parameters", ("frontend_parameters", "model_parameters")),
    )
    rows = []
    for each in measured:
        cost = each.cost
        rows.append(
            Row(
                (
                    word(each.frontend),
                    _model(each),
                    milliseconds(median(cost.extraction)),
                    milliseconds(median(cost.scoring)),
                    Cell(digits(1 / cost.factor), (cost.factor,), strong=True),
                    mebibytes(cost.memory),
                    kilobytes(cost.storage),
                    _parameters(cost),
                )
            )
        )
    note = "Time and storage: of a second of audio. Memory: at the peak of a batch."
    if any(each.cost.frontend_parameters for each in measured):
        note += " Parameters: those of the front end + those of the model."
    return Table("resources", OVERVIEW, columns, tuple(rows), note)


def details(measured: Sequence[Measured]) -> Table:
    """The spread of the repeats, and what the sums are made of."""
    lowest, step, grows = "Time, ms, lowest – highest", "Features of a clip", "Memory, MiB"
    columns = (
        Column("Front end", ("frontend",), text=True),
        Column("Model", ("model", "options"), text=True),
        Column("extraction", ("extraction_low", "extraction_high"), over=lowest),
        Column("scoring", ("scoring_low", "scoring_high"), over=lowest),
        Column("both", ("both_low", "both_high"), over=lowest),
        Column("shape", ("channels", "bins", "frames"), over=step),
        Column("bytes", ("clip_bytes",), over=step),
        Column("weights", ("weights",), over=grows),
        Column("by extraction", ("extraction_memory",), over=grows),
        Column("by both", ("batch_memory",), over=grows),
    )
    rows = []
    for each in measured:
        cost = each.cost
        rows.append(
            Row(
                (
                    word(each.frontend),
                    _model(each),
                    *(span(list(values), 1e3) for values in (cost.extraction, cost.scoring, cost.factors)),
                    Cell(" × ".join(f"{size:,}" for size in cost.shape), tuple(cost.shape)),
                    count(cost.clip_bytes),
                    mebibytes(cost.weights),
                    mebibytes(cost.extraction_memory),
                    mebibytes(cost.batch_memory),
                )
            )
        )
    return Table("resources_in_detail", "Spread of the repeats, features, memory", columns, tuple(rows))


def _model(each: Measured) -> Cell:
    return Cell(f"{each.model} {each.chosen}".rstrip(), (each.model, " ".join(each.options)))


def _parameters(cost: Cost) -> Cell:
    of_model = f"{cost.model_parameters:,}"
    text = f"{cost.frontend_parameters:,} + {of_model}" if cost.frontend_parameters else of_model
    return Cell(text, (cost.frontend_parameters, cost.model_parameters))


def _headlines(measured: Sequence[Measured]) -> Iterator[Headline]:
    fastest = min(measured, key=lambda each: each.cost.factor)
    slowest = max(measured, key=lambda each: each.cost.factor)
    lines = [f"slowest: {slowest.name}, {digits(1 / slowest.cost.factor)} ×"] if len(measured) > 1 else []
    yield Headline(f"Fastest: {fastest.name}", digits(1 / fastest.cost.factor), "× real time", lines)
    known = [(each.cost.memory, each) for each in measured if each.cost.memory is not None]
    if known:
        (least, thrifty), (most, greedy) = (pick(known, key=lambda one: one[0]) for pick in (min, max))
        lines = [f"most: {greedy.name}, {digits(most / 2**20)} MiB"] if len(known) > 1 else []
        yield Headline(f"Least memory: {thrifty.name}", digits(least / 2**20), "MiB", lines)
    smallest = min(measured, key=lambda each: each.cost.storage)
    largest = max(measured, key=lambda each: each.cost.storage)
    lines = []
    if len(measured) > 1:
        lines = [f"most: {largest.frontend}, {digits(largest.cost.storage / 1e3)} kB"]
    yield Headline(
        f"Least storage: {smallest.frontend}", digits(smallest.cost.storage / 1e3), "kB a second", lines
    )


_GLOSSARY: Final = [
    (
        "Extraction, scoring",
        "milliseconds that the front end and the model take for a second of audio, median of the repeats. "
        "Reading files and resampling are not counted.",
    ),
    (
        "× real time",
        "seconds of audio heard in a second, extraction and scoring together; its inverse is the real-time "
        "factor, which the tables have as CSV.",
    ),
    (
        "Memory",
        "weights, and by how much memory grows at most while a batch goes through front end and model. "
        "Measured in a process of its own for each pair; what Python and torch take themselves is not in it.",
    ),
    (
        "Storage",
        "of the features of a second of audio, were they written to disk in single precision; 1 kB is 1000 "
        "bytes. A second of the waveform at 16 kHz takes 64 kB.",
    ),
    ("Parameters", "trained or frozen numbers; fixed filters and statistics are not among them."),
]  # fmt: skip
