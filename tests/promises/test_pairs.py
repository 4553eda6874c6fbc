"""Every model trains with every front end that it accepts, and refuses the rest with a remedy."""

import copy
import math
import re
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from omegaconf import DictConfig
from tests.frontends import untrained

from bonafide import assembly
from bonafide.tasks.detection import Detection
from bonafide.types import InputError

MODELS = sorted(file.stem for file in (assembly.conf() / "model").glob("*.yaml"))
FRONTENDS = sorted(file.stem for file in (assembly.conf() / "frontend").glob("*.yaml"))
SECONDS = 1.0
LONGER = {"aasist": 4.0375, "aasist_l": 4.0375, "rawnet2": 4.0375, "eat": 3.2}
"""What a model or a front end needs at least."""
RATES = {"stft_packets": 22_050, "lfcc_packets": 22_050}
SMALL = {
    "ast": ["model.width=24", "model.depth=2", "model.heads=2"],
    "gmm": ["model.components=4", "model.reservoir=100"],
}

RAW_ONLY = {"aasist", "aasist_l", "rawnet2"}
"""These read waveforms alone; all others but regression, which weighs any numbers, never do."""


def seconds(model: str, frontend: str) -> float:
    return max(LONGER.get(name, SECONDS) for name in (model, frontend))


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DictConfig]:
    """Of each model, and of each front end; Hydra would compose all pairs for minutes."""
    found = {model: assembly.compose([f"model={model}", *SMALL.get(model, [])]) for model in MODELS}
    for frontend in FRONTENDS:
        smaller = ["frontend.height=224", "frontend.width=224"] if "image" in frontend else []
        words = untrained.words(frontend, tmp_path_factory.mktemp(frontend))
        found[frontend] = assembly.compose([*words, *smaller])
    return found


def made(model: str, frontend: str, configs: Mapping[str, DictConfig]) -> Detection:
    cfg = copy.deepcopy(configs[model])
    cfg.frontend = configs[frontend].frontend
    cfg.data.sample_rate = RATES.get(frontend, 16_000)
    cfg.data.clip_seconds = seconds(model, frontend)
    torch.manual_seed(0)
    return assembly.task(cfg)


def made_or_refused(model: str, frontend: str, configs: Mapping[str, DictConfig]) -> Detection | str:
    try:
        return made(model, frontend, configs)
    except InputError as error:
        return str(error)


def two_steps(task: Detection, waveform: torch.Tensor) -> list[float]:
    """As a training makes them: statistics, counts, a start for mixtures, then gradients."""
    target = torch.tensor([0.0, 1.0])
    task.loss.set_counts(spoof=1, bonafide=1)
    if not task.frontend.fitted:
        task.frontend.eval().fit([waveform])
    task.train()
    if hasattr(task.model, "fit"):
        task.model.fit([(task.frontend(waveform).detach(), target)])
    optimizer: Any = task.configure_optimizers()
    found = []
    for _ in range(2):
        optimizer.zero_grad()
        loss = task.loss(task(waveform), target)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def _own(model: str) -> str:
    """The front end that a model picks for itself."""
    text = (assembly.conf() / "model" / f"{model}.yaml").read_text()
    found = re.search(r"override /frontend@_global_.frontend: (\w+)", text)
    assert found
    return found[1]


def test_every_model_has_a_front_end_of_its_own() -> None:
    assert {_own(model) for model in MODELS} <= {*FRONTENDS}


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize("model", MODELS)
def test_a_pair_trains_or_is_refused_with_a_remedy(
    model: str, frontend: str, configs: Mapping[str, DictConfig]
) -> None:
    task = made_or_refused(model, frontend, configs)
    if isinstance(task, str):
        assert re.search(r"try (frontend=|another)", task), task
        assert "\n" not in task
        assert frontend != _own(model)
        return
    assert (model in RAW_ONLY) == (frontend == "raw") or model == "regression"
    samples = round(seconds(model, frontend) * RATES.get(frontend, 16_000))
    waveform = 0.1 * torch.randn(2, samples, generator=torch.Generator().manual_seed(0))
    before = [weight.clone() for weight in task.model.parameters()]
    losses = two_steps(task, waveform)
    assert all(math.isfinite(loss) for loss in losses), losses
    assert not all(torch.equal(old, new) for old, new in zip(before, task.model.parameters(), strict=True))
    task.eval()
    with torch.no_grad():
        among, alone = task.score(waveform), task.score(waveform[:1])
        beside = task.score(torch.stack([waveform[0], 9 * waveform[1]]))
    torch.testing.assert_close(alone, among[:1], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(beside[:1], among[:1], atol=1e-4, rtol=1e-4)
