"""Decoding with libsndfile: WAV, FLAC, AIFF, Ogg and two dozen rarer formats."""

import re
from typing import final

import numpy as np
import soundfile
from numpy.typing import NDArray

from bonafide.audio.decoder import Decoder, Undecodable

# After a seek, Vorbis differs from what decoding from the start gives, by as much as 0.8.
_SEEKABLE = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW")
_DISCARD = 1 << 18  # samples decoded at a time on the way to a window
_UNKNOWN = 1 << 31  # bytes: sizes near it are placeholders of programs that write to a pipe
_CUT_SHORT = re.compile(r"^\s*(?:data|SSND|Data Size)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)


@final
class Sndfile(Decoder):
    """Exact, and the fastest.

    MPEG and Opus are left to FFmpeg: libmpg123 writes to the terminal, and libsndfile 1.2.2 gives Opus one
    sample early and depending on how much is read at a time.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = self._open()
        self.sample_rate, self.channels = self._file.samplerate, self._file.channels
        self.container, self.encoding = self._file.format.replace("WAVEX", "WAV"), self._file.subtype
        self._seekable = self.encoding.startswith(_SEEKABLE)
        foreign = self.encoding.startswith(("MPEG", "OPUS"))
        if foreign or not 0 <= self._file.frames < _UNKNOWN << 8:
            self.close()
            raise Undecodable("is MPEG or Opus, or does not say how long it is")
        self.promised = self._file.frames + _missing(self._file)

    @property
    def position(self) -> int:
        """See `Decoder.position`."""
        return int(self._file.tell())

    def frames(self) -> int:
        """As the header says."""
        return int(self._file.frames)

    def go(self, start: int) -> None:
        """Seeks if that gives the same samples as decoding from the start; decodes up to there if not."""
        try:
            start = min(start, self.frames())
            if self._seekable and start != self.position:
                self._file.seek(start)
            elif start < self.position:
                self.close()
                self._file = self._open()
        except soundfile.LibsndfileError as error:
            raise Undecodable(f"cannot be decoded at sample {start} ({error.error_string})") from error
        while self.position < start:
            if not len(self.take(min(_DISCARD, start - self.position))):
                return

    def take(self, count: int | None) -> NDArray[np.float32]:
        """See `Decoder.take`."""
        try:
            block = self._file.read(-1 if count is None else count, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise Undecodable(f"cannot be decoded ({error.error_string})") from error
        return np.asarray(block, np.float32)

    def close(self) -> None:
        """See `Decoder.close`."""
        self._file.close()

    def _open(self) -> soundfile.SoundFile:
        try:
            return soundfile.SoundFile(self.path)
        except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: a .raw file has no header at all
            raise Undecodable(f"is not audio that libsndfile reads ({error})") from error


def _missing(file: soundfile.SoundFile) -> int:
    """Samples by which the file is shorter than its header says; libsndfile itself lets that pass."""
    found = _CUT_SHORT.search(file.extra_info)
    if found is None:
        return 0
    announced, present = int(found[1]), int(found[2])
    if announced <= present or announced >= _UNKNOWN - (1 << 16) or present == 0:
        return 0
    return (announced - present) * int(file.frames) // present
