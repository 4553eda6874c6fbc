"""`perturbations=…` through the command line, and every file of conf/perturbations."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from omegaconf import OmegaConf
from tests.scripts.command_line import bonafide
from tests.scripts.conftest import TINY

from bonafide import assembly
from bonafide.evaluation import scores
from bonafide.scripts.jobs.perturbations import conditions, perturbation, possible
from bonafide.types import InputError

FILES = sorted((assembly.conf() / "perturbations").glob("*.yaml"))
NAMES = [file.stem for file in FILES if file.stem not in {"all", "none"}]
LISTED: list[str] = yaml.safe_load((assembly.conf() / "perturbations/all.yaml").read_text())["defaults"]
OWN = (
    "+perturbations.mine={change: {_target_: bonafide.augment.gain.Gain}, "
    "severities: {much: {gain_db: [9, 9]}}}"
)


def wanted(name: str, **options: Any) -> Any:
    node = yaml.safe_load((assembly.conf() / f"perturbations/{name}.yaml").read_text())
    if "folder" in node[name]["change"]:
        node[name]["change"]["folder"] = options["folder"]
    return OmegaConf.create({"data": {"sample_rate": 16_000}, "perturbations": node}).perturbations


def test_all_are_all_that_need_no_folder() -> None:
    assert sorted(LISTED) == [name for name in NAMES if not name.startswith("recorded_")]


@pytest.mark.parametrize("name", NAMES)
def test_each_severity_changes_speech_more_than_the_one_before(name: str, recordings: Path) -> None:
    """Noise through a low filter stands for speech; the same clip each time."""
    noise = torch.randn(2, 16_000, generator=torch.Generator().manual_seed(0))
    dull = torch.nn.functional.avg_pool1d(noise[:, None], 5, 1, 2)[:, 0]
    x = 0.2 * dull + 0.02 * noise
    found = conditions(wanted(name, folder=str(recordings / "real")))[1:]
    errors = []
    for each in found:
        made = perturbation(each.settings, 0)(x, [1, 2])
        assert made.shape == x.shape
        assert torch.isfinite(made).all()
        errors.append(float((made - x).norm() / x.norm()))
    assert errors[0] > 1e-4
    assert len(set(errors)) == len(errors)
    if name not in {"flanger", "reverb"}:  # a longer delay of noise is no more than another one
        assert errors == sorted(errors)


def test_what_cannot_be_made_here_is_named_and_left_out() -> None:
    nodes = {
        "good": {"change": {"_target_": "bonafide.augment.gain.Gain"}, "severities": {"a": {}}},
        "bad": {
            "change": {"_target_": "bonafide.augment.codec.Codec", "sample_rate": 16_000},
            "severities": {"1": {"codecs": ["atrac"]}},
        },
    }
    made, left_out = possible(conditions(OmegaConf.create(nodes)), 0)
    assert [each.name for each, _ in made] == ["clean", "good_a"]
    assert list(left_out) == ["bad (1)"]
    assert "choose from aac, mp3" in left_out["bad (1)"]
    with pytest.raises(InputError, match="none of the perturbations"):
        possible(conditions(OmegaConf.create({"bad": nodes["bad"]})), 0)


def test_a_perturbation_of_another_form_is_refused() -> None:
    for node in ({"change": {}}, {"severities": {"a": {}}}, {"change": {}, "severities": {}}, 3):
        with pytest.raises(InputError, match=r"perturbations\.mine needs change"):
            conditions(OmegaConf.create({"mine": node}))
    twice = {"change": {"_target_": "x"}, "severities": {"a b": {}, "a_b": {}}}
    with pytest.raises(InputError, match="two severities are called mine_a_b"):
        conditions(OmegaConf.create({"mine": twice}))


def test_the_suite_begins_where_a_plain_evaluation_ends(run: Path, tmp_path: Path) -> None:
    words = ["evaluate", f"run={run}", "hardware=cpu", "perturbations=[quieter,noise]", OWN, "output=out"]
    done = bonafide(tmp_path, *words)
    assert done.code == 0, done.err
    said = done.out + done.err
    assert "1/10 Clean: EER" in said
    plain = json.loads((run / "metrics.json").read_text())["groups"]
    found = json.loads((tmp_path / "out/robustness.json").read_text())
    clean, *perturbed = found["conditions"]
    for name, group in plain.items():
        assert clean["groups"][name]["eer"] == group["eer"]
        assert clean["groups"][name]["interval"] == pytest.approx(group["intervals"]["eer"])
        assert clean["groups"][name]["threshold"] == group["threshold"]
    assert len(perturbed) == 3 + 5 + 1
    with (tmp_path / "out/robustness.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10 * len(plain)
    assert {"eer", "eer_low", "auc", "bonafide_rejected", "spoof_accepted", "spoof_shift"} <= rows[0].keys()
    for page in ("report.html", "report.md", "tables/robustness.csv"):
        assert (tmp_path / "out" / page).is_file()

    compared = [f"compare=[out/conditions/{name}]" for name in ("clean,out/conditions/noise_0",)]
    done = bonafide(tmp_path, "report", *compared, "replicates=100", "folder=compared")
    assert done.code == 0, done.err

    tables = {place: place.read_bytes() for place in (tmp_path / "out").glob("conditions/*/scores/*.csv")}
    (tmp_path / "out/conditions/noise_10/metrics.json").unlink()
    done = bonafide(tmp_path, *words)
    assert done.code == 0, done.err
    assert (done.out + done.err).count("scored before") == 9
    assert {place: place.read_bytes() for place in tables} == tables
    done = bonafide(tmp_path, *words, "seed=1")  # other draws: nothing of the earlier ones holds
    assert done.code == 0, done.err
    assert "scored before" not in done.out + done.err
    quiet = "conditions/quieter_−6/scores/seen.csv"
    assert (tmp_path / "out" / quiet).read_bytes() == tables[tmp_path / "out" / quiet]
    noisy = tmp_path / "out/conditions/noise_10/scores/seen.csv"
    assert noisy.read_bytes() != tables[noisy]


def test_null_is_none_and_a_wrong_name_is_answered(run: Path, tmp_path: Path) -> None:
    done = bonafide(tmp_path, "evaluate", f"run={run}", "hardware=cpu", "perturbations=null", "output=out")
    assert done.code == 0, done.err
    assert (tmp_path / "out/metrics.json").is_file()
    done = bonafide(tmp_path, "evaluate", f"run={run}", "hardware=cpu", "perturbations=[nose]")
    assert done.code == 2
    assert "did you mean perturbations=noise?" in done.line()
    done = bonafide(tmp_path, "evaluate", f"run={run}", "hardware=cpu", "perturbations=[recorded_noise]")
    assert done.code == 2
    assert "perturbations.recorded_noise.change.folder is not set" in done.line()


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(run: Path, tmp_path: Path) -> None:
    script = "import sys; from bonafide.scripts import main; sys.argv[0] = 'bonafide'; main()"
    words = ["evaluate", f"run={run}", "hardware=cpu", "perturbations=[noise,low_pass]", "output=out"]
    done = tmp_path / "out/conditions/clean/metrics.json"
    with subprocess.Popen(
        [sys.executable, "-c", script, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        while not done.is_file() and process.poll() is None:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGINT)
        said = process.communicate()[0].decode()
    assert process.returncode == 130, said
    kept = len(list((tmp_path / "out/conditions").glob("*/metrics.json")))
    assert 1 <= kept < 12
    again = bonafide(tmp_path, *words)
    assert again.code == 0, again.err
    assert (again.out + again.err).count("scored before") == kept


@pytest.mark.slow
def test_a_gmm_too(recordings: Path, tmp_path: Path) -> None:
    words = [*TINY, f"data.root={recordings}", "model=gmm", "model.components=4", "task=likelihood"]
    env = {"BONAFIDE_CACHE": str(tmp_path / "cache")}
    done = bonafide(tmp_path, "train", *words, "hydra.run.dir=gmm", env=env)
    assert done.code == 0, done.err
    done = bonafide(tmp_path, "evaluate", "run=gmm", "hardware=cpu", "perturbations=[bits,phone]", env=env)
    assert done.code == 0, done.err
    place = tmp_path / "gmm/evaluations/perturbations"
    loud, clean = (scores.read(place / f"conditions/{name}/scores/seen.csv") for name in ("bits_4", "clean"))
    assert loud.path.tolist() == clean.path.tolist()
    assert abs(loud.score - clean.score).max() > 0.1
