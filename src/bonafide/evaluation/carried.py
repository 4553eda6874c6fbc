"""Thresholds chosen on development trials and what they do to others."""

from collections.abc import Mapping

from bonafide.evaluation.cells import Cell, Column, Row, Table, measured, number, percent, score, word
from bonafide.evaluation.scores import Trials
from bonafide.metrics.calibration.application import Application
from bonafide.metrics.calibration.threshold import Carried, Threshold


def thresholds(
    development: Mapping[str, Trials],
    others: Mapping[str, Trials],
    application: Application,
    *,
    calibrated: str | None,
) -> dict[str, list[tuple[Threshold, Carried]]]:
    """Each detector's thresholds of equal error and of least cost on development trials, carried to others.

    Args:
        development: trials that thresholds are chosen on, by detector.
        others: trials that they are carried to, likewise.
        application: whose cost is meant.
        calibrated: the detector whose scores are log-likelihood ratios, which have the Bayes threshold too;
            None if there is none.

    Raises:
        InputError: a class is empty, or a score is not finite.
    """
    result = {}
    for name, trials in others.items():
        own = development[name]
        chosen = [
            Threshold.equal_error(own.bonafide, own.spoof),
            Threshold.least_cost(own.bonafide, own.spoof, application),
        ]
        chosen += [Threshold.bayes(application)] if name == calibrated else []
        result[name] = [(one, one.carried(trials.bonafide, trials.spoof, application)) for one in chosen]
    return result


def carried_table(found: Mapping[str, list[tuple[Threshold, Carried]]], group: str) -> Table:
    """A line for each detector and rule."""
    columns = (
        Column("Scores", ("scores",), text=True),
        Column("Threshold of", ("rule",), text=True),
        Column("Threshold", ("threshold",)),
        Column("FRR %", ("frr",)),
        Column("FAR %", ("far",)),
        Column("HTER %", ("hter",)),
        Column("of it lost", ("hter_loss",)),
        Column("DCF", ("cost",)),
        Column("of it lost", ("cost_loss",)),
    )
    rows = tuple(
        Row(
            (
                word(name),
                Cell(rule.rule, (rule.rule,)),
                measured(rule.value, score),
                *(measured(rate, percent) for rate in (on.frr, on.far, on.hter, on.hter_loss)),
                *(measured(cost, number) for cost in (on.cost, on.cost_loss)),
            )
        )
        for name, each in found.items()
        for rule, on in each
    )
    note = (
        "Chosen on the development trials, the Bayes threshold by the costs alone, and carried to these. "
        "Lost is what the best threshold for these very trials would have spared."
    )
    return Table("carried", "Carried thresholds", columns, rows, note, group=group)
