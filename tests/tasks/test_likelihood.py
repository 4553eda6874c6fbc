"""Likelihood: an epoch is an iteration of EM over the training frames, whole, interrupted or shared out."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, final

import pytest
import pytorch_lightning as pl
import torch
from omegaconf import DictConfig
from tests.corpora import miniature
from torch import Tensor

from bonafide import assembly
from bonafide.models.gmm import GMM, ORDER
from bonafide.objectives.expectation_maximization import climb
from bonafide.scripts.jobs import training
from bonafide.tasks import checkpoints
from bonafide.tasks.likelihood import Likelihood
from bonafide.types import InputError

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",
    "ignore:The number of training batches",
    "ignore:Be aware that when using `ckpt_path`",  # and without the callback that stopped it
    "ignore:The dirpath has changed",  # a run that goes on in a folder of its own
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as long as the clips, so that every epoch hears the same."""
    return miniature.folder(tmp_path_factory.mktemp("corpus"), utterances=10, seconds=0.8)


def words(corpus: Path, *more: str) -> list[str]:
    return [
        "model=gmm",
        "task=likelihood",
        "model.components=4",
        "model.reservoir=200",
        "task.tolerance=0",
        "task.start_clips=8",
        "data=folder",
        f"data.root={corpus}",
        f"data.cache={corpus.parent}/cache",
        "data.clip_seconds=0.8",
        "data.batch_size=4",
        "hardware=cpu",
        "hardware.workers=0",
        "trainer.enable_progress_bar=false",
        "trainer.enable_model_summary=false",
        "audit=false",
        "test=false",
        *more,
    ]


@final
class Course(pl.Callback):
    """What is known at the end of every epoch."""

    def __init__(self) -> None:
        self.logged: list[dict[str, float]] = []
        self.means: list[Tensor] = []

    def on_validation_end(self, *event: Any) -> None:
        self.means.append(event[1].model.means.detach().clone())

    def on_train_epoch_end(self, *event: Any) -> None:
        self.logged.append({name: float(value) for name, value in event[0].callback_metrics.items()})


class Fitted(NamedTuple):
    """After some epochs."""

    task: Likelihood
    trainer: pl.Trainer
    course: Course
    cfg: DictConfig

    def log_likelihoods(self) -> list[Tensor]:
        names = [f"train/log_likelihood_{label}" for label in ORDER]
        return [torch.tensor([epoch[name] for name in names]) for epoch in self.course.logged]


def fit(corpus: Path, *more: str) -> Fitted:
    cfg = assembly.compose(words(corpus, *more, "callbacks=none", "logger=none"))
    pl.seed_everything(0, verbose=False)
    task: Any = assembly.task(cfg)
    trainer, course = assembly.trainer(cfg), Course()
    trainer.callbacks.append(course)  # type: ignore[attr-defined]
    trainer.fit(task, datamodule=assembly.data(cfg), ckpt_path=cfg.ckpt_path, weights_only=True)
    return Fitted(task, trainer, course, cfg)


@pytest.fixture(scope="module")
def fitted(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return fit(corpus, "trainer.max_epochs=8", f"folder={tmp_path_factory.mktemp('run')}")


def frames_of(task: Likelihood, batches: Any) -> list[Tensor]:
    """Frames of each class."""
    found: list[list[Tensor]] = [[], []]
    with torch.no_grad():
        for batch in batches:
            features = task.frontend(batch.waveform)
            for place in (0, 1):
                found[place].append(features[batch.target == place][:, 0].mT.flatten(0, 1))
    return [torch.cat(parts) for parts in found]


def test_the_likelihood_of_the_training_frames_never_falls(fitted: Fitted) -> None:
    course = fitted.log_likelihoods()
    assert len(course) == 8
    for earlier, later in pairwise(course):
        assert (later - earlier).min() > -1e-4
    assert (course[-1] - course[0]).min() > 1


def test_epochs_are_iterations_over_all_frames_at_once(fitted: Fitted, corpus: Path) -> None:
    """From the mixtures after the first epoch, seven iterations in memory arrive where seven epochs did."""
    task, course = fitted.task, fitted.course
    frames = frames_of(task, assembly.data(fitted.cfg).train_dataloader())
    first = fit(corpus, "trainer.max_epochs=1", f"folder={fitted.cfg.folder}/first")
    assert torch.equal(first.task.model.means, course.means[0])
    for place, (label, own) in enumerate(zip(ORDER, frames, strict=True)):
        wanted, _ = climb(own, first.task.model.mixture(label), 7, floor=1e-3)
        found = task.model.mixture(label)
        torch.testing.assert_close(found.means, wanted.means, atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(found.scales, wanted.scales, atol=1e-3, rtol=1e-3)
        _, before = climb(own, first.task.model.mixture(label), 6, floor=1e-3)
        assert fitted.log_likelihoods()[-1][place].item() == pytest.approx(before, abs=1e-3)


def test_validation_and_threshold_are_those_of_the_moved_mixtures(fitted: Fitted) -> None:
    task = fitted.task.eval()
    scores, targets, losses = [], [], []
    with torch.no_grad():
        for batch in assembly.data(fitted.cfg).val_dataloader():
            found = task.model.log_likelihoods(task.frontend(batch.waveform))
            losses.append(-torch.where(batch.target == 1, found[:, 1], found[:, 0]))
            scores.append(found[:, 1] - found[:, 0])
            targets.append(batch.target)
            torch.testing.assert_close(task.score(batch.waveform).double(), scores[-1], atol=1e-3, rtol=1e-5)
    logged = fitted.course.logged[-1]
    assert {"val/eer", "val/auc", "val/accuracy", "val/balanced_accuracy"} <= set(logged)
    assert logged["val/loss"] == pytest.approx(torch.cat(losses).mean().item(), rel=1e-4)
    score, target = torch.cat(scores), torch.cat(targets)
    assert score[target == 1].mean() > score[target == 0].mean()
    low, high = score.aminmax()
    assert low <= task.threshold.item() <= high


def test_training_stops_when_nothing_changes_any_more(corpus: Path, tmp_path: Path) -> None:
    done = fit(corpus, "trainer.max_epochs=100", "task.tolerance=0.05", f"folder={tmp_path}")
    changes = [(later - earlier).abs().max().item() for earlier, later in pairwise(done.log_likelihoods())]
    assert 1 <= len(changes) < 99
    assert changes[-1] < 0.05
    assert all(change >= 0.05 for change in changes[:-1])


def test_one_epoch_is_one_iteration(corpus: Path, tmp_path: Path) -> None:
    """However wide the tolerance: there is nothing yet to compare with."""
    done = fit(corpus, "trainer.max_epochs=2", "task.tolerance=1e9", f"folder={tmp_path}")
    assert len(done.course.logged) == 2


def weights(run: Path, name: str = "last") -> dict[str, Tensor]:
    found: dict[str, Tensor] = checkpoints.read(run / "checkpoints" / f"{name}.ckpt")["state_dict"]
    return found


def same(one: dict[str, Tensor], two: dict[str, Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("optimizer", [(), ("task/optimizer=adam",)], ids=["em", "gradients"])
def test_two_epochs_and_two_more_are_four(optimizer: tuple[str, ...], corpus: Path, tmp_path: Path) -> None:
    options = [*optimizer, "model.covariance=full"]
    for folder, epochs, resume in (("whole", 4, None), ("half", 2, None), ("rest", 4, "half")):
        last = [] if resume is None else [f"ckpt_path={tmp_path}/{resume}/checkpoints/last.ckpt"]
        named = [*options, *last, f"trainer.max_epochs={epochs}", f"folder={tmp_path}/{folder}"]
        training.run(assembly.compose(words(corpus, *named)))
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "rest"))
    assert not same(weights(tmp_path / "half"), weights(tmp_path / "rest"))


def test_a_run_stopped_within_an_epoch_goes_on_exactly(corpus: Path, tmp_path: Path) -> None:
    """Its statistics are in the checkpoint: six steps an epoch, stopped after the fourth and the eighth."""
    options = ["trainer.max_epochs=3", f"folder={tmp_path}/whole"]
    often = {"train_time_interval": "null", "filename": "'step-{step}'"}
    options += [f"callbacks.within_epoch.{name}={value}" for name, value in often.items()]
    options += [f"+callbacks.within_epoch.{name}" for name in ("every_n_train_steps=4", "save_top_k=-1")]
    options.append("+callbacks.within_epoch.auto_insert_metric_name=false")
    training.run(assembly.compose(words(corpus, *options)))
    for step in (4, 8):
        stopped = tmp_path / "whole/checkpoints" / f"step-{step}.ckpt"
        assert checkpoints.read(stopped)["global_step"] == step
        again = ["trainer.max_epochs=3", f"ckpt_path={stopped}", f"folder={tmp_path}/{step}"]
        training.run(assembly.compose(words(corpus, *again)))
        assert same(weights(tmp_path / "whole"), weights(tmp_path / str(step)))


@pytest.mark.parametrize("more", [(), ("model.covariance=full", "task.restarts=2", "task.rehearsals=2")])
def test_a_run_of_the_job_leaves_its_folder(more: tuple[str, ...], corpus: Path, tmp_path: Path) -> None:
    cfg = assembly.compose(words(corpus, *more, "test=true", "trainer.max_epochs=2", f"folder={tmp_path}"))
    best = training.run(cfg)
    assert best is not None
    assert 0 <= best <= 0.5
    groups = json.loads((tmp_path / "metrics.json").read_text())["groups"]
    assert groups["seen"]["bonafide"] == 2
    assert {file.name for file in (tmp_path / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    start = checkpoints.read(tmp_path / "checkpoints/best.ckpt")["start"]
    asked = (2, 2) if more else (1, 0)
    assert start == {"means": "kmeans++", "restarts": asked[0], "rehearsals": asked[1]}


def test_restarts_keep_the_likeliest(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five starts, each of them rehearsed."""
    begun: list[Any] = []
    begin = GMM.begin

    def remembered(model: GMM, frames: Tensor) -> Any:
        begun.append((frames, begin(model, frames)))
        return begun[-1][1]

    monkeypatch.setattr(GMM, "begin", remembered)
    options = ("task.restarts=5", "task.rehearsals=3", "model.start=random", "trainer.max_epochs=1")
    moved: list[Any] = []
    monkeypatch.setattr(Likelihood, "_maximize", lambda task: moved.append(task.model.mixtures()))
    fit(corpus, *options, f"folder={tmp_path}")
    assert len(begun) == 10
    for place in (0, 1):
        tried = [climb(frames, start, 3, floor=1e-3) for frames, start in begun[5 * place : 5 * place + 5]]
        best = max(tried, key=lambda one: one[1])[0]
        torch.testing.assert_close(moved[0].means[place], best.means, atol=1e-4, rtol=1e-4)


def test_the_start_is_drawn_from_as_many_clips_as_are_asked_for(corpus: Path, tmp_path: Path) -> None:
    given: list[Tensor] = []

    def start(batches: Iterator[tuple[Tensor, Tensor]]) -> None:
        given.extend(target for _, target in batches)

    cfg = assembly.compose(words(corpus, f"folder={tmp_path}"))
    task, data = assembly.task(cfg), assembly.data(cfg)
    task.frontend.fit([0.1 * torch.randn(2, 12_800)])
    strategy = SimpleNamespace(broadcast=lambda state: state)
    trainer: Any = SimpleNamespace(datamodule=data, strategy=strategy)
    task._trainer, task._fabric = trainer, None
    assert sum(data.counts()) == 21
    for clips, frames, wanted in ((3, 0, [3]), (6, 0, [4, 2]), (3, 10_000, [3, 4, 4, 4, 4, 1])):
        given.clear()
        task.start_model(start, clips=clips, frames=frames)
        assert [len(target) for target in given] == wanted
        assert {0.0, 1.0} >= set(torch.cat(given).tolist())


def test_repeated_parts_of_a_clip_do_not_count(tmp_path: Path) -> None:
    """Files of half a clip: half of the frames, up to those that see across the end."""
    root = miniature.folder(tmp_path / "short", utterances=10, seconds=0.4)
    cfg = assembly.compose(words(root, f"folder={tmp_path}"))
    task: Any = assembly.task(cfg)
    task.frontend.fit([0.1 * torch.randn(2, 12_800)])
    for batch in assembly.data(cfg).train_dataloader():
        per_clip = sum(len(own) for own in task._frames(batch, 0)) / len(batch.target)
        assert per_clip == 1 + 6_400 // 256
        assert task.frontend.shape(12_800).frames == 51


def test_gradients_climb_too(corpus: Path, tmp_path: Path) -> None:
    """The published gradient trainer: Adam on the mean log-likelihood of each class's own frames."""
    options = ["task/optimizer=adam", "task.optimizer.lr=0.02", "task.optimizer.weight_decay=0"]
    done = fit(corpus, *options, "trainer.max_epochs=6", f"folder={tmp_path}")
    losses = [epoch["train/loss_epoch"] for epoch in done.course.logged]
    assert losses[-1] < losses[0] - 2
    trained: Any = done.trainer.optimizers[0]
    assert {id(weight) for group in trained.param_groups for weight in group["params"]} == {
        id(weight) for weight in done.task.model.parameters()
    }


def test_a_model_without_densities_is_refused() -> None:
    with pytest.raises(InputError, match=r"LCNN has not; try task=detection or model=gmm"):
        assembly.task(assembly.compose(["model=lcnn", "task=likelihood"]))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("floor=0", r"task\.floor=0 must be above 0"),
        ("tolerance=-1", r"task\.tolerance=-1 must be at least 0"),
        ("restarts=0", r"task\.restarts=0 must be at least 1"),
        ("rehearsals=-1", r"task\.rehearsals=-1 must be at least 0"),
        ("start_clips=0", r"task\.start_clips=0 must be at least 1"),
        ("fit_clips=0", r"task\.fit_clips=0 .* null takes all clips"),
    ],
)
def test_a_bad_setting_is_refused(setting: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        assembly.task(assembly.compose(["model=gmm", "task=likelihood", f"task.{setting}"]))


@pytest.mark.slow
def test_two_processes_move_the_mixtures_as_one_does(corpus: Path, tmp_path: Path) -> None:
    """From the same start: the statistics of their shares add up."""
    (cfg := words(corpus, "data.batch_size=2")).append("data.train.utterances=6")
    first = ["trainer.max_epochs=1", f"folder={tmp_path}/first"]
    training.run(assembly.compose([*cfg, *first]))
    more = [f"ckpt_path={tmp_path}/first/checkpoints/last.ckpt", "trainer.max_epochs=3"]
    training.run(assembly.compose([*cfg, *more, f"folder={tmp_path}/one"]))
    apart = [word for word in cfg if word != "hardware=cpu"]
    command = [*apart, *more, "hardware=ddp_cpu", f"hydra.run.dir={tmp_path}/two"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *command],
        cwd=tmp_path, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    for name in ("model.means", "model.log_deviations", "model.weight_logits", "reached"):
        torch.testing.assert_close(two[name], one[name], atol=1e-4, rtol=1e-4)
