"""Small untrained weights for the front ends that read some."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.frontends import fairseq_checkpoints, tiny_eat, tiny_encoders

ENCODERS: dict[str, Callable[[Path], Path]] = {
    "wav2vec2": partial(tiny_encoders.write, "wav2vec2"),
    "xlsr": partial(tiny_encoders.write, "xlsr"),
    "xlsr_layer5": partial(tiny_encoders.write, "xlsr"),
    "hubert": partial(tiny_encoders.write, "hubert"),
    "wavlm": partial(tiny_encoders.write, "wavlm"),
    "whisper": partial(tiny_encoders.write, "whisper"),
    "eat": lambda place: tiny_eat.write(place.parent),
    "fairseq": partial(fairseq_checkpoints.write, "xlsr"),
}
"""By option of `frontend`."""


def words(frontend: str, folder: Path) -> list[str]:
    """What to type for a front end, with weights written into an existing folder where it needs some."""
    if frontend == "fairseq" and find_spec("fairseq") is None:
        pytest.skip("the extra fairseq is not installed")
    if frontend not in ENCODERS:
        return [f"frontend={frontend}"]
    return [f"frontend={frontend}", f"frontend.source={ENCODERS[frontend](folder / 'weights.pt')}"]
