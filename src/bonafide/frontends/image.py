"""Features as a grey picture of fixed size, for models of images.

Firc, Malinka and Hanáček (2024), "Deepfake Speech Detection: A Spectrogram Analysis",
https://doi.org/10.1145/3605098.3635911, drew theirs with matplotlib and read them back; here a picture is an
array, without axes, title or colours.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, final

import torch
from torch import Tensor
from torch.nn import functional as F

from bonafide.frontends.frontend import Frontend, ParameterGroup
from bonafide.frontends.legend import Legend
from bonafide.types import FeatureShape, InputError


@final
class Image(Frontend):
    """Resizes the features of another front end and maps them to grey values from 0 to 1.

    Rows are bins, the lowest first; columns are instants, from the first frame of the clip to its last.

    Args:
        frontend: whose features are shown; in decibels (`scale: decibel`) for a spectrogram.
        height: rows of the picture.
        width: columns of the picture, whatever the length of the clip.
        depth: decibels (or whatever the features are in) from white, the loudest value of the clip, down to
            black. `None` goes down to its smallest value, for features that are no levels, such as cepstra.
        interpolation: `bilinear` lies between the neighbours, and averages more of them when the picture is
            smaller than the features; `nearest` repeats or leaves out lines.

    Shape:
        `[batch, time]` → `[batch, channels of frontend, height, width]`.

    Raises:
        InputError: a setting has no meaning, or a clip is too short for two frames.

    >>> from bonafide.frontends.spectrogram import Mel
    >>> Image(Mel(16000), height=640, width=480).shape(32000)
    FeatureShape(channels=1, bins=640, frames=480)
    """

    def __init__(
        self,
        frontend: Frontend,
        *,
        height: int = 224,
        width: int = 224,
        depth: float | None = 80.0,
        interpolation: Literal["bilinear", "nearest"] = "bilinear",
    ) -> None:
        super().__init__(frontend.sample_rate)
        if min(height, width) < 2:
            raise InputError(f"Image cannot be {height} × {width}; use at least 2 rows and 2 columns.")
        if depth is not None and not depth > 0:
            raise InputError(f"Image with depth={depth:g} is black; use a positive one such as 80, or null.")
        if interpolation not in ("bilinear", "nearest"):
            raise InputError(f"Image knows no interpolation={interpolation}; use bilinear or nearest.")
        self.frontend = frontend
        self.height = height
        self.width = width
        self.depth = depth
        self.interpolation = interpolation

    @property
    def fitted(self) -> bool:
        """Whether the front end inside has nothing left to learn."""
        return self.frontend.fitted

    def fit(self, waveforms: Iterable[Tensor]) -> None:
        """Lets the front end inside learn."""
        self.frontend.fit(waveforms)

    @property
    def external(self) -> Mapping[str, str]:
        """That of the front end inside."""
        return {f"frontend.{prefix}": source for prefix, source in self.frontend.external.items()}

    def parameter_groups(self) -> list[ParameterGroup]:
        """Those of the front end inside."""
        return self.frontend.parameter_groups()

    def shape(self, samples: int) -> FeatureShape:
        """Channels of the front end, height and width, for a clip of any length that has two frames.

        Raises:
            InputError: the clip is too short.
        """
        channels, _, frames = self.frontend.shape(samples)
        if frames < 2:
            raise InputError(
                f"a clip of {samples} samples is one frame, no picture; lengthen data.clip_seconds."
            )
        return FeatureShape(channels, self.height, self.width)

    def times(self, samples: int) -> Tensor:
        """Instant of each column in seconds, `[width]` float64: evenly from the first frame to the last."""
        self.shape(samples)
        inside = self.frontend.times(samples)
        return torch.linspace(inside[0].item(), inside[-1].item(), self.width, dtype=torch.float64)

    @property
    def resolution(self) -> float:
        """That of the wrapped front end."""
        return self.frontend.resolution

    def legend(self) -> Legend:
        """Rows between those of the front end inside; grey values from 0 to 1."""
        inside = self.frontend.legend()
        bins = self.frontend.shape(60 * self.sample_rate).bins  # the same for clips of any length
        scale = (self.height - 1) / max(1, bins - 1)
        marks = tuple((round(row * scale), name) for row, name in inside.marks)
        hertz = inside.hertz
        if hertz is not None:
            place = torch.arange(self.height, dtype=torch.float64) / scale
            below = place.floor().long().clamp(max=bins - 2)
            hertz = torch.lerp(hertz[below], hertz[below + 1], place - below)
        return inside._replace(values="grey value", hertz=hertz, marks=marks)

    def forward(self, waveform: Tensor) -> Tensor:
        """`[batch, time]` → `[batch, channels, height, width]` float32, from 0 to 1."""
        self.shape(waveform.shape[-1])
        features: Tensor = self.frontend(waveform).float()
        whole = (-3, -2, -1)
        white = features.amax(whole, keepdim=True)
        if self.depth is None:
            black = features.amin(whole, keepdim=True)
            # Of a clip without any contrast, nothing is to be seen.
            span = (white - black).clamp(min=torch.finfo(torch.float32).tiny)
            grey = (features - black) / span
        else:
            grey = ((features - white) / self.depth + 1).clamp(min=0)
        return self._resized(grey)

    def _resized(self, grey: Tensor) -> Tensor:
        """To height and width; the outermost rows and columns stay the outermost."""
        weights = _bilinear if self.interpolation == "bilinear" else _nearest
        rows = weights(grey.shape[-2], self.height, grey.device)
        columns = weights(grey.shape[-1], self.width, grey.device)
        with torch.autocast(grey.device.type, enabled=False):
            return rows @ grey @ columns.T


def _distance(lines: int, size: int, device: torch.device) -> Tensor:
    """How far each line lies from the place of each line of the picture, `[size, lines]` in lines."""
    place = torch.arange(size, device=device) * ((lines - 1) / (size - 1))
    return (torch.arange(lines, device=device) - place[:, None]).abs()


def _bilinear(lines: int, size: int, device: torch.device) -> Tensor:
    """Weights that fall linearly to the next line, or to as many as make one of the picture."""
    weights = (1 - _distance(lines, size, device) / max(1, (lines - 1) / (size - 1))).clamp(min=0)
    return weights / weights.sum(-1, keepdim=True)


def _nearest(lines: int, size: int, device: torch.device) -> Tensor:
    """One for the nearest line."""
    nearest = _distance(lines, size, device).argmin(-1)
    return F.one_hot(nearest, lines).float()
