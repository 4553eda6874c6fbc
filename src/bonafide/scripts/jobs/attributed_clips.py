"""Which clips of a corpus are explained."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig
from torch import Tensor

from bonafide.data.clips import Clips
from bonafide.data.module import AudioData
from bonafide.data.order import Place, ResumableLoader, Shared
from bonafide.data.windows import Clipped
from bonafide.types import BONAFIDE, SPOOF, Batch, InputError

SAMPLES = ("bonafide", "spoof", "both", "misclassified")


class Chosen(NamedTuple):
    """Clips in the order in which they are explained.

    Args:
        clips: of the data.
        path: `[clips]` of the recordings.
        system: `[clips]` that made them, `"-"` for bona fide.
        label: `[clips]`.
    """

    clips: Clipped
    path: NDArray[np.object_]
    system: NDArray[np.object_]
    label: NDArray[np.object_]

    def take(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> "Chosen":
        """Some of them."""
        return Chosen(self.clips.take(places), self.path[places], self.system[places], self.label[places])


def candidates(data: AudioData, cfg: DictConfig) -> Chosen:
    """Every clip of the test groups that is asked for, once; in the order of the data where `cfg.faithful`.

    Raises:
        InputError: an option names what is not there.
    """
    if cfg.samples not in SAMPLES:
        raise InputError(f"samples={cfg.samples} is unknown; choose {', '.join(SAMPLES)}")
    if cfg.amount < 1:
        raise InputError(f"amount={cfg.amount} explains no clip; choose at least 1")
    groups = data.groups()
    if cfg.group is not None and cfg.group not in groups:
        raise InputError(f"there is no test group {cfg.group}; choose from {', '.join(groups)}")
    clips = list(groups.values()) if cfg.group is None else [groups[cfg.group]]
    both = np.stack(
        [np.concatenate([one.rows for one in clips]), np.concatenate([one.starts for one in clips])]
    )
    _, first = np.unique(both, axis=1, return_index=True)
    rows, starts = both[:, np.sort(first)]
    if data.manifest is None:
        raise RuntimeError("clips are only known after the data was prepared")
    strings = {name: data.manifest.strings(name)[rows] for name in ("path", "system", "label")}
    found = Chosen(Clipped(rows, starts), **strings)
    keep = np.ones(len(rows), bool)
    if cfg.system is not None:
        there = sorted(set(found.system[found.label == SPOOF].tolist()))
        if cfg.system not in there:
            raise InputError(
                f"there is no system {cfg.system} in these clips; choose from {', '.join(there)}"
            )
        keep &= (found.label == BONAFIDE) | (found.system == cfg.system)
    if cfg.samples in {BONAFIDE, SPOOF}:
        keep &= found.label == cfg.samples
    found = found.take(keep)
    if not len(found.clips):
        raise InputError(f"no clip is left of samples={cfg.samples}; choose samples=both or another group")
    order = np.arange(len(found.clips))
    return found if cfg.faithful else found.take(np.random.default_rng(cfg.seed).permutation(order))


def limited(found: Chosen, amount: int) -> Chosen:
    """The first of each class."""
    rank = np.zeros(len(found.clips), np.int64)
    for label in (BONAFIDE, SPOOF):
        mine = found.label == label
        rank[mine] = np.arange(int(mine.sum()))
    return found.take(rank < amount)


def misclassified(
    data: AudioData,
    found: Chosen,
    amount: int,
    score: Callable[[Tensor], Tensor],
    *,
    threshold: float,
    track: Callable[[Iterator[Batch], int], Iterator[Batch]],
) -> Chosen:
    """The first clips of each class on the wrong side of the threshold.

    Raises:
        InputError: there are none.
    """
    wrong: list[int] = []
    count = dict.fromkeys((BONAFIDE, SPOOF), 0)
    for batch in track(read(data, found), len(found.clips)):
        accepted = (score(batch.waveform) >= threshold).cpu().numpy()
        for place, said in zip(batch.index.tolist(), accepted.tolist(), strict=True):
            label = str(found.label[place])
            if said != (label == BONAFIDE) and count[label] < amount:
                count[label] += 1
                wrong.append(place)
        if min(count.values()) >= amount:
            break
    if not wrong:
        raise InputError(
            "the detector decides every one of these clips rightly; choose other samples or data"
        )
    return found.take(np.array(sorted(wrong)))


def read(data: AudioData, chosen: Chosen) -> Iterator[Batch]:
    """Batches of the clips in their order; `index` is the place among them."""
    if data.manifest is None:
        raise RuntimeError("clips are only known after the data was prepared")
    clips = Clips(data.manifest, chosen.clips, data.form, crop=False)
    workers = 0 if data.workers == "auto" else data.workers  # the path takes far longer than a file
    loader = ResumableLoader(
        clips, Shared(len(clips), Place()), batch_size=data.batch_size, num_workers=workers, pin_memory=False
    )
    yield from loader
