"""Published values, independent measures, and laws of what a localization run reports."""

import json

import numpy as np
import pytest
from tests.corpora.real import SOURCE
from tests.evaluation.localization.example import SPEC, outcome, random_group

from bonafide.evaluation.localization.counting import counted, ratios
from bonafide.evaluation.localization.curves import curves, drawn_eers
from bonafide.evaluation.localization.joint import joint
from bonafide.evaluation.localization.measures import Localization, measure
from bonafide.evaluation.localization.resampling import Draws, interval, units
from bonafide.metrics.eer import eer
from bonafide.metrics.localization.frame_eer import frame_eer
from bonafide.metrics.localization.range_eer import range_eer
from bonafide.metrics.localization.segment_f1 import segment_f1
from bonafide.metrics.localization.timeline import Regions
from bonafide.metrics.schemes import multiplicities
from bonafide.types import InputError

LISTS = SOURCE / "general" / "fakesound" / "metadata"


@pytest.fixture(scope="module")
def spec() -> Localization:
    return measure(outcome(SPEC), group="test", replicates=50)


def test_the_example_of_sed_eval(spec: Localization) -> None:
    assert spec["f1_1s"] == pytest.approx(0.769231, abs=5e-7)
    assert spec["f1_20ms"] == pytest.approx(0.606061, abs=5e-7)
    assert spec["f1_1s_sed_eval"] == pytest.approx(0.769231, abs=5e-7)
    assert (spec["precision_1s"], spec["recall_1s"]) == pytest.approx((5 / 7, 5 / 6))
    assert (spec["precision_20ms"], spec["recall_20ms"]) == pytest.approx((130 / 195, 130 / 234))
    assert spec["accuracy"] == spec["accuracy_by_regions"] == 0.75
    assert spec["score"] == pytest.approx(0.3 * 0.75 + 0.7 * 10 / 13)


@pytest.mark.skipif(not (LISTS / "easy.json").is_file(), reason="no lists of FakeSound here")
@pytest.mark.parametrize(
    ("part", "seconds", "frames", "score"),
    [
        ("easy", 0.239234, 0.175400, 0.3175),
        ("hard", 0.269231, 0.207267, 0.3385),
        ("zeroshot", 0.253558, 0.191512, 0.3275),
    ],
)
def test_detectors_that_do_not_listen_on_fakesound(
    part: str, seconds: float, frames: float, score: float
) -> None:
    records = json.loads((LISTS / f"{part}.json").read_text())["audios"]
    files = {}
    for record in records:
        pair = tuple(map(float, record["onset_offset"].split("_")))
        region = [(pair[0], pair[1])] if record["label"] else []
        files[record["audio_id"]] = (region, region)
    found = measure(outcome(files, units=[name[:11] for name in files]), group=part, replicates=20)
    everything = found["trivial"]["all fake"]
    assert everything["f1_1s"] == pytest.approx(seconds, abs=5e-7)
    assert everything["f1_20ms"] == pytest.approx(frames, abs=5e-7)
    assert everything["score"] == pytest.approx(score, abs=5e-5)
    assert found["trivial"]["all genuine"]["score"] == pytest.approx(0.15)
    # Every border of FakeSound lies on the grid of 20 ms, so this model knows everything.
    assert found["f1_20ms"] == found["score"] == found["event_f1"] == 1
    assert found["range_eer"] == found["frame_eer"] == 0


def test_measures_are_those_of_the_metrics() -> None:
    group = random_group(20)
    found = measure(group, group="test", replicates=20)
    assert found["range_eer"] == range_eer(group.recordings)
    assert found["f1_20ms_sed_eval"] == pytest.approx(
        segment_f1(group.true, group.predicted, resolution=0.02, compat="sed_eval")
    )
    expected = frame_eer(group.recordings, (0.02, 0.04, 0.08, 0.16, 0.32, 0.64))
    assert {float(length): rate for length, rate in found["segment_eer"].items()} == expected
    assert found["frame_eer"] == expected[0.02]
    genuine = group.label == "bonafide"
    assert found["clip_eer"] == pytest.approx(eer(group.score[genuine], group.score[~genuine]))
    assert found["recordings"] == 40
    assert found["spoofed_seconds"] == pytest.approx(20)


def test_a_step_that_no_length_fits_has_no_segments() -> None:
    group = outcome(SPEC, step=0.0125)
    assert measure(group, group="test", replicates=20)["segment_eer"].keys() == set()


def test_every_interval_holds_its_measure() -> None:
    found = measure(random_group(25), group="test", replicates=200)
    flat = {**found, **{f"segment_eer_{length}": rate for length, rate in found["segment_eer"].items()}}
    assert {"score", "f1_1s", "event_f1", "range_eer", "segment_eer_0.64"} <= found["intervals"].keys()
    for name, (low, high) in found["intervals"].items():
        assert 0 <= low <= flat[name] + 1e-9
        assert flat[name] <= high + 1e-9
        assert high <= 1


def test_a_drawn_set_is_measured_like_any_other() -> None:
    """Against sets made by hand, file by file."""
    group = random_group(6)
    drawn = units(group.unit)
    table = counted(group.true, group.predicted, group.label == "spoof", group.score < 0)
    (sums,) = Draws(drawn.number, 3, seed=5).sums(drawn.sums(table))
    stream = np.random.SeedSequence(5).spawn(1)[0]
    times = multiplicities(np.random.default_rng(stream), 3, drawn.number)
    f1 = ratios(sums)["f1_20ms"]
    errors = drawn_eers(curves(group), drawn, Draws(drawn.number, 3, seed=5))
    for row, each in enumerate(times[:, drawn.of]):
        files = np.repeat(np.arange(len(each)), each)
        sides = []
        for side in (group.true, group.predicted):
            held = [range(*side.bounds[file : file + 2]) for file in files]
            rows = np.array([place for span in held for place in span], np.int64)
            bounds = np.concatenate(([0], np.cumsum([len(span) for span in held])))
            names = tuple(map(str, range(len(files))))
            sides.append(Regions(names, side.start[rows], side.end[rows], bounds))
        assert f1[row] == pytest.approx(segment_f1(*sides, resolution=0.02))
        for name, curve in curves(group).items():
            weight = each[curve.file]
            exact = curve._replace(bonafide=curve.bonafide * weight, spoof=curve.spoof * weight).eer
            assert errors[name][row] == pytest.approx(exact, abs=0.02)


def test_files_drawn_together_widen_the_interval() -> None:
    """Ten copies of each file tell no more than one."""
    one = random_group(8, seed=3, noise=0)
    copies = 10
    files = {}
    for copy in range(copies):
        for name, row in zip(one.names, range(len(one.names)), strict=True):
            sides = []
            for side in (one.true, one.predicted):
                span = slice(*side.bounds[row : row + 2])
                sides.append(list(zip(side.start[span], side.end[span], strict=True)))
            files[f"{name} {copy}"] = (sides[0], sides[1])
    units_of = [name.partition("_")[0].partition(" ")[0] for name in files]
    widths = {}
    for kind, names in {"together": units_of, "apart": None}.items():
        low, high = measure(outcome(files, seconds=5, units=names), group="x", replicates=300)["intervals"][
            "f1_20ms"
        ]
        widths[kind] = high - low
    assert widths["together"] > 2 * widths["apart"]


def test_groups_that_share_recordings_have_a_joint_interval() -> None:
    first, second = random_group(12, seed=1), random_group(12, seed=2)
    found = joint({"easy": first, "hard": second}, replicates=300)
    assert found is not None
    assert found["shared"] == 12
    alone = [measure(one, group="x", replicates=300) for one in (first, second)]
    for name, mean in found["mean"].items():
        assert mean == pytest.approx(np.mean([one[name] for one in alone]))  # type: ignore[literal-required]
    low, high = found["intervals"]["f1_20ms"]
    assert low < found["mean"]["f1_20ms"] < high
    # The same group twice is no more than once.
    twice = joint({"once": first, "again": first}, replicates=300)
    assert twice is not None
    np.testing.assert_allclose(twice["intervals"]["score"], alone[0]["intervals"]["score"], atol=0.05)


def test_groups_that_share_nothing_are_not_joined() -> None:
    other = random_group(4, seed=1, shared=False)
    assert joint({"a": random_group(4), "b": other._replace(unit=other.unit + " other")}) is None


def test_nothing_found_has_no_precision() -> None:
    found = measure(outcome({"a": ([(1, 2)], []), "b": ([], [])}), group="test", replicates=20)
    assert "precision_1s" not in found
    assert found["f1_1s"] == found["event_f1"] == 0
    assert any("no precision" in remark for remark in found["remarks"])
    assert any("nothing was located" in remark for remark in found["remarks"])


def test_what_a_reader_must_know_is_said() -> None:
    group = outcome(SPEC, resolution=0.16)
    remarks = measure(group._replace(whole=group.whole * 2), group="test", replicates=20)["remarks"]
    assert any("160 ms" in remark for remark in remarks)
    assert any("4 of 4 recordings were heard in part (50.0 %" in remark for remark in remarks)


@pytest.mark.parametrize("found", [[], [(0.0, 10.0)]])
def test_a_group_without_both_kinds_of_time_is_refused(found: list[tuple[float, float]]) -> None:
    with pytest.raises(InputError, match=r"Test group g: .*data\.windows\.tile=true"):
        measure(outcome({"a": (found, []), "b": (found, [])}), group="g")


def test_an_interval_needs_most_sets() -> None:
    assert interval(np.array([0.1, np.nan, np.nan])) is None
    assert interval(np.array([0.1, 0.1, np.nan])) == pytest.approx([0.1, 0.1])
