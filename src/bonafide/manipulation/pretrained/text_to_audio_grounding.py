"""Grounding by a network made for it, Xu et al. (2024), https://arxiv.org/abs/2401.02584."""

import multiprocessing
import re
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
import torch

from bonafide.audio.resample import resample
from bonafide.manipulation.grounder import Grounded, Grounder
from bonafide.manipulation.pretrained import checkpoint, grounding_weights, regions
from bonafide.manipulation.pretrained.grounding_network import REDUCTION, GroundingNetwork, Pooling
from bonafide.manipulation.stage import Waveform
from bonafide.types import InputError

_FILES = ["config.json", "vocab.json"]


@final
class TextToAudioGrounding(Grounder):
    """The stretches in which a phrase is heard, on a grid of 40 ms: what chose FakeSound's regions.

    The network is written anew from its paper and its settings; the code in its repository is not run, and
    no released weights were at hand to try it on. What neither says is taken from PANNs: decibels, and
    `pooling`. If the regions of well-known sounds look wrong, try the other pooling first.

    Args:
        weights: folder with `config.json`, `vocab.json` and `model.safetensors` (or `pytorch_model.bin`), or
            OWNER/NAME on the Hugging Face hub.
        revision: branch, tag or commit of a hub repository.
        threshold: probability above which a frame belongs to a region.
        filter_window: frames under a median filter over the decisions, odd; 1 is none, as published.
        pooling: of the convolutions, "average+maximum" or "average".
        device: "auto" is the GPU if there is one.

    Raises:
        InputError: a setting has no meaning.
    """

    def __init__(
        self,
        *,
        weights: str = "wsntxxn/cnn8rnn-w2vmean-audiocaps-grounding",
        revision: str | None = None,
        threshold: float = 0.5,
        filter_window: int = 1,
        pooling: Pooling = "average+maximum",
        device: str = "auto",
    ) -> None:
        regions.check(threshold, filter_window, "grounder")
        if pooling not in {"average", "average+maximum"}:
            raise InputError(f"grounder.pooling={pooling} is not a choice; use average or average+maximum")
        self.weights, self.revision, self.pooling, self.device = weights, revision, pooling, device
        self.threshold, self.filter_window = threshold, filter_window

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "text_to_audio_grounding"

    @property
    def needs_caption(self) -> bool:
        """See `Grounder.needs_caption`."""
        return True

    def provenance(self) -> dict[str, str]:
        """See `Stage.provenance`."""
        said = {"weights": self.weights, "sha256": self._sha256, "pooling": self.pooling}
        return said | {"threshold": f"{self.threshold:g}", "filter_window": f"{self.filter_window}"}

    def require(self) -> None:
        """See `Stage.require`."""
        checkpoint.device(self.device, "grounder.device")
        self.rows  # noqa: B018 - found, and fetched, before the first clip

    @cached_property
    def _files(self) -> tuple[Path, Path]:
        return checkpoint.single(self.weights, self.revision, _FILES, "grounder.weights")

    @cached_property
    def _sha256(self) -> str:
        return checkpoint.digest(self._files[1])

    @cached_property
    def rows(self) -> dict[str, int]:
        """Of the words that are known."""
        return grounding_weights.vocabulary(self._files[0])

    @cached_property
    def network(self) -> GroundingNetwork:
        """What hears whether a phrase fits."""
        if multiprocessing.parent_process() is not None:
            torch.set_num_threads(1)  # every core has a process already
        folder, file = self._files
        words = max(self.rows.values()) + 1
        made = grounding_weights.network(file, grounding_weights.sample_rate(folder), words, self.pooling)
        return made.to(checkpoint.device(self.device, "grounder.device"))

    def phrase(self, caption: str) -> list[int]:
        """Rows of the caption's words; of `<unk>` for those that are not known, if there is such a row.

        Raises:
            InputError: no word is known.
        """
        words = re.findall(r"[\w']+", caption.lower())
        unknown = self.rows.get("<unk>")
        rows = [self.rows.get(word, unknown) for word in words]
        found = [row for row in rows if row is not None]
        if not any(word in self.rows for word in words):
            raise InputError(f"the grounder knows no word of the caption {caption!r}; use another grounder")
        return found

    @torch.no_grad()
    def ground(self, waveform: Waveform, sample_rate: int, caption: str) -> list[Grounded]:
        """See `Grounder.ground`; the whole caption is one phrase."""
        seconds = waveform.size / sample_rate
        network = self.network
        wave = resample(waveform, sample_rate, network.sample_rate)
        step = REDUCTION * network.hop
        # A window's reflection and one frame are the least that the network can hear.
        wave = np.pad(wave, (0, max(0, max(step, network.sample_rate // 20) - wave.size)))
        heard = torch.from_numpy(wave)[None].to(network.fc1.weight.device)
        phrase = torch.tensor(self.phrase(caption), device=heard.device)
        probability = network(heard, phrase)[0].cpu().numpy()
        return regions.regions(
            probability,
            step / network.sample_rate,
            seconds,
            threshold=self.threshold,
            window=self.filter_window,
        )
