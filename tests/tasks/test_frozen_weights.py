"""Weights that are never trained stay out of checkpoints, and come back only from where they came."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytorch_lightning as pl
import torch
from omegaconf import OmegaConf
from tests.corpora import miniature
from tests.tasks.frozen import Frozen

from bonafide import assembly
from bonafide.corpora.folder import Folder
from bonafide.data.module import AudioData
from bonafide.frontends.frontend import Frontend
from bonafide.frontends.memo import Memo
from bonafide.frontends.standardize import Standardize
from bonafide.models.lcnn import LCNN
from bonafide.objectives.cross_entropy import CrossEntropy
from bonafide.scripts.jobs import results
from bonafide.tasks import checkpoints
from bonafide.tasks.checkpoints import AtomicCheckpointIO
from bonafide.tasks.detection import Detection
from bonafide.tasks.random_state import RandomState
from bonafide.types import InputError

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",  # they would take longer to start
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",  # Lightning's use of torch
    "ignore:.*in eval mode at the start of training",  # the encoder is
    "ignore:.*Checkpoint directory .* exists and is not empty",
    "ignore:The dirpath has changed",
)

SAMPLES = 3_200
Make = Callable[[str, Path], Frontend]


def plain(source: str, folder: Path) -> Frontend:
    return Standardize(Frozen(16_000, source=source))


def remembered(source: str, folder: Path) -> Frontend:
    return Standardize(Memo(Frozen(16_000, source=source, gain=False), folder))


def detection(frontend: Frontend, **settings: Any) -> Detection:
    torch.manual_seed(0)
    model = LCNN(frontend.shape(SAMPLES), 2, dropout=0.5)
    return Detection(
        frontend, model, loss=CrossEntropy(), optimizer=partial(torch.optim.Adam, lr=1e-3), **settings
    )


class Place(NamedTuple):
    """A corpus, and a folder for all that is made of it."""

    corpus: Path
    folder: Path

    def fit(self, task: Detection, name: str, epochs: int, resume: str | None = None) -> Path:
        """Trains, and gives the last checkpoint."""
        data = AudioData(
            self.corpus, Folder, clip_seconds=SAMPLES / 16_000, batch_size=8, windows={"tile": True},
            split={"validation": 0.25, "test": 0.25}, cache=self.folder / "cache",
        )  # fmt: skip
        file = self.folder / name / "last.ckpt"
        trainer = pl.Trainer(
            accelerator="cpu",
            devices=1,
            max_epochs=epochs,
            logger=False,
            callbacks=[
                pl.callbacks.ModelCheckpoint(file.parent, "last", enable_version_counter=False),
                RandomState(),
            ],
            plugins=[AtomicCheckpointIO()],
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
        )
        ckpt_path = None if resume is None else self.folder / resume / "last.ckpt"
        trainer.fit(task, datamodule=data, ckpt_path=ckpt_path, weights_only=True)
        return file


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("frozen")
    return Place(miniature.folder(folder / "corpus", utterances=12, seconds=0.4), folder)


@pytest.mark.parametrize("make", [plain, remembered])
def test_a_run_goes_on_bit_by_bit_without_frozen_weights_in_its_checkpoint(make: Make, place: Place) -> None:
    name = make.__name__
    whole = detection(make("one", place.folder / "m1"))
    frozen = {name for name in whole.state_dict() if ".encoder." in name}
    assert len(frozen) == 5  # weight, bias, and the statistics of the norm
    place.fit(whole, f"{name}-whole", 2)
    half = detection(make("one", place.folder / "m2"))
    file = place.fit(half, f"{name}-half", 1)
    found = checkpoints.read(file)
    assert not frozen & found["state_dict"].keys()
    assert found["state_dict"].keys() | frozen == whole.state_dict().keys()
    (prefix,) = found["external"]
    assert all(name.startswith(prefix) for name in frozen)
    assert all(
        len(state["state"]) == len(list(filter(_trained, half.parameters())))
        for state in found["optimizer_states"]
    )

    resumed = detection(make("one", place.folder / "m3"))
    place.fit(resumed, f"{name}-half", 2, resume=f"{name}-half")
    wanted, got = whole.state_dict(), resumed.state_dict()
    assert wanted.keys() == got.keys()
    torch.testing.assert_close(got, wanted, rtol=0, atol=0)


def _trained(weight: torch.Tensor) -> bool:
    return weight.requires_grad


def test_a_checkpoint_is_smaller_by_the_frozen_weights(place: Place) -> None:
    task = detection(plain("one", place.folder))
    checkpoint: dict[str, Any] = {"state_dict": task.state_dict()}
    AtomicCheckpointIO().save_checkpoint(checkpoint, place.folder / "large.ckpt")
    task.on_save_checkpoint(checkpoint)
    AtomicCheckpointIO().save_checkpoint(checkpoint, place.folder / "small.ckpt")
    large, small = ((place.folder / f"{name}.ckpt").stat().st_size for name in ("large", "small"))
    assert large - small > 4 * 640 * 32
    assert task.state_dict().keys() != checkpoint["state_dict"].keys()


def test_a_run_goes_on_with_or_without_a_memo(place: Place) -> None:
    """What it remembers is no part of a run."""
    without = Standardize(Frozen(16_000, gain=False))
    place.fit(detection(without), "switched", 1)
    switched = detection(remembered("one", place.folder / "m4"))
    place.fit(switched, "switched-on", 2, resume="switched")
    place.fit(detection(Standardize(Frozen(16_000, gain=False))), "switched-off", 3, resume="switched-on")


def test_another_encoder_is_refused(place: Place) -> None:
    place.fit(detection(plain("one", place.folder)), "refused", 1)
    other = detection(plain("two", place.folder))
    with pytest.raises(InputError, match=r"other frozen weights: frontend\.frontend\.encoder\. was sha256"):
        place.fit(other, "refused", 2, resume="refused")


def test_a_front_end_that_is_tuned_is_in_the_checkpoint(place: Place) -> None:
    task = detection(Standardize(Frozen(16_000, freeze=False)))
    checkpoint: dict[str, Any] = {"state_dict": task.state_dict()}
    task.on_save_checkpoint(checkpoint)
    assert checkpoint.keys() == {"state_dict"}
    assert checkpoint["state_dict"].keys() == task.state_dict().keys()


def test_a_weight_that_is_trained_all_the_same_is_in_the_checkpoint(place: Place) -> None:
    """As where a callback thaws some blocks of an encoder that says it is frozen."""
    task = detection(plain("one", place.folder))
    name = "frontend.frontend.encoder.0.bias"
    task.get_parameter(name).requires_grad_(True)
    checkpoint: dict[str, Any] = {"state_dict": task.state_dict()}
    task.on_save_checkpoint(checkpoint)
    assert name in checkpoint["state_dict"]
    assert "frontend.frontend.encoder.0.weight" not in checkpoint["state_dict"]


@pytest.fixture(scope="module")
def run(place: Place) -> Path:
    """The folder of a run of the whole config, trained by hand."""
    folder = place.folder / "run"
    options = [f"data.root={place.corpus}", "data.clip_seconds=0.2", "data=folder", f"folder={folder}"]
    cfg = assembly.compose([*options, "model=lcnn", "hardware=cpu"])
    frontend = {
        "_target_": "tests.tasks.frozen.Frozen",
        "sample_rate": 16_000,
        "source": "one",
        "standardize": "all",
    }
    cfg.frontend = OmegaConf.create(frontend)
    (folder / ".hydra").mkdir(parents=True)
    OmegaConf.save(cfg, folder / ".hydra/config.yaml")
    task = assembly.task(cfg)
    task.frontend.fit([torch.randn(2, SAMPLES)])
    task.loss.set_counts(3, 4)
    with torch.no_grad():
        task.threshold.fill_(0.25)
    checkpoint: dict[str, Any] = {"state_dict": task.state_dict()}
    task.on_save_checkpoint(checkpoint)
    AtomicCheckpointIO().save_checkpoint(checkpoint, folder / "checkpoints/best.ckpt")
    return folder


def test_a_run_is_loaded_with_the_encoder_at_hand(run: Path) -> None:
    task = assembly.load(run, trust=["tests"])
    assert task.threshold == 0.25
    wanted = Frozen(16_000).state_dict()
    found = {name.removeprefix("frontend.frontend."): value for name, value in task.state_dict().items()}
    assert all(torch.equal(found[name], wanted[name]) for name in wanted if name.startswith("encoder."))
    task.threshold.zero_()
    results.use(task, run, "best")
    assert task.threshold == 0.25


def test_a_run_with_another_encoder_is_not_loaded(run: Path) -> None:
    file = run / ".hydra/config.yaml"
    text = file.read_text()
    file.write_text(text.replace("source: one", "source: two"))
    try:
        with pytest.raises(InputError, match="other frozen weights"):
            assembly.load(run, trust=["tests"])
        other = assembly.task(assembly.recipe(run, trust=["tests"]))
        with pytest.raises(InputError, match="other frozen weights"):
            results.use(other, run, "best")
    finally:
        file.write_text(text)


def rates(task: Detection) -> dict[str, float]:
    """The learning rate of every weight that is optimized, each once."""
    found: Any = task.configure_optimizers()
    names = {id(weight): name for name, weight in task.named_parameters()}
    listed = [(names[id(weight)], group["lr"]) for group in found.param_groups for weight in group["params"]]
    assert len(dict(listed)) == len(listed)
    assert {name for name, weight in task.named_parameters() if weight.requires_grad} == dict(listed).keys()
    return dict(listed)


GAIN, ENCODER = "frontend.frontend.gain", "frontend.frontend.encoder.0.weight"


@pytest.mark.parametrize(
    ("freeze", "rate", "gain", "encoder"),
    [
        (True, None, 1e-3, None),
        (True, 1e-2, 1e-2, None),
        (False, None, 1e-3, 1e-4),
        (False, 1e-2, 1e-2, 1e-3),
    ],
)
def test_a_front_end_learns_at_its_own_rate(
    freeze: bool, rate: float | None, gain: float, encoder: float | None
) -> None:
    found = rates(detection(Standardize(Frozen(16_000, freeze=freeze)), frontend_lr=rate))
    assert found.pop(GAIN) == pytest.approx(gain)
    assert found.pop(ENCODER, None) == (None if encoder is None else pytest.approx(encoder))
    assert {value for name, value in found.items() if name.startswith("model.")} == {1e-3}


def test_a_schedule_moves_every_rate_alike() -> None:
    step = partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5)
    task = detection(Standardize(Frozen(16_000, freeze=False)), scheduler=step, frontend_lr=1e-2)
    made: Any = task.configure_optimizers()
    made["optimizer"].step()
    made["lr_scheduler"]["scheduler"].step()
    assert [group["lr"] for group in made["optimizer"].param_groups] == pytest.approx([5e-4, 5e-4, 5e-3])


def test_one_rate_is_one_group() -> None:
    made: Any = detection(plain("one", Path())).configure_optimizers()
    assert len(made.param_groups) == 1


def test_a_rate_for_nothing_is_refused() -> None:
    frozen = Standardize(Frozen(16_000, gain=False))
    with pytest.raises(InputError, match=r"task\.frontend_lr is set, but the front end has nothing to train"):
        detection(frozen, frontend_lr=1e-4).configure_optimizers()
    with pytest.raises(InputError, match=r"task\.frontend_lr=0 is not above 0"):
        detection(frozen, frontend_lr=0.0)
