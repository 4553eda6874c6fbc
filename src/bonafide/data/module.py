"""The one LightningDataModule: a corpus, a division, training clips, and named test groups."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, final

import numpy as np
import pytorch_lightning as pl
from lightning_utilities.core.rank_zero import rank_zero_info
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from bonafide.audio import frames
from bonafide.audio.condition import Condition, check
from bonafide.augment.chain import Chain
from bonafide.corpora.corpus import Corpus
from bonafide.data import manifest as manifests
from bonafide.data import selection
from bonafide.data import windows as cuts
from bonafide.data.clips import ClipFormat, Clips
from bonafide.data.manifest import Depth, Manifest
from bonafide.data.order import Domains, Place, Progress, ResumableLoader, Shared, Shuffled
from bonafide.data.regions import spoofed_regions
from bonafide.data.selection import Group, Train, domains, first_utterances, group_systems, rows_with
from bonafide.data.split import TRAIN, VALIDATION, Split, divide
from bonafide.data.windows import Clipped, Limit, Windows
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
        condition: what is done to every clip, see `Condition`.
        windows: how recordings become clips, see `Windows`.
        limit: how many clips are used, see `Limit`.
        split: see `Split`.
        train: see `Train`.
        tests: test groups by name, see `Group`.
        seen: systems that the detector was trained on, where that was decided elsewhere.
        on_bad_file: `"fail"` stops before training when a file cannot be used, `"skip"` leaves it out.
        inspect: `"full"` decodes every file once before it is first used, `"header"` trusts the headers.
        shortest_seconds: shorter recordings count as bad files.
        cache: where manifests are kept.
        workers: processes that read; 0 reads in the training process, `"auto"` takes the cores that are free.
        pin_memory: hand batches to a GPU from page-locked memory.
        seed: of the shuffling, the crops and the augmentation.
        augment: what is done to training clips in the loader; None for nothing.
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
        condition: Mapping[str, Any] | None = None,
        windows: Mapping[str, Any] | None = None,
        limit: Mapping[str, Any] | None = None,
        split: Mapping[str, Any] | None = None,
        train: Mapping[str, Any] | None = None,
        tests: Mapping[str, Mapping[str, Any]] | None = None,
        seen: Sequence[str] | None = None,
        on_bad_file: Literal["fail", "skip"] = "fail",
        inspect: Literal["full", "header"] = "full",
        shortest_seconds: float = 0.032,
        cache: str | Path = "~/.cache/bonafide",
        workers: int | Literal["auto"] = 0,
        pin_memory: bool = False,
        seed: int = 0,
        augment: Chain | None = None,
    ) -> None:
        super().__init__()
        if on_bad_file not in {"fail", "skip"}:
            raise InputError(f"data.on_bad_file={on_bad_file} is unknown; choose fail or skip")
        if inspect not in {"full", "header"}:
            raise InputError(f"data.inspect={inspect} is unknown; choose full or header")
        self.corpus = corpus(root=root)
        samples = frames.to_samples(clip_seconds, sample_rate)
        conditioned = check(Condition(**(condition or {})), sample_rate)
        self.form = ClipFormat(sample_rate, samples, resampler, channel, conditioned)
        self.windows, self.limit = Windows(**(windows or {})), Limit(**(limit or {}))
        self.batch_size, self.workers, self.pin_memory, self.seed = batch_size, workers, pin_memory, seed
        self.augment = augment
        self.split = Split(**(split or {}))
        self.train = Train(**(train or {}))
        wanted = {**self.corpus.groups, **(tests or {})} or {"test": {}}
        self.tests = {name: Group(**group) for name, group in wanted.items()}
        self._given_seen = seen
        self.on_bad_file = on_bad_file
        self.depth = Depth(inspect == "full", shortest_seconds, channel)
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
            found = manifests.build(self.corpus, self.depth, self.cache, announce=rank_zero_info)
            for note in found.notes:
                rank_zero_info(note)
            self.manifest = self._without_bad_files(found)
            self.parts = divide(self.manifest, self.split)
            self.lengths = self.form.lengths(self.manifest)
            self._say_what_is_dropped()
            trainable, given = self.corpus.training_systems, self._given_seen
            if given is None:
                left = () if self.train.generators else self.corpus.left_out
                chosen = self.train._replace(leave_out=[*self.train.leave_out, *left])
                self.seen = selection.training_systems(self.manifest, self.parts, trainable, chosen)
            else:
                self.seen = tuple(given)
            self._groups = self._divide_tests(self.manifest)
        return self.manifest

    def _say_what_is_dropped(self) -> None:
        if not self.windows.tile or self.windows.remainder != "drop":
            return
        size, rate = self.form.samples, self.form.sample_rate
        hours = float((self.lengths % size).sum()) / rate / 3600
        of = float(self.lengths.sum()) / rate / 3600
        rank_zero_info(
            f"windows of {size / rate:g} s leave out {hours:.3f} of {of:.3f} hours, and "
            f"{int((self.lengths < size).sum())} recordings that are shorter; "
            "data.windows.remainder=repeat keeps them"
        )

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

    def clips(self, part: str) -> Clipped:
        """Clips that train (`"train"`) or validate (`"validation"`)."""
        manifest = self._load()
        systems = self.seen
        if part == VALIDATION and not len(rows_with(manifest, systems, self.parts, Group(split=part))):
            # ASVspoof 5 validates on attacks that it does not train on.
            present = selection.systems(manifest)
            left = selection.named(present, self.train.leave_out, "data.train.leave_out")
            systems = tuple(name for name in present if name not in left)
        found = self._clipped(systems, Group(split=part), self.train.utterances)
        counts = self._count(found)
        if not counts.spoof or not counts.bonafide:
            raise InputError(
                f"the {part} part has {counts.bonafide} bona fide and {counts.spoof} spoofed clips and needs "
                "both; use more recordings or other shares in data.split"
            )
        return found

    def groups(self) -> dict[str, Clipped]:
        """Clips of each test group that holds anything."""
        self._load()
        return self._groups

    def named(self, clips: Clipped) -> NDArray[np.object_]:
        """Paths of windows: the recording's, and its seconds as a media fragment (`a.wav#t=1,2`)."""
        path, rate = self._load().strings("path"), self.form.sample_rate
        first = (clips.starts + self.form.trim) / rate
        last = first + np.minimum(self.form.samples, self.lengths[clips.rows] - clips.starts) / rate
        rows = zip(path[clips.rows], first.tolist(), last.tolist(), strict=True)
        return np.array([*(f"{name}#t={start:.6g},{end:.6g}" for name, start, end in rows), None], object)[
            :-1
        ]

    def _divide_tests(self, manifest: Manifest) -> dict[str, Clipped]:
        found = {}
        for name, group in self.tests.items():
            chosen = group_systems(manifest, group, self.seen, self.corpus.training_systems, name)
            clips = self._clipped(chosen, group)
            counts = self._count(clips)
            if counts.spoof and counts.bonafide:
                found[name] = clips
            elif len(clips):
                rank_zero_info(
                    f"test group {name} is left out: it has {counts.bonafide} bona fide and {counts.spoof} "
                    "spoofed clips and needs both"
                )
            else:
                rank_zero_info(f"test group {name} holds nothing of this corpus and choice of generators")
        if not found:
            raise InputError(
                "no test group holds bona fide and spoofed clips; check data.tests and data.split"
            )
        return found

    def _clipped(self, systems: Sequence[str], group: Group, utterances: int | None = None) -> Clipped:
        """The clips of a part or test group, cut, divided and limited as the config says."""
        manifest = self._load()
        shares = self.corpus.window_shares if self.split.rule == "faithful" and self.windows.tile else None
        wide = group._replace(split="all") if shares else group
        rows = first_utterances(manifest, rows_with(manifest, systems, self.parts, wide), utterances)
        clips = cuts.cut(self.lengths, rows, self.form.samples, self.windows)
        if shares and group.split != "all":
            trained = self._trained(manifest, clips.rows)
            each = np.where(trained[:, None], np.array(shares), np.array([0, 1 / 3]))
            clips = cuts.ordered(clips, cuts.sources(manifest, clips.rows), each, group.split)
        most = {TRAIN: self.limit.train, VALIDATION: self.limit.validation}.get(group.split, self.limit.test)
        source = cuts.sources(manifest, clips.rows)
        return cuts.limited(clips, source, most, balance=self.limit.balance)

    def _trained(self, manifest: Manifest, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the authors train on what a clip comes from; they keep a few systems for tests alone."""
        trainable = self.corpus.training_systems
        if trainable is None:
            return np.ones(len(rows), dtype=bool)
        system, names = manifest.codes("system")
        corpus, _ = manifest.codes("corpus")
        known = np.isin(system, [place for place, name in enumerate(names) if name in trainable])
        genuine = (manifest.strings("label") == BONAFIDE) & np.isin(corpus, np.unique(corpus[known]))
        found: NDArray[np.bool_] = (known | genuine)[rows]
        return found

    def counts(self) -> Counts:
        """Training clips of each class in an epoch: as many as there are, or as `data.train.shares` draws."""
        clips = self.clips(TRAIN)
        drawn = domains(self._load(), clips.rows, self.train)
        if drawn is None:
            return self._count(clips)
        genuine = drawn.share_of(self._load().strings("label")[clips.rows] == BONAFIDE)
        bonafide = min(max(round(genuine * len(clips)), 1), len(clips) - 1)
        return Counts(len(clips) - bonafide, bonafide)

    def spoofed_share(self) -> float:
        """Share of the time of training clips that is spoofed; on average, where they are cut at random."""
        clips, manifest, form = self.clips(TRAIN), self._load(), self.form
        rows, recording = np.unique(clips.rows, return_inverse=True)
        regions = spoofed_regions(manifest, rows, form.sample_rate, form.trim)
        total = self.lengths[clips.rows]
        heard = total if self.windows.crops else np.minimum(form.samples, total - clips.starts)
        spoofed = regions.samples(recording, clips.starts, heard) / heard
        time = np.minimum(heard, form.samples).astype(np.float64)
        drawn = domains(manifest, clips.rows, self.train)
        if drawn is not None:
            time *= (drawn.shares / np.bincount(drawn.of))[drawn.of]
        return float(np.average(spoofed, weights=time))

    def _count(self, clips: Clipped) -> Counts:
        labels = self._load().strings("label")[clips.rows]
        return Counts(int((labels == SPOOF).sum()), int((labels == BONAFIDE).sum()))

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled clips, cut at random unless the windows are fixed."""
        clips = self.clips(TRAIN)
        order = self._shuffled(clips, self._place())
        order.resume(self._resumed)
        return self._loader(self._read(clips, crop=self.windows.crops, augment=self.augment), order)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Clips of the validation part: first windows, or all."""
        changed = self.augment if self.augment is not None and self.augment.validation else None
        return self._scoring(VALIDATION, self.clips(VALIDATION), changed)

    def test_dataloader(self) -> Sequence[DataLoader[Batch]]:
        """Clips of each test group, in the order of `groups()`."""
        return [self._scoring(name, clips) for name, clips in self.groups().items()]

    def sample(self, clips: int) -> Iterable[Tensor]:
        """Waveforms `[batch, time]` of up to `clips` training clips, the same in every process."""
        chosen = self.clips(TRAIN)
        data = self._read(chosen, crop=self.windows.crops)
        draws = list(islice(self._shuffled(chosen, Place()), clips))
        for start in range(0, len(draws), self.batch_size):
            yield data.__getitems__(draws[start : start + self.batch_size]).waveform

    def _shuffled(self, clips: Clipped, place: Place) -> Shuffled:
        found = domains(self._load(), clips.rows, self.train)
        return Shuffled(len(clips), self.seed, place, None if found is None else Domains(*found))

    def _read(self, clips: Clipped, *, crop: bool, augment: Chain | None = None) -> Clips:
        return Clips(self._load(), clips, self.form, crop=crop, augment=augment)

    def _scoring(self, name: str, clips: Clipped, augment: Chain | None = None) -> DataLoader[Batch]:
        place = self._place()
        if len(clips) < place.world:
            raise InputError(f"{name} has {len(clips)} clips for {place.world} processes; use fewer devices")
        return self._loader(self._read(clips, crop=False, augment=augment), Shared(len(clips), place))

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
