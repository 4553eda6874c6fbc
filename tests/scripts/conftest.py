from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.scripts.command_line import bonafide

TINY = (
    "data=folder",
    "data.clip_seconds=0.5",
    "data.batch_size=8",
    "data.split.test=0.3",
    "data.split.validation=0.2",
    "trainer.max_epochs=1",
    "hardware=cpu",
    "hardware.workers=0",
    "trainer.enable_progress_bar=false",
)
"""Options that make a training of seconds on the corpus of `recordings`."""


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise as bona fide, noise without its high frequencies as spoof: 12 utterances, two systems."""
    root = tmp_path_factory.mktemp("recordings")
    random = np.random.default_rng(0)
    for number in range(12):
        noise = 0.1 * random.standard_normal(12_000)
        dull = np.convolve(noise, np.ones(4) / 4, mode="same")
        for folder, sound in {"real": noise, "fake/dull": dull, "fake/flat": 0.5 * (noise + dull)}.items():
            file = root / folder / f"u{number:02}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(file, sound, 16_000)
    return root


@pytest.fixture(scope="session")
def run(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run of `model=lcnn` on `recordings`."""
    folder = tmp_path_factory.mktemp("run")
    done = bonafide(
        folder,
        "train",
        *TINY,
        f"data.root={recordings}",
        "data.train.leave_out=[flat]",
        f"hydra.run.dir={folder}/run",
        env={"BONAFIDE_CACHE": str(folder / "cache")},
    )
    assert done.code == 0, done.err
    return folder / "run"
