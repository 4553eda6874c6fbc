import numpy as np
import pytest
from tests.data.listing import manifest, paired

from bonafide.data.selection import (
    Group,
    Train,
    domains,
    first_utterances,
    group_systems,
    rows_with,
    training_systems,
)
from bonafide.data.split import Split, divide
from bonafide.types import InputError

TABLE = manifest(paired(20, ["lj_a", "lj_b", "lj_c"]) + paired(20, ["jsut_a"], "jsut"))
TRAINABLE = ["lj_a", "lj_b", "lj_c"]
PARTS = divide(TABLE, Split())


def test_all_trainable_systems_are_seen_unless_chosen_or_left_out() -> None:
    assert training_systems(TABLE, PARTS, TRAINABLE, Train()) == ("lj_a", "lj_b", "lj_c")
    assert training_systems(TABLE, PARTS, TRAINABLE, Train(generators=["lj_b"])) == ("lj_b",)
    assert training_systems(TABLE, PARTS, TRAINABLE, Train(leave_out=["lj_b"])) == ("lj_a", "lj_c")
    assert training_systems(TABLE, PARTS, None, Train()) == ("jsut_a", "lj_a", "lj_b", "lj_c")
    assert training_systems(TABLE, PARTS, None, Train(generators=["lj_*"])) == ("lj_a", "lj_b", "lj_c")


def test_a_misspelt_generator_is_named_with_what_was_meant() -> None:
    with pytest.raises(InputError, match="no generator lj_d; did you mean lj_"):
        training_systems(TABLE, PARTS, TRAINABLE, Train(generators=["lj_d"]))
    with pytest.raises(InputError, match="no generator is left"):
        training_systems(TABLE, PARTS, TRAINABLE, Train(leave_out=TRAINABLE))


def test_groups_are_seen_held_out_or_named() -> None:
    seen = ("lj_a",)

    def systems(group: Group) -> list[str]:
        return group_systems(TABLE, group, seen, TRAINABLE, "test")

    assert systems(Group("seen")) == ["lj_a"]
    assert systems(Group("held_out")) == ["lj_b", "lj_c"]
    assert systems(Group("all")) == ["jsut_a", "lj_a", "lj_b", "lj_c"]
    assert systems(Group(["jsut_*"])) == ["jsut_a"]
    assert systems(Group(["common_voices_*"])) == []
    with pytest.raises(InputError, match=r"data\.tests\.test\.systems"):
        systems(Group(["jsut_b"]))
    with pytest.raises(InputError, match="choose all, seen, held_out"):
        systems(Group("unseen"))  # type: ignore[arg-type]


def test_spoofs_come_with_their_own_bona_fide_corpus() -> None:
    parts = divide(TABLE, Split())
    rows = rows_with(TABLE, ["jsut_a"], parts, Group(split="all"))
    assert set(TABLE.strings("corpus")[rows]) == {"jsut"}
    assert len(rows) == 40


def test_an_utterance_and_its_resyntheses_stand_together() -> None:
    rows = rows_with(TABLE, ["lj_a", "lj_b"], PARTS, Group(split="all"))
    names = TABLE.strings("utterance")[rows]
    assert (names == sorted(names)).all()


def test_a_limit_keeps_whole_utterances() -> None:
    rows = rows_with(TABLE, ["lj_a", "lj_b"], PARTS, Group(split="all"))
    kept = first_utterances(TABLE, rows, 4)
    assert len(set(TABLE.strings("utterance")[kept])) == 4
    assert len(kept) == 12
    assert (first_utterances(TABLE, rows, None) == rows).all()


ROWS = rows_with(TABLE, ["lj_a", "lj_b", "lj_c", "jsut_a"], PARTS, Group(split="all"))


@pytest.mark.parametrize(
    ("by", "names", "kinds"),
    [
        ("label", {"bonafide", "spoof"}, 2),
        ("system", {"-", "jsut_a", "lj_a", "lj_b", "lj_c"}, 5),
        ("corpus", {"jsut", "lj"}, 2),
    ],
)
def test_labels_systems_and_corpora_can_be_drawn_alike(by: str, names: set[str], kinds: int) -> None:
    found = domains(TABLE, ROWS, Train(share_by=by))  # type: ignore[arg-type]
    assert found is not None
    assert not found.faithful
    assert found.shares.tolist() == pytest.approx([1 / kinds] * kinds)
    column = TABLE.strings(by)[ROWS]
    assert set(column) == names
    for number in range(kinds):
        assert len(set(column[found.of == number])) == 1
    genuine = TABLE.strings("label")[ROWS] == "bonafide"
    if by == "label":
        assert found.share_of(genuine) == pytest.approx(0.5)
    if by == "system":
        assert found.share_of(genuine) == pytest.approx(0.2)


def test_shares_are_given_by_names_and_patterns() -> None:
    found = domains(TABLE, ROWS, Train(share_by="corpus", shares={"lj*": 124, "jsut": 4}))
    assert found is not None
    assert dict(zip(TABLE.strings("corpus")[ROWS], found.shares[found.of], strict=True)) == {
        "lj": 124 / 128,
        "jsut": 4 / 128,
    }


def test_as_published_the_shares_are_natural() -> None:
    found = domains(TABLE, ROWS, Train(share_by="corpus", faithful=True))
    assert found is not None
    assert found.faithful
    assert found.shares.tolist() == pytest.approx((np.bincount(found.of) / len(ROWS)).tolist())
    other = domains(TABLE, ROWS, Train(share_by="corpus", faithful=True, shares={"lj": 3, "jsut": 1}))
    assert other is not None
    assert sorted(other.shares) == [0.25, 0.75]


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (Train(faithful=True), r"data\.train\.faithful knows how much, but not of what"),
        (Train(shares={"lj": 1}), r"data\.train\.shares says how much, but not of what"),
        (Train(share_by="corpus", shares={"lj": 1}), "says nothing of jsut"),
        (Train(share_by="corpus", shares={"lj": 1, "jsut": 0}), "jsut=0 is no share"),
        (Train(share_by="language"), "choose label, system or corpus"),  # type: ignore[arg-type]
    ],
)
def test_shares_without_a_meaning_are_refused(train: Train, said: str) -> None:
    with pytest.raises(InputError, match=said):
        domains(TABLE, ROWS, train)
