"""Enhancement by AudioSR, Liu et al. (2024), https://arxiv.org/abs/2309.07314."""

import json
import subprocess
import sys
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Literal, final

import numpy as np
import soundfile

from bonafide.audio.resample import resample
from bonafide.manipulation.enhancer import Enhancer
from bonafide.manipulation.level import matched, rms
from bonafide.manipulation.pretrained.worker import Worker
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

_RATE = 48_000  # Hz, of what AudioSR gives
_BLOCK = 5.12  # seconds, of which its input is a multiple
_SCRIPT = Path(__file__).with_name("super_resolution_worker.py")
_VERSION = "import importlib.metadata as found; print(found.version('audiosr'))"


@final
class AudioSR(Enhancer):
    """Adds the band that a generator at 16 kHz cannot have: what followed AudioLDM 2 in FakeSound.

    AudioSR wants NumPy before 1.24 and transformers 4.30, so it cannot live beside Bonafide: it runs in an
    environment of its own, loaded once, and clips go to and fro as files. It fetches its checkpoints from the
    Hugging Face hub by itself, and reads them by itself. It gives 48 kHz, which is brought back to the clip's
    rate, and to its root mean square.

    Args:
        python: interpreter of the environment that AudioSR is installed in; null is this one's.
        model: "basic" for any sound, "speech".
        steps: of DDIM.
        guidance: how much more of the input's character than without it.
        seed: 42 is published, the same noise in every clip; null takes another for each.
        device: "auto", "cpu", "cuda" or another that AudioSR knows.

    Raises:
        InputError: a setting has no meaning.
    """

    def __init__(
        self,
        *,
        python: str | None = None,
        model: Literal["basic", "speech"] = "basic",
        steps: int = 50,
        guidance: float = 3.5,
        seed: int | None = None,
        device: str = "auto",
    ) -> None:
        if model not in {"basic", "speech"} or steps < 1:
            raise InputError(f"enhancer: model={model} must be basic or speech, steps={steps} 1 or more")
        self.python = python or sys.executable
        self.model, self.steps, self.guidance, self.seed, self.device = model, steps, guidance, seed, device

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "audiosr"

    @property
    def version(self) -> str:
        """See `Stage.version`."""
        return f"audiosr {self._version}"

    @property
    def heavy(self) -> bool:
        """See `Stage.heavy`."""
        return True

    def provenance(self) -> dict[str, str]:
        """See `Stage.provenance`."""
        return {"model": self.model, "steps": f"{self.steps}", "guidance": f"{self.guidance:g}"}

    def require(self) -> None:
        """See `Stage.require`."""
        self._version  # noqa: B018 - asked for, before the first clip

    @cached_property
    def _version(self) -> str:
        remedy = (
            "make it one of its own (python3.10 -m venv ENV && ENV/bin/pip install audiosr==0.0.7) and set "
            "enhancer.python=ENV/bin/python"
        )
        try:
            asked = subprocess.run(  # noqa: S603 - the user's own interpreter
                [self.python, "-c", _VERSION], capture_output=True, text=True, check=False, timeout=120
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"enhancer.python={self.python} cannot be run ({error}); {remedy}") from error
        if asked.returncode:
            raise InputError(f"AudioSR is not installed in the environment of {self.python}; {remedy}")
        return asked.stdout.strip()

    @cached_property
    def _worker(self) -> Worker:
        self.require()
        settings = {
            "model": self.model,
            "steps": self.steps,
            "guidance": self.guidance,
            "device": self.device,
        }
        return Worker("AudioSR", [self.python, str(_SCRIPT), json.dumps(settings)])

    def enhance(self, waveform: Waveform, sample_rate: int, seed: int) -> Waveform:
        """See `Enhancer.enhance`."""
        blocks = -(-waveform.size / sample_rate // _BLOCK)
        length = max(round(blocks * _BLOCK * sample_rate), waveform.size)
        with tempfile.TemporaryDirectory(prefix="bonafide-audiosr-") as folder:
            given, made = Path(folder, "given.wav"), Path(folder, "made.npy")
            padded = np.pad(waveform, (0, length - waveform.size))
            soundfile.write(given, padded, sample_rate, subtype="FLOAT")
            chosen = seed if self.seed is None else self.seed
            self._worker.ask({"given": str(given), "made": str(made), "seed": chosen % 2**32})
            found = np.load(made, allow_pickle=False)
        back = resample(np.asarray(found, np.float32).reshape(-1), _RATE, sample_rate)[: waveform.size]
        if back.size < waveform.size - sample_rate // 100:
            raise InputError(
                f"AudioSR gave {back.size / sample_rate:.2f} s for {waveform.size / sample_rate:.2f} s; use "
                "its version 0.0.7"
            )
        whole = np.pad(back, (0, waveform.size - back.size))
        return matched(whole, rms(waveform)).astype(np.float32)
