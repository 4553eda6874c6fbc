"""From several microphones to one waveform."""

import numpy as np
from numpy.typing import NDArray


def problem(channels: int, channel: int | None) -> str:
    """Why a file of `channels` cannot be made mono, in words that follow its name; empty if it can.

    Args:
        channels: of the file.
        channel: which one is wanted, from 0; None for all together.

    >>> problem(2, None), problem(2, 5)
    ('', 'has 2 channels and no channel 5: set data.channel to 0 … 1')
    """
    if channel is None and channels > 2:
        return (
            f"has {channels} channels; averaging more than two microphones cancels speech: "
            "pick one with data.channel=0"
        )
    if channel is not None and not 0 <= channel < channels:
        wanted = "0" if channels == 1 else f"0 … {channels - 1}"
        plural = "" if channels == 1 else "s"
        return f"has {channels} channel{plural} and no channel {channel}: set data.channel to {wanted}"
    return ""


def mono(block: NDArray[np.float32], channel: int | None) -> NDArray[np.float32]:
    """One channel as it is, the mean of two, or the one asked for.

    Shape:
        `[time, channels]` → `[time]`, contiguous.
    """
    if channel is not None or block.shape[1] == 1:
        return np.ascontiguousarray(block[:, channel or 0])
    return np.asarray(block.mean(axis=1), np.float32)
