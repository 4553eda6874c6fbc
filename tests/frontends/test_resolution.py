"""How finely features tell time, where that is less than they have frames."""

from pathlib import Path

import pytest
import torch
from tests.frontends import tiny_eat

from bonafide.frontends.eat import EAT
from bonafide.frontends.frontend import Frontend
from bonafide.frontends.image import Image
from bonafide.frontends.memo import Memo
from bonafide.frontends.raw import Raw
from bonafide.frontends.spectrogram import Mel
from bonafide.frontends.standardize import Standardize


@pytest.fixture(scope="module")
def eat(tmp_path_factory: pytest.TempPathFactory) -> Frontend:
    return EAT(16_000, source=str(tiny_eat.write(tmp_path_factory.mktemp("eat"))), output="tokens")


def test_patches_read_as_frames_tell_no_more_than_their_step(eat: Frontend) -> None:
    assert eat.resolution == pytest.approx(0.16)
    steps = eat.times(160_000).diff()
    torch.testing.assert_close(steps, torch.full_like(steps, 0.02))


def test_whoever_wraps_a_front_end_hands_it_on(eat: Frontend, tmp_path: Path) -> None:
    for wrapped in (Standardize(eat), Image(eat, height=8, width=8), Memo(eat, tmp_path)):
        assert wrapped.resolution == eat.resolution


def test_what_has_a_frame_for_all_it_tells_says_nothing() -> None:
    assert Raw(16_000).resolution == Mel(16_000).resolution == 0
