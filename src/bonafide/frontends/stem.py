"""How wav2vec 2.0 and its kin read the waveform: clips of one level, then convolutions that pad nothing."""

from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from bonafide.types import InputError

SAMPLE_RATE: Final = 16_000
Normalization = Literal["transformers", "fairseq", "none"]
EPSILONS: Final[dict[str, float]] = {"transformers": 1e-7, "fairseq": 1e-5}
"""Added to the variance of a clip; the two differ for quiet ones."""


class Stem(NamedTuple):
    """The convolutions' arithmetic.

    Args:
        kernels: of each convolution, in its own input's steps.
        strides: likewise.

    >>> stem = Stem((10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2))
    >>> stem.reach, stem.hop, stem.frames(64600)
    (400, 320, 201)
    """

    kernels: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        hop = 1
        for stride in self.strides:
            hop *= stride
        return hop

    @property
    def reach(self) -> int:
        """Samples that one frame sees."""
        reach, hop = 1, 1
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            reach, hop = reach + (kernel - 1) * hop, hop * stride
        return reach

    def frames(self, samples: int) -> int:
        """Of a clip.

        Raises:
            InputError: it is shorter than one frame.
        """
        if samples < self.reach:
            found = f"a clip of {samples} samples is shorter than one frame of {self.reach}"
            raise InputError(f"{found}; lengthen data.clip_seconds.")
        frames = samples
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            frames = (frames - kernel) // stride + 1
        return frames

    def times(self, samples: int) -> Tensor:
        """Centre of what each frame sees in seconds, `[frames]` float64."""
        first = torch.arange(self.frames(samples), dtype=torch.float64) * self.hop
        return (first + (self.reach - 1) / 2) / SAMPLE_RATE


def check(source: str, sample_rate: int, normalize: str) -> None:
    """Refuses settings that no encoder of this kind was trained with.

    Raises:
        InputError: another sample rate than 16 kHz, or an unknown normalization.
    """
    if sample_rate != SAMPLE_RATE:
        raise InputError(f"{source} hears {SAMPLE_RATE} Hz, not {sample_rate}; set data.sample_rate=16000.")
    if normalize not in {*EPSILONS, "none"}:
        raise InputError(f'normalize={normalize} is not a choice; use "transformers", "fairseq" or "none".')


def within(length: Tensor, size: int) -> Tensor:
    """`[batch, size]`, true at the first `length` places of each row."""
    return torch.arange(size, device=length.device) < length[:, None]


def normalized(waveform: Tensor, length: Tensor | None, normalize: str) -> Tensor:
    """Each clip with mean 0 and population variance 1, in single precision; zeros beyond its end.

    Args:
        waveform: `[batch, time]`.
        length: `[batch]` samples of each clip; the whole if None.
        normalize: which epsilon, or `"none"` to leave the level as it is.
    """
    with torch.autocast(waveform.device.type, enabled=False):
        waveform = waveform.float()
        if length is None:
            if normalize == "none":
                return waveform
            return F.layer_norm(waveform, waveform.shape[-1:], eps=EPSILONS[normalize])
        own = within(length, waveform.shape[-1])
        clip = torch.where(own, waveform, 0.0)
        if normalize == "none":
            return clip
        centred = torch.where(own, clip - clip.sum(-1, keepdim=True) / length[:, None], 0.0)
        variance = centred.square().sum(-1, keepdim=True) / length[:, None]
        return centred * torch.rsqrt(variance + EPSILONS[normalize])
