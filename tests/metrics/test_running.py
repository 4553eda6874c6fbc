"""The shell that remembers scores gives what the pure function gives, over any batching and any processes."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, distributed, multiprocessing
from torchmetrics import MetricCollection

from bonafide.metrics.accuracy import balanced_accuracy_at_eer
from bonafide.metrics.auc import auc
from bonafide.metrics.eer import eer
from bonafide.metrics.running import Scored
from bonafide.types import InputError


def trials(count: int = 40) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    target = torch.arange(count) % 3 == 0
    return torch.randn(count, generator=generator) + target, target.long()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 39), max_size=6, unique=True).map(sorted))
def test_any_batching_gives_the_pure_measure(cuts: list[int]) -> None:
    scores, targets = trials()
    metrics = MetricCollection({"eer": Scored(eer), "auc": Scored(auc)}).clone(prefix="val/")
    for batch in np.split(np.arange(40), cuts):
        metrics.update(scores[batch][:, None], targets[batch].float())
    bonafide, spoof = scores[targets == 1].double(), scores[targets == 0].double()
    computed = {name: value.item() for name, value in metrics.compute().items()}
    assert computed == pytest.approx({"val/eer": eer(bonafide, spoof), "val/auc": auc(bonafide, spoof)})


def test_stages_do_not_share_scores_and_reset_forgets() -> None:
    metrics = MetricCollection({"eer": Scored(eer), "balanced": Scored(balanced_accuracy_at_eer)})
    train, val = metrics.clone(prefix="train/"), metrics.clone(prefix="val/")
    train.update(torch.tensor([0.0, 1.0]), torch.tensor([1, 0]))
    val.update(torch.tensor([0.0, 1.0]), torch.tensor([0, 1]))
    assert train.compute()["train/eer"] == 1
    assert val.compute()["val/eer"] == 0
    train.reset()
    train.update(torch.tensor([0.0, 1.0]), torch.tensor([0, 1]))
    assert train.compute()["train/eer"] == 0


def test_float64_scores_keep_their_order() -> None:
    low, high = 1.0, 1.0 + 1e-12
    metric = Scored(eer)
    metric.update(torch.tensor([low, high], dtype=torch.float64), torch.tensor([0, 1]))
    assert metric.compute() == 0


def test_one_class_and_nan_are_refused_and_reset_mends() -> None:
    metric = Scored(eer)
    metric.update(torch.tensor([1.0]), torch.tensor([1]))
    with pytest.raises(InputError, match="No spoof trials"):
        metric.compute()
    metric.update(torch.tensor([torch.nan]), torch.tensor([0]))
    with pytest.raises(InputError, match="NaN"):
        metric.compute()
    metric.reset()
    metric.update(torch.tensor([1.0, 0.0]), torch.tensor([1, 0]))
    assert metric.compute() == 0


def test_a_score_a_class_is_refused() -> None:
    with pytest.raises(InputError, match="4 scores and 2 targets"):
        Scored(eer).update(torch.zeros(2, 2), torch.tensor([0, 1]))


def share(rank: int, folder: str) -> None:
    """One of two processes: first with unequal shares, then the second process without a trial."""
    distributed.init_process_group(
        "gloo",
        init_method=f"file://{folder}/meeting",
        rank=rank,
        world_size=2,
        timeout=dt.timedelta(seconds=60),
    )
    scores, targets = trials()
    computed = []
    for part in ((slice(0, 25), slice(25, 40))[rank], (slice(0, 40), slice(0, 0))[rank]):
        metric = Scored(eer)
        if part.stop:
            metric.update(scores[part], targets[part])
        else:
            metric._update_count = 1  # its loader was empty: no warning wanted
        computed.append(metric.compute().item())
    Path(folder, f"{rank}.json").write_text(json.dumps(computed))
    distributed.destroy_process_group()


@pytest.mark.slow
def test_processes_with_unequal_shares_agree(tmp_path: Path) -> None:
    multiprocessing.spawn(share, (str(tmp_path),), nprocs=2)
    scores, targets = trials()
    whole = float(np.float32(eer(scores[targets == 1], scores[targets == 0])))
    assert [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)] == [[whole] * 2] * 2
