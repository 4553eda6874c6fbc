"""A front end is known by what decides its features, in any process."""

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, final

import pytest
import torch
from torch import Tensor, nn

from bonafide.frontends.cepstrum import LFCC, MFCC
from bonafide.frontends.frontend import Frontend
from bonafide.frontends.identity import identity
from bonafide.frontends.legend import Legend
from bonafide.frontends.raw import Raw
from bonafide.frontends.standardize import Standardize
from bonafide.types import FeatureShape, InputError


class Options:
    """A configuration that parts of a network share."""

    def __init__(self, **settings: object) -> None:
        self.settings = settings


@final
class Deep(Frontend):
    """As a pre-trained encoder is: settings of every kind, weights read from elsewhere."""

    def __init__(self, *, source: str = "", blocks: int = 2, weight: float = 1.0, **settings: Any) -> None:
        super().__init__(16_000)
        options = Options(**settings)
        self.encoder = nn.ModuleList(nn.Linear(3, 3) for _ in range(blocks))
        for block in self.encoder:
            nn.init.constant_(block.weight, weight)  # type: ignore[arg-type]
            nn.init.zeros_(block.bias)  # type: ignore[arg-type]
            block.options = options
        self.source = source
        self.setting = settings

    @property
    def external(self) -> Mapping[str, str]:
        return {"encoder.": self.source} if self.source else {}

    def shape(self, samples: int) -> FeatureShape:
        return FeatureShape(1, 1, samples)

    def times(self, samples: int) -> Tensor:
        return torch.arange(samples) / self.sample_rate

    def legend(self) -> Legend:
        return Legend("row", "value")

    def forward(self, waveform: Tensor) -> Tensor:
        return waveform[:, None, None]


SAME = [
    lambda: LFCC(16_000),
    lambda: MFCC(16_000, f_max=4_000),
    lambda: Standardize(LFCC(16_000)),
    lambda: Deep(a={1, 2, "x"}, b=Options(c=[1.5, None], d=torch.arange(3)), e=functools.partial(max, 3)),
]


@pytest.mark.parametrize("make", SAME)
def test_it_is_the_same_for_the_same(make: Callable[[], Frontend]) -> None:
    assert identity(make()) == identity(make()) == identity(make().train())


def test_it_is_the_same_in_another_process() -> None:
    program = (
        "from tests.frontends.test_identity import SAME, identity; print(*[identity(m()) for m in SAME])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert done.stdout.split() == [identity(make()) for make in SAME]


def test_any_setting_makes_another() -> None:
    settings: dict[str, Any] = {
        "coefficients": 19, "filters": 21, "n_fft": 400, "hop": 200, "deltas": 1, "f_min": 10.0,
        "f_max": 4_000.0,
    }  # fmt: skip
    changed = [LFCC(16_000, **{name: value}) for name, value in settings.items()]
    found = [LFCC(16_000), LFCC(8_000), MFCC(16_000), Raw(16_000), Raw(8_000), *changed]
    assert len({identity(frontend) for frontend in found}) == len(found)


def test_statistics_and_weights_make_another() -> None:
    fresh, fitted = Standardize(Raw(16_000)), Standardize(Raw(16_000))
    fitted.fit([torch.randn(2, 100)])
    found = [fresh, fitted, Standardize(Raw(16_000), "all"), Deep(), Deep(weight=2.0)]
    assert len({identity(frontend) for frontend in found}) == len(found)


def test_weights_from_elsewhere_count_by_their_source() -> None:
    assert identity(Deep(source="a", weight=1.0)) == identity(Deep(source="a", weight=2.0))
    assert identity(Deep(source="a")) != identity(Deep(source="b"))
    assert identity(Deep(source="a", blocks=2)) != identity(Deep(source="a", blocks=3))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.5), (1, "1"), (None, False), ([1, 2], [2, 1]), ({1}, {2}), ({"a": 1}, {"a": 2}),
        (torch.zeros(2), torch.ones(2)), (torch.float16, torch.float32), (max, min),
        (lambda x: x + 1, lambda x: x * 2), (functools.partial(max, 1), functools.partial(max, 2)),
        (Options(x=1), Options(x=2)), (Options(x=[Options(y=1)]), Options(x=[Options(y=2)])),
        (nn.ReLU, nn.GELU),
    ],
)  # fmt: skip
def test_values_are_told_apart(one: object, other: object) -> None:
    assert identity(Deep(a=one)) == identity(Deep(a=one))
    assert identity(Deep(a=one)) != identity(Deep(a=other))


def test_what_cannot_be_told_apart_is_refused() -> None:
    with pytest.raises(InputError, match=r"cannot tell what a .*generator.* drop frontend\.memo"):
        identity(Deep(a=(number for number in range(3))))
