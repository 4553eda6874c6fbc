"""Every number of a report is made once: in cells, whose columns and rows fit together."""

from pathlib import Path

import numpy as np
import pytest
from tests.evaluation import example
from tests.evaluation.example import NASTY, draw, group

from bonafide.evaluation import breakdown, cells, tables, words
from bonafide.evaluation.breakdown import Group
from bonafide.evaluation.cells import Table
from bonafide.evaluation.sections import glossary, sections
from bonafide.evaluation.summary import Summary


@pytest.fixture(scope="module")
def measured() -> Group:
    return example.measured()


def column(table: Table, key: str) -> list[str]:
    (place,) = (at for at, each in enumerate(table.columns) if key in each.keys)
    return [row.cells[place].text for row in table.rows]


def test_every_row_fits_its_columns(tmp_path: Path, measured: Group) -> None:
    summary = example.summary(tmp_path, measured)
    made = [table for section in sections(summary) for table in section.tables]
    made += [section.mistakes for section in sections(summary) if section.mistakes is not None]
    made.append(tables.screen(summary))
    assert {table.key for table in made} == {
        *("groups", "eer_by_system", "measures", "systems", "mistakes", "screen"),
    }
    for table in made:
        for row in table.rows:
            assert [len(cell.values) for cell in row.cells] == [len(each.keys) for each in table.columns]


def test_every_measure_of_a_report_is_in_the_metrics_and_explained(measured: Group) -> None:
    summary = Summary("A run", {}, {"test": measured})
    table = tables.measures(summary, "test")
    assert len(table.rows) == len(words.MEASURES)
    for measure, row in zip(words.MEASURES, table.rows, strict=True):
        assert row.cells[1].values == (measured[measure.key],)  # type: ignore[literal-required]
    explained = {name for name, _ in glossary(summary)}
    assert {measure.title for measure in words.MEASURES} <= explained
    shown = {
        each.title for section in sections(summary) for table in section.tables for each in table.columns
    }
    assert shown - explained <= {"Group", "Bona fide", "Spoof", "Measure", "Value", "System"}


def test_optional_columns_come_with_what_they_show(tmp_path: Path, measured: Group) -> None:
    bare = Summary("A run", {}, {"test": measured})
    titles = [each.title for each in tables.groups(bare).columns]
    assert words.CROSSED not in titles
    assert words.TRIVIAL[0] not in titles
    crossed: Group = {**measured, "intervals_speaker_x_system": {"eer": [0.1, 0.4]}}
    full = bare._replace(groups={"test": measured, "spoken": crossed}, trivial={"test": 0.3})
    table = tables.groups(full)
    assert column(table, "eer_speaker_x_system_low") == ["–", "10.00 – 40.00"]
    assert column(table, "trivial_eer") == ["30.00", "–"]


def test_the_mean_over_systems_is_a_total(measured: Group) -> None:
    table = tables.systems(Summary("A run", {}, {"test": measured}), "test")
    *each, mean = table.rows
    assert [row.total for row in table.rows] == [False, False, True]
    wanted = np.mean([entry["eer"] for entry in measured["systems"].values()])
    assert mean.cells[2].text == cells.percent(float(wanted))
    assert [row.cells[0].text for row in each] == sorted(measured["systems"])


def test_groups_that_share_no_system_are_not_compared(measured: Group) -> None:
    other = breakdown.measure(
        group(("c", "-", draw(1, 9, 0)), ("c", "pwg", draw(0, 9, 1))), 0.0, group="o", replicates=10
    )
    assert tables.comparison(Summary("A run", {}, {"test": measured, "other": other})) is None
    both = tables.comparison(Summary("A run", {}, {"a": measured, "b": measured, "c": other}))
    assert both is not None
    assert column(both, "system") == [NASTY, "melgan"]  # not the one that is in a single group
    assert column(both, "c") == ["–", "–"]
    assert column(both, "a")[1] == cells.percent(measured["systems"]["melgan"]["eer"])


def test_corpora_are_shown_where_there_are_several(measured: Group) -> None:
    assert tables.corpora(Summary("A run", {}, {"test": measured}), "test") is None
    parts = (
        ("a", "-", draw(1, 9, 0)),
        ("a", "x", draw(0, 9, 1)),
        ("b", "-", draw(1, 5, 2)),
        ("b", "x", draw(0, 7, 3)),
    )
    two = breakdown.measure(group(*parts), 0.0, group="two", replicates=10)
    table = tables.corpora(Summary("A run", {}, {"two": two}), "two")
    assert table is not None
    assert column(table, "corpus") == ["a", "b"]
    assert column(table, "spoof") == ["9", "7"]


def test_a_limit_that_allows_no_error_is_said() -> None:
    small = breakdown.measure(
        group(("c", "-", draw(1, 50, 0)), ("c", "x", draw(0, 200, 1))), 0.0, group="small", replicates=10
    )
    note = tables.measures(Summary("A run", {}, {"small": small}), "small").note
    assert "FAR at FRR 1 %" in note
    assert "FRR at FAR 1 %" not in note


def test_the_screen_shows_groups_over_their_systems(measured: Group) -> None:
    table = tables.screen(Summary("A run", {}, {"test": measured}, trained=["melgan"]))
    assert column(table, "system") == ["all", NASTY, "melgan"]
    assert column(table, "in_training") == ["", "held out", "seen"]
    assert column(table, "eer")[0] == cells.percent(measured["eer"])
