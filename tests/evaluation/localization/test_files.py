"""The files of a localization run hold all that its measures are made of."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.localization.example import SPEC, outcome, random_group

from bonafide.evaluation.localization import frames, segments
from bonafide.evaluation.localization.measures import measure
from bonafide.types import InputError


def test_regions_are_written_in_seconds(tmp_path: Path) -> None:
    segments.write(tmp_path / "test.segments.jsonl", outcome(SPEC))
    lines = [json.loads(line) for line in (tmp_path / "test.segments.jsonl").read_text().splitlines()]
    assert [line["path"] for line in lines] == ["a", "b", "c", "d"]
    assert [line["label"] for line in lines] == ["spoof", "bonafide", "spoof", "bonafide"]
    sure = round(1 / (1 + np.exp(-2)), 6)
    assert lines[2] == {
        "path": "c",
        "label": "spoof",
        "score": -2.0,
        "seconds": 10.0,
        "heard": [0.0, 10.0],
        "true": [[1.4, 4.8]],
        "predicted": [
            {"start": 1.0, "end": 3.2, "probability": sure},
            {"start": 4.5, "end": 5.2, "probability": sure},
        ],
    }


def test_measures_can_be_made_again_from_the_files(tmp_path: Path) -> None:
    left = random_group(6)
    left = left._replace(first=left.first + 0.5, whole=left.whole + 1)
    segments.write(tmp_path / "g.segments.jsonl", left)
    frames.write(tmp_path / "g.frames.npz", left)
    located, kept = segments.read(tmp_path / "g.segments.jsonl"), frames.read(tmp_path / "g.frames.npz")
    again = frames.outcome_of(located, kept, left.unit)
    assert again.names == left.names
    np.testing.assert_allclose(again.true.start, left.true.start, atol=1e-8)
    np.testing.assert_allclose(again.predicted.start, left.predicted.start)
    np.testing.assert_allclose(again.probability, located.probability, atol=1e-6)
    np.testing.assert_allclose(again.first, left.first)
    np.testing.assert_allclose(again.whole, left.whole)
    first, second = (measure(one, group="g", replicates=50) for one in (left, again))
    assert first.keys() == second.keys()
    for name in ("score", "f1_1s", "f1_20ms", "frame_eer", "range_eer", "clip_eer", "event_f1"):
        assert second[name] == pytest.approx(first[name], abs=1e-6)  # type: ignore[literal-required]


LINE = {"path": "x", "label": "spoof", "score": 0, "seconds": 1, "heard": [0, 1], "true": [], "predicted": []}


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[1]",
        json.dumps({**LINE, "label": "fake"}),
        json.dumps({**LINE, "heard": [0]}),
        json.dumps({**LINE, "true": [["x", 1]]}),
        json.dumps({**LINE, "predicted": [{"start": 0, "end": 1}]}),
        json.dumps({name: value for name, value in LINE.items() if name != "predicted"}),
    ],
)
def test_what_is_no_recording_is_refused_by_its_line(line: str, tmp_path: Path) -> None:
    file = tmp_path / "x.segments.jsonl"
    segments.write(file, outcome(SPEC))
    file.write_text(file.read_text() + line + "\n")
    with pytest.raises(InputError, match="line 5") as found:
        segments.read(file)
    file.write_text(json.dumps(LINE) + "\n")
    assert segments.read(file).true.names == ("x",)
    assert "\n" not in str(found.value)


def test_files_that_are_not_there_or_not_ours_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"scores/<group>\.segments\.jsonl"):
        segments.read(tmp_path / "none.segments.jsonl")
    with pytest.raises(InputError, match=r"scores/<group>\.frames\.npz"):
        frames.read(tmp_path / "none.frames.npz")
    np.savez(tmp_path / "objects.npz", **{key: np.array([{}], object) for key in ("path", "score", "bounds")})
    with pytest.raises(InputError, match="no frame scores"):
        frames.read(tmp_path / "objects.npz")


def test_files_of_different_groups_do_not_fit(tmp_path: Path) -> None:
    segments.write(tmp_path / "a.segments.jsonl", outcome(SPEC))
    frames.write(tmp_path / "b.frames.npz", random_group(2))
    with pytest.raises(InputError, match="different recordings"):
        frames.outcome_of(
            segments.read(tmp_path / "a.segments.jsonl"), frames.read(tmp_path / "b.frames.npz")
        )
