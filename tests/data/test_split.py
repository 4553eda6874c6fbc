from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.listing import manifest, paired

from bonafide.data.split import Split, divide
from bonafide.types import InputError


@settings(max_examples=20, deadline=None)
@given(utterances=st.integers(3, 60), seed=st.integers(0, 9))
def test_a_sentence_never_crosses(utterances: int, seed: int) -> None:
    table = manifest(paired(utterances, ["a", "b"]))
    parts = divide(table, Split(seed=seed))
    where = defaultdict(set)
    for utterance, part in zip(table.strings("utterance"), parts, strict=True):
        where[utterance].add(part)
    assert all(len(found) == 1 for found in where.values())
    assert set(parts) == {"train", "validation", "test"}


def test_shares_are_kept_within_each_corpus() -> None:
    table = manifest(paired(100, ["a"]) + paired(50, ["c"], "jsut"))
    parts = divide(table, Split(validation=0.1, test=0.2))
    counted = Counter(zip(table.strings("corpus"), parts, strict=True))
    assert counted == {
        ("lj", "train"): 140,
        ("lj", "validation"): 20,
        ("lj", "test"): 40,
        ("jsut", "train"): 70,
        ("jsut", "validation"): 10,
        ("jsut", "test"): 20,
    }


def test_sentences_that_nobody_recorded_are_divided_apart() -> None:
    prompts = [(f"prompt-{number:03}", "lj", "tts") for number in range(50)]
    table = manifest(paired(20, ["a"]) + prompts)
    parts = divide(table, Split(validation=0.1, test=0.2))
    systems = table.strings("system")
    for system, validation, test in (("-", 2, 4), ("a", 2, 4), ("tts", 5, 10)):
        counted = Counter(parts[systems == system])
        assert (counted["validation"], counted["test"]) == (validation, test)


def test_another_seed_divides_differently_and_the_same_seed_alike() -> None:
    table = manifest(paired(40, ["a"]))
    first, second = divide(table, Split(seed=1)), divide(table, Split(seed=2))
    assert (first != second).any()
    assert (first == divide(table, Split(seed=1))).all()


def test_the_faithful_rule_keeps_published_parts_and_takes_validation_by_file() -> None:
    table = manifest(paired(50, ["a"]), split="train")
    parts = divide(table, Split(rule="faithful", validation=0.2))
    assert Counter(parts) == {"train": 80, "validation": 20}
    crossing = {
        utterance
        for utterance in table.strings("utterance")
        if len(set(parts[table.strings("utterance") == utterance])) == 2
    }
    assert crossing  # the published weakness: the same sentence on both sides


def test_a_corpus_without_published_parts_has_no_faithful_split() -> None:
    with pytest.raises(InputError, match="publishes no division"):
        divide(manifest(paired(5, ["a"])), Split(rule="faithful"))


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_an_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="cannot be split off"):
        divide(manifest(paired(5, ["a"])), Split(test=share))


def test_a_misspelt_rule_is_refused() -> None:
    with pytest.raises(InputError, match="choose fixed, faithful or unseen"):
        divide(manifest(paired(5, ["a"])), Split(rule="fixd"))  # type: ignore[arg-type]
