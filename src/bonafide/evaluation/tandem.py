"""What a countermeasure costs in front of given speaker verification scores."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bonafide.evaluation.cells import Column, Row, Table, measured, number, percent, word
from bonafide.evaluation.formats.asvspoof2019 import read_verification
from bonafide.evaluation.scores import Trials
from bonafide.metrics.tdcf import ASVSPOOF_2021_COSTS, OperatingPoint, min_tdcf_2019, min_tdcf_2021
from bonafide.types import InputError


class Tandem(NamedTuple):
    """Tandem detection costs of a group.

    Args:
        min_tdcf_2019: in the form of ASVspoof 2019.
        min_tdcf_2021: in the form of ASVspoof 2021.
        floor: least that the latter can be beside this verification system.
    """

    min_tdcf_2019: float
    min_tdcf_2021: float
    floor: float


def read(file: str | Path) -> OperatingPoint:
    """Error rates of the verification system at the threshold of its EER.

    Raises:
        InputError: the file cannot be read, lines are malformed, or a class is empty.
    """
    found = read_verification(file)
    try:
        return OperatingPoint.of(found.target, found.nontarget, found.spoof)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def tandem(tables: Mapping[str, Trials], asv: OperatingPoint) -> dict[str, Tandem]:
    """Both forms of each group, all at one operating point of the verification system.

    Raises:
        InputError: as `bonafide.metrics.tdcf.min_tdcf`.
    """
    floor = ASVSPOOF_2021_COSTS.constants(asv).floor
    return {
        name: Tandem(
            min_tdcf_2019(trials.bonafide, trials.spoof, asv),
            min_tdcf_2021(trials.bonafide, trials.spoof, asv),
            floor,
        )
        for name, trials in tables.items()
    }


def tandem_table(found: Mapping[str, Tandem], asv: OperatingPoint) -> Table:
    """A line a group."""
    columns = (
        Column("Group", ("group",), text=True),
        Column("min t-DCF 2019", ("min_tdcf_2019",)),
        Column("min t-DCF 2021", ("min_tdcf_2021",)),
        Column("Least possible 2021", ("floor_2021",)),
    )
    rows = tuple(
        Row((word(name), *(measured(value, number) for value in each))) for name, each in found.items()
    )
    note = (
        f"Beside a speaker verification system that accepts {percent(asv.false_alarm)} % of other speakers "
        f"and {percent(asv.spoof_false_alarm)} % of the spoofs, and misses {percent(asv.miss)} % of "
        "the targets. Figures of the two forms, or beside two such systems, do not compare; 1 is "
        "a constant answer."
    )
    return Table("tandem", "Tandem detection cost", columns, rows, note)
