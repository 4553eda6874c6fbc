"""The wavelet packet transform and its inverse, for a whole batch at once.

Coifman and Wickerhauser (1992), "Entropy-based algorithms for best basis selection",
https://doi.org/10.1109/18.119732: every band is split by a low-pass and a high-pass filter, each second value
is kept, and so on with the halves. Filters, boundary modes and the way back are those of ptwt,
https://github.com/v0lta/PyTorch-Wavelet-Toolbox. On the way down a level of the tree is one tensor with time
*first*, so that a tap of a filter is one scaled addition of long rows, for all bands and clips together. That
beats a convolution per band or per level (`benchmarks/wavelet_packets.py`), and it is exact: on recent GPUs a
convolution may run in TF32, whose three digits bury the quiet bands under the loud ones.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, Literal, final, get_args

import numpy as np
import pywt  # type: ignore[import-untyped]
import torch
from ptwt.constants import BoundaryMode, WaveletTensorTuple
from ptwt.conv_transform import waverec
from torch import Tensor, nn

from bonafide.types import InputError

Order = Literal["frequency", "natural"]
"""`frequency`: lowest band first, a Gray code of the paths; `natural`: paths in alphabetical order."""

DEEPEST: Final = 14


def extend(nodes: Tensor, before: int, after: int, mode: BoundaryMode) -> Tensor:
    """Continues signals beyond both ends, in time, the first axis.

    Shape:
        `[time, signals]` → `[before + time + after, signals]`.

    >>> extend(torch.tensor([[1], [2], [3]]), 1, 2, "reflect").flatten().tolist()
    [2, 1, 2, 3, 2, 1]
    """
    if before == after == 0:
        return nodes
    time, signals = nodes.shape
    match mode:
        case "reflect":
            head, tail = nodes[1 : 1 + before].flip(0), nodes[time - 1 - after : time - 1].flip(0)
        case "symmetric":
            head, tail = nodes[:before].flip(0), nodes[time - after :].flip(0)
        case "periodic":
            head, tail = nodes[time - before :], nodes[:after]
        case "constant":
            head, tail = nodes[:1].expand(before, signals), nodes[-1:].expand(after, signals)
        case "zero":
            head, tail = nodes.new_zeros(before, signals), nodes.new_zeros(after, signals)
    return torch.cat([head, nodes, tail])


def split(nodes: Tensor, lowpass: Sequence[float], highpass: Sequence[float], mode: BoundaryMode) -> Tensor:
    """One level down: all low halves, then all high halves.

    Args:
        nodes: time first.
        lowpass: its taps, in the order in which they meet the samples.
        highpass: the same of the other filter.
        mode: how the signals go on beyond their ends.

    Shape:
        `[time, signals]` → `[(time + taps - 1) // 2, 2 * signals]`.

    >>> split(torch.tensor([[1.0], [2.0], [3.0], [5.0]]), [0.5, 0.5], [-0.5, 0.5], "reflect").tolist()
    [[1.5, 0.5], [4.0, 1.0]]
    """
    taps = len(lowpass)
    frames = (len(nodes) + taps - 1) // 2
    nodes = extend(nodes, taps - 2, taps - 2 + len(nodes) % 2, mode)
    halves = []
    for weights in (lowpass, highpass):
        half = nodes[: 2 * frames : 2] * weights[0]
        for tap in range(1, taps):
            half.add_(nodes[tap : tap + 2 * frames - 1 : 2], alpha=weights[tap])
        halves.append(half)
    return torch.cat(halves, dim=1)


@final
class PacketTree(nn.Module):
    """All packets of one level of the tree, and the way back.

    Args:
        wavelet: any name of `pywt.wavelist(kind="discrete")`.
        level: depth, 1 to 14.
        mode: how a signal goes on beyond its ends: `reflect`, `symmetric`, `periodic`, `constant` or `zero`.
        order: of the bands; see `Order`.

    Shape:
        `[batch, time]` → `[batch, 2**level, frames]`, where each level takes `n` samples to
        `(n + taps - 1) // 2`; float64 stays float64, anything else becomes float32.

    Raises:
        InputError: a setting has no meaning, or a signal is so short that the margin that a filter needs
            would be longer than what it mirrors.

    >>> tree = PacketTree("haar", 2)
    >>> tree.paths
    ['aa', 'ad', 'dd', 'da']
    >>> tree(torch.tensor([[1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]])).abs().round(decimals=3).tolist()
    [[[1.0, 2.0], [0.0, 0.0], [0.0, 0.0], [1.0, 0.0]]]
    """

    band: Tensor
    place: Tensor

    def __init__(
        self, wavelet: str, level: int, mode: BoundaryMode = "reflect", order: Order = "frequency"
    ) -> None:
        super().__init__()
        _check(wavelet, level, mode, order)
        self.order: Order = order
        self.wavelet, self.level, self.mode = wavelet, level, mode
        filters = WaveletTensorTuple.from_wavelet(pywt.Wavelet(wavelet), torch.float64)
        # Numbers of Python: right in any precision, on any device.
        self.lowpass: list[float] = filters.dec_lo.flip(0).tolist()
        self.highpass: list[float] = filters.dec_hi.flip(0).tolist()
        path = np.arange(2**level)  # in binary, a bit for each split, the first one foremost; 1 = high-pass
        if order == "frequency":
            path ^= path >> 1
        # `split` puts the newest bit foremost, so a path is found at its bits reversed.
        place = np.sum([(path >> bit & 1) << (level - 1 - bit) for bit in range(level)], axis=0)
        self.register_buffer("place", torch.as_tensor(place), persistent=False)
        self.register_buffer("band", torch.as_tensor(np.argsort(path)), persistent=False)

    @property
    def paths(self) -> list[str]:
        """How each band is reached from the signal: `a` by a low-pass, `d` by a high-pass filter."""
        letters = str.maketrans("01", "ad")
        return [f"{path:0{self.level}b}".translate(letters) for path in self.band.argsort().tolist()]

    def lengths(self, samples: int) -> list[int]:
        """Length of a band at each level, from the signal itself to the packets.

        Raises:
            InputError: the signal is too short for the tree.
        """
        taps = len(self.lowpass)
        least = taps - 1 + 2 ** (self.level - 1)  # leaves as many samples as taps for the last split
        if samples < least:
            wanted = f"{self.level} levels of {self.wavelet} need at least {least}"
            raise InputError(
                f"a clip of {samples} samples is too short: {wanted}; lengthen data.clip_seconds, "
                "or lower frontend.level."
            )
        lengths = [samples]
        for _ in range(self.level):
            lengths.append((lengths[-1] + taps - 1) // 2)
        return lengths

    def centres(self, samples: int) -> Tensor:
        """Sample on which each frame is centred, `[frames]` float64, rising, within the signal.

        That is the middle of the chain of filters: low-pass and high-pass filters lie mirrored to it. Frames
        centred beyond an end see the signal's continuation; they share the stretch between that end and the
        nearest frame within.
        """
        frames, last, step = self.lengths(samples)[-1], samples - 1, 2**self.level
        # Coefficient i of a level is centred on 2 i + 1 - (taps - 1) / 2 of the one above, and so on upwards.
        centre = np.arange(frames) * step - (step - 1) * (len(self.lowpass) - 3) / 2
        if frames == 1:
            return torch.from_numpy(centre.clip(0, last))
        within = np.flatnonzero((centre > 0) & (centre < last))
        known = {0: 0.0, frames - 1: float(last)} | dict(zip(within, centre[within], strict=True))
        marks = sorted(known)
        return torch.from_numpy(np.interp(np.arange(frames), marks, [known[mark] for mark in marks]))

    def forward(self, signal: Tensor) -> Tensor:
        """Analysis, `[batch, time]` → `[batch, 2**level, frames]`."""
        if signal.ndim != 2:
            raise InputError(f"wavelet packets are taken of [batch, time], not {list(signal.shape)}.")
        self.lengths(signal.shape[1])
        with torch.autocast(signal.device.type, enabled=False):
            nodes = (signal if signal.dtype == torch.float64 else signal.float()).t().contiguous()
            for _ in range(self.level):
                nodes = split(nodes, self.lowpass, self.highpass, self.mode)
            bands = nodes.view(len(nodes), 2**self.level, len(signal))
            return bands.permute(2, 1, 0).index_select(1, self.place)

    def inverse(self, coefficients: Tensor, samples: int) -> Tensor:
        """Synthesis, `[batch, 2**level, frames]` → `[batch, samples]`.

        Args:
            coefficients: of a signal; or any others, such as averages, whose packets are then summed up.
            samples: length of the signal, which the frames alone do not tell.
        """
        lengths, bands = self.lengths(samples), 2**self.level
        if coefficients.shape[1:] != (bands, lengths[-1]):
            wanted = f"[batch, {bands}, {lengths[-1]}]"
            raise InputError(
                f"{samples} samples have coefficients {wanted}, not {list(coefficients.shape)}; "
                "give the number of samples that was analyzed."
            )
        nodes = coefficients.index_select(1, self.band).flatten(0, 1)
        for length in reversed(lengths[:-1]):
            nodes = waverec([nodes[0::2], nodes[1::2]], self.wavelet)[:, :length]
        return nodes


def _check(wavelet: str, level: int, mode: str, order: str) -> None:
    """Refuses settings that have no meaning."""
    known = pywt.wavelist(kind="discrete")
    if wavelet not in known:
        near = get_close_matches(str(wavelet).lower(), known, n=4, cutoff=0.3)
        hint = f"did you mean {', '.join(near)}?" if near else "haar, sym5 and coif4 are some."
        raise InputError(f"there is no discrete wavelet {wavelet!r} in PyWavelets; {hint}")
    if level not in range(1, DEEPEST + 1):
        raise InputError(f"wavelet packets are taken 1 to {DEEPEST} levels deep, not level={level}.")
    for name, value, words in (("mode", mode, get_args(BoundaryMode)), ("order", order, get_args(Order))):
        if value not in words:
            raise InputError(f"wavelet packets have no {name}={value}; use one of {', '.join(words)}.")
