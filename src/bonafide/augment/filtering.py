"""Filters of a clip's own, for a whole batch at once, by overlap and save."""

import torch
from torch import Tensor
from torch.nn import functional as F

_SHORTEST_BLOCK = (
    4096  # samples of one Fourier transform; the fastest on CPUs for filters of some hundred taps
)


def filtered(waveform: Tensor, filters: Tensor, advance: int = 0) -> Tensor:
    """The waveform through its first filter, its square through the second, and so on, summed.

    Silence surrounds the clips.

    Args:
        waveform: `[batch, time]`.
        filters: `[batch, order, 2 * reach + 1]`, the middle tap at time 0.
        advance: samples by which the result comes early.

    Returns:
        `[batch, time]`.
    """
    time, reach = waveform.shape[-1], filters.shape[-1] // 2
    size = max(_SHORTEST_BLOCK, 1 << (8 * reach).bit_length())
    step, before = size - 2 * reach, reach - advance
    after = -(-time // step) * step + 2 * reach - before - time
    blocks = F.pad(waveform, (before, after)).unfold(-1, size, step).contiguous()  # [batch, blocks, size]
    answers = torch.fft.rfft(filters, n=size)[:, :, None]  # [batch, order, 1, bins]
    spectrum, power = torch.fft.rfft(blocks).mul_(answers[:, 0]), blocks
    for answer in answers.unbind(1)[
        1:
    ]:  # a power at a time: all at once would fill the memory, and be slower
        power = power * blocks
        spectrum.addcmul_(torch.fft.rfft(power), answer)
    made: Tensor = torch.fft.irfft(spectrum, n=size)[..., 2 * reach :]
    return made.flatten(1)[:, :time]
