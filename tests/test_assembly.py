"""From Python as from the command line: composed, made, trained, loaded again, and safe to load."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from omegaconf import DictConfig, OmegaConf
from tests.corpora import miniature

from bonafide import assembly
from bonafide.data.module import AudioData
from bonafide.frontends.cepstrum import LFCC
from bonafide.frontends.memo import Memo
from bonafide.frontends.raw import Raw
from bonafide.frontends.standardize import Standardize
from bonafide.models.rawnet2 import RawNet2
from bonafide.tasks.detection import Detection
from bonafide.types import InputError

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",  # they would take longer to start
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",  # Lightning's use of torch
)


class Run(NamedTuple):
    """A trained run of Python's."""

    folder: Path
    task: Detection
    data: AudioData


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """As in a notebook: one epoch, and the recipe beside the checkpoints."""
    folder = tmp_path_factory.mktemp("notebook")
    root = miniature.folder(folder / "corpus", utterances=8, seconds=0.5)
    options = ["data=folder", f"data.root={root}", f"data.cache={folder}/cache", "data.clip_seconds=0.4"]
    split = ["data.split.validation=0.25", "data.split.test=0.25", "data.batch_size=4"]
    quick = ["trainer.max_epochs=1", "trainer.log_every_n_steps=1", "trainer.enable_progress_bar=false"]
    cfg = assembly.compose(
        [*options, *split, *quick, "hardware=cpu", "hardware.workers=0", f"folder={folder}/run"]
    )
    torch.manual_seed(0)
    task, data = assembly.task(cfg), assembly.data(cfg)
    assembly.trainer(cfg).fit(task, datamodule=data)
    (folder / "run/.hydra").mkdir()
    OmegaConf.save(cfg, folder / "run/.hydra/config.yaml")
    return Run(folder / "run", task, data)


def test_the_groups_are_found() -> None:
    assert (assembly.conf() / "train.yaml").is_file()
    assert assembly.conf().name == "conf"


def test_a_composed_config_is_the_recipe_of_a_run() -> None:
    cfg = assembly.compose(["model=rawnet2", "data=wavefake", "seed=3"])
    assert (cfg.seed, cfg.data.seed) == (3, 3)
    assert cfg.folder.startswith("outputs/")
    task = assembly.task(cfg)
    assert type(task.frontend) is Raw
    assert type(task.model) is RawNet2
    assert task.model.shape == (1, 1, 64_600)


def chain(words: list[str]) -> list[type]:
    """A front end and those that it wraps, outermost first."""
    made = assembly.task(assembly.compose(words)).frontend
    parts = [module for name, module in made.named_modules() if not name.replace("frontend", "").strip(".")]
    return [type(part) for part in parts]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["frontend=lfcc"], [Standardize, LFCC]),
        (["frontend=lfcc", "frontend.standardize=false"], [LFCC]),
        (["frontend=lfcc", "+frontend.memo=true"], [Standardize, Memo, LFCC]),
        (["frontend=lfcc", "+frontend.memo=null"], [Standardize, LFCC]),
        (["model=rawnet2", "+frontend.memo=elsewhere"], [Memo, Raw]),
    ],
)
def test_what_is_wrapped_around_a_front_end(words: list[str], wanted: list[type]) -> None:
    assert chain(words) == wanted


@pytest.mark.parametrize(("over", "size"), [("true", 60), ("bin", 60), ("channel", 1), ("all", 1)])
def test_a_front_end_says_over_what_it_is_standardized(over: str, size: int) -> None:
    task = assembly.task(assembly.compose(["frontend=lfcc", f"frontend.standardize={over}"]))
    assert task.frontend.get_buffer("mean").numel() == size


def test_a_memo_lies_in_the_cache_unless_it_is_named(tmp_path: Path) -> None:
    words = ["frontend=lfcc", "frontend.standardize=false", f"data.cache={tmp_path}", "data.clip_seconds=0.5"]
    for option, folder in (("true", tmp_path / "memo"), (f"{tmp_path}/mine", tmp_path / "mine")):
        task = assembly.task(assembly.compose([*words, f"+frontend.memo={option}"]))
        with torch.no_grad():
            task(0.1 * torch.randn(2, 8_000))
        assert len(list(folder.glob("LFCC-*-float32/*.shard"))) == 1
    task = assembly.task(assembly.compose([*words, "+frontend.memo.half=true", "+frontend.memo.limit_gb=2"]))
    with torch.no_grad():
        task(0.1 * torch.randn(2, 8_000))
    assert len(list((tmp_path / "memo").glob("LFCC-*-float16/*.shard"))) == 1


def test_the_parts_of_a_trainer_follow_the_config(tmp_path: Path) -> None:
    cfg = assembly.compose(["hardware=cpu", "logger=none", f"folder={tmp_path}", "trainer.max_epochs=3"])
    trainer = assembly.trainer(cfg)
    assert trainer.max_epochs == 3
    assert trainer.loggers == []
    assert trainer.default_root_dir == str(tmp_path)
    places = [callback.dirpath for callback in trainer.checkpoint_callbacks]  # type: ignore[attr-defined]
    assert set(places) == {str(tmp_path / "checkpoints")}


def test_a_run_is_loaded_as_it_was_trained(run: Run) -> None:
    """From its folder alone, ready to score: the last checkpoint gives the last scores."""
    loaded = assembly.load(run.folder, "last")
    assert not loaded.training
    (loader, *_) = run.data.test_dataloader()
    run.task.eval()
    with torch.no_grad():
        for batch in loader:
            torch.testing.assert_close(loaded.score(batch.waveform), run.task.score(batch.waveform))
    assert loaded.threshold == run.task.threshold
    by_path = assembly.load(run.folder, str(run.folder / "checkpoints/last.ckpt"))
    torch.testing.assert_close(by_path.state_dict(), loaded.state_dict())
    assert assembly.load(run.folder).loss.counts == run.task.loss.counts


def test_what_is_no_run_or_has_no_checkpoint_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run folder"):
        assembly.load(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        assembly.load(run.folder, "first")


def test_an_option_that_was_never_set_is_named() -> None:
    with pytest.raises(InputError, match=r"data\.root is not set; add data\.root=VALUE"):
        assembly.data(assembly.compose(["data=folder"]))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model=rawnet2", "frontend=lfcc"], "frontend=raw"),
        (["model=lcnn", "frontend=raw"], "frontend=lfcc"),
        (["model.classes=3"], "1 or 2 logits"),
        (["data.clip_seconds=0.01"], "clip_seconds"),
        (["frontend.standardize=frame"], "choose true, false, bin, channel, all"),
        (["+frontend.memo.size=3"], r"frontend\.memo=.* is unknown"),
        (["task.fit_clips=0"], "null takes all clips"),
        (["task.frontend_lr=0"], r"frontend_lr=0 is not above 0"),
    ],
)
def test_an_impossible_choice_is_refused_in_our_own_words(words: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        assembly.task(assembly.compose(words))


BASE = assembly.fingerprint(assembly.compose([]))


@pytest.mark.parametrize(
    "words",
    [
        ["hardware=cpu"],
        ["hardware.devices=4", "trainer.num_nodes=2"],
        ["hardware.workers=7", "data.pin_memory=true"],
        ["logger=tensorboard"],
        ["logger=none"],
        ["data.root=/elsewhere", "data.cache=/elsewhere"],
        ["folder=outputs/elsewhere"],
        ["notes=seen"],
        ["trainer.enable_progress_bar=false"],
    ],
)
def test_what_does_not_change_the_result_leaves_the_fingerprint(words: list[str]) -> None:
    assert assembly.fingerprint(assembly.compose(words)) == BASE


@pytest.mark.parametrize(
    "words",
    [
        ["task.optimizer.lr=1e-5"],
        ["model.learning_rate=1e-5"],
        ["seed=1"],
        ["model=rawnet2"],
        ["model.classes=1"],
        ["frontend=mfcc"],
        ["data=wavefake"],
        ["data.resampler=soxr_vhq"],
        ["data.train.leave_out=[world]"],
        ["data.batch_size=17"],
        ["trainer.max_epochs=3"],
        ["trainer.precision=bf16-mixed"],
        ["callbacks.early_stopping.patience=3"],
    ],
)
def test_what_changes_the_result_changes_the_fingerprint(words: list[str]) -> None:
    assert assembly.fingerprint(assembly.compose(words)) != BASE


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Any]:
    """Writes the recipe of a run that names a part of a stranger's choice."""

    def write(target: str, place: str = "task.loss._target_") -> Path:
        cfg: DictConfig = assembly.compose([])
        OmegaConf.update(cfg, place, target, force_add=True)
        (tmp_path / ".hydra").mkdir(exist_ok=True)
        OmegaConf.save(cfg, tmp_path / ".hydra/config.yaml")
        return tmp_path

    return write


@pytest.mark.parametrize(
    "place", ["task.loss._target_", "callbacks.more._target_", "data.tests.x.y._target_"]
)
def test_a_foreign_part_is_refused_wherever_it_hides(place: str, stranger: Any) -> None:
    with pytest.raises(InputError, match=r"names os\.system, which is not on the list"):
        assembly.recipe(stranger("os.system", place))


@pytest.mark.parametrize(
    "target",
    [
        "bonafide.data.manifest.os.system",
        "bonafide.tasks.checkpoints.torch.load",
        "bonafide.tasks.detection.Detection.load_from_checkpoint",
        "pytorch_lightning.callbacks.model_checkpoint.shutil.rmtree",
        "torch.optim",
        "bonafide_evil.models.Model",
    ],
)
def test_a_foreign_part_is_refused_behind_a_trusted_name(target: str, stranger: Any) -> None:
    """What a trusted module imports is not the module's own."""
    with pytest.raises(InputError, match=target.replace(".", r"\.")):
        assembly.recipe(stranger(target))


def test_a_foreign_part_hidden_behind_a_reference_is_refused(stranger: Any) -> None:
    folder = stranger("${notes}")
    file = folder / ".hydra/config.yaml"
    file.write_text(file.read_text().replace("notes: ''", "notes: os.system"))
    with pytest.raises(InputError, match=r"os\.system"):
        assembly.recipe(folder)


def test_a_part_of_one_s_own_is_trusted_on_request(
    stranger: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/losses.py").write_text("class Focal:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    run = stranger("mine.losses.Focal")
    assert assembly.recipe(run, trust=["mine"]).task.loss._target_ == "mine.losses.Focal"
    for trust in ([], ["min"], ["yours"]):
        with pytest.raises(InputError, match=r"mine\.losses\.Focal"):
            assembly.recipe(run, trust=trust)


def test_a_model_starts_from_released_weights(tmp_path: Path) -> None:
    words = ["model=dcnn", "frontend=stft_packets", "data.sample_rate=22050", "data.clip_seconds=1.0"]
    first = assembly.task(assembly.compose(words)).model
    state = first.state_dict()
    slots = iter([0, 1, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18])
    names = {name.rpartition(".")[0]: None for name in state if name.startswith("image.")}
    slot = {name: f"cnn.{next(slots)}" for name in names}
    released = {
        "module.module." + slot.get(stem, stem) + "." + leaf: (value.flip(0) if stem == "head" else value)
        for name, value in state.items()
        for stem, _, leaf in [name.rpartition(".")]
    }
    file = tmp_path / "released.pt"
    torch.save({"MODEL_STATE": released, "EPOCHS_RUN": 9}, file)
    again = assembly.task(assembly.compose([*words, f"model.weights={file}"])).model
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in state.items())
    with pytest.raises(InputError, match="does not exist"):
        assembly.task(assembly.compose([*words, f"model.weights={tmp_path}/none.pt"]))
