"""Integrated gradients add up on every model under conf/model, at tiny sizes."""

import warnings
from pathlib import Path

import pytest
import torch
from tests.frontends import untrained

from bonafide import assembly
from bonafide.explain.detector.answer import Answer
from bonafide.explain.detector.attribution import Case, completeness
from bonafide.explain.detector.gradients import IntegratedGradients
from bonafide.tasks.detection import Detection
from bonafide.tasks.scoring import Scoring

MODELS = sorted(file.stem for file in (assembly.conf() / "model").glob("*.yaml"))
ENCODERS = {"partialfake": "wavlm", "w2v2_aasist": "xlsr_layer5"}
RAW = ["model.widths=[4,4,6,6,6,6]", "data.clip_seconds=0.3"]
PACKETS = ["data.clip_seconds=0.2"]
SMALL = {
    "aasist": [*RAW, "model.graph_widths=[6,4]"],
    "aasist_l": [*RAW, "model.graph_widths=[6,4]"],
    "ast": ["model.width=24", "model.depth=2", "model.heads=2"],
    "dcnn": [*PACKETS, "model.channels=[4,4,6,8,4]"],
    "gmm": ["model.components=8", "model.reservoir=200", "task=likelihood"],
    "lcnn_blstm": PACKETS,
    "rawnet2": [
        "+model.widths=[4,4,6,6,6,6]",
        "+model.recurrent=8",
        "+model.embedding=8",
        "data.clip_seconds=0.5",
    ],
    "sequential": PACKETS,
}
LEARNING = {"lcnn_blstm", "w2v2_aasist"}
"""These say nearly the same of everything before they have learnt; the others have only heard sounds."""

JUMPING = {"w2v2_aasist"}
"""Its choice of nodes changes on the way, which no integral of gradients sees; `rule="stretches"` does."""


def task_of(option: str, folder: Path) -> tuple[Scoring, torch.Tensor]:
    """A detector whose normalisations have seen sounds, and a clip."""
    words = untrained.words(ENCODERS[option], folder) if option in ENCODERS else []
    cfg = assembly.compose([f"model={option}", "data.clip_seconds=0.6", *words, *SMALL.get(option, [])])
    torch.manual_seed(0)
    task = assembly.task(cfg)
    samples = round(cfg.data.clip_seconds * cfg.data.sample_rate)
    time = torch.arange(samples) / cfg.data.sample_rate
    tones = torch.stack([torch.sin(6.28 * hertz * time) for hertz in (200.0, 900.0, 2500.0, 5000.0)])
    sounds = 0.2 * tones + 0.1 * torch.randn(4, samples)
    if not task.frontend.fitted:
        task.frontend.fit([sounds])
    if isinstance(task, Detection):
        task.loss.set_counts(3, 3)
    task.model.train()
    if option not in LEARNING:
        with torch.no_grad():
            for _ in range(20):
                task.model(task.frontend(sounds[torch.randint(4, (4,))]))
    elif isinstance(task, Detection):
        features, target = task.frontend(sounds).detach(), torch.tensor([1.0, 0.0, 1.0, 0.0])
        optimizer = torch.optim.Adam(task.model.parameters(), lr=2e-3)
        for _ in range(20):
            optimizer.zero_grad()
            task.loss(task.model(features), target).backward()
            optimizer.step()
    return task.eval(), sounds[:1]


@pytest.mark.parametrize("option", [name for name in MODELS if name not in JUMPING])
def test_integrated_gradients_add_up_to_one_per_cent(option: str, tmp_path: Path) -> None:
    task, clip = task_of(option, tmp_path)
    answer = Answer(task)
    inputs = answer.inputs(clip)
    case = Case(inputs, torch.zeros_like(inputs), inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = IntegratedGradients(steps=200).attribute(answer, case)
    assert found.values.shape == inputs.shape
    assert found.error is not None
    assert found.due is not None
    assert abs(float(found.due)) > 0
    assert completeness(found.error, found.due) < 0.01


@pytest.mark.parametrize("option", sorted(JUMPING))
def test_where_a_model_does_not_jump_the_integral_adds_up(option: str, tmp_path: Path) -> None:
    task, clip = task_of(option, tmp_path)
    answer = Answer(task)
    inputs = answer.inputs(clip)
    places = (torch.linspace(0, 1, 401)[:, None, None, None] * inputs).requires_grad_()
    said = answer(places)
    (gradient,) = torch.autograd.grad(said.sum(), places)
    foreseen = ((gradient[1:] + gradient[:-1]) / 2 * inputs / 400).flatten(1).sum(1)
    missed = foreseen - said.detach().diff()
    smooth = missed.abs().argsort()[:320]  # of 400 stretches
    due = said[-1].detach() - said[0].detach()
    assert completeness(missed[smooth].sum(), due) < 0.01
    assert missed.abs().max() > 0.01 * due.abs()
    case = Case(inputs, torch.zeros_like(inputs), inputs)
    found = IntegratedGradients(steps=200).attribute(answer, case)
    assert found.error is not None
    assert float(found.error) == pytest.approx(float(missed.sum()), abs=0.1 * abs(float(due)))
    found = IntegratedGradients(steps=200, rule="stretches").attribute(answer, case)
    assert found.error is not None
    assert completeness(found.error, due) < 0.01
