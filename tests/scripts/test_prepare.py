"""`bonafide prepare` as a user types it: from a server's archives to a fact sheet and an audit."""

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.archives.server import Server, serving
from tests.corpora import miniature, partialspoof
from tests.scripts.command_line import bonafide

RECORD = "5766198"
PARTS = {
    "train": "database_train.tar.gz",
    "dev": "database_dev.tar.gz",
    "eval": "database_eval.tar.gz",
    "protocols": "database_protocols.tar.gz",
    "segment_labels": "database_segment_labels_v1.2.tar.gz",
}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """PartialSpoof in miniature, packed as it is published."""
    root = partialspoof.write(tmp_path_factory.mktemp("published"))
    packed = {}
    for folder, name in PARTS.items():
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            archive.add(root / "database" / folder, f"database/{folder}")
        packed[name] = stream.getvalue()
    return packed


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


def words(server: Server, folder: Path) -> list[str]:
    return [
        "prepare",
        "data=partialspoof",
        f"data.root={folder}/corpus",
        f"data.cache={folder}/cache",
        f"zenodo={server.address}",
        "hydra.run.dir=out",
    ]


def test_a_corpus_is_fetched_unpacked_indexed_and_described(
    server: Server, archives: dict[str, bytes], tmp_path: Path
) -> None:
    server.zenodo(RECORD, archives)
    done = bonafide(tmp_path, *words(server, tmp_path))
    assert done.code == 0, done.err
    facts = json.loads((tmp_path / "out/facts.json").read_text())
    counts = {(line["corpus"], line["system"]): line["files"] for line in facts["lines"]}
    assert counts == {
        ("asvspoof2019_la", "-"): {"train": 4, "validation": 4, "test": 4},
        ("asvspoof2019_la", "CON"): {"train": 4, "validation": 4, "test": 4},
    }
    assert facts["problems"] == []
    assert "CON" in done.out
    assert "16,000" in done.out
    server.asked.clear()
    assert bonafide(tmp_path, *words(server, tmp_path)).code == 0
    assert server.asked == []  # it is all there


def test_a_wrong_checksum_is_one_line_and_the_next_run_goes_on(
    server: Server, archives: dict[str, bytes], tmp_path: Path
) -> None:
    server.zenodo(RECORD, archives)
    path = f"/files/{RECORD}/{PARTS['dev']}"
    right = server.files[path].content
    server.files[path].content = bytes(len(right))
    done = bonafide(tmp_path, *words(server, tmp_path))
    assert done.code == 2
    assert PARTS["dev"] in done.line()
    server.files[path].content = right
    server.asked.clear()
    assert bonafide(tmp_path, *words(server, tmp_path)).code == 0
    assert PARTS["train"] not in server.fetched
    assert PARTS["dev"] in server.fetched


def test_what_lies_there_is_never_fetched_again(server: Server, tmp_path: Path) -> None:
    """Somebody else put it there, so no server is asked."""
    partialspoof.write(tmp_path / "corpus")
    done = bonafide(tmp_path, *words(server, tmp_path))
    assert done.code == 0, done.err
    assert server.asked == []
    shutil.rmtree(tmp_path / "corpus")
    done = bonafide(tmp_path, *words(server, tmp_path), "download=never")
    assert done.code == 2
    assert "python prepare.py data=partialspoof" in done.line()
    done = bonafide(tmp_path, *words(server, tmp_path), "download=maybe")
    assert "choose missing, always or never" in done.line()


def test_what_needs_a_person_is_said_with_its_place(server: Server, tmp_path: Path) -> None:
    done = bonafide(
        tmp_path, "prepare", "data=fake_or_real", f"data.root={tmp_path}/corpus", "hydra.run.dir=out"
    )
    assert done.code == 2
    assert "https://" in done.err
    assert f"{tmp_path}/corpus" in done.err.replace("\n", "")


def test_missing_recordings_are_named_with_the_line_that_lists_them(server: Server, tmp_path: Path) -> None:
    root = partialspoof.write(tmp_path / "corpus")
    victim = min((root / "database/train/con_wav").iterdir())
    victim.unlink()
    done = bonafide(tmp_path, *words(server, tmp_path))
    assert done.code == 2
    assert "1 of 24 files" in done.line()
    (problem,) = json.loads((tmp_path / "out/facts.json").read_text())["problems"]
    assert victim.stem in problem
    assert "PartialSpoof.LA.cm.train.trl.txt:" in problem
    assert bonafide(tmp_path, *words(server, tmp_path), "data.on_bad_file=skip").code == 0


def test_an_audit_finds_what_was_planted(tmp_path: Path) -> None:
    """Spoofs of whole frames, as WaveFake's are, and a sentence that the published division lets cross."""
    root = miniature.wavefake(tmp_path / "corpus", 12, ("ljspeech_melgan", "ljspeech_hifiGAN"), seconds=0.4)
    options = ["data=wavefake", f"data.root={root}", f"data.cache={tmp_path}/cache", "data.clip_seconds=0.2"]
    done = bonafide(tmp_path, "prepare", *options, "audit=true", "hydra.run.dir=out")
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "out/audit.json").read_text())
    assert set(found) == {"files", "clips"}
    assert any("length divisible by 256" in line for line in found["files"]["warnings"])
    assert not any("divisible" in line for line in found["clips"]["warnings"])
    for side in found:
        assert (tmp_path / f"out/audit_{side}.png").stat().st_size > 10_000
        assert found[side]["baseline"]["groups"]["in_distribution"]["bonafide"] > 0
    assert found["files"]["leaks"] == [leak for leak in found["files"]["leaks"] if leak["kind"] == "system"]
    done = bonafide(
        tmp_path, "prepare", *options, "audit=true", "hydra.run.dir=leaky", "data.split.rule=faithful"
    )
    assert done.code == 0, done.err
    leaks = json.loads((tmp_path / "leaky/audit.json").read_text())["files"]["leaks"]
    assert "utterance" in {leak["kind"] for leak in leaks}


def test_resynthesis_makes_a_training_set_of_one_s_own_recordings(tmp_path: Path) -> None:
    for number in range(4):
        sound = miniature.voice(f"sentence {number}", 16_000, 16_000)
        miniature._write(tmp_path / "mine" / f"take{number}.wav", sound, 16_000)
    done = bonafide(
        tmp_path,
        "prepare",
        "data=resynthesis",
        "source=mine",
        "data.corpus.systems=[griffin_lim,mp3]",
        f"data.cache={tmp_path}/cache",
        "hydra.run.dir=out",
    )
    assert done.code == 0, done.err
    facts = json.loads((tmp_path / "out/facts.json").read_text())
    counts = {line["system"]: sum(line["files"].values()) for line in facts["lines"]}
    assert counts == {"-": 4, "griffin_lim": 4, "mp3": 4}
    for line in facts["lines"]:
        assert list(line["rates"]) == ["16000"]
        assert line["seconds"][0] == line["seconds"][2] == 1.0
