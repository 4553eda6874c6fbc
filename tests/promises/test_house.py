"""What holds for the house as a whole."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bonafide import scripts

ROOT = Path(__file__).parents[2]
CODE = sorted(
    file for folder in ("src", "tests", "benchmarks") for file in (ROOT / folder).rglob("*.py")
) + sorted(ROOT.glob("*.py"))
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc"}


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_walk_finds_the_house() -> None:
    assert {"train.py", "src/bonafide/types.py", "tests/promises/test_house.py"} <= {place(f) for f in CODE}


@pytest.mark.parametrize("top", ["src", "tests", "benchmarks", "conf"])
def test_every_file_has_a_name_that_says_what_it_holds(top: str) -> None:
    names = {part for path in (ROOT / top).rglob("*") for part in Path(place(path)).with_suffix("").parts}
    assert not names & NAMELESS


def test_imports_are_absolute() -> None:
    relative = [
        f"{place(file)}:{node.lineno}"
        for file in CODE
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_configs_are_short() -> None:
    long = [
        place(file) for file in (ROOT / "conf").rglob("*.yaml") if len(file.read_text().splitlines()) > 60
    ]
    assert long == []


@pytest.mark.parametrize("command", scripts.COMMANDS)
def test_a_command_has_its_script_its_module_and_its_config(command: str) -> None:
    script = ROOT / f"{command}.py"
    assert len(script.read_text().splitlines()) <= 25
    assert (ROOT / "src/bonafide/scripts" / f"{command}.py").is_file()


def test_a_script_at_the_root_is_a_command() -> None:
    assert {file.stem for file in ROOT.glob("*.py")} == set(scripts.COMMANDS)


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
def test_help_mentions_every_target() -> None:
    listed = re.search(r"^\.PHONY:(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed is not None
    said = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[1] for line in said.splitlines()} == set(listed[1].split())


@pytest.mark.parametrize("command", scripts.COMMANDS)
@pytest.mark.parametrize("words", [["--help"], ["--cfg", "job"]], ids=" ".join)
def test_a_question_is_answered_without_torch(command: str, words: list[str], tmp_path: Path) -> None:
    """Torch and Lightning take seconds to import; they are for jobs. Nothing is written either."""
    given = {"evaluate": ["data=demo"]}.get(command, [])
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(ROOT / f"{command}.py"), *given, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.splitlines()
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines if "import time:" in line}
    rest = [line for line in lines if "import time:" not in line]
    assert done.returncode == 0, rest
    assert {"hydra", "bonafide"} <= imported
    assert not imported & {"torch", "pytorch_lightning", "torchaudio", "transformers", "wandb", "matplotlib"}
    assert done.stdout
    assert list(tmp_path.iterdir()) == []
