"""A sweep: its finished cells, what varies between them, and the cells that are not there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple, final

from bonafide.choices import shortened
from bonafide.evaluation.cells import DASH
from bonafide.validated import Validated

SEED: Final = "seed"
"""The option whose values are repetitions, not choices."""


class Measured(NamedTuple):
    """One test group of one cell; rates are fractions.

    Args:
        eer: of all its trials.
        accuracy: at the threshold chosen on validation.
        balanced_accuracy: likewise.
        bonafide: trials.
        spoof: trials.
        systems: EER of each system's spoofs.
        trials: names the trial list, whatever the scores.
    """

    eer: float
    accuracy: float
    balanced_accuracy: float
    bonafide: int
    spoof: int
    systems: Mapping[str, float]
    trials: str


class Run(NamedTuple):
    """A finished cell.

    Args:
        name: its folder, as short as it is clear.
        folder: of the run.
        choices: option → value, of every option that any cell of the sweep was given.
        groups: by test group.
        validation: what the weights were chosen by; None if it is not known.
        seconds: spent; None if it is not known.
        parameters: trained numbers; None if it is not known.
        trained: systems in the training data, sorted; empty if they are not known.
        fingerprint: of the config; empty if it is not known.
    """

    name: str
    folder: Path
    choices: Mapping[str, str]
    groups: Mapping[str, Measured]
    validation: Validated | None = None
    seconds: float | None = None
    parameters: int | None = None
    trained: tuple[str, ...] = ()
    fingerprint: str = ""

    @property
    def seed(self) -> str:
        """Its seed; a dash if nobody chose one."""
        return self.choices.get(SEED, DASH)


class Absent(NamedTuple):
    """A cell that the tables cannot hold.

    Args:
        name: its folder; empty if it has none.
        choices: of its options; empty if they are not known.
        state: failed, interrupted, running, …
        why: one line.
    """

    name: str
    choices: Mapping[str, str]
    state: str
    why: str


class Axis(NamedTuple):
    """An option with several values in the sweep.

    Args:
        option: as it is typed.
        title: as short as it is clear.
        values: in order.
    """

    option: str
    title: str
    values: tuple[str, ...]


@final
@dataclass(frozen=True)
class Sweep:
    """What there is to report.

    Args:
        runs: finished cells.
        absent: the others.
        axes: what varies, the seed left out.
    """

    runs: Sequence[Run]
    absent: Sequence[Absent]
    axes: Sequence[Axis]

    @cached_property
    def groups(self) -> list[str]:
        """Test groups of any cell, in order."""
        return list(dict.fromkeys(name for run in self.runs for name in run.groups))

    @cached_property
    def measures(self) -> list[str]:
        """What validation chose the weights of any cell by, in words."""
        return sorted({run.validation.name for run in self.runs if run.validation is not None})

    @cached_property
    def configurations(self) -> dict[tuple[str, ...], list[Run]]:
        """The cells that differ in nothing but their seed, by the values of the axes."""
        made: dict[tuple[str, ...], list[Run]] = {}
        for run in sorted(self.runs, key=self._place):
            made.setdefault(self.values(run), []).append(run)
        return made

    @cached_property
    def seeds(self) -> Axis:
        """All seeds, as an axis."""
        found = dict.fromkeys(run.seed for run in self.runs)
        return Axis(SEED, SEED, ordered(found))

    def values(self, run: Run) -> tuple[str, ...]:
        """Of the axes, in this run."""
        return tuple(run.choices.get(axis.option, DASH) for axis in self.axes)

    def alike(self, group: str) -> bool:
        """Whether all cells with this test group scored the same trials."""
        return len({run.groups[group].trials for run in self.runs if group in run.groups}) < 2

    def _place(self, run: Run) -> tuple[int, ...]:
        """By the order of the values, then of the seeds."""
        order = (*self.axes, self.seeds)
        return tuple(axis.values.index(run.choices.get(axis.option, DASH)) for axis in order)


def axes(choices: Sequence[Mapping[str, str]]) -> list[Axis]:
    """The options that vary, in the order they were given; the seed is none.

    >>> [axis.title for axis in axes([{"a.rate": "1", "b.rate": "x"}, {"a.rate": "2", "b.rate": "y"}])]
    ['a.rate', 'b.rate']
    """
    options = dict.fromkeys(option for each in choices for option in each)
    found = {option: dict.fromkeys(each.get(option, DASH) for each in choices) for option in options}
    varied = [option for option, values in found.items() if len(values) > 1 and option != SEED]
    titles = shortened(varied)
    return [Axis(option, titles[option], ordered(found[option])) for option in varied]


def ordered(values: Mapping[str, None]) -> tuple[str, ...]:
    """Numbers by size, words as they came.

    >>> ordered(dict.fromkeys(["10", "9"])), ordered(dict.fromkeys(["sym5", "haar"]))
    (('9', '10'), ('sym5', 'haar'))
    """
    try:
        return tuple(sorted(values, key=float))
    except ValueError:
        return tuple(values)


def shown(value: str) -> str:
    """A value as one reads it: a list without its brackets.

    >>> shown("[lpc_vocoder,world]"), shown("haar")
    ('lpc_vocoder, world', 'haar')
    """
    if value.startswith("[") and value.endswith("]"):
        return ", ".join(part.strip() for part in value[1:-1].split(",")) or "none"
    return value or "empty"
