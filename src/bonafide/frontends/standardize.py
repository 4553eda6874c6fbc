"""Zero mean and unit deviation of every bin, every channel, or all features, learnt from training clips.

Batches are merged by the pairwise update of Chan, Golub and LeVeque (1979), "Updating Formulae and a Pairwise
Algorithm for Computing Sample Variances", Stanford STAN-CS-79-773, eq. 2.1, in double precision.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, Self, final

import torch
from torch import Tensor

from bonafide.frontends.frontend import Frontend, ParameterGroup
from bonafide.frontends.legend import Legend
from bonafide.types import FeatureShape, InputError

Over = Literal["bin", "channel", "all"]

_POOLED: Final[Mapping[str, tuple[int, ...]]] = {"bin": (0, 3), "channel": (0, 2, 3), "all": (0, 1, 2, 3)}
"""Axes of `[batch, channels, bins, frames]` that one mean is taken over."""


@final
class Standardize(Frontend):
    """Wraps a front end: removes the mean of its features and divides by their standard deviation.

    The statistics run over training clips and frames; what never varies is only centred.
    They are saved with the weights, `fitted` with them.

    Every process of a distributed training learns from the same clips, in the same order and in double
    precision, and so ends with the same statistics without exchanging anything.

    Args:
        frontend: whose features are standardized.
        over: what has a mean and a deviation of its own. `"bin"`: each bin of each channel, which also takes
            out the average spectrum; `"channel"`: each channel, which keeps the level of its bins among one
            another, as for the approximations and signs of wavelet packets; `"all"`: one pair of numbers, as
            image models expect it.

    Shape:
        `[batch, time]` → that of `frontend`, float32.

    Raises:
        InputError: `over` is none of these.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, frontend: Frontend, over: Over = "bin") -> None:
        super().__init__(frontend.sample_rate)
        if over not in _POOLED:
            raise InputError(
                f"frontend.standardize={over} is unknown; choose true, false, {', '.join(_POOLED)}"
            )
        self.frontend = frontend
        self.over = over
        # Channels and bins do not depend on the length; a minute is longer than any front end's frame.
        sizes = (0, *frontend.shape(60 * frontend.sample_rate))
        channels, bins = (1 if axis in _POOLED[over] else sizes[axis] for axis in (1, 2))
        self.register_buffer("mean", torch.zeros(channels, bins))
        self.register_buffer("deviation", torch.ones(channels, bins))
        # Frames seen: a number of Python, so that `forward` asks it without waiting for the device.
        self.count = 0

    @classmethod
    def of(cls, frontend: Frontend, option: object) -> Self:
        """Standardization as a config asks for it.

        Args:
            frontend: whose features are standardized.
            option: `True` for each bin, one of `Over`, or `[mean, deviation]` of all features, known before,
                such as those that published weights were trained with.

        Raises:
            InputError: the option is none of these.
        """
        match option:
            case True:
                return cls(frontend)
            case [int() | float() as mean, int() | float() as deviation] if deviation > 0:
                made = cls(frontend, "all")
                made.mean.fill_(mean)
                made.deviation.fill_(deviation)
                made.count = 1
                return made
            case "bin" | "channel" | "all":
                return cls(frontend, option)
            case _:
                raise InputError(
                    f"frontend.standardize={option} is unknown; choose true, false, {', '.join(_POOLED)}, "
                    "or [MEAN,DEVIATION] if they are known"
                )

    @property
    def fitted(self) -> bool:
        """Whether training clips have been seen, here or before the checkpoint was written."""
        return self.count > 0 and self.frontend.fitted

    @property
    def external(self) -> Mapping[str, str]:
        """That of the wrapped front end."""
        return {f"frontend.{prefix}": source for prefix, source in self.frontend.external.items()}

    def parameter_groups(self) -> list[ParameterGroup]:
        """Those of the wrapped front end; the statistics are not trained."""
        return self.frontend.parameter_groups()

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

    @property
    def resolution(self) -> float:
        """That of the wrapped front end."""
        return self.frontend.resolution

    def legend(self) -> Legend:
        """That of the wrapped front end; values are in standard deviations."""
        inside = self.frontend.legend()
        return inside._replace(values=f"{inside.values.partition(' (')[0]}, standardized")

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
        squares = torch.zeros_like(mean)  # mean squared distance from the mean, times the frames
        for waveform in waveforms:
            features = self.frontend(waveform.to(self.mean.device)).double()
            # Every statistic pools the same number of values a frame, so frames are what counts.
            frames = features.shape[0] * features.shape[-1]
            variance, centre = torch.var_mean(features, dim=_POOLED[self.over], correction=0, keepdim=True)
            step, total = centre[0, ..., 0] - mean, count + frames
            mean += step * frames / total
            squares += variance[0, ..., 0] * frames + step.square() * count * frames / total
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
