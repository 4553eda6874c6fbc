"""Zero mean and unit deviation of every bin, learnt from training clips.

Batches are merged by the pairwise update of Chan, Golub and LeVeque (1979), "Updating Formulae and a Pairwise
Algorithm for Computing Sample Variances", Stanford STAN-CS-79-773, eq. 2.1, in double precision.
"""

from collections.abc import Iterable
from typing import final

import torch
from torch import Tensor

from bonafide.frontends.frontend import Frontend
from bonafide.types import FeatureShape, InputError


@final
class Standardize(Frontend):
    """Wraps a front end: removes the mean of each channel and bin and divides by its standard deviation.

    The statistics run over all training clips and frames; a bin that never varies is only centred. They are
    saved with the weights, `fitted` with them.

    Args:
        frontend: whose features are standardized.

    Shape:
        `[batch, time]` → that of `frontend`, float32.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, frontend: Frontend) -> None:
        super().__init__(frontend.sample_rate)
        self.frontend = frontend
        # Channels and bins do not depend on the length; a minute is longer than any front end's frame.
        channels, bins, _ = frontend.shape(60 * frontend.sample_rate)
        self.register_buffer("mean", torch.zeros(channels, bins))
        self.register_buffer("deviation", torch.ones(channels, bins))
        # Frames seen: a number of Python, so that `forward` asks it without waiting for the device.
        self.count = 0

    @property
    def fitted(self) -> bool:
        """Whether training clips have been seen, here or before the checkpoint was written."""
        return self.count > 0 and self.frontend.fitted

    def get_extra_state(self) -> Tensor:
        """Frames seen, `[]` int64, for the checkpoint."""
        return torch.tensor(self.count)

    def set_extra_state(self, state: Tensor) -> None:
        """Takes the frames seen from a checkpoint."""
        self.count = int(state)

    def shape(self, samples: int) -> FeatureShape:
        """That of the wrapped front end.

        Raises:
            InputError: the clip is shorter than one frame.
        """
        return self.frontend.shape(samples)

    def times(self, samples: int) -> Tensor:
        """Centre of each frame in seconds, `[frames]`."""
        return self.frontend.times(samples)

    @torch.no_grad()
    def fit(self, waveforms: Iterable[Tensor]) -> None:
        """Learns mean and deviation from scratch, after a wrapped front end that itself has to learn.

        Args:
            waveforms: training clips, each `[batch, time]`; one at a time, and twice if the wrapped front end
                learns from them too.

        Raises:
            InputError: there are no clips, or a feature is not finite.
        """
        if not self.frontend.fitted:
            self.frontend.fit(waveforms)
        count = 0
        mean = torch.zeros_like(self.mean, dtype=torch.float64)
        squares = torch.zeros_like(mean)  # summed squared distances from the mean
        for waveform in waveforms:
            features = self.frontend(waveform.to(self.mean.device)).double()
            frames = features.shape[0] * features.shape[-1]
            variance, centre = torch.var_mean(features, dim=(0, -1), correction=0)
            step, total = centre - mean, count + frames
            mean += step * frames / total
            squares += variance * frames + step.square() * count * frames / total
            count = total
        if count == 0:
            raise InputError("Standardize found no training clips to learn from; check data.train.")
        if not bool(squares.isfinite().all()):
            raise InputError(
                "Standardize met a feature that is not finite; look for broken files in the audit."
            )
        deviation = (squares / count).sqrt()
        # Below the resolution of float32 features, what varies is rounding.
        constant = deviation <= torch.finfo(torch.float32).eps * mean.abs()
        self.mean.copy_(mean)
        self.deviation.copy_(deviation.masked_fill(constant, 1.0))
        self.count = count

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, channels, bins, frames]`, standardized.

        Raises:
            RuntimeError: neither `fit` nor a checkpoint came before.
        """
        if self.count == 0:
            raise RuntimeError(
                "Standardize has no statistics yet: call fit(waveforms) or load a checkpoint first."
            )
        features: Tensor = self.frontend(waveform)
        return (features.float() - self.mean[..., None]) / self.deviation[..., None]
