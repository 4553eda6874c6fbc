"""Several systems' scores of one list of trials, side by side."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bonafide.evaluation import scores
from bonafide.evaluation.scores import Trials
from bonafide.types import InputError


def side_by_side(tables: Mapping[str, Trials]) -> tuple[Trials, NDArray[np.float64]]:
    """Joins by the names of the trials, whatever the order of the rows.

    Args:
        tables: by system, each with all trials.

    Returns:
        the first table, and the scores of all, `[trials, systems]`, in its order.

    Raises:
        InputError: no tables, trials missing or unknown or scored twice in one of them, or labels differ.
    """
    if not tables:
        raise InputError("No score tables to be put side by side: name at least one.")
    first = next(iter(tables.values()))
    columns = []
    for name, table in tables.items():
        try:
            scores.check(table, first.path)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error
        place = dict(zip(table.path, range(len(table)), strict=True))
        order = np.fromiter((place[path] for path in first.path), np.intp, len(first))
        differ = int((table.label[order] != first.label).sum())
        if differ:
            raise InputError(
                f"{name} has other labels than {next(iter(tables))} for {differ} trials: take one key."
            )
        columns.append(table.score[order])
    return first, np.stack(columns, axis=1)
