"""Who reads which clip when: the same for any number of workers, and exact after a resume."""

from collections.abc import Iterator
from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler

from bonafide.types import Batch


class Place(NamedTuple):
    """This process among those that train together."""

    rank: int = 0
    world: int = 1


class Draw(NamedTuple):
    """A clip to cut: its place in the selection, and the random number that says where to cut."""

    item: int
    number: int


class Progress(NamedTuple):
    """Where training leaves off: the epoch, and the clips of it that this process has used."""

    epoch: int
    clips: int


class Domains(NamedTuple):
    """Clips of several kinds, of which every batch holds fixed shares.

    Args:
        of: `[clips]` the domain of each.
        shares: `[domains]` of a batch; they add up to 1.
    """

    of: NDArray[np.int64]
    shares: NDArray[np.float64]


@final
class Shuffled(Sampler[Draw]):
    """As many clips an epoch as there are, in an order and with cuts that only the seed and the epoch decide.

    Without domains every clip comes once. With domains, each is drawn without replacement, shuffled anew
    whenever it is used up, and goes on where the last epoch left it; wherever a batch begins, its shares are
    right to one clip.

    Each process takes its share; shares are made equal by reading a few clips twice, because processes
    that train together must take the same number of steps.

    Args:
        items: how many there are.
        seed: of the run.
        place: this process.
        domains: of the clips.
    """

    def __init__(self, items: int, seed: int, place: Place, domains: Domains | None = None) -> None:
        self.items, self.seed, self.place, self.domains = items, seed, place, domains
        self.epoch = 0
        self.skip = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def resume(self, progress: Progress) -> None:
        """Goes on in the middle of an epoch, once; the next epoch is whole."""
        self.epoch, self.skip = progress

    def __len__(self) -> int:
        return (self.items + self.place.world - 1) // self.place.world

    def __iter__(self) -> Iterator[Draw]:
        random = np.random.default_rng([self.seed, self.epoch])
        if self.domains is None:
            order = random.permutation(self.items)
            numbers = random.integers(0, 2**62, self.items)[order]
            mine = np.resize(np.arange(self.items), len(self) * self.place.world)[
                self.place.rank :: self.place.world
            ]
            order, numbers = order[mine], numbers[mine]
        else:
            order = self._interleaved(self.domains)
            numbers = random.integers(0, 2**62, (len(self), self.place.world))[:, self.place.rank]
        skip, self.skip = self.skip, 0
        return (Draw(int(order[place]), int(numbers[place])) for place in range(skip, len(order)))

    def _interleaved(self, domains: Domains) -> NDArray[np.int64]:
        """The clips of this process in an epoch: the same domain in every process at any step."""
        total = len(self)
        exact = domains.shares * total
        quota = np.floor(exact).astype(np.int64)
        quota[np.argsort(quota - exact, kind="stable")[: total - quota.sum()]] += 1
        domain = np.repeat(np.arange(len(quota)), quota)
        within = np.arange(total) - np.repeat(np.cumsum(quota) - quota, quota)
        found = np.empty(total, np.int64)
        for number, count in enumerate((quota * self.place.world).tolist()):
            clips = np.flatnonzero(domains.of == number)
            drawn = clips[_drawn(len(clips), count, [self.seed, number], self.epoch * count)]
            found[domain == number] = drawn[self.place.rank :: self.place.world]
        return found[np.argsort((within + 0.5) / quota[domain], kind="stable")]


def _drawn(total: int, count: int, seed: list[int], start: int) -> NDArray[np.int64]:
    """`count` of an endless sequence of shuffled packs of `total`, from place `start` on."""
    passes = range(start // total, -(-(start + count) // total))
    packs = [np.random.default_rng([*seed, number]).permutation(total) for number in passes]
    first = start - (start // total) * total
    return np.concatenate([*packs, np.empty(0, np.int64)])[first : first + count]


@final
class Shared(Sampler[Draw]):
    """Every clip exactly once over all processes, in order: for scoring.

    Args:
        items: how many there are.
        place: this process.
    """

    def __init__(self, items: int, place: Place) -> None:
        self.items, self.place = items, place

    def __len__(self) -> int:
        return len(range(self.place.rank, self.items, self.place.world))

    def __iter__(self) -> Iterator[Draw]:
        return (Draw(item, 0) for item in range(self.place.rank, self.items, self.place.world))


@final
class ResumableLoader(DataLoader[Batch]):
    """A loader of whole batches whose place in the epoch is kept in checkpoints.

    Args:
        clips: hands out whole batches.
        order: of reading.
        batch_size: clips in a batch.
        num_workers: processes that read.
        pin_memory: see `torch.utils.data.DataLoader`.
    """

    def __init__(
        self,
        clips: Dataset[Batch],
        order: Shuffled | Shared,
        *,
        batch_size: int,
        num_workers: int,
        pin_memory: bool,
    ) -> None:
        super().__init__(
            clips,
            batch_size=batch_size,
            sampler=order,
            num_workers=num_workers,
            collate_fn=_as_is,  # type: ignore[arg-type]  # `Clips` hands out whole batches
            pin_memory=pin_memory,
            persistent_workers=num_workers > 0,
            generator=torch.Generator(),  # starting an epoch must not draw from what dropout draws from
        )

    def state_dict(self) -> dict[str, int]:
        """Nothing: the data module keeps the place, and this tells Lightning that it is kept."""
        return {}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Nothing."""


def _as_is(batch: Batch) -> Batch:
    return batch
