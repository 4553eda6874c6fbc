"""Every part that a task can be put together from, and every set of callbacks, trains and scores again."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from tests.corpora import miniature

from bonafide import assembly, cell
from bonafide.evaluation import scores
from bonafide.scripts.jobs import training
from bonafide.types import InputError

GROUPS = ("task/loss", "task/optimizer", "task/rule", "task/scheduler", "callbacks")
OPTIONS = [
    f"{group}={file.stem}" for group in GROUPS for file in sorted((assembly.conf() / group).glob("*.yaml"))
]

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",
    "ignore:Precision bf16-mixed is not supported by the model summary",
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return miniature.folder(tmp_path_factory.mktemp("corpus"), utterances=10, seconds=0.5)


def composed(folder: Path, corpus: Path, *words: str) -> Any:
    return assembly.compose(
        [
            "model=lcnn",
            "data=folder",
            f"data.root={corpus}",
            f"data.cache={corpus.parent}/cache",
            "data.clip_seconds=0.5",
            "data.batch_size=4",
            "data.train.utterances=4",
            "hardware=cpu",
            "hardware.workers=0",
            "trainer.max_epochs=2",
            "trainer.log_every_n_steps=1",
            "trainer.enable_progress_bar=false",
            "task.fit_clips=4",
            "audit=false",
            f"folder={folder}",
            *words,
        ]
    )


def test_all_groups_are_walked() -> None:
    folders = {f"task/{path.name}" for path in (assembly.conf() / "task").iterdir() if path.is_dir()}
    assert folders == {group for group in GROUPS if group.startswith("task/")}
    assert {"task/loss=focal", "task/rule=sam", "task/scheduler=cosine", "callbacks=average_best"} <= set(
        OPTIONS
    )


@pytest.mark.parametrize("option", OPTIONS)
def test_it_trains_and_its_run_scores_again(option: str, corpus: Path, tmp_path: Path) -> None:
    warm_up = ["task.scheduler.warm_up=1"] if option.rpartition("=")[2] in {"linear", "warm_up"} else []
    cfg = composed(tmp_path / "run", corpus, option, *warm_up)
    training.run(cfg)
    assert json.loads((tmp_path / "run/metrics.json").read_text())["groups"]["seen"]["bonafide"] == 2
    (tmp_path / "run/.hydra").mkdir()
    OmegaConf.save(cfg, tmp_path / "run/.hydra/config.yaml")
    kept = {file.stem: file for file in (tmp_path / "run/checkpoints").glob("*.ckpt")}
    assert {"best", "last"} <= set(kept) or option == "callbacks=none"
    assert ("averaged" in kept) == option.startswith("callbacks=average")
    for checkpoint in kept.values():
        assembly.load(tmp_path / "run", str(checkpoint))


def test_a_schedule_longer_than_the_training_is_refused(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"warm_up=100 does not fit into a training of \d+ steps"):
        training.run(composed(tmp_path, corpus, "task/scheduler=linear"))


def test_parts_go_together(corpus: Path, tmp_path: Path) -> None:
    words = ["task/loss=am_softmax", "task/optimizer=adamw", "task/rule=asam", "task/scheduler=cosine"]
    cfg = composed(tmp_path, corpus, *words, "callbacks=average_ema", "trainer.accumulate_grad_batches=2",
                   "hardware.precision=bf16-mixed", "data.train.share_by=label")  # fmt: skip
    training.run(cfg)
    assert (tmp_path / "checkpoints/averaged.ckpt").is_file()


@pytest.mark.parametrize("checkpoint", ["best", "last", "averaged"])
def test_what_is_tested_is_the_checkpoint_that_was_asked_for(
    checkpoint: str, corpus: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ["callbacks=average_ema", f"checkpoint={checkpoint}", "task.optimizer.lr=0.01"]
    cfg = composed(run, corpus, *words, "data.split.test=0.5")
    training.run(cfg)
    (run / ".hydra").mkdir()
    OmegaConf.save(cfg, run / ".hydra/config.yaml")
    task, data = assembly.load(run, checkpoint), assembly.data(cfg)
    wanted = torch.cat([task.score(batch.waveform) for batch in data.test_dataloader()[0]])
    found = scores.read(run / "scores/seen.csv").score
    assert sorted(found) == pytest.approx(sorted(wanted.tolist()), abs=1e-5)
    others = {"best", "last", "averaged"} - {checkpoint}
    for other in others:
        unlike = assembly.load(run, other).state_dict()["model.head.weight"]
        if not torch.equal(unlike, task.state_dict()["model.head.weight"]):
            break
    else:
        raise AssertionError("all checkpoints are the same")


def test_an_average_that_nobody_takes_is_refused_before_training(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="add callbacks=average_best"):
        training.run(composed(tmp_path / "run", corpus, "checkpoint=averaged"))
    (left,) = (tmp_path / "run").iterdir()
    assert left.name == "cell.json"
    noted = cell.read(tmp_path / "run")
    assert noted is not None
    assert (noted.status, "add callbacks=average_best" in noted.error) == ("failed", True)


def test_the_default_is_what_it_was() -> None:
    task = OmegaConf.to_container(assembly.compose([]).task, resolve=True)
    assert isinstance(task, dict)
    assert task["loss"] == {
        "_target_": "bonafide.objectives.cross_entropy.CrossEntropy",
        "weights": None,
        "balance": True,
        "divide_by": "weights",
    }
    assert task["optimizer"]["_target_"] == "torch.optim.Adam"
    assert (task["optimizer"]["weight_decay"], task["rule"], task["scheduler"]) == (1e-4, None, None)
    assert set(task["optimizer"]) == {"_target_", "_partial_", "lr", "weight_decay"}
