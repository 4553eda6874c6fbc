"""`bonafide attribute` as a user types it, on a trained run."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hydra import compose, initialize_config_dir
from hydra.utils import get_class
from omegaconf import OmegaConf
from tests.scripts.command_line import Result

from bonafide import assembly
from bonafide.scripts import attribute
from bonafide.scripts.jobs import explaining

METHODS = sorted(file.stem for file in (assembly.conf() / "attribute").glob("*.yaml"))
SMALL = ("hardware=cpu", "amount=3", "faithfulness.amount=2", "faithfulness.orders=2", "faithfulness.steps=3")


Explain = Callable[..., Result]


@pytest.fixture
def explain(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Explain:
    """`bonafide attribute` of the run with some options, in this process; writes to `tmp_path / "out"`."""

    def called(*words: str) -> Result:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(
            "sys.argv", ["attribute.py", f"run={run}", f"output={tmp_path}/out", *SMALL, *words]
        )
        code: object = 0
        try:
            attribute.main()
        except SystemExit as done:
            code = done.code
        assert isinstance(code, int)
        return Result(code, *capsys.readouterr())

    return called


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_told_what_it_takes(method: str) -> None:
    with initialize_config_dir(str(assembly.conf()), version_base="1.3"):
        cfg = compose("attribute", ["run=x", "data=demo", f"attribute={method}"])
    assert cfg.on == "features"
    node = OmegaConf.to_container(cfg.attribute, resolve=True)
    assert isinstance(node, dict)
    get_class(node.pop("_target_"))(**node)


@pytest.mark.parametrize(
    "hardware", sorted(file.stem for file in (assembly.conf() / "hardware").glob("*.yaml"))
)
def test_it_composes_on_any_hardware(hardware: str) -> None:
    with initialize_config_dir(str(assembly.conf()), version_base="1.3"):
        assert compose("attribute", ["run=x", "data=demo", f"hardware={hardware}"]).run == "x"


def test_a_corpus_is_explained(tmp_path: Path, explain: Explain) -> None:
    done = explain("attribute.steps=4")
    assert done.code == 0, done.err
    assert "completeness error" in done.out
    assert "area over chance" in done.out
    out = tmp_path / "out"
    said = json.loads((out / "attribution.json").read_text())
    assert said["complete"] is True
    assert set(said["faithfulness"]) == {"bands", "moments", "places"}
    with (out / "clips.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == said["clips"] == 6
    assert sorted(row["label"] for row in rows) == ["bonafide"] * 3 + ["spoof"] * 3
    mean = np.load(out / "attribution.npy")
    sums = [float(row["sum"]) for row in rows]
    np.testing.assert_allclose(mean.sum(), np.mean(sums), rtol=1e-3, atol=1e-5)
    margins = np.load(out / "margins.npz")
    np.testing.assert_allclose(margins["rows"], mean.sum((0, 2)), rtol=1e-3, atol=1e-5)
    page = (out / "attribution.html").read_text()
    assert "Can the maps be trusted?" in page
    assert page.count("data:image/png;base64,") == 4


def test_the_published_arrays(tmp_path: Path, run: Path, explain: Explain) -> None:
    done = explain("faithful=true", "samples=spoof", "amount=1", "faithfulness.amount=0")
    assert done.code == 0, done.err
    arrays = [
        np.load(tmp_path / "out" / f"{run.name}_x1_target-1_{name}.npy")
        for name in ("integrated_gradients", "mean_images", "last_image")
    ]
    assert len({array.shape for array in arrays}) == 1
    assert arrays[0].ndim == 2
    np.testing.assert_allclose(arrays[1], arrays[2], rtol=1e-5)
    with (tmp_path / "out" / "clips.csv").open() as file:
        (row,) = csv.DictReader(file)
    np.testing.assert_allclose(float(row["sum"]), float(row["due"]), rtol=0.02, atol=1e-4)
    assert abs(float(row["due"])) <= 1  # a difference of probabilities


def test_recordings_are_explained_with_a_player(tmp_path: Path, explain: Explain) -> None:
    for name, samples in (("long", 20_000), ("short", 3_000)):
        noise = 0.1 * np.random.default_rng(0).standard_normal(samples)
        soundfile.write(tmp_path / f"{name}.wav", noise, 16_000)
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    done = explain(f"audio={tmp_path}/*.wav", "attribute.steps=4")
    assert done.code == 2
    assert "broken.wav" in done.line()
    out = tmp_path / "out"
    page = (out / "attribution.html").read_text()
    assert page.count("<audio") == 2
    for name, seconds in (("001_long", 1.25), ("002_short", 0.1875)):
        assert (out / "figures" / f"{name}.png").is_file()
        arrays = np.load(out / f"{name}.npz")
        assert arrays["attribution"].shape[-1] == len(arrays["times"])
        assert np.all(np.diff(arrays["times"]) > 0)
        assert arrays["times"][-1] <= seconds


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["samples=all"], "samples=all is unknown"),
        (["group=dev"], "there is no test group dev"),
        (["system=nobody"], "there is no system nobody"),
        (["amount=0"], "amount=0"),
        (["of=genuine"], "of=genuine"),
        (["baseline=noise"], "baseline=noise is unknown"),
        (["faithful=true", "attribute=saliency"], "faithful=true is integrated gradients"),
        (["probability=true"], "log-odds have no probability"),
        (["attribute=lime"], "attribute=lime does not exist"),
        (["attribute.steps=0"], "attribute.steps=0"),
        (["audio=x.wav", "of=own"], "of=own needs to know"),
    ],
)
def test_a_mistake_is_answered_in_a_line(
    tmp_path: Path, explain: Explain, words: list[str], said: str
) -> None:
    done = explain(*words)
    assert done.code == 2
    assert said in done.line()
    assert not (tmp_path / "out").exists()


def test_an_interruption_keeps_what_is_done(
    tmp_path: Path, explain: Explain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*given: object) -> object:
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        return keep(*given)

    calls: list[int] = []
    keep = explaining.Look._keep
    monkeypatch.setattr(explaining.Look, "_keep", stopped)
    assert explain("attribute.steps=2", "data.batch_size=2").code == 130
    said = json.loads((tmp_path / "out" / "attribution.json").read_text())
    assert said["clips"] == 2
    assert said["complete"] is False
    assert "Interrupted after 2 of 6 clips" in (tmp_path / "out" / "attribution.html").read_text()
