"""`bonafide manipulate` as a user runs it."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.scripts.command_line import bonafide

RATE = 8000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        count = 3 * RATE
        sound = 0.1 * rng.standard_normal(count) * (0.02 + np.sin(np.pi * np.arange(count) / RATE) ** 4)
        file = tmp_path / "source" / f"clip{seed}.wav"
        file.parent.mkdir(exist_ok=True)
        soundfile.write(file, sound, RATE)
    return tmp_path / "source"


def hashes(out: Path) -> dict[str, str]:
    files = [
        *(out / "audio").glob("*"),
        out / "manifest.json",
        out / "manifest.csv",
        out / "provenance.jsonl",
    ]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def listed(out: Path) -> set[str]:
    audios = json.loads((out / "manifest.json").read_text())["audios"]
    return {audio["filepath"] for audio in audios}


def test_a_folder_becomes_a_corpus(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = bonafide(
        tmp_path, "manipulate", f"source={source}", f"out={out}", "inpainter=mix", "licence=CC BY 4.0"
    )
    assert done.code == 0, done.err
    assert "6 clips manipulated" in done.out
    assert f"python train.py data=manifest data.root={out}" in done.out
    assert listed(out) == {f"audio/{file.name}" for file in (out / "audio").iterdir()}
    record = json.loads((out / "provenance.jsonl").read_text().splitlines()[0])
    assert record["licence"] == "CC BY 4.0"
    assert record["grounder"]["name"] == "energy"
    assert not list(tmp_path.glob("outputs"))


def test_two_workers_make_what_one_makes(source: Path, tmp_path: Path) -> None:
    for workers in (1, 2):
        words = (f"source={source}", f"out={tmp_path}/{workers}", "inpainter=mix", f"workers={workers}")
        assert bonafide(tmp_path, "manipulate", *words).code == 0
    assert hashes(tmp_path / "1") == hashes(tmp_path / "2")


DYING = """
import os
from bonafide.manipulation.provenance import Provenance
from bonafide.scripts.manipulate import main

add, seen = Provenance.add, []

def dying(self, record):
    add(self, record)
    seen.append(record)
    if len(seen) == 3:
        os.kill(os.getpid(), {how})

Provenance.add = dying
main()
"""
"""The command, which gets a signal right after the third clip is noted."""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_is_finished_by_the_next(how: signal.Signals, source: Path, tmp_path: Path) -> None:
    for number in range(6):
        os.link(source / f"clip{number}.wav", source / f"more{number}.wav")
    out = tmp_path / "out"
    words = (f"source={source}", f"out={out}", "inpainter=griffin_lim", "workers=2")
    code = subprocess.run([sys.executable, "-c", DYING.format(how=int(how)), *words], check=False).returncode
    there = [json.loads(line) for line in (out / "provenance.jsonl").read_text().splitlines() if line]
    assert len(there) == 3
    if how == signal.SIGINT:
        assert code == 130
        assert len(listed(out)) == 6
    else:
        assert code == -signal.SIGKILL
        assert not (out / "manifest.json").exists()
    before = {record["path"]: (out / record["path"]).stat().st_mtime_ns for record in there}
    done = bonafide(tmp_path, "manipulate", *words)
    assert done.code == 0, done.err
    assert "12 clips manipulated, 9 of them now" in done.out
    assert {path: (out / path).stat().st_mtime_ns for path in before} == before
    assert listed(out) == {f"audio/{file.name}" for file in (out / "audio").iterdir()}
    assert len(listed(out)) == 24
    fresh = bonafide(tmp_path, "manipulate", words[0], f"out={tmp_path}/fresh", words[2], "workers=1")
    assert fresh.code == 0, fresh.err
    assert hashes(tmp_path / "fresh") == hashes(out)


def test_mistakes_are_told_in_a_line(source: Path, tmp_path: Path) -> None:
    def line(*words: str) -> str:
        done = bonafide(tmp_path, "manipulate", *words)
        assert done.code == 2, done.err
        return done.line()

    where = (f"source={source}", f"out={tmp_path}/out")
    assert "out is not set" in line(where[0])
    assert "did you mean inpainter=silence" in line(*where, "inpainter=silense")
    assert "inpainter.vocoder=x: choose" in line(*where, "inpainter=lpc", "inpainter.vocoder=x")
    assert "twins=x: choose copy" in line(*where, "twins=x")
    assert "set twins=copy" in line(*where, "splicer=vocode_both", "twins=link")
    assert "does not exist; set source" in line("source=/nowhere", where[1])
    assert "does not exist; set captions" in line(*where, "captions=/nowhere.csv")
    assert "regions must be 1 or more" in line(*where, "regions=0")
    assert not (tmp_path / "out").exists()


def test_a_corrupt_file_is_named_and_the_rest_is_done(source: Path, tmp_path: Path) -> None:
    (source / "clip2.wav").write_bytes(b"RIFF")
    words = (f"source={source}", f"out={tmp_path}/out", "inpainter=silence")
    done = bonafide(tmp_path, "manipulate", *words)
    assert done.code == 2
    assert "1 clips, everything else is done: clip2.wav" in done.line()
    assert "5 clips manipulated" in done.out
    assert len(listed(tmp_path / "out")) == 10
    again = bonafide(tmp_path, "manipulate", *words, "seed=1")
    assert "was made with seed=0, not 1; set out to another folder" in again.line()


def test_a_detector_trains_on_it(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert bonafide(tmp_path, "manipulate", f"source={source}", f"out={out}", "inpainter=noise").code == 0
    tiny = ["data.clip_seconds=1", "data.split.test=0.3", "data.split.validation=0.2", "trainer.max_epochs=1"]
    tiny += ["hardware=cpu", "hardware.workers=0", "trainer.enable_progress_bar=false", "model=lcnn"]
    done = bonafide(
        tmp_path, "train", "data=manifest", f"data.root={out}", *tiny, "folder=run",
        env={"BONAFIDE_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip
    assert done.code == 0, done.err
    with (tmp_path / "run/scores/test.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["label"] for row in rows) == sorted(["bonafide", "spoof"] * (len(rows) // 2))
    assert len({row["utterance"] for row in rows}) == len(rows) // 2
