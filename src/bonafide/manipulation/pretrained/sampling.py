"""Diffusion that fills a gap: what is known is kept at every step, the rest is made to fit it.

Liu et al. (2023), "AudioLDM", https://arxiv.org/abs/2301.12503; Lugmayr et al. (2022), "RePaint",
https://arxiv.org/abs/2201.09865, without its resampling. The steps are those of DDIM, Song et al. (2021),
https://arxiv.org/abs/2010.02502.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from bonafide.types import InputError

Noise = Callable[[Tensor, Tensor], Tensor]
"""Noise that a network hears in `[batch, channels, frames, bins]` at a step of the schedule."""

Grid = Literal["exact", "published"]
"""How a region in samples becomes one in latents: see `gap`."""


class Sampling(NamedTuple):
    """How a gap is filled; the defaults are published.

    Args:
        steps: of DDIM; more are finer, and slower.
        eta: 1 adds as much noise at every step as DDPM, 0 none.
        guidance: how much more of the caption than without it; 1 takes it as it is.
        candidates: of which the one most like the caption is taken.
        seed: of every clip; None takes another for each.
        grid: how a region becomes one in latents.
    """

    steps: int = 200
    eta: float = 1.0
    guidance: float = 2.5
    candidates: int = 3
    seed: int | None = None
    grid: Grid = "exact"

    def check(self) -> None:
        """Refuses what has no meaning.

        Raises:
            InputError: there is such a setting.
        """
        if self.candidates < 1 or self.steps < 1 or not 0 <= self.eta <= 1:
            raise InputError(
                f"inpainter: candidates={self.candidates} and steps={self.steps} must be 1 or more, "
                f"eta={self.eta} from 0 to 1"
            )
        if self.grid not in {"exact", "published"}:
            raise InputError(f"inpainter.grid={self.grid} is not a choice; use exact or published")


def gap(samples: int, start: int, end: int, step: int, grid: Grid) -> tuple[int, int, int]:
    """Latents of a clip, and the first and last + 1 of those that are made anew.

    Args:
        samples: length of the clip.
        start: first sample of the region.
        end: sample behind its last.
        step: samples of a latent, 640 for AudioLDM (40 ms).
        grid: "exact" makes every latent anew that the region touches. "published" takes the region's ends as
            fractions of a longer clip, 102.4 spectrogram frames a second instead of 100, and cuts them down
            to whole latents: what is made anew lies up to 2.4 % later than what is said.

    >>> gap(160_000, 97_920, 118_400, 640, "exact")
    (250, 153, 185)
    >>> gap(160_000, 97_920, 118_400, 640, "published")
    (256, 156, 189)
    """
    if grid == "exact":
        return -(-samples // step), start // step, -(-end // step)
    latents = -(-(samples * 1024) // (1000 * step))
    first = start * latents // samples
    return latents, first, max(end * latents // samples, first + 1)


def inpainted(
    known: Tensor, keep: Tensor, noise: Noise, scheduler: Any, sampling: Sampling, *, seed: int
) -> Tensor:
    """Latents whose gap is new.

    Before every step the known latents, noised to the level of that step, are put over the kept area; after
    the last one they are put there as they are.

    Args:
        known: `[1, channels, frames, bins]`, of the masked clip; what lies in the gap is not looked at.
        keep: `[frames]` bool, the frames that stay.
        noise: the network, conditioned and guided.
        scheduler: a `diffusers.DDIMScheduler`.
        sampling: steps, candidates, and a seed if it is not that of the clip.
        seed: decides all randomness; drawn on the CPU, so that devices agree.

    Returns:
        `[candidates, channels, frames, bins]`

    Raises:
        InputError: the network was not trained with that many steps.
    """
    trained = scheduler.config.num_train_timesteps
    if sampling.steps > trained:
        raise InputError(f"inpainter.steps={sampling.steps} is too much; the network knows {trained} steps")
    scheduler.set_timesteps(sampling.steps, device=known.device)
    seed = seed if sampling.seed is None else sampling.seed
    generation = torch.Generator().manual_seed(seed)
    # Of its own, so that the gap is filled with what the same seed would make of an empty clip.
    renoising = torch.Generator().manual_seed(seed ^ 0x5DEECE66D)
    shape = (sampling.candidates, *known.shape[1:])

    def drawn(generator: torch.Generator) -> Tensor:
        return torch.randn(shape, generator=generator).to(known)

    known = known.expand(shape)
    kept = keep.to(known.device)[None, None, :, None]
    latents = drawn(generation) * scheduler.init_noise_sigma
    for step in scheduler.timesteps:
        latents = torch.where(kept, scheduler.add_noise(known, drawn(renoising), step), latents)
        heard = noise(latents, step)
        latents = scheduler.step(heard, step, latents, eta=sampling.eta, generator=generation).prev_sample
    return torch.where(kept, known, latents)
