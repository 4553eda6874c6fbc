"""Averages of weights: which, with what statistics, and that training does not notice."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, final

import pytest
import pytorch_lightning as pl
import torch
from tests.tasks.frozen import Frozen
from tests.tasks.tiny import SAMPLES, Numbers, Tiny, batches, detection, trainer
from torch import Tensor

from bonafide.metrics.eer import eer_threshold
from bonafide.objectives.cross_entropy import CrossEntropy
from bonafide.tasks import checkpoints
from bonafide.tasks.averaging import AverageOfBest, Averaging, RunningAverage
from bonafide.tasks.checkpoints import AtomicCheckpointIO
from bonafide.tasks.detection import Detection
from bonafide.types import Batch, InputError

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",
    "ignore:Checkpoint directory .* exists",
    "ignore:Found .* in eval mode at the start",
)


@final
class Diary(pl.Callback):
    """Weights after each step and each epoch."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Tensor]] = []
        self.epochs: list[dict[str, Tensor]] = []

    def on_train_batch_end(self, *event: Any) -> None:
        self.steps.append(now(event[1]))

    def on_train_epoch_end(self, *event: Any) -> None:
        self.epochs.append(now(event[1]))


def now(task: Any) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in task.named_parameters()}


def run(
    averaging: Averaging | None,
    task: Detection | None = None,
    heard: list[Batch] | None = None,
    **settings: Any,
) -> tuple[Detection, Diary]:
    task = task or detection(norm=True, optimizer=partial(torch.optim.Adam, lr=0.1))
    diary = Diary()
    callbacks = [diary] if averaging is None else [averaging, diary]
    given = {"max_epochs": 4, "callbacks": callbacks, "plugins": [AtomicCheckpointIO()], **settings}
    fit = {"ckpt_path": given.pop("ckpt_path", None), "weights_only": True}
    trainer(**given).fit(task, datamodule=Numbers(heard or batches(3)), **fit)
    return task, diary


def averaged(folder: Path) -> dict[str, Tensor]:
    state: dict[str, Tensor] = checkpoints.read(folder / "averaged.ckpt")["state_dict"]
    return state


def mean(snapshots: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([each[name] for each in snapshots]).mean(0) for name in snapshots[0]}


def agree(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value)


def test_every_epoch_from_a_start_on(tmp_path: Path) -> None:
    _, diary = run(RunningAverage(tmp_path, start=0.5))
    agree(averaged(tmp_path), mean(diary.epochs[2:]))


def test_every_step_with_a_memory_that_fades(tmp_path: Path) -> None:
    _, diary = run(RunningAverage(tmp_path, every="step", decay=0.8))
    wanted = diary.steps[0]
    for step in diary.steps[1:]:
        wanted = {name: 0.8 * wanted[name] + 0.2 * step[name] for name in wanted}
    agree(averaged(tmp_path), wanted)


def test_steps_are_counted_once_while_gradients_are_accumulated(tmp_path: Path) -> None:
    averaging = RunningAverage(tmp_path, every="step")
    _, diary = run(averaging, accumulate_grad_batches=3)
    assert averaging.count == 4
    agree(averaged(tmp_path), mean(diary.steps[2::3]))


def test_every_validation_that_is_no_worse() -> None:
    """Ties count, as in AASIST."""
    averaging = RunningAverage(".", every="improvement")
    task = detection()
    snapshots = []
    for value in (0.3, 0.4, 0.3, 0.2, 0.25):
        with torch.no_grad():
            for weight in task.parameters():
                weight.add_(1)
        state: Any = SimpleNamespace(
            sanity_checking=False,
            callback_metrics={"val/eer": torch.tensor(value)},
            current_epoch=0,
            max_epochs=5,
        )
        averaging.on_validation_end(state, task)
        snapshots.append(now(task))
    found = averaging.average(dict(task.named_parameters()))
    agree(dict(found), mean([snapshots[0], snapshots[2], snapshots[3]]))
    state.callback_metrics = {}
    with pytest.raises(InputError, match="val/eer is not measured"):
        averaging.on_validation_end(state, task)


def test_the_best_epochs(tmp_path: Path) -> None:
    noisy = detection(norm=True, optimizer=partial(torch.optim.SGD, lr=30.0))
    _, diary = run(AverageOfBest(tmp_path, count=2, monitor="val/loss"), noisy, max_epochs=5)
    kept = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert len(kept) == 2
    chosen = [int(name.partition("=")[2].partition("-")[0]) for name in kept]
    agree(averaged(tmp_path), mean([diary.epochs[epoch] for epoch in chosen]))


@pytest.mark.parametrize("make", [AverageOfBest, RunningAverage])
def test_a_training_does_not_notice_and_what_is_saved_is_whole(make: Any, tmp_path: Path) -> None:
    """Weights, statistics and threshold at its end are those without averaging."""
    heard = batches(3)
    alone, _ = run(None)
    task, _ = run(make(tmp_path))
    for name, value in alone.state_dict().items():
        assert torch.equal(task.state_dict()[name], value), name
    loaded = detection(norm=True)
    found = checkpoints.read(tmp_path / "averaged.ckpt")
    assert "optimizer_states" not in found
    loaded.on_load_checkpoint(found)
    loaded.load_state_dict(found["state_dict"])
    assert loaded.loss.counts == task.loss.counts == (6, 6)
    loaded.eval()
    with torch.no_grad():
        score = torch.cat([loaded.score(batch.waveform) for batch in heard]).numpy()
    target = torch.cat([batch.target for batch in heard]).numpy()
    assert loaded.threshold.item() == pytest.approx(eer_threshold(score[target == 1], score[target == 0]))


def test_statistics_are_those_of_the_averaged_network(tmp_path: Path) -> None:
    heard = batches(3)
    task, _ = run(RunningAverage(tmp_path, start=0.5), heard=heard)
    found = averaged(tmp_path)
    layer = torch.nn.Linear(SAMPLES, 4)
    layer.load_state_dict({key: found[f"model.layer.{key}"] for key in ("weight", "bias")})
    with torch.no_grad():
        hidden = [layer(batch.waveform).tanh() for batch in heard]
    torch.testing.assert_close(
        found["model.norm.running_mean"], torch.stack([h.mean(0) for h in hidden]).mean(0)
    )
    torch.testing.assert_close(
        found["model.norm.running_var"], torch.stack([h.var(0) for h in hidden]).mean(0)
    )
    norm: Any = task.model.get_submodule("norm")
    assert norm.momentum == 0.1


@pytest.mark.parametrize("make", [AverageOfBest, RunningAverage])
def test_frozen_layers_keep_their_statistics_and_stay_out(make: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    frontend = Frozen(16_000)
    encoder: Any = frontend.encoder
    encoder[1].running_mean.fill_(3.0)
    shape = frontend.shape(320)
    model = Tiny(shape._replace(frames=shape.bins * shape.frames), norm=True)
    task = Detection(frontend, model, loss=CrossEntropy(), optimizer=partial(torch.optim.SGD, lr=0.1))
    heard = [batch._replace(waveform=batch.waveform.repeat(1, 40)) for batch in batches(3)]
    run(make(tmp_path), task, heard)
    assert encoder[1].running_mean.eq(3).all()
    assert not any(name.startswith("frontend.encoder") for name in averaged(tmp_path))


def resumed(make: Any, folder: Path) -> Diary:
    """The diary of a whole run; another one, into the same folder, goes on from the middle of it."""
    diary = Diary()
    for given in ({}, {"ckpt_path": folder / "epoch=1.ckpt"}):
        keep = pl.callbacks.ModelCheckpoint(dirpath=folder, filename="{epoch}", save_top_k=-1)
        callbacks = [make(folder), keep, diary if not given else Diary()]
        run(None, callbacks=callbacks, enable_checkpointing=True, **given)
        if not given:
            (folder / "averaged.ckpt").rename(folder / "whole.ckpt")
    return diary


@pytest.mark.parametrize(
    "settings", [{"every": "step", "decay": 0.9}, {"every": "epoch"}, {"every": "improvement"}]
)
def test_a_resumed_average_goes_on(settings: dict[str, Any], tmp_path: Path) -> None:
    resumed(partial(RunningAverage, **settings), tmp_path)
    whole = checkpoints.read(tmp_path / "whole.ckpt")["state_dict"]
    agree(averaged(tmp_path), {name: value for name, value in whole.items() if "extra" not in name})


def test_the_best_are_remembered_by_a_resumed_run(tmp_path: Path) -> None:
    diary = resumed(partial(AverageOfBest, count=9, monitor="val/loss"), tmp_path)
    agree(averaged(tmp_path), mean(diary.epochs))


def test_a_training_that_ends_before_the_start_leaves_nothing(tmp_path: Path) -> None:
    run(RunningAverage(tmp_path, start=0.9), limit_train_batches=1, max_epochs=20, max_steps=2)
    assert not (tmp_path / "averaged.ckpt").exists()
    run(RunningAverage(tmp_path), fast_dev_run=True)
    assert not (tmp_path / "averaged.ckpt").exists()


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (AverageOfBest, {"count": 0}),
        (RunningAverage, {"every": "hour"}),
        (RunningAverage, {"start": 1.0}),
        (RunningAverage, {"decay": 1.0}),
        (RunningAverage, {"mode": "best"}),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"callbacks\.averaged\."):
        make(".", **settings)


def test_nothing_to_train_or_to_plan_by_is_refused(tmp_path: Path) -> None:
    fixed = detection()
    fixed.requires_grad_(False)
    state: Any = SimpleNamespace(max_epochs=-1)
    with pytest.raises(InputError, match="no weights to average"):
        RunningAverage(tmp_path).setup(state, fixed, "fit")
    with pytest.raises(InputError, match=r"share of trainer\.max_epochs"):
        RunningAverage(tmp_path, start=0.5).setup(state, detection(), "fit")
