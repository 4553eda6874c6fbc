"""What is installed works without the checkout."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_wheel_trains_the_demo_away_from_the_checkout(tmp_path: Path) -> None:
    """Built, unpacked as an installation of its own, and started in an empty folder."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("bonafide-*.whl")
    place = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", tmp_path / "site", wheel]
    subprocess.run(place, check=True, capture_output=True)
    work = tmp_path / "work"
    work.mkdir()
    words = ["trainer.max_epochs=1", "+data.corpus.utterances=16", "hydra.run.dir=run", "hardware=cpu"]
    start = "import bonafide; print(bonafide.__file__); from bonafide.scripts import main; main()"
    env = os.environ | {"PYTHONPATH": str(tmp_path / "site"), "BONAFIDE_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", start, "train", *words],
        cwd=work,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "site") in done.stdout
    metrics = json.loads((work / "run" / "metrics.json").read_text())
    assert set(metrics["groups"]) == {"seen", "held_out"}
    page = (work / "run" / "report.html").read_text()
    assert "synthetic" in page
