"""Every model under conf/model reads what its own front end makes, and answers with one or two logits."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.utils import get_class
from omegaconf import OmegaConf
from tests.frontends import untrained

from bonafide import assembly
from bonafide.models.model import Model
from bonafide.types import FeatureShape, InputError

OPTIONS = sorted(file.stem for file in (assembly.conf() / "model").glob("*.yaml"))


ENCODERS = {"partialfake": "wavlm", "w2v2_aasist": "xlsr_layer5"}
"""Front ends of models that want pre-trained ones; here they are small and untrained."""


def make(option: str, folder: Path, classes: int = 2) -> Model:
    """Sized for a second of its own front end's features."""
    words = untrained.words(ENCODERS[option], folder) if option in ENCODERS else []
    cfg = assembly.compose([f"model={option}", f"model.classes={classes}", "data.clip_seconds=1.0", *words])
    return assembly.task(cfg).model


@pytest.fixture(scope="module", params=OPTIONS)
def option(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def model(option: str, folder: Path) -> Model:
    torch.manual_seed(0)
    return make(option, folder)


def features(shape: FeatureShape, batch: int = 3) -> torch.Tensor:
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("classes", [1, 2])
def test_a_batch_gives_a_row_of_logits_each(option: str, classes: int, folder: Path) -> None:
    model = make(option, folder, classes).eval()
    with torch.no_grad():
        logits = model(features(model.shape))
    assert logits.shape == (3, classes)
    assert logits.isfinite().all()


def test_gradients_are_finite_and_reach_the_features(model: Model) -> None:
    image = features(model.shape).requires_grad_()
    model.train()(image).square().sum().backward()
    assert image.grad is not None
    assert image.grad.isfinite().all()
    assert image.grad.any()
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    assert gradients
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_a_checkpoint_gives_the_same_answers(option: str, model: Model, folder: Path) -> None:
    torch.manual_seed(2)
    other = make(option, folder).eval()
    image = features(model.shape)
    with torch.no_grad():
        wanted = model.eval()(image)
        assert not torch.equal(other(image), wanted)
        other.load_state_dict(model.state_dict())
        torch.testing.assert_close(other(image), wanted, atol=0, rtol=0)


def test_an_answer_does_not_depend_on_the_company(model: Model) -> None:
    image = features(model.shape)
    with torch.no_grad():
        among, alone = model.eval()(image), model(image[:1])
    torch.testing.assert_close(among[:1], alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("classes", [0, 3])
def test_a_wrong_number_of_classes_is_refused(option: str, classes: int, model: Model, folder: Path) -> None:
    with pytest.raises(InputError, match=r"model\.classes"):
        make(option, folder, classes)
    node: Any = OmegaConf.to_container(assembly.compose([f"model={option}"]).model, resolve=True)
    with pytest.raises(InputError, match=r"model\.classes"):
        get_class(node["_target_"])(model.shape, classes)
