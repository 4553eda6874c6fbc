"""Who reads which clip when: the same for any number of workers, and exact after a resume."""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import BatchSampler, DataLoader, Dataset, Sampler

from bonafide.data.forking import READERS
from bonafide.types import Batch, InputError


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
        faithful: batches as Codecfake cuts them, see `Grouped`.
    """

    of: NDArray[np.int64]
    shares: NDArray[np.float64]
    faithful: bool = False

    def share_of(self, chosen: NDArray[np.bool_]) -> float:
        """How much of what is drawn falls on some clips, `[clips]`.

        >>> of, genuine = np.array([0, 0, 0, 1]), np.array([False, True, True, True])
        >>> round(Domains(of, np.array([0.75, 0.25])).share_of(genuine), 3)
        0.75
        """
        return float((self.shares * np.bincount(self.of, chosen) / np.bincount(self.of)).sum())


@final
class Shuffled(Sampler[Draw]):
    """As many clips an epoch as there are, in an order and with cuts that only the seed and the epoch decide.

    Without domains every clip comes once. With domains, each is drawn without replacement, shuffled anew
    whenever it is used up, and goes on where the last epoch left it. Batches that can hold the shares exactly
    do (124 and 4 clips of 128, for shares of 31/32 and 1/32), others come as near as whole clips can.

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
        # Of every 1 / share places one is a domain's, at its middle: never near the edge of a batch that
        # holds the shares exactly.
        return found[np.argsort((within + 0.5) / domains.shares[domain], kind="stable")]

    def batches(self, size: int) -> Sampler[list[Draw]]:
        """What is drawn, in batches."""
        if self.domains is not None and self.domains.faithful:
            return Grouped(self, self.domains, size)
        return _cut(self, size)


def _drawn(total: int, count: int, seed: list[int], start: int) -> NDArray[np.int64]:
    """`count` of an endless sequence of shuffled packs of `total`, from place `start` on."""
    passes = range(start // total, -(-(start + count) // total))
    packs = [np.random.default_rng([*seed, number]).permutation(total) for number in passes]
    first = start - (start // total) * total
    return np.concatenate([*packs, np.empty(0, np.int64)])[first : first + count]


def _cut(draws: Sampler[Draw], size: int) -> Sampler[list[Draw]]:
    batches: Any = BatchSampler(cast("Any", draws), size, drop_last=False)  # torch types it for integers
    return cast("Sampler[list[Draw]]", batches)


@final
class Grouped(Sampler[list[Draw]]):
    """Batches of several domains as published with CSAM, for comparison; `Shuffled` mends all of it.

    Xie et al. (2024), "The Codecfake Dataset and Countermeasures", https://arxiv.org/abs/2405.04880. A group
    holds `int(share * size)` clips of each domain, one domain after the other, and these are too few for a
    batch: 123 + 4 of 128. Batches are cut at every 128 all the same, so their edges drift through the groups.
    A pass is as many groups as the largest domain has batches, newly shuffled, and ends with a short batch.
    An epoch is that many batches for each domain and ends in the middle of a pass, where the next goes on.

    Args:
        sampler: which epoch it is, and where to go on.
        domains: of the clips, with their shares.
        size: of a batch.

    Raises:
        InputError: a batch is too small for a clip of each domain, or several processes train together.
    """

    def __init__(self, sampler: Shuffled, domains: Domains, size: int) -> None:
        if sampler.place.world > 1:
            raise InputError("data.train.faithful=true was published for one process; use one device")
        self.sampler, self.domains, self.size = sampler, domains, size
        self.quota: list[int] = (domains.shares * size).astype(np.int64).tolist()
        if 0 in self.quota:
            raise InputError(
                f"data.batch_size={size} has no room for all of data.train.share_by; enlarge it, "
                "or set data.train.faithful=false"
            )
        self.groups = -(-int(np.bincount(domains.of).max()) // size)

    @property
    def clips(self) -> int:
        """Drawn in a pass."""
        return self.groups * sum(self.quota)

    def __len__(self) -> int:
        return self.groups * len(self.quota)

    def __iter__(self) -> Iterator[list[Draw]]:
        order = self.sampler
        skip, order.skip = order.skip // self.size, 0
        first, last = (order.epoch + place for place in (0, 1))
        batches = -(-self.clips // self.size)
        known, drawn = -1, list[Draw]()
        for number in range(first * len(self) + skip, last * len(self)):
            turn, place = divmod(number, batches)
            if turn != known:
                known, drawn = turn, self._turn(turn)
            yield drawn[place * self.size : (place + 1) * self.size]

    def _turn(self, turn: int) -> list[Draw]:
        """A whole pass."""
        columns = []
        for number, quota in enumerate(self.quota):
            clips = np.flatnonzero(self.domains.of == number)
            seed = [self.sampler.seed, turn, number]
            columns.append(clips[_drawn(len(clips), self.groups * quota, seed, 0)].reshape(-1, quota))
        numbers = np.random.default_rng([self.sampler.seed, turn]).integers(0, 2**62, self.clips)
        return [
            Draw(*pair) for pair in zip(np.hstack(columns).ravel().tolist(), numbers.tolist(), strict=True)
        ]


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

    def batches(self, size: int) -> Sampler[list[Draw]]:
        """What is read, in batches."""
        return _cut(self, size)


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
            batch_sampler=order.batches(batch_size),
            num_workers=num_workers,
            collate_fn=_as_is,  # type: ignore[arg-type]  # `Clips` hands out whole batches
            pin_memory=pin_memory,
            persistent_workers=num_workers > 0,
            multiprocessing_context=READERS if num_workers else None,
            generator=torch.Generator(),  # starting an epoch must not draw from what dropout draws from
        )

    def state_dict(self) -> dict[str, int]:
        """Nothing: the data module keeps the place, and this tells Lightning that it is kept."""
        return {}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Nothing."""


def _as_is(batch: Batch) -> Batch:
    return batch
