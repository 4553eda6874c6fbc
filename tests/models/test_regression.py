import pytest
import torch
from torch.nn import functional as F

from bonafide import assembly
from bonafide.models.regression import Regression
from bonafide.types import FeatureShape


def parameters(model: torch.nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def test_published_size() -> None:
    second = ["model=regression", "data.sample_rate=22050", "data.clip_seconds=1.0"]
    model = assembly.task(assembly.compose(second)).model
    assert model.shape == (1, 256, 101)
    assert model.width == 25_856
    assert parameters(model) == 51_714


@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("shape", [(1, 1, 40), (2, 3, 5), (1, 20, 7)])
def test_it_is_linear(shape: tuple[int, int, int], classes: int) -> None:
    model = Regression(FeatureShape(*shape), classes)
    one, other = torch.randn(2, 4, *shape)
    assert model(one).shape == (4, classes)
    between = model(0.3 * one + 0.7 * other)
    torch.testing.assert_close(between, 0.3 * model(one) + 0.7 * model(other))


def test_one_feature_has_one_weight() -> None:
    model = Regression(FeatureShape(2, 3, 4))
    features = torch.zeros(1, 2, 3, 4)
    features[0, 1, 2, 3] = 1
    torch.testing.assert_close(model(features)[0], model.head.weight[:, -1] + model.head.bias)


def test_a_logarithmic_softmax_behind_it_would_change_no_loss() -> None:
    logits, target = torch.randn(5, 2), torch.tensor([0, 1, 1, 0, 1])
    published = logits.log_softmax(1)
    torch.testing.assert_close(F.cross_entropy(published, target), F.cross_entropy(logits, target))
    torch.testing.assert_close(published[:, 1] - published[:, 0], logits[:, 1] - logits[:, 0])


def test_it_learns_to_tell_what_is_linear() -> None:
    random = torch.Generator().manual_seed(0)
    features = torch.randn(64, 1, 4, 5, generator=random)
    target = (features[:, 0, 1, 2] > 0).long()
    model = Regression(FeatureShape(1, 4, 5))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(features), target).backward()
        optimizer.step()
    assert (model(features).argmax(1) == target).float().mean() > 0.95
