"""Tiny networks, made once."""

from pathlib import Path

import numpy as np
import pytest
from tests.manipulation.pretrained import tiny_networks

from bonafide.manipulation.stage import Waveform


@pytest.fixture(scope="session")
def clap_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_networks.clap(tmp_path_factory.mktemp("clap"))


@pytest.fixture(scope="session")
def audioldm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("diffusers", reason="needs the extra manipulation (diffusers)")
    return tiny_networks.audioldm(tmp_path_factory.mktemp("audioldm"))


@pytest.fixture(scope="session")
def audioldm2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("diffusers", reason="needs the extra manipulation (diffusers)")
    return tiny_networks.audioldm2(tmp_path_factory.mktemp("audioldm2"))


@pytest.fixture
def clip() -> Waveform:
    """Two seconds of noise in syllables, at 16 kHz."""
    generator = np.random.default_rng(0)
    time = np.arange(32_000) / 16_000
    wave = generator.standard_normal(time.size) * (0.02 + 0.1 * np.sin(2 * np.pi * 2 * time) ** 2)
    return wave.astype(np.float32)
