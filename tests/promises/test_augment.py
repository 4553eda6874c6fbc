"""Every option under conf/augment changes what is trained on, and only that."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from tests.corpora import miniature

from bonafide import assembly
from bonafide.data.module import AudioData
from bonafide.scripts.jobs import training
from bonafide.tasks.detection import Detection
from bonafide.types import Batch, InputError

OPTIONS = sorted(file.stem for file in (assembly.conf() / "augment").glob("*.yaml"))
PLACED = {"recorded_noise", "recorded_room"}

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return miniature.folder(tmp_path_factory.mktemp("augment") / "corpus", utterances=10, seconds=0.6)


def words(corpus: Path, option: str, *more: str) -> list[str]:
    named = [f"augment.folder={corpus}/real"] if option in PLACED else []
    data = [
        "data=folder",
        f"data.root={corpus}",
        f"data.cache={corpus.parent}/cache",
        "data.clip_seconds=0.5",
    ]
    few = ["data.batch_size=4", "hardware=cpu", "hardware.workers=0", "audit=false", "task.fit_clips=4"]
    return [f"augment={option}", *named, *data, *few, "trainer.enable_progress_bar=false", *more]


def started(corpus: Path, option: str, *more: str) -> tuple[Detection, AudioData]:
    """As in the first epoch of a training."""
    cfg = assembly.compose(words(corpus, option, "frontend.standardize=false", *more))
    task, data = assembly.task(cfg), assembly.data(cfg)
    task.trainer = SimpleNamespace(datamodule=data, global_rank=0, current_epoch=0)  # type: ignore[assignment]
    return task, data


def heard(task: Detection, data: AudioData) -> Batch:
    found: Batch = next(iter(data.train_dataloader()))
    return found._replace(waveform=task.features(found, 0, training=True))


@pytest.mark.parametrize("option", OPTIONS)
def test_it_trains_and_its_run_scores_without_it(option: str, corpus: Path, tmp_path: Path) -> None:
    quick = ["trainer.max_epochs=1", "trainer.limit_train_batches=2", "trainer.log_every_n_steps=1"]
    cfg = assembly.compose(words(corpus, option, *quick, f"folder={tmp_path}/run"))
    training.run(cfg)
    assert json.loads((tmp_path / "run/metrics.json").read_text())["groups"]
    (tmp_path / "run/.hydra").mkdir()
    if option in PLACED:
        cfg.augment.folder = "/elsewhere"
    OmegaConf.save(cfg, tmp_path / "run/.hydra/config.yaml")
    assert assembly.load(tmp_path / "run").augment is None


@pytest.mark.parametrize("option", sorted({*OPTIONS} - {"none"}))
def test_it_changes_training_alone_and_the_same_way_again(option: str, corpus: Path) -> None:
    sure = [] if option == "robust" else ["augment.p=1"]
    (task, data), (plain, clean) = started(corpus, option, *sure), started(corpus, "none")
    one, two, without = heard(task, data), heard(task, data), heard(plain, clean)
    assert torch.equal(one.index, without.index)
    assert not torch.allclose(one.waveform, without.waveform, atol=1e-3)
    assert torch.equal(one.waveform, two.waveform)
    both: list[Any] = [next(iter(each.val_dataloader())) for each in (data, clean)]
    assert torch.equal(both[0].waveform, both[1].waveform)
    assert torch.equal(task.features(both[0], 0, training=False), plain.frontend(both[1].waveform))


def test_draws_follow_the_place_in_the_training(corpus: Path) -> None:
    task, data = started(corpus, "gain", "augment.p=1")
    batch = next(iter(data.train_dataloader()))

    def features(number: int, epoch: int = 0, rank: int = 0) -> torch.Tensor:
        task.trainer = SimpleNamespace(datamodule=data, global_rank=rank, current_epoch=epoch)  # type: ignore[assignment]
        return task.features(batch, number, training=True)

    assert torch.equal(features(3), features(3))
    for other in (features(4), features(3, epoch=1), features(3, rank=1)):
        assert not torch.equal(features(3), other)


@pytest.mark.parametrize("option", ["silence", "phone", "gain", "masking"])
def test_validation_is_changed_if_one_wants_it_and_always_alike(option: str, corpus: Path) -> None:
    task, data = started(corpus, option, "augment.p=1", "augment_validation=true")
    plain, clean = started(corpus, "none")

    def validated(task: Detection, data: AudioData, epoch: int) -> torch.Tensor:
        task.trainer = SimpleNamespace(datamodule=data, global_rank=0, current_epoch=epoch)  # type: ignore[assignment]
        return task.features(next(iter(data.val_dataloader())), 0, training=False)

    one = validated(task, data, 0)
    assert torch.equal(one, validated(task, data, 1))
    assert not torch.allclose(one, validated(plain, clean, 0), atol=1e-3)


def test_clips_of_one_validation_draw_each_for_itself(corpus: Path) -> None:
    task, data = started(
        corpus, "codec", "augment_validation=true", "augment.p=0.5", "data.split.validation=0.5"
    )
    _, clean = started(corpus, "none", "data.split.validation=0.5")
    del task
    changed = [
        not torch.equal(mine, theirs)
        for one, two in zip(data.val_dataloader(), clean.val_dataloader(), strict=True)
        for mine, theirs in zip(one.waveform, two.waveform, strict=True)
    ]
    assert any(changed)
    assert not all(changed)


def test_the_gmm_and_sharpness_aware_steps_hear_it_too(corpus: Path, tmp_path: Path) -> None:
    for choice in (["model=gmm", "model.components=4", "task=likelihood"], ["task/rule=sam"]):
        quick = ["trainer.max_epochs=1", "trainer.limit_train_batches=2", "trainer.log_every_n_steps=1"]
        more = ["trainer.accumulate_grad_batches=2", f"folder={tmp_path}/{choice[0][-3:]}"]
        training.run(assembly.compose(words(corpus, "robust", *choice, *quick, *more)))
        assert (tmp_path / choice[0][-3:] / "metrics.json").is_file()


def test_a_memo_and_a_change_of_waveforms_exclude_each_other(corpus: Path) -> None:
    for option, refused in (("rawboost", True), ("codec", True), ("masking", False), ("none", False)):
        cfg = assembly.compose(words(corpus, option, "+frontend.memo=true"))
        if refused:
            with pytest.raises(
                InputError, match=r"drop frontend\.memo, or set augment=none or augment=masking"
            ):
                assembly.task(cfg)
        else:
            assembly.task(cfg)
