"""Every recipe under conf/experiment trains, and tests on its groups, on its corpus in miniature."""

import copy
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from omegaconf import DictConfig, OmegaConf
from tests.corpora import (
    asvspoof2019_la,
    codecfake,
    fake_or_real,
    fakesound,
    in_the_wild,
    miniature,
    packets,
    resynthesis,
)
from tests.frontends import tiny_eat, tiny_encoders
from tests.promises.recipes import NAMES, composed, places, sweeps

from bonafide.evaluation import breakdown
from bonafide.scripts.jobs import locating, pictures, training

TRAINED_ELSEWHERE = {"sweep_spectrograms", "sweep_learning_curve", "sweep_wavelets"}
"""Sweeps of a recipe, whose cells train as that does."""

QUICK = (
    "data.batch_size=4",
    "data.limit.train=2",
    "data.limit.validation=2",
    "data.limit.test=1",
    "hardware.accelerator=cpu",
    "hardware.workers=0",
    "trainer.max_epochs=1",
    "trainer.limit_train_batches=2",
    "trainer.log_every_n_steps=1",
    "trainer.enable_progress_bar=false",
    "trainer.enable_model_summary=false",
    "logger.csv=null",
    "callbacks.learning_rate=null",
    "audit=false",
)
SECONDS = {"RawNet2": 1.0, "AASIST": 1.0, "PartialFake": 3.2}
"""Clips long enough for the model, where 0.5 s are not."""
SMALL = {
    "AASIST": ["model.widths=[4,4,4,4,4,4]", "model.graph_widths=[4,4]"],
    "DCNN": ["model.channels=[4,4,4,4,4]"],
    "AST": ["model.source=null", "model.width=24", "model.depth=1", "model.heads=2"],
    "GMM": ["model.components=4", "model.reservoir=200"],
    "RawNet2": ["model.widths=[4,4,8,8]", "model.recurrent=8", "model.embedding=8"],
    "Image": ["frontend.height=64", "frontend.width=48"],
}
"""By class of the model or front end."""
OTHERWISE = {
    "copies": ["data.corpus.systems=[mp3,opus]", "data.train.leave_out=[opus]", "data.corpus.processes=1"],
    "codecfake_csam_faithful": ["data.batch_size=32"],
    "wavefake_gmm_gd_faithful": ["data.split.validation=0.4"],
    "fakesound": ["task.scheduler.warm_up=0", "data.limit.test=2"],
    "fakesound_faithful": ["task.scheduler.warm_up=0", "data.limit.test=2"],
}
"""What a miniature is too small for."""

ALWAYS = ["in_distribution", "jsut", "tts", "jsut_against_ljspeech"]
CODECFAKE = [
    f"codecfake_{kind}{number}" for kind, last in (("C", 7), ("A", 3)) for number in range(1, last + 1)
]
GROUPS = {
    "wavefake": ALWAYS,
    "packets": ["known", "group_1_all", "group_2_wavefake", "group_3_avocodo", "group_4_bigvgan"],
    "codecfake": [*CODECFAKE, "asvspoof2019_la_eval", "in_the_wild_eval"],
    "aasist": ["eval"],
    "ssl": ["eval"],
    "spectrograms_pooled": [
        "asvspoof2019_la_eval",
        "fake_or_real_2sec_testing",
        "fake_or_real_rerec_testing",
        *(f"wavefake_{name}" for name in ALWAYS),
    ],
    "spectrograms": ALWAYS,
    "sweep_generators": ["out_of_distribution"],
    "fakesound": ["easy", "hard", "zeroshot"],
    "vocoder_pairs": ["test", "held_out"],
    "sweep_vocoders": ["test", "held_out"],
    "copies": ["seen", "held_out"],
}
"""What is tested on, by the beginning of the recipe's name."""

QUIET = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",
    "ignore:.*samples in targets, .* targets should be",
    "ignore:.*was trained on clips that were normalized",
)


def pairs(root: Path) -> Path:
    """Recordings and copies by vocoders that are trained on or not, as `vocoder_pairs` lists them."""
    rows = ["path,label,generator,utterance,speaker,corpus"]
    systems = ("melgan", "pwg", "hifigan_v1", "univnet_c16", "fb_melgan", "style_melgan")
    miniature.folder(root, 8, systems, seconds=0.6, form="generators")
    for file in sorted(root.rglob("*.wav")):
        maker, utterance = file.parent.name, file.stem.removesuffix("_gen")
        label, system = ("bonafide", "") if maker == "genuine" else ("spoof", maker)
        rows.append(f"{file.relative_to(root)},{label},{system},{utterance},{utterance},LibriTTS")
    (root / "manifest.csv").write_text("\n".join(rows))
    return root


def versions(root: Path) -> Path:
    for version in ("2sec", "rerec"):
        fake_or_real.write(root, version, seconds=0.3)
    return root


WRITTEN: dict[str, Callable[[Path], Path]] = {
    "asvspoof2019_la": functools.partial(asvspoof2019_la.write, seconds=0.3),
    "codecfake": codecfake.write,
    "fake_or_real": versions,
    "fakesound": functools.partial(fakesound.write, seconds=0.5),
    "in_the_wild": in_the_wild.write,
    "manifest": pairs,
    "packets": functools.partial(packets.write, utterances=6, seconds=1.1),
    "resynthesis": resynthesis.write,
    "wavefake": functools.partial(miniature.wavefake, utterances=6, seconds=0.6),
}


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of miniatures, each by the name of its corpus, and of small untrained encoders."""
    root = tmp_path_factory.mktemp("corpora")
    for name, write in WRITTEN.items():
        write(root / name)
    tiny_encoders.write("xlsr", root / "xlsr")
    tiny_eat.write(root)
    return root


def kind(node: DictConfig) -> str:
    return str(node._target_).rpartition(".")[2]


def in_miniature(recipe: str, corpora: Path, folder: Path) -> DictConfig:
    """A recipe, changed so that it takes a second; composed but once, because that takes half of it."""
    cfg = copy.deepcopy(composed(f"experiment={recipe}", *places(recipe)))
    corpus, model, frontend = cfg.data.corpus._target_.split(".")[-2], kind(cfg.model), kind(cfg.frontend)
    root = corpora if corpus == "mixture" else corpora / corpus
    words = [*places(recipe, corpora, root), f"data.cache={corpora}/cache", f"folder={folder}", *QUICK]
    words += [*SMALL.get(model, []), *SMALL.get(frontend, []), *OTHERWISE.get(recipe, [])]
    if not recipe.startswith("packets"):  # whose remainders are dropped
        words.append(f"data.clip_seconds={SECONDS.get(model, 0.5)}")
    if frontend == "Transformer":
        words.append(f"frontend.source={corpora}/xlsr")
    if model != "GMM":
        words.append("task.fit_clips=4")
    words += [values[0] for values in sweeps(recipe)]
    OmegaConf.set_struct(cfg, False)
    return cast("DictConfig", OmegaConf.merge(cfg, OmegaConf.from_dotlist(words)))


@QUIET
@pytest.mark.parametrize("recipe", [name for name in NAMES if name not in TRAINED_ELSEWHERE])
def test_it_trains_and_tests_in_miniature(
    recipe: str, corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, name in ((pictures, "draw"), (locating, "choose")):
        monkeypatch.setattr(place, name, lambda *_, **__: [])  # what takes longer than all the rest
    monkeypatch.setattr(pictures, "mistakes", lambda *_: {})
    few = functools.partial(breakdown.measure, replicates=20)
    monkeypatch.setattr(breakdown, "measure", few)
    cfg = in_miniature(recipe, corpora, tmp_path)
    training.run(cfg)
    groups = json.loads((tmp_path / "metrics.json").read_text())["groups"]
    expected = next(found for start, found in GROUPS.items() if recipe.startswith(start))
    for name in expected:
        assert min(groups[name]["bonafide"], groups[name]["spoof"]) > 0
    assert (tmp_path / f"checkpoints/{cfg.checkpoint}.ckpt").is_file()
