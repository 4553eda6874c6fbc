"""Inpainting by AudioLDM 2, Liu et al. (2023), https://arxiv.org/abs/2308.05734."""

from functools import cached_property
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from bonafide.manipulation.pretrained import diffusion_pipeline
from bonafide.manipulation.pretrained.clap import Clap
from bonafide.manipulation.pretrained.latent_diffusion import LatentDiffusion
from bonafide.manipulation.pretrained.sampling import Grid, Noise, Sampling


def _language_model(folder: Path) -> Any:
    """GPT-2 as something that continues: early repositories name the bare network, which cannot."""
    from transformers import GPT2LMHeadModel  # noqa: PLC0415 - only when this inpainter is chosen

    return GPT2LMHeadModel.from_pretrained(
        folder / "language_model", local_files_only=True, use_safetensors=True
    )


@final
class AudioLDM2(LatentDiffusion):
    """Latent diffusion told of the caption by CLAP, T5 and GPT-2: what made FakeSound's other sets.

    The weights are under CC BY-NC-SA 4.0: not for commercial use. On a CPU a clip of 10 s takes many minutes.

    Args:
        weights: folder of a diffusers `AudioLDM2Pipeline`, or OWNER/NAME on the Hugging Face hub.
        revision: branch, tag or commit of a hub repository.
        steps: of DDIM; more are finer, and slower.
        eta: 1 adds as much noise at every step as DDPM, 0 none.
        guidance: how much more of the caption than without it; 1 takes it as it is, more sound alike.
        candidates: of which the one most like the caption is taken, by the pipeline's own CLAP.
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
        weights: str = "cvssp/audioldm2",
        revision: str | None = None,
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

    @property
    def name(self) -> str:
        """See `Stage.name`."""
        return "audioldm2"

    @property
    def kind(self) -> str:
        """See `LatentDiffusion.kind`."""
        return "AudioLDM2Pipeline"

    def load(self, folder: Path, device: torch.device) -> Any:
        """See `LatentDiffusion.load`."""
        parts = {"language_model": _language_model}
        return diffusion_pipeline.loaded(self.kind, folder, parts, device)

    @cached_property
    def clap(self) -> Clap:
        """See `LatentDiffusion.clap`."""
        parts = self.pipeline
        return Clap(parts.text_encoder, parts.tokenizer, parts.feature_extractor)

    def conditioned(self, caption: str) -> Noise:
        """See `LatentDiffusion.conditioned`."""
        unet = self.pipeline.unet
        words, mask, generated = self.pipeline.encode_prompt(
            caption, unet.device, self.sampling.candidates, do_classifier_free_guidance=True
        )

        def noise(latents: Tensor, step: Tensor) -> Tensor:
            heard: Tensor = unet(
                latents,
                step,
                encoder_hidden_states=generated,
                encoder_hidden_states_1=words,
                encoder_attention_mask_1=mask,
            ).sample
            return heard

        return noise
