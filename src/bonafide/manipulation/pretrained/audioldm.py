"""Inpainting by AudioLDM, Liu et al. (2023), https://arxiv.org/abs/2301.12503."""

from functools import cached_property
from typing import final

import torch
from torch import Tensor

from bonafide.manipulation.pretrained import checkpoint
from bonafide.manipulation.pretrained.clap import Clap
from bonafide.manipulation.pretrained.latent_diffusion import LatentDiffusion
from bonafide.manipulation.pretrained.sampling import Grid, Noise, Sampling


@final
class AudioLDM(LatentDiffusion):
    """Latent diffusion told of the caption by CLAP: what made FakeSound's "zeroshot" set.

    The weights are under CC BY-NC-SA 4.0: not for commercial use. On a CPU a clip of 10 s takes many minutes.

    Args:
        weights: folder of a diffusers `AudioLDMPipeline`, or OWNER/NAME on the Hugging Face hub.
        revision: branch, tag or commit of a hub repository.
        clap: folder or hub id of the CLAP that ranks the candidates (the pipeline has its text branch alone).
        steps: of DDIM; more are finer, and slower.
        eta: 1 adds as much noise at every step as DDPM, 0 none.
        guidance: how much more of the caption than without it; 1 takes it as it is, more sound alike.
        candidates: of which the one most like the caption is taken.
        seed: 42 is published, the same noise in every clip; null takes another for each.
        grid: "exact" makes every latent (40 ms) anew that the region touches; "published" lies up to 2.4 %
            later, as in the original.
        device: "auto" is the GPU if there is one.

    Raises:
        InputError: a setting has no meaning.
    """

    def __init__(
        self,
        *,
        weights: str = "cvssp/audioldm-s-full-v2",
        revision: str | None = None,
        clap: str = "laion/clap-htsat-unfused",
        steps: int = 200,
        eta: float = 1.0,
        guidance: float = 2.5,
        candidates: int = 3,
        seed: int | None = None,
        grid: Grid = "exact",
        device: str = "auto",
    ) -> None:
        sampling = Sampling(steps, eta, guidance, candidates, seed, grid)
        super().__init__(weights, revision, sampling, device)
        self.ranking = clap

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "audioldm"

    @property
    def kind(self) -> str:
        """See `LatentDiffusion.kind`."""
        return "AudioLDMPipeline"

    def require(self) -> None:
        """See `Stage.require`."""
        super().require()
        if self.sampling.candidates > 1:
            Clap.require(self.ranking, None, "inpainter.clap")

    @cached_property
    def clap(self) -> Clap:
        """See `LatentDiffusion.clap`."""
        place = checkpoint.device(self.device, "inpainter.device")
        return Clap.loaded(self.ranking, None, place, "inpainter.clap")

    def conditioned(self, caption: str) -> Noise:
        """See `LatentDiffusion.conditioned`."""
        unet, tokenizer, encoder = (
            getattr(self.pipeline, part) for part in ("unet", "tokenizer", "text_encoder")
        )
        found = tokenizer(
            ["", caption],
            padding="max_length",
            max_length=tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        ).to(encoder.device)
        embedding = encoder(found.input_ids, attention_mask=found.attention_mask).text_embeds
        words = torch.nn.functional.normalize(embedding, dim=-1).repeat_interleave(
            self.sampling.candidates, 0
        )

        def noise(latents: Tensor, step: Tensor) -> Tensor:
            heard: Tensor = unet(latents, step, encoder_hidden_states=None, class_labels=words).sample
            return heard

        return noise
