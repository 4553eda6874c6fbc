"""Every kind of front end gives the same features under torch.compile."""

import shutil

import pytest
import torch
from tests.frontends import untrained

from bonafide import assembly

OPTIONS = sorted(file.stem for file in (assembly.conf() / "frontend").glob("*.yaml"))
OTHERS = {"fairseq"}
"""Code of another project, which torch.compile takes a minute to cut into pieces."""


def kinds() -> list[str]:
    """One option of each class."""
    found: dict[str, str] = {}
    for option in sorted(set(OPTIONS) - OTHERS, key=len):
        target = assembly.compose([f"frontend={option}"]).frontend._target_
        found.setdefault(target, option)
    return sorted(found.values())


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler"),
    pytest.mark.filterwarnings("ignore"),  # of the compiler
]


@pytest.mark.parametrize("option", kinds())
def test_compiled_features_are_those_of_eager_code(
    option: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    torch.compiler.reset()
    torch.manual_seed(0)
    frontend = assembly.frontend(
        assembly.compose(untrained.words(option, tmp_path_factory.mktemp("w")))
    ).eval()
    waveform = 0.1 * torch.randn(2, 16_000)
    with torch.no_grad():
        wanted = frontend(waveform)
        found = torch.compile(frontend)(waveform)
    difference = (found - wanted).abs() / (1 + wanted.abs())
    # A logarithm magnifies the rounding of what is nearly nothing.
    assert difference.quantile(0.99) < 1e-5
    assert difference.max() < 1e-2
