"""`report.py resources=true`: what a pair of front end and model takes, each in a process of its own."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from tests.scripts.command_line import Result, bonafide

FILES = {"report.html", "report.md", "report.tex", "resources.json", "tables", "figures"}
TINY = ("resources=true", "hardware=cpu", "clip_seconds=0.5", "batch_size=2", "repeats=1", "threads=1")
# As published: 833,345 Keras parameters for 256 mels, 128 of which are statistics; time is its channel.
MEL = "idsd_mel/tcn model.axis=frequency model.classes=1"
GMM = "lfcc/gmm model.components=4"


def report(folder: Path, *words: str) -> Result:
    return bonafide(folder, "report", *TINY, *words, "folder=made", env={"BONAFIDE_CACHE": str(folder)})


def pairs(*names: str) -> str:
    return f"pairs={json.dumps(names)}"


def rows(folder: Path, name: str = "resources") -> list[dict[str, str]]:
    with (folder / "made/tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def kept(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "made/resources.json").read_text())
    return content["pairs"]  # type: ignore[no-any-return]


def test_pairs_are_measured_and_not_measured_again(tmp_path: Path) -> None:
    done = report(tmp_path, "clip_seconds=2", pairs(MEL, "lfcc/rawnet2"))
    assert done.code == 0, done.err
    assert "lfcc/rawnet2 is left out: RawNet2 reads a waveform" in done.out
    first = kept(tmp_path)
    assert first[MEL]["cost"]["threads"] == 1
    file = tmp_path / "made/resources.json"
    file.write_text(json.dumps({"pairs": first | {GMM: first[MEL]}}))  # of another model

    done = report(tmp_path, "clip_seconds=2", pairs(MEL, GMM))
    assert f"measured before: {MEL}\n" in done.err
    assert kept(tmp_path)[MEL] == first[MEL] != kept(tmp_path)[GMM]
    assert {file.name for file in (tmp_path / "made").iterdir()} == FILES
    assert (tmp_path / "made/figures/resources.pdf").is_file()
    mel, lfcc = rows(tmp_path)
    assert mel["options"] == "model.axis=frequency model.classes=1"
    assert int(mel["model_parameters"]) == 833_345 - 128
    assert float(mel["storage"]) == 129_024 / 2  # bytes of 256 × 126 numbers for two seconds
    assert int(lfcc["model_parameters"]) == 2 * 4 * (1 + 60 + 60)
    assert float(lfcc["storage"]) == 4 * 60 * 126 / 2
    for row in (mel, lfcc):
        assert int(row["frontend_parameters"]) == 0
        assert float(row["extraction"]) > 0 < float(row["scoring"])
        both = float(row["extraction"]) + float(row["scoring"])
        assert float(row["real_time_factor"]) == pytest.approx(both)
        assert float(row["memory"]) >= 4 * int(row["model_parameters"])
    assert rows(tmp_path, "resources_in_detail")[0]["frames"] == "126"
    page = (tmp_path / "made/report.html").read_text()
    assert page.count("data:image/png") == 1
    assert "2 clips of 2 s at once" in page


def test_what_cannot_be_understood_is_measured_anew(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made/resources.json").write_text('{"pairs": {"lfcc/regression": {"cost": 1}}}')
    done = report(tmp_path, "pairs=lfcc/regression", 'options=["data.sample_rate=22050"]')
    assert done.code == 0, done.err
    assert "measured before" not in done.err
    (row,) = rows(tmp_path)
    frames = 1 + 11_025 // 256
    assert float(row["storage"]) == 4 * 60 * frames / 0.5
    assert int(row["model_parameters"]) == 2 * (60 * frames + 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pairs=[lfc/lcnn]"], "there is no front end lfc (lfc/lcnn); did you mean lfcc?"),
        (["pairs=[lfcc/lcnn,lfcc/lcn]"], "there is no model lcn (lfcc/lcn); did you mean lcnn?"),
        (["pairs=lcnn/lfcc"], "lcnn/lfcc has the model first; did you mean lfcc/lcnn?"),
        (["pairs=lfcc"], "lfcc is no pair; give FRONTEND/MODEL"),
        (["pairs=[]"], "pairs=[] names nothing to measure"),
        (["pairs=3"], "pairs=3 is not understood"),
        ([pairs("lfcc/lcnn dropout")], "behind lfcc/lcnn: dropout is no option"),
        ([pairs("raw/rawnet2 model.fathful=true")], "did you mean model.faithful?"),
        (["pairs=lfcc/lcnn", 'options=["data.samplerate=8000"]'], "did you mean data.sample_rate?"),
        (["batch_size=0"], "batch_size=0 measures nothing"),
        (["repeats=some"], "repeats=some is not a number"),
        (["threads=0"], "threads=0 measures nothing"),
        (["clip_seconds=-1"], "clip_seconds=-1 is no length"),
        (["resources=all"], "resources=all is not understood"),
        (["scores=a.txt"], "scores= and resources= do not make a report"),
        (["pairs=eat/lcnn"], "none of the pairs can be measured here, eat/lcnn because"),
    ],
)
def test_a_mistake_is_answered_in_a_line(words: list[str], said: str, tmp_path: Path) -> None:
    found = report(tmp_path, *words)
    assert found.code == 2
    assert said in found.line()
    assert not (tmp_path / "made").exists()
