"""The tutorials, followed to the letter: every file that they show is written, every command is run."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.scripts.command_line import bonafide

DOCS = Path(__file__).parents[2] / "docs"
QUICK = ("debug=limit", "hardware=cpu", "hardware.workers=0", "trainer.enable_progress_bar=false")
"""What a training is told beside what the page says, so that it takes seconds."""

_FILE = re.compile(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sounds(folder: Path, names: list[str]) -> None:
    """Noise as genuine, two ways of dulling it as generators; a few seconds in all."""
    random = np.random.default_rng(0)
    for name in names:
        noise = 0.1 * random.standard_normal(20_000)
        dull = np.convolve(noise, np.ones(4) / 4, mode="same")
        for system, sound in {
            folder.name: noise,
            "vocoder_a": dull,
            "vocoder_b": 0.5 * (noise + dull),
        }.items():
            file = folder.parent / system / f"{name}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(file, sound, 16_000)


def follow(page: str, folder: Path, cache: Path) -> str:
    """Does what a page says in a folder, and gives all that was printed."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, content in _FILE.findall(text):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    said = []
    for line in "".join(_SHELL.findall(text)).splitlines():
        python, script, *options = shlex.split(line)
        assert python == "python"
        if script == "train.py":
            options += QUICK
        done = bonafide(
            folder, script.removesuffix(".py"), *options, env={"BONAFIDE_CACHE": str(cache)}, timeout=280
        )
        assert done.code == 0, f"{line}\n{done.err}"
        said.append(done.out)
    return "".join(said)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a user who reads one page after another: the demo corpus is made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_quick_start(cache: Path, tmp_path: Path) -> None:
    follow("quick_start.md", tmp_path, cache)
    for page in ("outputs/compared/report", "multirun/first/sweep"):
        assert (tmp_path / f"{page}.html").is_file()
    assert (tmp_path / "outputs/lfcc/evaluations/perturbations/report.html").is_file()


@pytest.mark.slow
def test_your_own_recordings(cache: Path, tmp_path: Path) -> None:
    sounds(tmp_path / "my_recordings" / "real", [f"anna_{number:02}" for number in range(14)])
    follow("your_recordings.md", tmp_path, cache)
    assert (tmp_path / "outputs/unheard/scores/held_out.csv").is_file()
    assert len((tmp_path / "predictions.jsonl").read_text().splitlines()) == 14
    assert (tmp_path / "outputs/again/report.html").is_file()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_parts_of_ones_own(cache: Path, tmp_path: Path) -> None:
    sounds(tmp_path / "calls" / "genuine", [f"s{number % 7}_{number:02}" for number in range(14)])
    follow("adding_a_part.md", tmp_path, cache)
    for run in ("pooled", "margin", "octaves", "calls"):
        assert (tmp_path / "outputs" / run / "report.html").is_file()
    recipe = (tmp_path / "outputs/octaves/.hydra/config.yaml").read_text()
    assert "my_lab.bands.OctaveBands" in recipe
    assert "my_lab.pooled.Pooled" in recipe
    assert (tmp_path / "outputs/pooled/again/report.html").is_file()


@pytest.mark.slow
def test_from_python(cache: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "BONAFIDE_CACHE": str(cache)}
    done = subprocess.run(
        [sys.executable, DOCS / "from_python.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"seen: \d+ trials, EER \d+\.\d% ", done.stdout)
    assert "frames=" in done.stdout
