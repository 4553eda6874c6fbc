"""A folder through the pipeline: bits, pairs, lists, and what a crash or a change leaves."""

import csv
import dataclasses
import hashlib
import json
from pathlib import Path
from typing import final

import numpy as np
import pytest
import soundfile

from bonafide.corpora.manifest import ManifestFile
from bonafide.manipulation import pipeline, work
from bonafide.manipulation.enhancers.identity import Identity
from bonafide.manipulation.grounder import Grounder
from bonafide.manipulation.grounders.energy import Energy
from bonafide.manipulation.grounders.whole_clip import WholeClip
from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.inpainters.noise import Noise
from bonafide.manipulation.inpainters.reversal import Reversal
from bonafide.manipulation.inpainters.silence import Silence
from bonafide.manipulation.pipeline import Plan, Stages, Twins
from bonafide.manipulation.selectors.key_region import KeyRegion
from bonafide.manipulation.splicer import Splicer
from bonafide.manipulation.splicers.cross_fade import CrossFade
from bonafide.manipulation.splicers.hard import Hard
from bonafide.manipulation.splicers.vocode_both import VocodeBoth
from bonafide.manipulation.stage import Waveform
from bonafide.manipulation.work import Done, Work
from bonafide.types import InputError, Segment

RATE = 8000


def clip(file: Path, seed: int = 0, seconds: float = 4.0, subtype: str = "PCM_16", channels: int = 1) -> Path:
    count = round(seconds * RATE)
    swell = 0.02 + np.sin(np.pi * np.arange(count) / RATE) ** 4
    sound = 0.1 * swell[:, None] * np.random.default_rng(seed).standard_normal((count, channels))
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, sound, RATE, subtype=subtype)
    return file


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for seed in range(5):
        clip(tmp_path / "source" / f"clip{seed}.wav", seed)
    return tmp_path / "source"


@dataclasses.dataclass
class Asked:
    """A call of the pipeline, with what most tests want."""

    source: Path
    out: Path
    grounder: Grounder = dataclasses.field(default_factory=WholeClip)
    inpainter: Inpainter = dataclasses.field(default_factory=Silence)
    splicer: Splicer = dataclasses.field(default_factory=Hard)
    regions: int = 1
    twins: Twins = "copy"
    captions: Path | None = None
    settings: dict[str, object] = dataclasses.field(default_factory=lambda: {"seed": 0})

    def run(self, workers: int = 1) -> Done:
        stages = Stages(self.grounder, KeyRegion(0.4, 1.0), self.inpainter, Identity(), self.splicer)
        plan = Plan(self.source, self.out, 0, self.regions, self.twins, None, "CC0")
        return Work(
            stages,
            plan,
            self.captions,
            settings=self.settings,
            corpus="mine",
            workers=workers,
            announce=lambda _: None,
        ).run()


def hashes(out: Path) -> dict[str, str]:
    return {
        file.relative_to(out).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(out.rglob("*"))
        if file.is_file() and file.name not in {".lock", "settings.json"}
    }


def consistent(out: Path) -> int:
    """Checks the lists and the provenance against the files, and counts the manipulated clips."""
    audios = json.loads((out / "manifest.json").read_text())["audios"]
    records = [json.loads(line) for line in (out / "provenance.jsonl").read_text().splitlines()]
    with (out / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    there = {file.relative_to(out).as_posix() for file in (out / "audio").rglob("*") if file.is_file()}
    assert {audio["filepath"] for audio in audios} == there == {row["path"] for row in rows}
    for record in records:
        for path, said in ((record["path"], "sha256"), (record["genuine"], "genuine_sha256")):
            assert hashlib.sha256((out / path).read_bytes()).hexdigest() == record[said]
    return len(records)


def test_what_is_written(source: Path, tmp_path: Path) -> None:
    captions = tmp_path / "captions.csv"
    captions.write_text("file,caption\nclip3,a dog barks\n")
    done = Asked(source, tmp_path / "out", captions=captions).run()
    assert (done.new, done.problems, done.problem()) == (5, {}, None)
    assert consistent(tmp_path / "out") == 5
    audios = json.loads((tmp_path / "out/manifest.json").read_text())["audios"]
    assert [tuple(audio) for audio in audios] == [("audio_id", "label", "onset_offset", "filepath")] * 10
    for fake, twin in zip(audios[::2], audios[1::2], strict=True):
        assert (fake["label"], twin["label"], twin["onset_offset"]) == (1, 0, "0_0")
        assert fake["audio_id"] == f"{twin['audio_id']}_{fake['onset_offset']}"
        assert Path(fake["filepath"]).stem == fake["audio_id"]
        assert Path(twin["filepath"]).stem == twin["audio_id"]
    record = done.records["clip3"]
    assert (record["caption"], record["licence"], record["seed"]) == ("a dog barks", "CC0", 0)
    assert record["regions"][0]["inpainter"]["name"] == "silence"
    assert record["regions"][0]["probability"] == 1.0
    assert record["source_sha256"] == hashlib.sha256((source / "clip3.wav").read_bytes()).hexdigest()


def test_data_manifest_reads_it_and_keeps_pairs_together(source: Path, tmp_path: Path) -> None:
    Asked(source, tmp_path / "out", inpainter=Reversal()).run()
    rows = ManifestFile(tmp_path / "out", "manifest.csv").utterances()
    assert len(rows) == 10
    assert {row.system for row in rows} == {"-", "reversal"}
    for group in {row.group for row in rows}:
        twin, fake = sorted((row for row in rows if row.group == group), key=lambda row: row.label)
        assert not twin.segments
        (segment,) = fake.segments
        heard, kept = (soundfile.read(tmp_path / "out" / row.path, dtype="int16")[0] for row in (fake, twin))
        differ = np.flatnonzero(heard != kept)
        assert segment.start == pytest.approx(differ[0] / RATE, abs=0.01)
        assert segment.end == pytest.approx((differ[-1] + 1) / RATE, abs=0.01)


@pytest.mark.parametrize("splicer", [Hard(), CrossFade()])
@pytest.mark.parametrize(
    ("subtype", "ending"),
    [("PCM_16", "wav"), ("PCM_24", "wav"), ("FLOAT", "wav"), ("PCM_16", "flac"), ("PCM_24", "flac")],
)
def test_outside_the_region_every_bit_is_the_source(
    subtype: str, ending: str, splicer: Splicer, tmp_path: Path
) -> None:
    file = clip(tmp_path / f"source/a.{ending}", subtype=subtype)
    done = Asked(tmp_path / "source", tmp_path / "out", inpainter=Noise(), splicer=splicer).run()
    record = done.records["a"]
    kind = "float32" if subtype == "FLOAT" else "int32"
    before, rate = soundfile.read(file, dtype=kind)
    after, kept_rate = soundfile.read(tmp_path / "out" / record["path"], dtype=kind)
    twin = soundfile.read(tmp_path / "out" / record["genuine"], dtype=kind)[0]
    assert soundfile.info(tmp_path / "out" / record["path"]).subtype == subtype
    assert rate == kept_rate
    (part,) = record["regions"]
    start, end = round(part["start"] * RATE), round(part["end"] * RATE)
    np.testing.assert_array_equal(after[:start], before[:start])
    np.testing.assert_array_equal(after[end:], before[end:])
    np.testing.assert_array_equal(twin, before)
    assert np.mean(after[start:end] != before[start:end]) > 0.9


@pytest.mark.parametrize("subtype", ["PCM_32", "DOUBLE"])
def test_an_encoding_that_would_lose_bits_is_refused(subtype: str, tmp_path: Path) -> None:
    clip(tmp_path / "source/a.wav", subtype=subtype)
    clip(tmp_path / "source/b.wav", 1)
    done = Asked(tmp_path / "source", tmp_path / "out").run()
    assert set(done.records) == {"b"}
    assert f"holds {subtype} samples, which would lose bits" in done.problems["a.wav"]


def test_two_channels_become_one_on_both_sides(tmp_path: Path) -> None:
    file = clip(tmp_path / "source/a.wav", channels=2)
    record = Asked(tmp_path / "source", tmp_path / "out").run().records["a"]
    fake, twin = (soundfile.read(tmp_path / "out" / record[key])[0] for key in ("path", "genuine"))
    assert fake.shape == twin.shape == (4 * RATE,)
    np.testing.assert_allclose(twin, soundfile.read(file)[0].mean(axis=1), atol=2**-15)
    assert 0.39 * RATE <= np.sum(fake != twin) <= RATE  # a sample may have been 0 before


@pytest.mark.parametrize("inpainter", [Noise(), Reversal()])
def test_workers_and_order_decide_nothing(inpainter: Inpainter, source: Path, tmp_path: Path) -> None:
    Asked(source, tmp_path / "one", inpainter=inpainter).run(1)
    Asked(source, tmp_path / "two", inpainter=inpainter).run(2)
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")
    aside = tmp_path / "aside"
    aside.mkdir()
    for name in ("clip0.wav", "clip3.wav"):
        (source / name).rename(aside / name)
    Asked(source, tmp_path / "three", inpainter=inpainter).run(1)
    for file in aside.iterdir():
        file.rename(source / file.name)
    Asked(source, tmp_path / "three", inpainter=inpainter).run(1)
    assert hashes(tmp_path / "three") == hashes(tmp_path / "one")


def test_other_regions_are_drawn_for_other_clips(source: Path, tmp_path: Path) -> None:
    done = Asked(source, tmp_path / "out").run()
    assert len({(part["start"], part["end"]) for r in done.records.values() for part in r["regions"]}) == 5


def test_what_is_done_is_not_done_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(source, tmp_path / "out")
    asked.run()
    before = hashes(asked.out)
    monkeypatch.setattr(work, "manipulate", None)  # nothing calls it
    assert asked.run().new == 0
    assert hashes(asked.out) == before


def test_a_stop_in_the_middle_costs_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Asked(source, tmp_path / "whole").run()
    asked, done = Asked(source, tmp_path / "out"), list[str]()

    def interrupted(task: pipeline.Task, stages: Stages, plan: Plan) -> pipeline.Outcome:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(task.source.name)
        return pipeline.manipulate(task, stages, plan)

    monkeypatch.setattr(work, "manipulate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        asked.run()
    assert consistent(asked.out) == 3
    monkeypatch.setattr(work, "manipulate", pipeline.manipulate)
    assert asked.run().new == 2
    assert hashes(asked.out) == hashes(tmp_path / "whole")


def test_what_a_crash_leaves_is_mended(source: Path, tmp_path: Path) -> None:
    """A line cut off, a file half written, one without its line, a line without its file, no lists."""
    asked = Asked(source, tmp_path / "out")
    asked.run()
    before = hashes(asked.out)
    lines = (asked.out / "provenance.jsonl").read_text().splitlines(keepends=True)
    (asked.out / "provenance.jsonl").write_text("".join(lines[:-1]) + lines[-1][: len(lines[-1]) // 2])
    (asked.out / "audio/.clip0_1_2.wav.123.part").write_bytes(b"RIFF")
    (asked.out / "audio/clip9_1_2.wav").write_bytes(b"RIFF")
    (asked.out / json.loads(lines[0])["path"]).unlink()
    (asked.out / json.loads(lines[1])["genuine"]).write_bytes(b"")
    for name in ("manifest.json", "manifest.csv"):
        (asked.out / name).unlink()
    assert asked.run().new == 3
    assert hashes(asked.out) == before


def test_a_changed_clip_or_caption_is_done_anew_and_a_lost_one_goes(source: Path, tmp_path: Path) -> None:
    captions = tmp_path / "captions.json"
    captions.write_text(json.dumps({"clip0": "rain", "clip1": "wind"}))
    asked = Asked(source, tmp_path / "out", captions=captions)
    asked.run()
    captions.write_text(json.dumps({"clip0": "rain", "clip1": "hail"}))
    clip(source / "clip2.wav", 22, seconds=5.0)
    (source / "clip3.wav").unlink()
    done = asked.run()
    assert done.new == 2
    assert done.records["clip1"]["caption"] == "hail"
    assert done.records["clip2"]["samples"] == 5 * RATE
    assert consistent(asked.out) == 4


def test_other_settings_are_refused(source: Path, tmp_path: Path) -> None:
    asked = Asked(source, tmp_path / "out", settings={"inpainter": {"order": 3, "x": [1]}, "seed": 0})
    asked.run()
    before = hashes(asked.out)
    asked.settings = {"inpainter": {"order": 4, "x": [1]}, "seed": 0}
    with pytest.raises(InputError, match=r"was made with inpainter.order=3, not 4; set out to another"):
        asked.run()
    assert hashes(asked.out) == before


def test_a_folder_with_other_things_is_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("all of it")
    with pytest.raises(InputError, match="holds files that are no such corpus"):
        Asked(source, tmp_path / "out").run()
    with pytest.raises(InputError, match="lies among the recordings"):
        Asked(source, source / "out").run()
    assert sorted(path.name for path in source.iterdir()) == [f"clip{seed}.wav" for seed in range(5)]


def test_what_cannot_be_used_is_named_and_the_rest_is_done(source: Path, tmp_path: Path) -> None:
    (source / "clip1.wav").write_bytes(b"RIFF and nothing more")
    (source / "clip2.wav").write_bytes(b"")
    done = Asked(source, tmp_path / "out").run(2)
    assert consistent(tmp_path / "out") == 3
    problem = str(done.problem())
    assert problem.startswith("nothing could be made of 2 clips, everything else is done: clip1.wav ")
    assert "clip2.wav is empty (0 bytes)" in problem
    assert "\n" not in problem


def test_a_clip_without_a_region_is_left_out_and_not_tried_again(tmp_path: Path) -> None:
    clip(tmp_path / "source/short.wav", seconds=0.3)
    clip(tmp_path / "source/long.wav")
    asked = Asked(tmp_path / "source", tmp_path / "out")
    done = asked.run()
    assert done.records["short"]["left_out"]
    assert [path.name[:4] for path in sorted((asked.out / "audio").iterdir())] == ["long", "long"]
    assert asked.run().new == 0


def test_several_regions_lie_apart_and_are_told_in_order(source: Path, tmp_path: Path) -> None:
    done = Asked(source, tmp_path / "out", regions=2).run()
    assert consistent(tmp_path / "out") == 5
    both = [record for record in done.records.values() if len(record["regions"]) == 2]
    assert both
    for record in both:
        first, second = (Segment(part["start"], part["end"]) for part in record["regions"])
        assert first.end + 0.15 < second.start
        assert record["audio_id"] == f"{record['source']}_{pipeline.named([first, second])}"
        heard = soundfile.read(tmp_path / "out" / record["path"])[0]
        for region in (first, second):
            assert not heard[round(region.start * RATE) : round(region.end * RATE)].any()
    rows = ManifestFile(tmp_path / "out", "manifest.csv").utterances()
    assert sorted(len(row.segments) for row in rows)[-len(both) :] == [2] * len(both)


def test_folders_stay_and_name_the_speaker(tmp_path: Path) -> None:
    clip(tmp_path / "source/anna/1.wav")
    clip(tmp_path / "source/bert/1.wav", 1)
    done = Asked(tmp_path / "source", tmp_path / "out").run()
    assert set(done.records) == {"anna/1", "bert/1"}
    assert consistent(tmp_path / "out") == 2
    rows = ManifestFile(tmp_path / "out", "manifest.csv").utterances()
    assert {row.speaker for row in rows} == {"anna", "bert"}


def test_twins_by_link_in_place_or_not_at_all(source: Path, tmp_path: Path) -> None:
    clip(source / "six.flac", 6)
    linked = Asked(source, tmp_path / "link", twins="link").run().records
    assert (tmp_path / "link/audio/clip0.wav").samefile(source / "clip0.wav")
    assert soundfile.info(tmp_path / "link" / linked["six"]["genuine"]).format == "WAV"
    assert consistent(tmp_path / "link") == 6
    placed = Asked(source, tmp_path / "place", twins="source").run().records
    assert placed["six"]["genuine"] == str(source / "six.flac")
    assert len(ManifestFile(tmp_path / "place", "manifest.csv").utterances()) == 12
    Asked(source, tmp_path / "none", twins="none").run()
    audios = json.loads((tmp_path / "none/manifest.json").read_text())["audios"]
    assert [audio["label"] for audio in audios] == [1] * 6


def test_a_linked_source_survives_a_change(source: Path, tmp_path: Path) -> None:
    before = (source / "clip0.wav").read_bytes()
    asked = Asked(source, tmp_path / "out", twins="link")
    asked.run()
    (asked.out / "provenance.jsonl").unlink()
    asked.twins = "copy"
    asked.run()
    assert (source / "clip0.wav").read_bytes() == before


def test_vocode_both_sends_the_twin_through_as_well(source: Path, tmp_path: Path) -> None:
    done = Asked(source, tmp_path / "out", splicer=VocodeBoth(), grounder=Energy()).run()
    record = done.records["clip0"]
    twin = soundfile.read(tmp_path / "out" / record["genuine"])[0]
    assert np.abs(twin - soundfile.read(source / "clip0.wav")[0]).max() > 0.01
    assert record["splicer"]["vocoder"] == "sinusoidal"


def test_names_that_would_meet_are_refused(source: Path, tmp_path: Path) -> None:
    clip(source / "clip0.flac")
    with pytest.raises(InputError, match="holds both clip0"):
        Asked(source, tmp_path / "out").run()
    (source / "clip0.flac").rename(source / "clip0_1.2_2.4.flac")
    with pytest.raises(InputError, match="called as a result of the former would be"):
        Asked(source, tmp_path / "out").run()
    assert not (tmp_path / "out").exists()


@final
class Broken(Inpainter):
    @property
    def name(self) -> str:
        return "broken"

    @property
    def needs_caption(self) -> bool:
        return True

    def fill(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, caption: str, seed: int
    ) -> Waveform:
        del sample_rate, start, end, caption, seed
        return masked[:-1]


def test_a_stage_that_breaks_its_promise_is_named(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"inpainter=broken needs captions; set captions"):
        Asked(source, tmp_path / "out", inpainter=Broken()).run()
    captions = tmp_path / "captions.json"
    captions.write_text(json.dumps({"nobody": "rain"}))
    with pytest.raises(InputError, match="none of the names"):
        Asked(source, tmp_path / "out", inpainter=Broken(), captions=captions).run()
    captions.write_text(json.dumps({"clip1": "rain"}))
    done = Asked(source, tmp_path / "out", inpainter=Broken(), captions=captions).run()
    assert "came out of broken with shape [31999] instead of [32000]" in done.problems["clip1.wav"]
    assert done.problems["clip0.wav"] == "has no caption, which inpainter=broken needs"
