"""Score tables of what a task has scored."""

from collections import Counter

import numpy as np

from bonafide.data.module import AudioData
from bonafide.data.windows import Clipped
from bonafide.evaluation import scores
from bonafide.evaluation.scores import Trials
from bonafide.tasks.scoring import Pooling, Scores
from bonafide.types import BONAFIDE


def trials_of(
    data: AudioData, group: str, clips: Clipped, scored: Scores, of_recording: Pooling = "mean"
) -> Trials:
    """The score table of a group, by path; every clip must be scored exactly once.

    A window's path ends in its seconds: `a.wav#t=1,2` (https://www.w3.org/TR/media-frags).
    """
    manifest = data.manifest
    if manifest is None:
        raise RuntimeError("trials are only known after the data was prepared")
    order = np.argsort(scored.clip.numpy(), kind="stable")
    clip, score = scored.clip.numpy()[order], scored.score.double().numpy()[order]
    rows, path = clips.rows[clip], manifest.strings("path")
    paths, expected = path[rows], path[clips.rows]
    if data.windows.tile and data.windows.trial == "window":
        paths, expected = data.named(clips.take(clip)), data.named(clips)
    columns = {name: manifest.strings(name)[rows] for name in scores.HEADER[1:-1]}
    if data.tests[group].against is not None:  # all of it is compared with these recordings
        genuine = columns["corpus"][columns["label"] == BONAFIDE]
        columns["corpus"][:] = "+".join(sorted(set(genuine)))
    trials = Trials(path=paths, **columns, score=score)
    if data.windows.tile and data.windows.trial == "recording":
        counted = Counter(clip.tolist())
        if counted != Counter(range(len(clips))):
            raise RuntimeError("some windows were scored twice or not at all")
        trials, expected = scores.pooled(trials, of_recording), np.unique(expected.astype(str)).astype(object)
    trials = trials.where(np.argsort(trials.path.astype(str), kind="stable"))
    scores.check(trials, expected)
    return trials
