"""Localization: it finds what was planted, measures it exactly, and keeps to its switches."""

import math
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from tests.corpora import planted
from tests.frontends import untrained
from tests.models.tiny_localizer import EachFrame
from tests.tasks import tiny

from bonafide import assembly
from bonafide.augment.chain import Chain
from bonafide.augment.silence import Silence
from bonafide.augment.speed import Speed
from bonafide.augment.white_noise import WhiteNoise
from bonafide.corpora.manifest import ManifestFile
from bonafide.data.module import AudioData
from bonafide.frontends.spectrogram import Mel
from bonafide.frontends.standardize import Standardize
from bonafide.metrics.accuracy import accuracy
from bonafide.metrics.localization.frame_eer import frame_eer
from bonafide.metrics.localization.median import median_filtered
from bonafide.metrics.localization.runs import detected
from bonafide.metrics.localization.segment_f1 import segment_f1
from bonafide.metrics.localization.timeline import timelines
from bonafide.models.localizer import pooled
from bonafide.models.partialfake import PartialFake
from bonafide.objectives.frame_targets import own_frames, spoofed_frames
from bonafide.objectives.objective import log_odds
from bonafide.scripts.jobs import training
from bonafide.tasks.localization import Localization
from bonafide.types import Batch, FeatureShape, InputError

ROOT = Path(__file__).parents[2]
RATE, SAMPLES, STEP = 16_000, 16_000, 0.02
SHAPE = FeatureShape(1, 20, 51)

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",
    r"ignore:Found \d+ module\(s\) in eval mode at the start of training",  # frozen front ends
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.write(tmp_path_factory.mktemp("planted") / "corpus", utterances=16)


def data(corpus: Path, **settings: Any) -> AudioData:
    made = partial(ManifestFile, file="manifest.csv")
    given = {"clip_seconds": 1.0, "batch_size": 6, "cache": corpus.parent / "cache", **settings}
    return AudioData(corpus, made, **given)


def localization(model: Any = None, **settings: Any) -> Localization:
    torch.manual_seed(0)
    frontend = Standardize(Mel(RATE, filters=20, n_fft=512, hop=320), over="bin")
    model = model or EachFrame(frontend.shape(SAMPLES))
    settings.setdefault("optimizer", partial(torch.optim.Adam, lr=0.05))
    return Localization(frontend, model, **settings)


def ready(**settings: Any) -> Localization:
    """As if it had been told of its data."""
    task = localization(**settings)
    task.frontend.fit([0.1 * torch.randn(8, SAMPLES, generator=torch.Generator().manual_seed(1))])
    task.loss.set_counts((3, 1), 0.25)
    return task.eval()


def batch(clips: int = 6) -> Batch:
    """Noise; spoofs have a region, the last clip is half repeated."""
    random = torch.Generator().manual_seed(2)
    target = (torch.arange(clips) % 2).float()
    regions = torch.tensor([[[4_100, 9_000], [10_000, 10_700]]]).repeat(clips, 1, 1)
    regions[target > 0.5] = 0
    length = torch.full((clips,), SAMPLES)
    length[-2:] = 12_000
    waveform = 0.1 * torch.randn(clips, SAMPLES, generator=random)
    return Batch(waveform, target, length, torch.arange(clips), regions)


@pytest.fixture(scope="module")
def trained(corpus: Path) -> tuple[Localization, AudioData, dict[str, float]]:
    task, heard = localization(spoof_weight="auto"), data(corpus)
    trainer = tiny.trainer(max_epochs=8)
    trainer.fit(task, datamodule=heard)
    found = {name: float(value) for name, value in trainer.callback_metrics.items()}
    trainer.test(task, datamodule=heard, verbose=False)
    return task, heard, found


def test_it_finds_what_was_planted(trained: tuple[Localization, AudioData, dict[str, float]]) -> None:
    task, heard, found = trained
    assert found["val/frame_eer"] < 0.1
    assert found["val/segment_f1"] > 0.9
    assert found["val/score"] == pytest.approx(0.3 * found["val/accuracy"] + 0.7 * found["val/segment_f1"])
    (located,), (scored,) = task.located, task.scored
    assert torch.equal(located.clip, scored.clip)
    assert located.score.shape == (len(heard.groups()["test"]), 51)
    assert located.score.dtype == torch.float32
    (loader,) = heard.test_dataloader()
    wrong = total = 0
    for each in loader:
        mine = located.score[[located.clip.tolist().index(clip) for clip in each.index.tolist()]]
        torch.testing.assert_close(task.eval().locate(each.waveform), mine)
        own = own_frames(each.length, 51, STEP, RATE)
        true = spoofed_frames(each.regions, 51, STEP, RATE)
        wrong += int((((mine < task.frame_threshold) != true) & own).sum())
        total += int(own.sum())
    assert wrong / total < 0.1


def test_what_training_counted(
    trained: tuple[Localization, AudioData, dict[str, float]], corpus: Path
) -> None:
    task, heard, _ = trained
    rows = [row.split(",") for row in (corpus / "manifest.csv").read_text().split()[1:]]
    training = [row for row in rows if row[4] == "train"]
    spoofed = sum(float(row[5].split("-")[1]) - float(row[5].split("-")[0]) for row in training if row[5])
    total = sum(0.5 if int(row[2]) % 3 == 2 else 1.0 for row in training)
    assert task.loss.spoofed_share == pytest.approx(spoofed / total, abs=1e-4)
    assert heard.counts() == (8, 8)


def test_measures_are_those_of_all_clips_together(
    trained: tuple[Localization, AudioData, dict[str, float]], corpus: Path
) -> None:
    task, _, _ = trained
    one, other = (
        {name: float(value) for name, value in task.eval().validated(heard.val_dataloader()).items()}
        for heard in (data(corpus, batch_size=3), data(corpus, batch_size=8))
    )
    assert one == other
    heard = data(corpus)
    seconds, segments, scores = [], [], []
    for each in heard.val_dataloader():
        frames = task.locate(each.waveform).detach()
        for clip, length in enumerate(each.length.tolist()):
            seconds.append(length / RATE)
            spans = [(start / RATE, end / RATE) for start, end in each.regions[clip].tolist() if end]
            segments.append(spans)
            scores.append(frames[clip, : math.ceil(length / RATE / STEP)])
    recordings = timelines(map(str, range(len(seconds))), seconds, segments, scores, STEP)
    assert one["val/frame_eer"] == pytest.approx(frame_eer(recordings, [STEP])[STEP])
    found = detected(recordings, float(task.frame_threshold))
    assert one["val/segment_f1"] == pytest.approx(segment_f1(recordings.regions, found))


def test_a_checkpoint_gives_the_same_answers(
    trained: tuple[Localization, AudioData, dict[str, float]],
) -> None:
    task, _, _ = trained
    state = task.state_dict()
    assert not [name for name in state if name.startswith("localizer")]
    other = localization(spoof_weight="auto")
    other.load_state_dict(state)
    waveform = batch().waveform
    torch.testing.assert_close(other.eval().locate(waveform), task.eval().locate(waveform), atol=0, rtol=0)
    torch.testing.assert_close(other.score(waveform), task.score(waveform), atol=0, rtol=0)
    assert other.frame_threshold == task.frame_threshold
    assert other.loss.weight == task.loss.weight


def test_the_loss_is_that_of_a_clips_own_frames() -> None:
    task, given = ready(), batch()
    features = task.frontend(given.waveform)
    odds = log_odds(task.model.frames(features))
    cost = task.cost(features, given)
    expected, frames = 0.0, 0
    for clip in range(6):
        for frame in range(math.ceil(int(given.length[clip]) / RATE / STEP)):
            assert given.regions is not None
            middle = (frame + 0.5) * STEP * RATE
            spoofed = any(start <= middle < end for start, end in given.regions[clip].tolist())
            z = float(odds[clip, frame].detach())
            expected += math.log1p(math.exp(z if spoofed else -z))
            frames += 1
    assert float(cost.detach()) == pytest.approx(expected / frames, rel=1e-5)
    assert given.regions is not None
    behind = given.waveform.clone()
    behind[-2:, 13_000:] = 0
    torch.testing.assert_close(task.cost(task.frontend(behind), given), cost)


def test_two_heads_share_the_loss() -> None:
    frames_only = ready()
    both = ready(clip_share=0.1)
    cast("EachFrame", both.model).frame_head.load_state_dict(
        cast("EachFrame", frames_only.model).frame_head.state_dict()
    )
    given = batch()
    features = both.frontend(given.waveform)
    odds = log_odds(both.model.localize(features).clip)
    clip = torch.nn.functional.binary_cross_entropy_with_logits(odds, given.target)
    wanted = 0.9 * frames_only.cost(features, given) + 0.1 * clip
    torch.testing.assert_close(both.cost(features, given), wanted)
    torch.testing.assert_close(both.score(given.waveform), odds - math.log(1 / 3))


def test_a_crop_beside_its_region_is_bona_fide_to_the_head_of_clips() -> None:
    task, given = ready(clip_share=0.5), batch()
    genuine = given._replace(regions=torch.zeros(6, 1, 2, dtype=torch.int64))
    all_genuine = genuine._replace(target=torch.ones(6))
    features = task.frontend(given.waveform)
    torch.testing.assert_close(task.cost(features, genuine), task.cost(features, all_genuine))
    assert task.cost(features, genuine) != task.cost(features, given)


def test_validation_judges_a_clip_beside_its_region_as_bona_fide() -> None:
    task, some = ready(), batch()
    assert some.regions is not None
    some.regions[:] = 0
    assert task.truth(some).tolist() == [1.0] * len(some.target)
    some.regions[2, 0] = torch.tensor([10, 20])
    assert task.truth(some).tolist() == [float(place != 2) for place in range(len(some.target))]


def test_without_regions_a_spoof_is_spoofed_throughout() -> None:
    task, given = ready(), batch()
    whole = torch.stack([torch.zeros(6, dtype=torch.int64), given.length * (given.target < 0.5)], dim=-1)
    features = task.frontend(given.waveform)
    torch.testing.assert_close(
        task.cost(features, given._replace(regions=None)),
        task.cost(features, given._replace(regions=whole[:, None])),
    )


@pytest.mark.parametrize(("clip_score", "pooling"), [("model", "max"), ("min", "max"), ("mean", "mean")])
def test_a_clip_is_judged_by_its_own_frames(clip_score: Any, pooling: Any) -> None:
    task, given = ready(clip_score=clip_score), batch()
    frames = task.model.frames(task.frontend(given.waveform))
    torch.testing.assert_close(task.score(given.waveform), log_odds(pooled(frames, pooling)))
    task.on_test_start()
    task.test_step(given, 0)
    own = own_frames(given.length, 51, STEP, RATE)
    wanted = log_odds(pooled(frames, pooling, own))
    torch.testing.assert_close(task._parts[0][0].score, wanted)
    odds = log_odds(frames)[-1, :38]
    if pooling == "max":
        torch.testing.assert_close(wanted[-1], odds.min())


def test_min_and_mean_do_not_ask_the_head_of_clips() -> None:
    task, given = ready(clip_share=0.1, clip_score="min"), batch()
    frames = log_odds(task.model.frames(task.frontend(given.waveform)))
    torch.testing.assert_close(task.score(given.waveform), frames.amin(dim=1))


def test_heads_that_are_not_trained_stay_as_they_were(corpus: Path) -> None:
    task = localization(PartialFake(SHAPE, dropout=0.0), train_head=False, clip_share=0.1)
    before = {name: weight.clone() for name, weight in task.model.named_parameters()}
    tiny.trainer(max_epochs=1, limit_train_batches=1, limit_val_batches=0).fit(task, datamodule=data(corpus))
    moved = {
        name.partition(".")[0]
        for name, weight in task.model.named_parameters()
        if not torch.equal(weight, before[name])
    }
    assert moved == {"backbone"}
    assert {"frame_head", "head"} <= {name.partition(".")[0] for name in before}


@pytest.mark.parametrize(
    ("settings", "frame", "clip"),
    [
        ({"frame_threshold": 0.5, "clip_threshold": 0.5}, 0.0, 0.0),
        ({"frame_threshold": 0.9, "clip_threshold": 0.2}, -math.log(9), math.log(4)),
        ({"frame_threshold": 0.5, "clip_threshold": 0.5, "clip_share": 0.1}, 0.0, -math.log(1 / 3)),
        (
            {"frame_threshold": 0.5, "clip_threshold": 0.5, "clip_share": 0.1, "faithful": True},
            0.0,
            -0.5 - math.log(1 / 3),
        ),
        ({"frame_threshold": 0.5, "clip_threshold": 0.5, "faithful": True}, 0.0, 0.0),
    ],
)
def test_given_thresholds_are_probabilities_of_a_fake(
    settings: dict[str, Any], frame: float, clip: float
) -> None:
    """And of the clips' own head the faithful one is compared with its logit."""
    task, given = ready(**settings), batch()
    found = task.validated([given])
    assert float(task.frame_threshold) == pytest.approx(frame)
    assert float(task.threshold) == pytest.approx(clip)
    scores = task.score(given.waveform)
    with torch.no_grad():
        own = own_frames(given.length, 51, STEP, RATE)
        heard = task.model.localize(task.frontend(given.waveform), own)
        scores = task.scores(heard.clip)
    sides = (scores[given.target == side].numpy() for side in (1, 0))
    assert float(found["val/accuracy"]) == pytest.approx(accuracy(*sides, threshold=clip))


def test_the_threshold_of_the_frame_eer() -> None:
    task, given = ready(frame_threshold="frame_eer"), batch()
    found = task.validated([given])
    odds = task.locate(given.waveform).detach()
    own, spoofed = own_frames(given.length, 51, STEP, RATE), spoofed_frames(given.regions, 51, STEP, RATE)
    below = odds < task.frame_threshold
    rates = [float((below & own & ~spoofed).sum() / (own & ~spoofed).sum())]
    rates += [float((~below & own & spoofed).sum() / (own & spoofed).sum())]
    assert rates == pytest.approx([float(found["val/frame_eer"])] * 2, abs=0.05)


def test_faithful_targets_begin_a_frame_early() -> None:
    """0.58 s / 0.02 s is a little less than 29."""
    given = batch(2)._replace(regions=torch.tensor([[[9_280, 12_800]], [[0, 0]]]))
    losses = {}
    for faithful in (False, True):
        task = ready(faithful=faithful)
        features = task.frontend(given.waveform)
        odds = log_odds(task.model.frames(features))
        losses[faithful] = task.cost(features, given)
        true = torch.zeros(2, 51, dtype=torch.bool)
        true[0, 28 if faithful else 29 : 40] = True
        own = own_frames(given.length, 51, STEP, RATE)
        torch.testing.assert_close(losses[faithful], task.loss(odds, true, own))
    assert losses[False] != losses[True]


def test_a_median_filter_smooths_what_is_decided() -> None:
    plain, smooth, given = ready(), ready(median_filter=5), batch()
    torch.testing.assert_close(plain.locate(given.waveform), smooth.locate(given.waveform))
    found = smooth.validated([given])
    frames = [
        row[: -(-length // 320)]
        for row, length in zip(plain.locate(given.waveform).detach(), given.length.tolist(), strict=True)
    ]
    assert given.regions is not None
    segments = [[(s / RATE, e / RATE) for s, e in clip if e] for clip in given.regions.tolist()]
    recordings = median_filtered(
        timelines(map(str, range(6)), given.length.numpy() / RATE, segments, frames, STEP), 5
    )
    f1 = segment_f1(recordings.regions, detected(recordings, float(smooth.frame_threshold)))
    assert float(found["val/segment_f1"]) == pytest.approx(f1)


def test_a_model_of_coarser_frames_has_a_coarser_grid() -> None:
    task = ready(model=EachFrame(SHAPE, reduction=8))
    assert task.frame_seconds == 0.16
    assert task.locate(batch().waveform).shape == (6, 7)
    assert math.isfinite(task.validated([batch()])["val/score"])


def partial_fake(output: Any) -> PartialFake:
    return PartialFake(SHAPE, output=output)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: localization(tiny.Tiny(SHAPE)), "Tiny judges whole clips; try model=partialfake"),
        (lambda: localization(partial_fake("clip")), r"set model\.output=frames"),
        (lambda: localization(partial_fake("frames"), clip_share=0.1), r"set model\.output=both"),
        (lambda: localization(partial_fake("both"), clip_share=0.0), r"set model\.output=frames"),
        (lambda: localization(augment=Chain({"a": Speed()})), "speed moves what lies in a clip"),
        (lambda: localization(augment=Chain({"a": Silence(RATE)})), "silence moves what lies in a clip"),
        (lambda: localization(clip_score="max"), "choose model or min or mean"),
        (lambda: localization(frame_threshold="best"), r"task\.frame_threshold=best .* frame_eer"),
        (lambda: localization(clip_threshold=1.0), r"task\.clip_threshold=1.0 .* between 0 and 1"),
        (lambda: localization(median_filter=4), "odd"),
        (lambda: localization(EachFrame(SHAPE, reduction=60)), "frames of 1.2 s .* try frontend=mel"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(made: Callable[[], object], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        made()
    assert "\n" not in str(error.value)


def test_other_augmentations_stay() -> None:
    assert localization(augment=Chain({"a": WhiteNoise(snr_db=[10, 20])})).augment is not None


@pytest.mark.parametrize(
    ("words", "share", "heads"),
    [
        ([], 0.0, {"frame_head"}),
        (["model.output=both"], 0.1, {"frame_head", "head"}),
        (["model.output=frames"], 0.0, {"frame_head"}),
        (["task.clip_share=0.3"], 0.3, {"frame_head", "head"}),
    ],
)
def test_the_options_of_the_command_line(words: list[str], share: float, heads: set[str]) -> None:
    given = ["task=localization", "model=partialfake", "frontend=mel", "data.clip_seconds=1.0", *words]
    task = assembly.task(assembly.compose(given))
    assert isinstance(task, Localization)
    assert task.loss.clip_share == share
    assert task.frame_seconds == 0.01
    names = {name.partition(".")[0] for name, _ in task.model.named_parameters()}
    assert names == {"backbone", *heads}
    cfg: Any = assembly.compose(given)
    assert (cfg.callbacks.best.monitor, cfg.callbacks.best.mode) == ("val/score", "max")


def words(corpus: Path, folder: Path, *more: str) -> list[str]:
    """A training through the command's own parts, on clips of half a second."""
    return [
        "task=localization",
        "data=manifest",
        f"data.root={corpus}",
        f"data.cache={corpus.parent}/cache",
        "data.clip_seconds=0.5",
        "data.batch_size=4",
        "hardware.workers=0",
        "trainer.max_epochs=1",
        "trainer.limit_train_batches=2",
        "trainer.log_every_n_steps=1",
        "trainer.enable_progress_bar=false",
        "audit=false",
        f"folder={folder}",
        *more,
    ]


@pytest.mark.parametrize(
    ("frontend", "more", "step"),
    [
        ("mel", ["frontend.hop=320"], 0.02),
        ("lfcc", ["model.output=both"], 0.016),
        ("wavlm", [], 0.02),
        ("xlsr", ["task/rule=sam", "task/scheduler=linear", "task.scheduler.warm_up=1"], 0.02),
        ("eat", [], 0.16),
        ("eat", ["frontend.output=mean", "frontend.repeat=8"], 0.02),
        ("eat", ["frontend.output=tokens", "task.train_head=false", "task.faithful=true"], 0.02),
    ],
)
def test_partialfake_trains_on_every_kind_of_front_end_and_its_checkpoint_localizes(
    frontend: str, more: list[str], step: float, corpus: Path, tmp_path: Path
) -> None:
    given = words(corpus, tmp_path, "model=partialfake", *untrained.words(frontend, tmp_path), *more)
    cfg = assembly.compose([*given, "hardware=cpu"])
    task, heard, trainer = assembly.task(cfg), assembly.data(cfg), assembly.trainer(cfg)
    assert isinstance(task, Localization)
    assert task.frame_seconds == step
    trainer.fit(task, datamodule=heard)
    assert {"val/score", "val/frame_eer", "val/segment_f1"} <= set(trainer.callback_metrics)
    trainer.test(task, datamodule=heard, verbose=False)
    (tmp_path / ".hydra").mkdir()
    OmegaConf.save(cfg, tmp_path / ".hydra/config.yaml")
    again = assembly.load(tmp_path, "last")
    assert isinstance(again, Localization)
    (loader,), (located,) = heard.test_dataloader(), task.located
    clips = next(iter(loader))
    rows = [located.clip.tolist().index(clip) for clip in clips.index.tolist()]
    torch.testing.assert_close(
        again.locate(clips.waveform).detach(), located.score[rows], atol=1e-4, rtol=1e-4
    )
    assert again.frame_threshold == task.frame_threshold


@pytest.mark.slow
def test_two_processes_locate_what_one_does(corpus: Path, tmp_path: Path) -> None:
    made = words(corpus, tmp_path / "one", "model=partialfake", "frontend=mel", "frontend.hop=320")
    training.run(assembly.compose([*made, "hardware=cpu"]))
    again = words(
        corpus, tmp_path / "two", *made[-3:], "train=false", "hardware=ddp_cpu", "data.batch_size=3"
    )
    again += [f"checkpoint={tmp_path}/one/checkpoints/best.ckpt", f"hydra.run.dir={tmp_path}/two"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *again],
        cwd=tmp_path, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    one, two = (np.load(tmp_path / place / "scores/test.frames.npz") for place in ("one", "two"))
    assert set(one) == set(two)
    for name in one:
        if np.issubdtype(one[name].dtype, np.floating):
            np.testing.assert_allclose(two[name], one[name], atol=1e-4, rtol=1e-4)
        else:
            np.testing.assert_array_equal(two[name], one[name])
