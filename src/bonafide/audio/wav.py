"""Plain WAV files: their samples lie on the disk as they are, so a window is one read.

libsndfile gives the same samples to the bit, but opens a file in ten times the time; with windows of a second
from thousands of files, that is what a loader spends its time on.
"""

import os
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from bonafide.audio.decoder import Decoder, Undecodable
from bonafide.audio.riff import plain

_BEGINNING: Final = 1 << 12  # bytes
_KINDS: Final = {"PCM_16": ("<i2", np.float32(1 / 32768)), "FLOAT": ("<f4", None)}
"""Type on the disk, and what its full scale is divided by."""


@final
class Wav(Decoder):
    """16-bit integers and 32-bit floats behind a plain header; the rest is left to libsndfile."""

    def __init__(self, path: str) -> None:
        try:
            self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise Undecodable(f"cannot be opened ({error.strerror})") from error
        found = plain(os.read(self._file, _BEGINNING), os.fstat(self._file).st_size)
        if found is None or found.encoding not in _KINDS:
            self.close()
            raise Undecodable("is no plain WAV file")
        self._plain = found
        self.sample_rate, self.channels = found.sample_rate, found.channels
        self.container, self.encoding = "WAV", found.encoding
        self.promised = found.frames
        self._position = 0

    @property
    def position(self) -> int:
        """See `Decoder.position`."""
        return self._position

    def frames(self) -> int:
        """As the header says, and the file is as long."""
        return self._plain.frames

    def go(self, start: int) -> None:
        """See `Decoder.go`."""
        self._position = min(start, self._plain.frames)

    def take(self, count: int | None) -> NDArray[np.float32]:
        """See `Decoder.take`."""
        left = self._plain.frames - self._position
        wanted = left if count is None else min(count, left)
        kind, scale = _KINDS[self._plain.encoding]
        place = self._plain.start + self._position * self._plain.width
        samples = np.frombuffer(self._bytes(place, wanted * self._plain.width), kind)
        waveform = samples.astype(np.float32)
        if scale is not None:
            waveform *= scale
        block = waveform.reshape(-1, self.channels)
        self._position += len(block)
        return block

    def close(self) -> None:
        """See `Decoder.close`."""
        os.close(self._file)

    def _bytes(self, place: int, count: int) -> bytes:
        """One read gives at most two gigabytes."""
        parts = []
        while count > 0:
            part = os.pread(self._file, count, place)
            if not part:
                raise Undecodable("became shorter while it was read")
            parts.append(part)
            place, count = place + len(part), count - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
