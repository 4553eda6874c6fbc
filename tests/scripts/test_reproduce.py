"""`report.py reproduce=true`: recipes on other data than their own, each in a process of its own."""

import csv
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from tests.scripts.command_line import Result as Printed
from tests.scripts.command_line import bonafide

from bonafide import assembly, cell
from bonafide.evaluation.reproduction import Absent, Corpus, Rate, Result, document
from bonafide.scripts.jobs import reproduced_recipes, reproduced_run, reproducing

GMM = "wavefake_gmm_em model.components=2 model.reservoir=200"
TINY = ("trainer.max_epochs=1", "+data.corpus.utterances=12", "audit=false", "task.fit_clips=4")
LENGTHS = {"max_epochs", "max_steps", "max_time"}
RECIPES = [
    file.stem
    for file in sorted((assembly.conf() / "experiment").glob("*.yaml"))
    if "sweeper" not in yaml.safe_load(file.read_text()).get("hydra", {})
]


@pytest.fixture(scope="module", autouse=True)
def hydra() -> Iterator[None]:
    with initialize_config_dir(str(assembly.conf()), version_base="1.3"):
        yield


def report(folder: Path, *words: str) -> Printed:
    given = ["reproduce=true", f"options={json.dumps(TINY)}", "hardware=cpu", "threads=1", "folder=made"]
    return bonafide(folder, "report", *given, *words, env={"BONAFIDE_CACHE": str(folder / "cache")})


def recipes(*names: str) -> str:
    return f"recipes={json.dumps(names)}"


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "made/tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def parts(*words: str) -> dict[str, Any]:
    """What a recipe decides: references as they are written, and no length."""
    found, _ = reproduced_recipes._composed(*words)
    trainer = {name: value for name, value in found["trainer"].items() if name not in LENGTHS}
    return {**found, "trainer": trainer}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_without_its_data_is_the_same_detector(name: str) -> None:
    words = reproduced_recipes.detached(name)
    typed = reproduced_recipes._typed(name)
    recipe = parts(f"experiment={name}", *typed)
    assert parts(*words) == recipe
    assert not [word for word in words if re.match(r"\W*(data|seed|trainer\.max)", word)]
    if name in {"aasist_faithful", "codecfake_csam", "wavefake_gmm_gd_faithful"}:
        assert parts("experiment=vocoder_pairs", *words) == recipe


def test_words_are_spelt_as_they_are_read() -> None:
    for value in (
        None,
        True,
        3,
        1e-9,
        "sym5",
        "true",
        "a, 'b'",
        "../x",
        "",
        ["*", 0.5],
        {"half": True, "x": []},
    ):
        parsed = OverridesParser.create().parse_override(f"key={reproduced_recipes.spelt(value)}")
        assert parsed.value() == value


def test_the_recipes_that_are_run_and_what_is_published_of_them() -> None:
    found = {each.name: each for each in reproduced_recipes.read(OmegaConf.create({"recipes": None}))}
    assert set(found) == set(RECIPES) - {"vocoder_pairs", "copies"}
    assert found["aasist"].published.startswith("EER .83 %, min t-DCF .0275; third parties")
    assert found["aasist_faithful"].published == "EER .83 %, min t-DCF .0275"
    assert found["ssl_aasist_faithful"].published == "as ssl_aasist"
    assert all(each.published for each in found.values())


def test_recipes_run_are_not_run_again_and_those_begun_go_on(tmp_path: Path) -> None:
    done = report(tmp_path, recipes(GMM, "fakesound frontend.source=???"))
    assert done.code == 0, done.err
    run = tmp_path / "made/runs/demo" / "wavefake_gmm_em_model.components_2_model.reservoir_200"
    metrics = json.loads((run / "metrics.json").read_text())
    (row,) = rows(tmp_path, "reproduced_on_demo")
    assert row["recipe"] == GMM
    assert row["published"] == "figures of single generators are not known here"
    for name, group in metrics["groups"].items():
        assert float(row[f"{name}_eer"]) == group["eer"]
        assert [float(row[f"{name}_eer_{end}"]) for end in ("low", "high")] == group["intervals"]["eer"]
    assert set(metrics["groups"]) == {"seen", "held_out"}
    assert int(row["parameters"]) == metrics["parameters"]
    assert float(row["minutes"]) == pytest.approx(json.loads((run / "cell.json").read_text())["seconds"] / 60)
    (absent,) = rows(tmp_path, "not_run")
    assert absent["recipe"] == "fakesound frontend.source=???"
    assert absent["reason"] == "frontend.source is not set; add frontend.source=VALUE"
    command = next(line["command"] for line in rows(tmp_path, "commands") if line["recipe"] == GMM)
    assert command.startswith("python train.py model=gmm frontend=lfcc task=likelihood trainer.max_epochs=1 ")
    cfg = OmegaConf.load(run / ".hydra/config.yaml")
    assert OmegaConf.select(cfg, "model.components") == 2

    written = (run / "metrics.json").stat().st_mtime_ns
    again = report(tmp_path, recipes(GMM), "page=docs/results.md")
    assert again.code == 0, again.err
    assert "(run before)" in again.err
    assert (run / "metrics.json").stat().st_mtime_ns == written
    page = (tmp_path / "docs/results.md").read_text()
    assert f"`{command}`" in page
    assert "no claims" in page
    assert "![" not in page
    assert (tmp_path / "made/figures/demo_held_out.png").is_file()

    ended = cell.read(run)
    assert ended is not None
    cell.write(run, ended._replace(status="interrupted"))
    (run / "metrics.json").unlink()
    on = report(tmp_path, recipes(GMM))
    assert on.code == 0, on.err
    typed = yaml.safe_load((run / ".hydra/overrides.yaml").read_text())
    assert f"ckpt_path=made/runs/demo/{run.name}/checkpoints/last.ckpt" in typed
    assert json.loads((run / "metrics.json").read_text())["groups"] == metrics["groups"]


@pytest.mark.parametrize(
    ("code", "ending", "said"),
    [
        (1, "crashed", "bonafide: there is no such thing (exit code 1)"),
        (-signal.SIGSEGV, "crashed", "bonafide: there is no such thing (exit code -11)"),
        (2, "refused", "there is no such thing"),
        (130, "refused", "it was interrupted; the same command goes on"),
        (-signal.SIGKILL, "refused", "the system ended it; there is too little memory for it"),
    ],
)
def test_whose_fault_it_is_that_a_run_is_not_done(
    code: int, ending: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def process(words: object, log: Path, threads: object) -> int:
        log.parent.mkdir()
        log.write_text("Traceback …\nbonafide: there is no such thing\n\n")
        return code

    monkeypatch.setattr(reproduced_run, "_process", process)
    run = reproduced_run.run(["model=lcnn"], tmp_path / "run")
    assert (run.ending, run.said) == (ending, said)


def test_what_crashed_stands_beside_what_ran() -> None:
    result = Result("one", "python train.py", "EER .1 %", {"seen": Rate(0.25, (0.1, 0.4), 20, 40)}, 7, 60.0)
    corpus = Corpus("demo", "Demo corpus", "made here", [result], [Absent("other", "it fell", "runs/x.log")])
    made = document([corpus], command="python report.py", scale="trainer.max_epochs=3", facts={})
    (crashed,) = [table for table in made.tables if table.key == "crashed"]
    assert [found.text for found in crashed.rows[0].cells] == [
        "other",
        "Demo corpus",
        "it fell",
        "runs/x.log",
    ]
    assert made.headlines[0].unit == "of 2 recipes run"


def test_another_run_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "aasist"
    cell.write(place, cell.Cell("another", "done"))
    found = next(each for each in reproduced_run._places(place) if cell.standing(each, "this") != "taken")
    assert found == tmp_path / "aasist-2"


def test_recordings_are_trained_on_as_their_experiment_says(tmp_path: Path) -> None:
    root = tmp_path / "my recordings"
    root.mkdir()
    (root / "manifest.csv").touch()
    _, data = reproducing._data(OmegaConf.create({"recordings": str(root)}))
    words = reproduced_recipes.merged(data.words, reproduced_recipes.detached("aasist"))
    found, plain = compose("train", ["folder=.", *words]), compose("train", ["folder=.", *data.words])
    assert found.data == plain.data
    assert found.data.root == str(root)
    assert found.model._target_.endswith(".AASIST")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["recipes=[aasst]"], "there is no recipe aasst; did you mean aasist?"),
        (
            ["recipes=[sweep_wavelets]"],
            "sweep_wavelets is a sweep; python train.py -m experiment=sweep_wavelets",
        ),
        (["recipes=[]"], "recipes=[] names nothing to run"),
        (["recipes=3"], "recipes=3 is not understood"),
        ([recipes("aasist faithful")], "behind aasist: faithful is no option"),
        (["recipes=aasist", "options=[faithful]"], "options: faithful is no option"),
        (["recordings=nowhere"], "recordings=nowhere has no manifest.csv"),
        (["page=results.html"], "page=results.html is no Markdown file"),
        (["threads=0"], "threads=0 computes nothing"),
        (["reproduce=all"], "reproduce=all is not understood"),
        (["resources=true"], "resources= and reproduce= do not make a report"),
        ([recipes("aasist model.fathful=true")], "none of the recipes can be run here"),
    ],
)
def test_a_mistake_is_answered_in_a_line(words: list[str], said: str, tmp_path: Path) -> None:
    found = bonafide(tmp_path, "report", "reproduce=true", "folder=made", *words)
    assert found.code == 2
    assert said in found.line()
    assert not (tmp_path / "made/report.html").exists()
