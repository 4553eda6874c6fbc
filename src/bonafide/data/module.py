"""The one LightningDataModule: a corpus, a division, training clips, and named test groups."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, final

import numpy as np
import pytorch_lightning as pl
from lightning_utilities.core.rank_zero import rank_zero_info
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from bonafide.audio import frames
from bonafide.corpora.corpus import Corpus
from bonafide.data import manifest as manifests
from bonafide.data.clips import ClipFormat, Clips
from bonafide.data.manifest import Audit, Manifest
from bonafide.data.order import Place, Progress, ResumableLoader, Shared, Shuffled
from bonafide.data.selection import Group, Train, group_systems, limit, rows_with, training_systems
from bonafide.data.split import TRAIN, VALIDATION, Split, divide
from bonafide.types import BONAFIDE, SPOOF, Batch, InputError


class Counts(NamedTuple):
    """Clips of each class."""

    spoof: int
    bonafide: int


@final
class AudioData(pl.LightningDataModule):
    """Clips of a corpus for training, validation and any number of test groups.

    Args:
        root: folder of the corpus.
        corpus: makes the corpus of a root.
        sample_rate: that models hear, in Hz; files are resampled to it.
        clip_seconds: length of a clip; shorter files are repeated, longer ones cropped at random in
            training and taken from their start in evaluation.
        resampler: by name, see `bonafide.audio.files.read`; detectors can flip their decision with it.
        channel: to take from files with several; None averages two and refuses more.
        batch_size: clips in a batch, of each process.
        split: see `Split`.
        train: see `Train`.
        tests: test groups by name, see `Group`.
        seen: systems that the detector was trained on, where that was decided elsewhere.
        on_bad_file: `"fail"` stops before training when a file cannot be used, `"skip"` leaves it out.
        audit: `"full"` decodes every file once before it is first used, `"header"` trusts the headers.
        shortest_seconds: shorter recordings count as bad files.
        cache: where manifests are kept.
        workers: processes that read; 0 reads in the training process, `"auto"` takes the cores that are free.
        pin_memory: hand batches to a GPU from page-locked memory.
        seed: of the shuffling and the crops.
    """

    def __init__(
        self,
        root: str | Path,
        corpus: Callable[..., Corpus],
        *,
        sample_rate: int = 16_000,
        clip_seconds: float = 4.0375,
        resampler: str = "soxr_hq",
        channel: int | None = None,
        batch_size: int = 32,
        split: Mapping[str, Any] | None = None,
        train: Mapping[str, Any] | None = None,
        tests: Mapping[str, Mapping[str, Any]] | None = None,
        seen: Sequence[str] | None = None,
        on_bad_file: Literal["fail", "skip"] = "fail",
        audit: Literal["full", "header"] = "full",
        shortest_seconds: float = 0.032,
        cache: str | Path = "~/.cache/bonafide",
        workers: int | Literal["auto"] = 0,
        pin_memory: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if on_bad_file not in {"fail", "skip"}:
            raise InputError(f"data.on_bad_file={on_bad_file} is unknown; choose fail or skip")
        if audit not in {"full", "header"}:
            raise InputError(f"data.audit={audit} is unknown; choose full or header")
        self.corpus = corpus(root=root)
        self.form = ClipFormat(sample_rate, frames.to_samples(clip_seconds, sample_rate), resampler, channel)
        self.batch_size, self.workers, self.pin_memory, self.seed = batch_size, workers, pin_memory, seed
        self.split = Split(**(split or {}))
        self.train = Train(**(train or {}))
        self.tests = {name: Group(**group) for name, group in (tests or {"test": {}}).items()}
        self._given_seen = seen
        self.on_bad_file = on_bad_file
        self.audit = Audit(audit == "full", shortest_seconds, channel)
        self.cache = Path(cache).expanduser()
        self.manifest: Manifest | None = None
        self.skipped: list[str] = []
        self._resumed = Progress(0, 0)

    def prepare_data(self) -> None:
        """Makes or lists the corpus; the first time this opens every file."""
        self._load()

    def setup(self, stage: str | None = None) -> None:  # noqa: ARG002 - Lightning's signature
        """Divides the corpus."""
        self._load()

    def _load(self) -> Manifest:
        if self.manifest is None:
            found = manifests.build(self.corpus, self.audit, self.cache, announce=rank_zero_info)
            for note in found.notes:
                rank_zero_info(note)
            self.manifest = self._without_bad_files(found)
            self.parts = divide(self.manifest, self.split)
            trainable = self.corpus.training_systems
            given = self._given_seen
            self.seen = tuple(given) if given else training_systems(self.manifest, trainable, self.train)
            self._groups = self._divide_tests(self.manifest)
        return self.manifest

    def _without_bad_files(self, found: Manifest) -> Manifest:
        self.skipped = found.problems()
        if not self.skipped:
            return found
        named = "; ".join(self.skipped[:3]) + ("; …" if len(self.skipped) > 3 else "")
        said = f"{len(self.skipped)} of {found.table.num_rows} files in {found.root} cannot be used ({named})"
        if self.on_bad_file == "fail":
            raise InputError(f"{said}; mend or remove them, or leave them out with data.on_bad_file=skip")
        rank_zero_info(f"{said}; left out")
        return found.usable()

    def rows(self, part: str) -> NDArray[np.int64]:
        """Rows of the manifest that train (`"train"`) or validate (`"validation"`)."""
        manifest = self._load()
        rows = limit(manifest, rows_with(manifest, self.seen, self.parts, part), self.train.utterances)
        counts = self._count(rows)
        if not counts.spoof or not counts.bonafide:
            raise InputError(
                f"the {part} part has {counts.bonafide} bona fide and {counts.spoof} spoofed clips and needs "
                "both; use more recordings or other shares in data.split"
            )
        return rows

    def groups(self) -> dict[str, NDArray[np.int64]]:
        """Rows of each test group that holds anything."""
        self._load()
        return self._groups

    def _divide_tests(self, manifest: Manifest) -> dict[str, NDArray[np.int64]]:
        found = {}
        for name, group in self.tests.items():
            chosen = group_systems(manifest, group, self.seen, self.corpus.training_systems, name)
            rows = rows_with(manifest, chosen, self.parts, group.split)
            if len(rows):
                found[name] = rows
            else:
                rank_zero_info(f"test group {name} holds nothing of this corpus and choice of generators")
        if not found:
            raise InputError("no test group holds a recording; check data.tests and data.split")
        return found

    def counts(self) -> Counts:
        """Training clips of each class."""
        return self._count(self.rows(TRAIN))

    def _count(self, rows: NDArray[np.int64]) -> Counts:
        labels = self._load().strings("label")[rows]
        return Counts(int((labels == SPOOF).sum()), int((labels == BONAFIDE).sum()))

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled, randomly cropped clips."""
        rows = self.rows(TRAIN)
        order = Shuffled(len(rows), self.seed, self._place())
        order.resume(self._resumed)
        return self._loader(Clips(self._load(), rows, self.form, crop=True), order)

    def val_dataloader(self) -> DataLoader[Batch]:
        """First windows of the validation part."""
        return self._scoring(VALIDATION, self.rows(VALIDATION))

    def test_dataloader(self) -> Sequence[DataLoader[Batch]]:
        """First windows of each test group, in the order of `groups()`."""
        return [self._scoring(name, rows) for name, rows in self.groups().items()]

    def sample(self, clips: int) -> Iterable[Tensor]:
        """Waveforms `[batch, time]` of up to `clips` training clips, the same in every process."""
        rows = self.rows(TRAIN)
        order = Shuffled(len(rows), self.seed, Place())
        data = Clips(self._load(), rows, self.form, crop=True)
        draws = list(order)[:clips]
        for start in range(0, len(draws), self.batch_size):
            yield data.__getitems__(draws[start : start + self.batch_size]).waveform

    def _scoring(self, name: str, rows: NDArray[np.int64]) -> DataLoader[Batch]:
        place = self._place()
        if len(rows) < place.world:
            raise InputError(f"{name} has {len(rows)} trials for {place.world} processes; use fewer devices")
        return self._loader(Clips(self._load(), rows, self.form, crop=False), Shared(len(rows), place))

    def _loader(self, clips: Clips, order: Shuffled | Shared) -> DataLoader[Batch]:
        return ResumableLoader(
            clips,
            order,
            batch_size=self.batch_size,
            num_workers=self._workers(),
            pin_memory=self.pin_memory,
        )

    def _workers(self) -> int:
        if self.workers != "auto":
            return self.workers
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(8, cores // self._place().world - 1) if cores > self._place().world else 0

    def _place(self) -> Place:
        return Place(self.trainer.global_rank, self.trainer.world_size) if self.trainer else Place()

    def state_dict(self) -> dict[str, Any]:
        """Where a run that starts from this checkpoint goes on."""
        if self.trainer is None:
            return {}
        batches = self.trainer.fit_loop.epoch_loop.batch_progress
        if batches.is_last_batch:
            return Progress(self.trainer.current_epoch + 1, 0)._asdict()
        done = batches.current.ready  # the batch that a checkpoint follows was made ready, and is done
        return Progress(self.trainer.current_epoch, done * self.batch_size)._asdict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """For the next training loader: Lightning names the epoch only after the loader has read ahead."""
        self._resumed = Progress(**state_dict)
