"""What a report shows of a group: from the best to the worst, whatever the order of the table."""

import numpy as np
from tests.evaluation.localization.example import outcome

from bonafide.evaluation.localization.choosing import choose
from bonafide.evaluation.localization.outcome import Outcome


def group() -> Outcome:
    """Fakes that are found ever worse, and a false alarm."""
    fakes = {f"fake {n}": ([(2.0, 4.0)], [(2.0 + 0.2 * n, 4.0)]) for n in range(9)}
    return outcome({**fakes, "silent": ([], []), "alarm": ([], [(1.0, 2.0)]), "small": ([], [(1.0, 1.2)])})


def test_from_the_best_to_the_worst_and_the_worst_false_alarm() -> None:
    found = group()
    shown = choose(found, 4)
    assert [found.names[one.file] for one in shown] == ["fake 0", "fake 4", "fake 8", "alarm"]
    assert [one.title.partition(" of ")[0] for one in shown] == [
        "Best",
        "Median",
        "Worst",
        "Worst false alarm",
    ]
    assert shown[0].f1 == 1
    assert shown[-1].f1 is None


def test_the_median_is_always_among_them() -> None:
    found = group()
    for most in (1, 4, 5, 6):
        titles = [one.title for one in choose(found, most)]
        assert len(titles) <= most
        assert any(title.startswith("Median") for title in titles)


def test_few_are_shown_once() -> None:
    found = outcome({"a": ([(1, 2)], []), "b": ([], [])})
    assert [one.title for one in choose(found, 5)] == ["The only one with a fake region"]


def test_equals_stand_in_an_order_of_the_seed_not_of_the_table() -> None:
    names = [f"file {n}" for n in range(20)]
    chosen = set()
    for order in (names, names[::-1]):
        found = outcome({name: ([(1, 2)], [(1, 2)]) for name in order})
        chosen.add(tuple(found.names[one.file] for one in choose(found, 5, seed=1)))
    assert len(chosen) == 1
    found = outcome({name: ([(1, 2)], [(1, 2)]) for name in names})
    assert tuple(found.names[one.file] for one in choose(found, 5, seed=2)) not in chosen
    assert np.unique([one.file for one in choose(found, 5)]).size == 5
