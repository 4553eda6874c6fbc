"""Sharpness-aware steps inside Lightning: clipping, accumulation, precision, schedules and resumed runs."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.plugins import MixedPrecision
from tests.tasks.tiny import Numbers, Tiny, batches, detection, trainer
from torch import Tensor, nn

from bonafide.objectives.cross_entropy import CrossEntropy
from bonafide.objectives.sharpness import SAM
from bonafide.objectives.warm_up import WarmUp
from bonafide.tasks.detection import Detection
from bonafide.types import Batch

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",
    "ignore:Checkpoint directory .* exists",
)
RHO = 0.5


def weights(task: Detection) -> Tensor:
    return nn.utils.parameters_to_vector(task.parameters()).detach().clone()


def fitted(heard: list[Batch], task: Detection, **settings: Any) -> Tensor:
    trainer(**settings).fit(task, datamodule=Numbers(heard))
    return weights(task)


def by_hand(heard: list[Batch], *, clip: float | None = None, norm: bool = False) -> tuple[Tensor, Any]:
    """Two passes a step, written out, with SGD at 0.1."""
    task = detection(norm=norm)
    model: Any = task.model
    network, loss = model.train(), nn.CrossEntropyLoss()
    for batch in heard:
        start = weights(task)

        def gradient(batch: Batch = batch) -> Tensor:
            task.zero_grad()
            loss(network(batch.waveform[:, None, None]), batch.target.long()).backward()
            return torch.cat([weight.grad.flatten() for weight in task.parameters()])  # type: ignore[union-attr]

        first = gradient()
        statistics = {name: value.clone() for name, value in network.named_buffers()}
        nn.utils.vector_to_parameters(start + RHO * first / first.norm(), task.parameters())
        second = gradient()
        for name, value in network.named_buffers():
            value.copy_(statistics[name])
        if clip is not None:
            second *= min(1.0, clip / second.norm().item())
        nn.utils.vector_to_parameters(start - 0.1 * second, task.parameters())
    return weights(task), network


@pytest.mark.parametrize("norm", [False, True])
def test_a_training_is_two_passes_a_step(norm: bool) -> None:
    heard = batches(3)
    task = detection(norm=norm, rule=SAM(RHO))
    found = fitted(heard, task)
    wanted, network = by_hand(heard, norm=norm)
    torch.testing.assert_close(found, wanted)
    assert not torch.allclose(found, fitted(heard, detection(norm=norm)))
    for ours, theirs in zip(task.model.buffers(), network.buffers(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_what_is_clipped_is_the_gradient_that_is_stepped_with() -> None:
    heard = batches(3)
    found = fitted(heard, detection(rule=SAM(RHO)), gradient_clip_val=0.05)
    torch.testing.assert_close(found, by_hand(heard, clip=0.05)[0])


@pytest.mark.parametrize("pieces", [2, 3])
def test_accumulated_gradients_climb_by_their_sum(pieces: int) -> None:
    """As one large batch would; the last step of the epoch has fewer pieces."""
    heard = batches(7, 2)
    joined = []
    for start in range(0, 7, pieces):
        columns = zip(*(batch[:4] for batch in heard[start : start + pieces]), strict=True)
        joined.append(Batch(*(torch.cat(column) for column in columns)))
    found = fitted(heard[: 7 // pieces * pieces], detection(rule=SAM(RHO)), accumulate_grad_batches=pieces)
    torch.testing.assert_close(found, by_hand(joined[: 7 // pieces])[0])
    whole = detection(rule=SAM(RHO))
    fitted(heard, whole, accumulate_grad_batches=pieces)
    assert whole._heard == []
    assert weights(whole).isfinite().all()


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_it_trains_in_mixed_precision(precision: Any) -> None:
    """A loss scaler changes neither the climb nor the step."""
    heard = batches(3)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0) if precision == "16-mixed" else None
    plugin = MixedPrecision(precision, "cpu", scaler)
    found = fitted(heard, detection(rule=SAM(RHO)), plugins=[plugin])
    tolerance = {"bf16-mixed": 2e-3, "16-mixed": 3e-4}[precision]
    torch.testing.assert_close(found, by_hand(heard)[0], atol=tolerance, rtol=0)


def test_a_scaled_gradient_that_overflows_is_left_out() -> None:
    plugin = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=2.0**60))
    task = detection(norm=True, rule=SAM(RHO))
    before = weights(task)
    found = fitted(batches(1), task, plugins=[plugin])
    assert torch.equal(found, before)
    assert all(buffer.isfinite().all() for buffer in task.buffers())


class Logged(pl.Callback):
    """What was logged, and how many steps were counted."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self.losses.append(float(trainer.callback_metrics["train/loss_step"]))


def test_the_loss_that_is_logged_is_that_of_the_weights_that_stay() -> None:
    heard, log = batches(1), Logged()
    task = detection(rule=SAM(RHO))
    with torch.no_grad():
        wanted = CrossEntropy()(task(heard[0].waveform), heard[0].target)
    training = trainer(callbacks=[log])
    training.fit(task, datamodule=Numbers(heard))
    assert log.losses == [pytest.approx(wanted.item())]
    assert training.callback_metrics["train/loss_epoch"].item() == pytest.approx(wanted.item())
    assert training.global_step == 1


def test_a_resumed_run_ends_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    """Moments of Adam, the schedule over all steps, and groups come with the checkpoint."""
    heard = batches(3)

    def task() -> Detection:
        return detection(
            norm=True,
            rule=SAM(RHO, adaptive=True),
            optimizer=partial(torch.optim.Adam, lr=0.05),
            scheduler=partial(WarmUp, warm_up=2),
            scheduler_interval="step",
            scheduler_total="steps",
        )

    def run(**given: Any) -> Detection:
        made = task()
        keep = ModelCheckpoint(dirpath=tmp_path, filename="{epoch}", save_top_k=-1)
        training = trainer(max_epochs=4, callbacks=[keep], enable_checkpointing=True)
        training.fit(made, datamodule=Numbers(heard), **given)
        return made

    whole = run()
    again = run(ckpt_path=tmp_path / "epoch=1.ckpt", weights_only=True)
    assert torch.equal(weights(again), weights(whole))
    for ours, theirs in zip(again.buffers(), whole.buffers(), strict=True):
        assert torch.equal(ours, theirs)


def test_it_learns() -> None:
    heard = batches(8)
    task = detection(rule=SAM(0.05), model=Tiny(detection().model.shape, norm=True))
    training = trainer(max_epochs=5)
    training.fit(task, datamodule=Numbers(heard))
    assert training.callback_metrics["val/auc"].item() > 0.9
