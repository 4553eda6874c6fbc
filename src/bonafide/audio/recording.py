"""An audio file that is read from anywhere: libsndfile as long as it can, FFmpeg from then on."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from bonafide.audio.decoder import Decoder, Header, Undecodable
from bonafide.audio.ffmpeg import Ffmpeg
from bonafide.audio.sndfile import Sndfile
from bonafide.audio.wav import Wav

_BLOCK = 1 << 16  # samples
# What libsndfile does not know by its first bytes it takes for MPEG, and complains about on the terminal.
_SNDFILE = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b"caff", b".snd", b"NIST")


@final
class Recording:
    """One open file; what it read last is kept, so overlapping windows in order decode every sample once.

    libsndfile refuses two in five FLAC files of ASVspoof 2021 that FFmpeg decodes to the same samples as
    other programs do, some of them only midway.

    Args:
        path: of the file.

    Raises:
        Undecodable: it cannot be read, with a reason that follows its name; so may every method.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        beginning = _beginning(self.path)
        known = beginning.startswith(_SNDFILE)
        self._alternatives: list[type[Decoder]] = [Sndfile, Ffmpeg] if known else [Ffmpeg]
        if beginning.startswith(b"RIFF"):
            self._alternatives.insert(0, Wav)
        self._decoder = self._next_decoder()
        self.sample_rate, self.channels = self._decoder.sample_rate, self._decoder.channels
        self.container, self.encoding = self._decoder.container, self._decoder.encoding
        self._promised = self._decoder.promised
        self._kept = np.empty((0, self.channels), np.float32)
        self._kept_start = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._decoder.close()

    def header(self) -> Header:
        """Length, rate and channels; decodes the file only if no header knows its length."""
        return Header(self._decoder.frames(), self.sample_rate, self.channels)

    def promised(self) -> int:
        """Samples that the file says it has at the least; 0 if it does not say."""
        return self._promised

    def read(self, start: int, stop: int | None) -> NDArray[np.float32]:
        """Samples `start` … `stop` (None: the end), as many of them as there are, `[time, channels]`."""
        try:
            return self._read(start, stop)
        except Undecodable:
            if not self._fell_back():
                raise
            return self._read(start, stop)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """The whole file, a little at a time, `[time, channels]`."""
        start, block = 0, self.read(0, _BLOCK)
        while len(block):
            yield block
            start += len(block)
            block = self.read(start, start + _BLOCK)

    def _read(self, start: int, stop: int | None) -> NDArray[np.float32]:
        overlap = start - self._kept_start
        kept = self._kept[overlap:] if 0 <= overlap <= len(self._kept) else self._kept[:0]
        if stop is None or stop - start > len(kept):
            block = self._take(start + len(kept), None if stop is None else stop - start - len(kept))
            self._kept, self._kept_start = np.concatenate([kept, block]) if len(kept) else block, start
            kept = self._kept
        return kept if stop is None else kept[: stop - start]

    def _take(self, start: int, count: int | None) -> NDArray[np.float32]:
        """Samples from the decoder, which must not end before what the file promised."""
        try:
            if start != self._decoder.position:
                self._decoder.go(start)
            block = self._decoder.take(count)
        except Undecodable as error:
            raise Undecodable(f"{error} beyond {self._decoder.position / self.sample_rate:.2f} s") from error
        end = self._decoder.position
        if (count is None or len(block) < count) and end < self._promised:
            raise Undecodable(
                f"is damaged or cut short: {end / self.sample_rate:.2f} of "
                f"{self._promised / self.sample_rate:.2f} s can be decoded"
            )
        return block

    def _next_decoder(self) -> Decoder:
        """The first of the alternatives that opens the file; it and those before it are used up."""
        decoder = self._alternatives.pop(0)
        try:
            return decoder(self.path)
        except Undecodable:
            if not self._alternatives:
                raise
            return self._next_decoder()

    def _fell_back(self) -> bool:
        """Whether there was another decoder to turn to that sees the same kind of audio."""
        if not self._alternatives:
            return False
        try:
            other = self._next_decoder()
        except Undecodable:
            return False
        if (other.sample_rate, other.channels) != (self.sample_rate, self.channels):
            other.close()
            return False
        self._decoder.close()
        self._decoder = other
        self._promised = max(self._promised, other.promised)
        self._kept, self._kept_start = np.empty((0, self.channels), np.float32), 0
        return True


def _beginning(path: str) -> bytes:
    """The first bytes of a file that is there, is not empty and is not a pointer to another."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a loader does this for every clip
            beginning = file.read(64)
    except FileNotFoundError as error:
        raise Undecodable("does not exist") from error
    except IsADirectoryError as error:
        raise Undecodable("is a folder, not a file") from error
    except OSError as error:
        raise Undecodable(f"cannot be opened ({error.strerror})") from error
    if not beginning:
        raise Undecodable("is empty (0 bytes)")
    if beginning.startswith(b"version https://git-lfs"):
        raise Undecodable("is a Git LFS pointer, not audio: run git lfs pull")
    return beginning
