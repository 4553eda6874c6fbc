"""Sound as AudioLDM's latents, and back: log-mel spectrogram, variational autoencoder, vocoder."""

from typing import Any, final

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from bonafide.manipulation.pretrained.log_mel import LogMel


@final
class LatentCodec:
    """A pipeline's autoencoder and vocoder.

    Args:
        pipeline: of diffusers, with `vae` and `vocoder`.
    """

    def __init__(self, pipeline: Any) -> None:
        self.vae = pipeline.vae
        self.vocoder = pipeline.vocoder
        sizes = pipeline.vocoder.config
        self.sample_rate = int(sizes.sampling_rate)
        self.mel = LogMel(self.sample_rate, sizes.model_in_dim, int(np.prod(sizes.upsample_rates)))
        self.step: int = self.mel.hop * 2 ** (len(self.vae.config.block_out_channels) - 1)
        """Samples that a latent stands for."""

    def encoded(self, waveform: Tensor, count: int) -> Tensor:
        """`[time]` → `[1, channels, count, bins]`, silence appended; the mean of the encoder's belief."""
        padded = F.pad(waveform, (0, count * self.step - len(waveform)))
        mel = self.mel(padded)[None, None].to(self.vae.device)
        latents: Tensor = self.vae.encode(mel).latent_dist.mode() * self.vae.config.scaling_factor
        return latents

    def decoded(self, latents: Tensor) -> Tensor:
        """`[batch, channels, latents, bins]` → `[batch, time]` on the CPU."""
        mel = self.vae.decode(latents / self.vae.config.scaling_factor).sample[:, 0]
        waveform: Tensor = self.vocoder(mel)
        # Transposed convolutions add a few samples where their stride is odd.
        return waveform.float().cpu().reshape(len(latents), -1)[:, : latents.shape[2] * self.step]
