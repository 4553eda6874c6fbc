"""Random files, and the plainest way to measure them: millisecond by millisecond."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from bonafide.metrics.localization.timeline import Timelines, timelines

STEP = 20  # milliseconds


class File(NamedTuple):
    """Whole milliseconds throughout, and a score a frame."""

    length: int
    segments: tuple[tuple[int, int], ...]
    scores: tuple[int, ...]

    def spoofed(self) -> NDArray[np.bool_]:
        """`[milliseconds]`."""
        track = np.zeros(self.length, np.bool_)
        for start, end in self.segments:
            track[start:end] = True
        return track


@st.composite
def files(draw: st.DrawFn) -> File:
    length = draw(st.integers(1, 400))
    instants = st.integers(0, length - 1)
    segments = draw(st.lists(st.tuples(instants, st.integers(0, 150)), max_size=4))
    frames = -(-length // STEP)
    scores = draw(st.lists(st.integers(-3, 3), min_size=frames, max_size=frames))
    return File(length, tuple((start, start + extent) for start, extent in segments), tuple(scores))


several_files = st.lists(files(), min_size=1, max_size=5)


def in_seconds(listed: list[File]) -> Timelines:
    return timelines(
        [str(number) for number in range(len(listed))],
        [file.length / 1000 for file in listed],
        [[(start / 1000, end / 1000) for start, end in file.segments] for file in listed],
        [file.scores for file in listed],
        STEP / 1000,
    )


def milliseconds(listed: list[File]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Score and truth of every millisecond of all files."""
    scores = [np.repeat(file.scores, STEP)[: file.length] for file in listed]
    return np.concatenate(scores).astype(float), np.concatenate([file.spoofed() for file in listed])
