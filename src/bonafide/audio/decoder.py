"""What every decoder promises."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Header(NamedTuple):
    """What a file holds.

    Args:
        frames: samples of each channel.
        sample_rate: in Hz.
        channels: how many.
    """

    frames: int
    sample_rate: int
    channels: int


class Undecodable(Exception):  # noqa: N818 - says what the file is, not what went wrong here
    """A decoder gives up: the reason in a few words that follow the name of the file."""


class Decoder(ABC):
    """An open file and a place in it.

    Args:
        path: of the file.

    Raises:
        Undecodable: this decoder cannot read it; so may every method.
    """

    sample_rate: int
    channels: int
    container: str
    """What the samples are wrapped in, such as `"WAV"`, `"FLAC"` or `"MP4"`, whichever decoder reads it."""
    encoding: str
    """What a sample is written as, such as `"PCM_16"`, `"FLOAT"`, `"VORBIS"` or `"AAC"`, likewise."""
    promised: int = 0
    """Samples that the file says it has at the least; fewer mean damage. 0 if it does not say."""

    @abstractmethod
    def __init__(self, path: str) -> None: ...

    @property
    @abstractmethod
    def position(self) -> int:
        """The next sample that `take` gives."""

    @abstractmethod
    def frames(self) -> int:
        """Samples of each channel, exactly; decodes the whole file where no header says so."""

    @abstractmethod
    def go(self, start: int) -> None:
        """Makes `start` the next sample, or the end if that comes first."""

    @abstractmethod
    def take(self, count: int | None) -> NDArray[np.float32]:
        """The next `count` samples, all that are left if None; fewer only at the end, `[time, channels]`."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of the file."""
