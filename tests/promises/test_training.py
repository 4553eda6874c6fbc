"""Every front end under conf/frontend trains a model for some steps and scores with its checkpoint."""

import json
from pathlib import Path

import pytest
from tests.corpora import miniature, real
from tests.frontends import untrained

from bonafide import assembly
from bonafide.scripts.jobs import training
from bonafide.types import InputError

OPTIONS = sorted(file.stem for file in (assembly.conf() / "frontend").glob("*.yaml"))
RATES = {"stft_packets": 22_050, "lfcc_packets": 22_050}
SECONDS = {"raw": 4.0375, "eat": 3.2}
"""Clips long enough for the model, where 0.8 s are not."""
MODELS = {"raw": "rawnet2", "chroma": "tcn", "idsd_chroma": "tcn"}
"""For what LCNN does not read."""

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",
    "ignore:`isinstance.treespec, LeafSpec.` is deprecated",
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of LJSpeech and MelGAN's copies of them where they are at hand, else made up."""
    root = tmp_path_factory.mktemp("corpus") / "corpus"
    spoofs = sorted((real.SOURCE / "speech_pairs/melgan").glob("*.wav"))[:10]
    if len(spoofs) < 10:
        return miniature.folder(root, utterances=10, seconds=0.8)
    for spoof in spoofs:
        for source, place in ((spoof.parents[1] / "genuine" / spoof.name, "real"), (spoof, "fake/melgan")):
            (root / place).mkdir(parents=True, exist_ok=True)
            (root / place / spoof.name).symlink_to(source)
    return root


@pytest.mark.parametrize("frontend", ["chroma", "idsd_chroma"])
def test_what_the_model_cannot_read_is_refused_with_a_remedy(frontend: str) -> None:
    with pytest.raises(InputError, match=r"LCNN .* not 12; try frontend=lfcc"):
        assembly.task(assembly.compose(["model=lcnn", f"frontend={frontend}"]))


@pytest.mark.parametrize("frontend", OPTIONS)
def test_it_trains_a_model_and_its_checkpoint_scores(frontend: str, corpus: Path, tmp_path: Path) -> None:
    model = MODELS.get(frontend, "lcnn")
    cfg = assembly.compose(
        [
            f"model={model}",
            *untrained.words(frontend, tmp_path),
            "data=folder",
            f"data.root={corpus}",
            f"data.cache={corpus.parent}/cache",
            f"data.sample_rate={RATES.get(frontend, 16_000)}",
            f"data.clip_seconds={SECONDS.get(frontend, 0.8)}",
            "data.batch_size=2",
            "data.train.utterances=4",
            "hardware=cpu",
            "hardware.workers=0",
            "trainer.max_epochs=1",
            "trainer.limit_train_batches=2",
            "trainer.log_every_n_steps=1",
            "trainer.enable_progress_bar=false",
            "task.fit_clips=4",
            "audit=false",
            f"folder={tmp_path}/run",
        ]
    )
    training.run(cfg)
    groups = json.loads((tmp_path / "run/metrics.json").read_text())["groups"]
    assert groups["seen"]["bonafide"] >= 1
    assert (tmp_path / "run/checkpoints/best.ckpt").is_file()
