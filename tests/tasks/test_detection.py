"""Detection: what a score is, where the threshold lies, and that training finds a plain difference."""

import math
import multiprocessing
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple, final

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from tests.corpora import miniature
from tests.tasks import tiny
from torch import distributed, nn

from bonafide.corpora.folder import Folder
from bonafide.data.module import AudioData
from bonafide.frontends.cepstrum import LFCC
from bonafide.frontends.standardize import Standardize
from bonafide.metrics.auc import auc
from bonafide.metrics.eer import eer, eer_threshold
from bonafide.models.lcnn import LCNN
from bonafide.objectives.am_softmax import AdditiveMarginSoftmax
from bonafide.objectives.cross_entropy import CrossEntropy
from bonafide.objectives.focal import Focal
from bonafide.objectives.objective import Objective
from bonafide.objectives.oc_softmax import OneClassSoftmax
from bonafide.tasks.detection import Detection
from bonafide.types import FeatureShape, InputError

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",  # they would take longer to start
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",  # Lightning's use of torch
    "ignore:The number of training batches",
)

SAMPLES = 6_400


def detection(classes: int = 2, loss: CrossEntropy | None = None, **settings: Any) -> Detection:
    torch.manual_seed(0)
    frontend = Standardize(LFCC(16_000))
    model = LCNN(frontend.shape(SAMPLES), classes, dropout=0.0)
    optimizer = partial(torch.optim.Adam, lr=1e-3)
    return Detection(frontend, model, loss=loss or CrossEntropy(), optimizer=optimizer, **settings)


def ready(classes: int, loss: CrossEntropy) -> Detection:
    """Knows its counts and statistics, as after a training."""
    made = detection(classes, loss)
    made.loss.set_counts(spoof=300, bonafide=100)
    made.frontend.fit([torch.randn(4, SAMPLES)])
    return made.eval()


@pytest.mark.parametrize("classes", [1, 2])
def test_a_score_is_the_log_odds_less_those_of_the_training_data(classes: int) -> None:
    task = ready(classes, CrossEntropy(weights=(1.0, 2.0)))
    waveform = torch.randn(5, SAMPLES)
    with torch.no_grad():
        logits, score = task(waveform).double(), task.score(waveform)
    genuine = torch.sigmoid(logits[:, 0]) if classes == 1 else torch.softmax(logits, dim=1)[:, 1]
    prior = (2.0 * 100) / (2.0 * 100 + 1.0 * 300)
    wanted = torch.logit(genuine) - math.log(prior / (1 - prior))
    assert score.shape == (5,)
    torch.testing.assert_close(score.double(), wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("classes", [1, 2])
def test_a_score_keeps_full_precision_inside_a_training_in_half(classes: int) -> None:
    task = ready(classes, CrossEntropy())
    waveform = torch.randn(5, SAMPLES)
    with torch.no_grad():
        wanted = task.score(waveform)
        with torch.autocast("cpu", torch.bfloat16):
            assert task(waveform).dtype == torch.bfloat16  # else this test shows nothing
            found = task.score(waveform)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, wanted, atol=0, rtol=0)


class Trained(NamedTuple):
    """After a training of seconds."""

    task: Detection
    data: AudioData
    trainer: pl.Trainer
    losses: list[float]


@final
class Losses(pl.Callback):
    """The training loss of every step."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def on_train_batch_end(self, *event: Any) -> None:
        self.found.append(float(event[2]["loss"]))


@pytest.fixture(scope="module", params=[1, 2], ids=["one_logit", "two_logits"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    root = miniature.folder(folder / "corpus", utterances=24, seconds=0.5)
    data = AudioData(
        root,
        Folder,
        clip_seconds=SAMPLES / 16_000,
        batch_size=8,
        split={"validation": 0.25, "test": 0.25},
        tests={"seen": {"systems": "seen"}, "all": {"split": "all"}},
        cache=folder / "cache",
    )
    task = detection(request.param, CrossEntropy(balance=True))
    losses = Losses()
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=10,
        logger=False,
        callbacks=[losses],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )
    trainer.fit(task, datamodule=data)
    return Trained(task, data, trainer, losses.found)


def scores_of(task: Detection, loader: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place, score and target of every clip, scored here."""
    task.eval()
    with torch.no_grad():
        found = [(batch.index, task.score(batch.waveform), batch.target) for batch in loader]
    place, score, target = (torch.cat(column).numpy() for column in zip(*found, strict=True))
    return place, score, target


def test_a_training_learns_and_genuine_scores_are_high(trained: Trained) -> None:
    assert np.mean(trained.losses[-5:]) < 0.5 * np.mean(trained.losses[:2])
    _, score, target = scores_of(trained.task, trained.data.val_dataloader())
    assert score[target == 1].mean() > score[target == 0].mean() + 1
    assert auc(score[target == 1], score[target == 0]) > 0.8


def test_the_threshold_is_the_eer_threshold_of_the_last_validation(trained: Trained) -> None:
    _, score, target = scores_of(trained.task, trained.data.val_dataloader())
    wanted = eer_threshold(score[target == 1], score[target == 0])
    assert trained.task.threshold.item() == pytest.approx(wanted, abs=1e-4)
    assert trained.task.state_dict()["threshold"] == trained.task.threshold
    logged = trained.trainer.callback_metrics
    assert logged["val/eer"].item() == pytest.approx(eer(score[target == 1], score[target == 0]))
    assert {"val/loss", "val/auc", "val/accuracy", "val/balanced_accuracy", "train/loss"} <= set(logged)


def test_statistics_and_counts_are_those_of_the_training_part(trained: Trained) -> None:
    assert trained.task.frontend.fitted
    assert trained.task.loss.counts == tuple(trained.data.counts()) == (24, 12)


def test_testing_scores_every_trial_of_every_group_once_and_forgets_earlier_ones(trained: Trained) -> None:
    for _ in range(2):
        trained.trainer.test(trained.task, datamodule=trained.data, verbose=False)
    groups, loaders = trained.data.groups(), trained.data.test_dataloader()
    assert len(trained.task.scored) == len(groups) == 2
    for found, clips, loader in zip(trained.task.scored, groups.values(), loaders, strict=True):
        place, score, _ = scores_of(trained.task, loader)
        assert sorted(found.clip.tolist()) == list(range(len(clips)))
        assert found.score.dtype == torch.float32
        wanted = dict(zip(place.tolist(), score.tolist(), strict=True))
        assert dict(zip(found.clip.tolist(), found.score.tolist(), strict=True)) == pytest.approx(wanted)


def test_a_fitted_front_end_does_not_learn_again() -> None:
    """As in a resumed run: its statistics came with the checkpoint."""
    task = ready(2, CrossEntropy())
    before = {name: value.clone() for name, value in task.frontend.state_dict().items()}
    data = SimpleNamespace(counts=lambda: (7, 3), sample=lambda _: [torch.randn(3, SAMPLES)])
    trainer: Any = SimpleNamespace(datamodule=data)
    task._trainer = trainer
    task._fabric = None
    task.on_fit_start()
    assert task.loss.counts == (7, 3)
    after = task.frontend.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_only_what_is_trainable_is_optimized_and_the_schedule_follows() -> None:
    task = detection(
        scheduler=partial(torch.optim.lr_scheduler.StepLR, step_size=2), scheduler_interval="step"
    )
    frozen = task.model.get_submodule("head")
    frozen.requires_grad_(False)
    found: Any = task.configure_optimizers()
    optimized = {id(weight) for group in found["optimizer"].param_groups for weight in group["params"]}
    assert not optimized & {id(weight) for weight in frozen.parameters()}
    assert len(optimized) == len(list(task.parameters())) - 2
    assert found["lr_scheduler"]["interval"] == "step"
    assert found["lr_scheduler"]["scheduler"].optimizer is found["optimizer"]
    assert isinstance(detection().configure_optimizers(), torch.optim.Adam)


def test_a_checkpoint_of_another_model_is_refused() -> None:
    two = {"state_dict": detection(2).state_dict()}
    detection(2).on_load_checkpoint(two)
    with pytest.raises(InputError, match="another model"):
        detection(1).on_load_checkpoint(two)


def test_the_path_is_the_model_of_the_front_end() -> None:
    task = ready(2, CrossEntropy())
    waveform = torch.randn(3, SAMPLES)
    wanted = nn.Sequential(task.frontend, task.model)(waveform)
    torch.testing.assert_close(task(waveform), wanted)


class Asked(NamedTuple):
    """Training data that remembers how many clips were asked for."""

    wanted: list[int]

    def counts(self) -> tuple[int, int]:
        return 30, 12

    def sample(self, clips: int) -> Any:
        self.wanted.append(clips)
        yield from 0.1 * torch.randn(2, 3, SAMPLES)


@pytest.mark.parametrize(("clips", "wanted"), [(7, 7), (None, 42)])
def test_the_front_end_learns_from_as_many_clips_as_are_asked_for(clips: int | None, wanted: int) -> None:
    """Once, in evaluation mode, and then trains on."""
    data = Asked([])
    task = detection(fit_clips=clips).train()
    modes: list[bool] = []
    task.frontend.register_forward_pre_hook(lambda module, _: modes.append(module.training))
    task.frontend.get_submodule("frontend").register_forward_pre_hook(
        lambda module, _: modes.append(module.training)
    )
    task._trainer, task._fabric = SimpleNamespace(datamodule=data), None  # type: ignore[assignment]
    for _ in range(2):
        task.on_fit_start()
    assert data.wanted == [wanted]
    assert modes == [False, False]
    assert task.frontend.fitted
    assert task.frontend.training


@pytest.mark.parametrize("clips", [0, -1])
def test_no_clips_to_learn_from_are_refused(clips: int) -> None:
    with pytest.raises(InputError, match=r"task\.fit_clips=.* null takes all clips"):
        detection(fit_clips=clips)


def _learn(rank: int, root: str, found: Any) -> None:
    """What a process of a distributed training learns before its first step."""
    torch.set_num_threads(1 + rank)  # processes may differ in what they compute with
    distributed.init_process_group("gloo", init_method=f"file://{root}/meeting", rank=rank, world_size=2)
    task = detection(fit_clips=None)
    data = AudioData(
        f"{root}/corpus", Folder, clip_seconds=SAMPLES / 16_000, batch_size=8, cache=f"{root}/cache",
        split={"validation": 0.25, "test": 0.25},
    )  # fmt: skip
    trainer: Any = SimpleNamespace(datamodule=data, global_rank=rank, world_size=2)
    data.trainer = task._trainer = trainer
    task._fabric = None
    task.on_fit_start()
    mine = [task.frontend.mean, task.frontend.deviation, torch.tensor(task.frontend.count)]  # type: ignore[arg-type]
    everyone: list[Any] = [None, None]
    distributed.all_gather_object(everyone, mine)
    if rank == 0:
        found.put([[statistic.tolist() for statistic in theirs] for theirs in everyone])
    distributed.destroy_process_group()


def test_two_processes_learn_the_same_statistics(tmp_path: Any) -> None:
    """Each hears the same sample, though each trains on clips of its own."""
    miniature.folder(tmp_path / "corpus", utterances=12, seconds=0.5)
    AudioData(tmp_path / "corpus", Folder, cache=tmp_path / "cache").prepare_data()
    context = multiprocessing.get_context("spawn")
    found = context.Queue()
    both = [context.Process(target=_learn, args=(rank, str(tmp_path), found), daemon=True) for rank in (0, 1)]
    for process in both:
        process.start()
    one, two = found.get(timeout=120)
    for process in both:
        process.join()
        assert process.exitcode == 0
    assert one == two
    assert one[2] > 12 * 30


@pytest.mark.parametrize(
    "loss", [OneClassSoftmax(), AdditiveMarginSoftmax()], ids=lambda loss: type(loss).__name__
)
def test_a_loss_of_directions_brings_its_own_head_and_scores_with_it(loss: Objective) -> None:
    task = tiny.detection(loss=loss)
    cosines = task(torch.randn(3, tiny.SAMPLES))
    assert cosines.shape[1] == (1 if isinstance(loss, OneClassSoftmax) else 2)
    assert (cosines.abs() <= 1).all()
    heard = tiny.batches(6)
    training = tiny.trainer(max_epochs=10)
    training.fit(task, datamodule=tiny.Numbers(heard))
    assert training.callback_metrics["val/auc"].item() > 0.9
    waveform, target = heard[0].waveform, heard[0].target
    task.eval()
    with torch.no_grad():
        score = task.score(waveform)
        torch.testing.assert_close(score, loss.score(task(waveform)))
    assert score[target == 1].mean() > score[target == 0].mean()
    trained = {id(weight) for group in training.optimizers[0].param_groups for weight in group["params"]}
    assert {id(weight) for weight in task.model.get_submodule("head").parameters()} <= trained


def test_a_model_without_an_embedding_has_no_directions() -> None:
    model = tiny.Headless(FeatureShape(1, 1, tiny.SAMPLES))
    with pytest.raises(InputError, match=r"Headless has none; try task/loss=focal") as caught:
        tiny.detection(model=model, loss=OneClassSoftmax())
    assert "\n" not in str(caught.value)
    tiny.detection(model=model, loss=Focal())


def test_a_focal_score_is_the_posterior_less_the_prior() -> None:
    loss = Focal(2.0)
    loss.set_counts(spoof=300, bonafide=100)
    task = tiny.detection(loss=loss).eval()
    waveform = torch.randn(5, tiny.SAMPLES)
    with torch.no_grad():
        wanted = loss.score(task(waveform)) - math.log(100 / 300)
        torch.testing.assert_close(task.score(waveform), wanted)
        assert not torch.allclose(
            task.score(waveform), CrossEntropy().score(task(waveform)) - math.log(1 / 3)
        )
