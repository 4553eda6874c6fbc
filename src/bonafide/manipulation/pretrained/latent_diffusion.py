"""Inpainting by latent diffusion: what AudioLDM and AudioLDM 2 share.

Liu et al. (2023), https://arxiv.org/abs/2301.12503 and https://arxiv.org/abs/2308.05734. diffusers has both
as generators of whole clips; the inpainting is made here of the same parts.
"""

from abc import abstractmethod
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bonafide.audio.resample import resample
from bonafide.manipulation.inpainter import Inpainter
from bonafide.manipulation.pretrained import checkpoint, diffusion_pipeline
from bonafide.manipulation.pretrained.clap import Clap
from bonafide.manipulation.pretrained.latent_codec import LatentCodec
from bonafide.manipulation.pretrained.log_mel import levelled
from bonafide.manipulation.pretrained.sampling import Noise, Sampling, gap, inpainted
from bonafide.manipulation.stage import Waveform


class LatentDiffusion(Inpainter):
    """The clip is encoded, the gap in its latents is sampled to fit the rest and the caption, all is decoded.

    Args:
        weights: folder of a pipeline, or OWNER/NAME on the hub.
        revision: of a hub repository.
        sampling: how the gap is filled.
        device: where the networks go; "auto" is the GPU if there is one.
    """

    def __init__(self, weights: str, revision: str | None, sampling: Sampling, device: str) -> None:
        sampling.check()
        self.weights = weights
        self.revision = revision
        self.sampling = sampling
        self.device = device

    @property
    @abstractmethod
    def kind(self) -> str:
        """The pipeline's class in diffusers."""

    @property
    def needs_caption(self) -> bool:
        """See `Inpainter.needs_caption`."""
        return True

    @property
    def heavy(self) -> bool:
        """See `Stage.heavy`."""
        return True

    @property
    def version(self) -> str:
        """See `Stage.version`."""
        return f"diffusers {version('diffusers')}"

    def provenance(self) -> dict[str, str]:
        """See `Stage.provenance`."""
        said = {"weights": self.weights, "unet_sha256": self._sha256}
        if self.weights.startswith("cvssp/"):
            said["licence"] = "CC BY-NC-SA 4.0"
        own = {name: str(value) for name, value in self.sampling._asdict().items() if name != "seed"}
        return said | own

    def require(self) -> None:
        """See `Stage.require`."""
        diffusion_pipeline.require()
        checkpoint.device(self.device, "inpainter.device")
        self._folder  # noqa: B018 - found, and fetched, before the first clip

    @cached_property
    def _folder(self) -> Path:
        return diffusion_pipeline.found(self.kind, self.weights, self.revision)

    @cached_property
    def _sha256(self) -> str:
        return checkpoint.digest(*sorted((self._folder / "unet").glob("*.safetensors")))

    @cached_property
    def pipeline(self) -> Any:
        """The networks."""
        diffusion_pipeline.require()
        place = checkpoint.device(self.device, "inpainter.device")
        return self.load(self._folder, place)

    def load(self, folder: Path, device: torch.device) -> Any:
        """The pipeline from its folder."""
        return diffusion_pipeline.loaded(self.kind, folder, {}, device)

    @cached_property
    def codec(self) -> LatentCodec:
        """What turns sound into latents and back."""
        return LatentCodec(self.pipeline)

    @cached_property
    def _scheduler(self) -> Any:
        from diffusers import DDIMScheduler  # noqa: PLC0415 - an optional extra

        make: Any = DDIMScheduler
        return make.from_config(self.pipeline.scheduler.config)

    @property
    @abstractmethod
    def clap(self) -> Clap:
        """What ranks the candidates."""

    @abstractmethod
    def conditioned(self, caption: str) -> Noise:
        """The network that hears noise in twice as many latents as there are candidates.

        The first half of the batch is told nothing, the second the caption.
        """

    def guided(self, caption: str) -> Noise:
        """Noise as the caption wants it, away from what would be there without it."""
        network = self.conditioned(caption)

        def noise(latents: Tensor, step: Tensor) -> Tensor:
            without, told = network(torch.cat([latents, latents]), step).chunk(2)
            return without + self.sampling.guidance * (told - without)

        return noise

    @torch.no_grad()
    def fill(
        self, masked: Waveform, sample_rate: int, start: int, end: int, *, caption: str, seed: int
    ) -> Waveform:
        """See `Inpainter.fill`."""
        rate = self.codec.sample_rate
        wave = resample(masked, sample_rate, rate)
        first, behind = start * rate // sample_rate, min(-(-end * rate // sample_rate), len(wave))
        level, scale, mean = levelled(torch.from_numpy(wave))
        latents = self.latents(level, first, behind, caption, seed)
        clips = (self.codec.decoded(latents) * scale + mean).numpy()[:, : len(wave)]
        best = 0
        if len(clips) > 1:
            best = int(self.clap.similarity(list(clips), rate, [caption]).argmax())
        back = resample(clips[best], rate, sample_rate)[: len(masked)]
        return np.pad(back, (0, len(masked) - len(back)))

    @torch.no_grad()
    def latents(self, waveform: Tensor, start: int, end: int, caption: str, seed: int) -> Tensor:
        """What the clip's latents become, `[candidates, channels, latents, bins]`.

        Args:
            waveform: `[time]` at the codec's rate and level.
            start: first sample of the region.
            end: sample behind its last.
            caption: what is to be heard.
            seed: decides all randomness, unless the sampling has its own.
        """
        codec = self.codec
        count, first, behind = gap(len(waveform), start, end, codec.step, self.sampling.grid)
        keep = torch.ones(count, dtype=torch.bool)
        keep[first:behind] = False
        known = codec.encoded(waveform, count)
        return inpainted(known, keep, self.guided(caption), self._scheduler, self.sampling, seed=seed)
