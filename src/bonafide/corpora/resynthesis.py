"""A person's own recordings, and spoofs made of them here by vocoders and codecs."""

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, final

from bonafide import counting
from bonafide.audio.codec import FORMATS, require
from bonafide.corpora import tree
from bonafide.corpora.corpus import Corpus
from bonafide.corpora.synthesis import versions
from bonafide.corpora.synthesis.ledger import Entry, Ledger
from bonafide.corpora.synthesis.versions import CODECS, GENUINE, SYSTEMS, Job, Outcome
from bonafide.types import BONAFIDE, SPOOF, InputError, Utterance
from bonafide.whole import whole

VERSION: Final = 1  # of the sound; a new one makes every file anew
KBPS: Final[Mapping[str, float]] = {"mp3": 64, "opus": 24, "aac": 48}
README: Final = """\
bonafide made these files of the recordings in
{source}

genuine/<recording>.flac      each recording: mono, 16 bits, its own rate, without what lies below 70 Hz
<system>/<recording>.flac     the same, made again by a vocoder or sent through a codec
made.jsonl                    what was made of which file; without it everything is made anew

The voices are those of the recordings; so are the rights in them.
"""
_NAMED = 3  # recordings left out, in a note


class _Source(NamedTuple):
    """A recording to work on: its file relative to the folder, and that file's size and time of change."""

    path: str
    stamp: tuple[int, int]


class _Task(NamedTuple):
    """A job and what the ledger will say once it is done."""

    job: Job
    entry: Entry


@final
class Resynthesis(Corpus):
    """Spoofs out of genuine recordings of your own: any folder of speech becomes a corpus with both labels.

    ============  ====================================================================================
    bona fide     the recordings of `source`: mono, 16-bit FLAC at their own rate, their first 30 s
    spoofs        one of each recording by each system, of the same rate, length, level and finish
    vocoders      `griffin_lim`: mel spectrogram, 80 bands, guessed phases; `lpc`: all-pole filter,
                  pulses or noise; `world`: WORLD (pyworld); `sinusoidal`: 80 sinusoids
    codecs        `mp3` (LAME), `opus` (libopus, at 48 kHz), `aac` (FFmpeg's), decoded again
    speakers      the folders of `source`; see below
    splits        none published: by a hash of the recording's path
    licence       that of the recordings
    time          about 0.25 s a second of sound on one core, all systems together
    ============  ====================================================================================

    ::

        source/                       root/<name of source>-<hash of its path>/
        ├── ada/one.wav               ├── genuine/ada/one.flac            bona fide
        ├── ada/two.m4a               ├── griffin_lim/ada/one.flac        spoof, system griffin_lim
        └── ben/one.mp3               ├── …
                                      ├── opus/ben/one.flac
                                      └── made.jsonl  README.txt

    * An utterance is a recording's path without ending. The speaker is the first folder on that path (`ada`),
      `-` for files that lie in `source` itself.
    * `prepare` makes what is missing: new recordings, those whose size or time of change differs, systems
      or bit rates that were not asked for before. What was made of a recording that is gone is removed.
    * All versions of a recording take the same finish: a high-pass at 70 Hz, a low-pass at 0.88 of half the
      rate, faint noise (50 dB below the speech), one level, dither. Recordings louder than -26 dB (root mean
      square, relative to full scale) are lowered to that.

    Traps:

    * Vocoders of this kind are older than today's neural ones. A detector trained on them has learnt traces
      of analysis and synthesis, not of speech generation: test it on other corpora too.
    * An MP3, Opus or AAC of genuine speech still is that person's speech. With `mp3`, `opus` and `aac` among
      the systems a detector learns to refuse compressed speech; leave them out where that is not wanted.
    * A recording that was compressed before its time here carries traces of a codec on its bona fide side.
    * A voice of several recordings is heard in training and test; nothing here divides by speaker.

    Args:
        root: folder for what is made; each `source` gets a folder of its own in it.
        source: folder of genuine recordings of any format, searched with all its folders.
        systems: the spoofs wanted.
        kbps: bit rates of the codecs, kbit/s; encoders take the nearest that they have.
        seed: of the random draws: phases, noise, dither.
        shortest_seconds: shorter recordings are left out.
        longest_seconds: of longer recordings only the beginning is taken.
        channel: to take from files with several; None averages two and leaves files with more out.
        processes: that work at the same time; None for one a core.

    Raises:
        InputError: an option is unknown or out of range.
    """

    def __init__(
        self,
        root: str | Path,
        source: str | Path,
        *,
        systems: Sequence[str] = ("griffin_lim", "lpc", "world", "sinusoidal", "mp3", "opus", "aac"),
        kbps: Mapping[str, float] | None = None,
        seed: int = 0,
        shortest_seconds: float = 0.25,
        longest_seconds: float = 30.0,
        channel: int | None = None,
        processes: int | None = None,
    ) -> None:
        self.source = Path(source).expanduser().absolute()
        super().__init__(Path(root).expanduser().absolute() / _folder(self.source))
        self.systems = tuple(systems)
        self.kbps = {**KBPS, **(kbps or {})}
        self.seed, self.channel, self.processes = seed, channel, processes
        self.shortest, self.longest = float(shortest_seconds), float(longest_seconds)
        self._check()
        self._ledger = Ledger(self.root)
        self._notes: list[str] = []

    @property
    def name(self) -> str:
        """As in `data=resynthesis`."""
        return "resynthesis"

    @property
    def notes(self) -> Sequence[str]:
        """Recordings that are left out or cut."""
        return tuple(self._notes)

    @property
    def caveat(self) -> str:
        """What kind of spoofs these are."""
        return (
            "The spoofs were made here with classical vocoders and codecs: results on them say little about "
            "neural speech."
        )

    def utterances(self) -> Sequence[Utterance]:
        """Every file made, sorted by path.

        Raises:
            InputError: nothing was made of the source yet, with these options, or could be.
        """
        known = self._ledger.read()
        wanted = self._wanted()
        usable = [entry for entry in known.values() if not entry.problem]
        complete = all(
            entry.recipe == self._recipe() and (entry.problem or wanted.items() <= entry.made.items())
            for entry in known.values()
        )
        if not known or not complete:
            state = "is not complete or was made with other options" if known else "has not been made"
            raise InputError(
                f"the resynthesis of {self.source} in {self.root} {state}; "
                f"make it: python prepare.py data=resynthesis data.corpus.source={self.source}"
            )
        self._take_notes(known)
        return sorted(self._row(entry, system) for entry in usable for system in wanted)

    def prepare(self, announce: Callable[[str], None]) -> None:
        """Makes what is missing, on several processes; an interruption keeps what is complete.

        Raises:
            InputError: the source is missing, empty or holds two recordings of one name; nothing in it can be
                used; a system is not installed; a file cannot be written.
        """
        found = self._sources()
        known = self._ledger.read()
        kept, gone = self._sorted(found, known)
        if kept != known:
            self._ledger.replace(kept.values())
        for file in gone:
            with suppress(FileNotFoundError):
                os.unlink(file)  # noqa: PTH108 - a million files: no Path for each
        tasks = [task for name, source in found.items() if (task := self._task(name, source, kept.get(name)))]
        if tasks:
            self._require_systems({system for task in tasks for system in task.job.systems})
            announce(
                f"resynthesis: making {len(self.systems)} spoofs of each recording ({len(tasks):,} to do) of "
                f"{self.source} in {self.root}"
            )
            with whole(self.root / "README.txt") as part:
                part.write_text(README.format(source=self.source), encoding="utf-8")
            self._work(tasks)
        self._take_notes(self._ledger.read())

    def _check(self) -> None:
        """Refuses options before anything is made."""
        unknown = [system for system in self.systems if system not in SYSTEMS]
        if unknown or not self.systems or len(set(self.systems)) < len(self.systems):
            raise InputError(
                f"data.corpus.systems=[{','.join(self.systems)}]: name one or more of {', '.join(SYSTEMS)}, "
                "each once"
            )
        for codec, rate in self.kbps.items():
            if codec not in CODECS:
                raise InputError(f"data.corpus.kbps: there is no codec {codec}, only {', '.join(CODECS)}")
            low, high = FORMATS[codec].kbps
            if not low <= rate <= high:
                raise InputError(f"data.corpus.kbps.{codec}={rate}: give {low} to {high} kbit/s")
        if not 0.1 <= self.shortest <= self.longest <= 600:
            raise InputError(
                f"data.corpus.shortest_seconds={self.shortest:g} and longest_seconds={self.longest:g}: give "
                "0.1 to 600 s, the shortest first"
            )
        if self.seed < 0 or (self.processes is not None and self.processes < 1):
            raise InputError("data.corpus: seed must be 0 or more, processes 1 or more (null: one a core)")

    def _recipe(self) -> str:
        """What decides all versions alike."""
        return f"{VERSION} {self.seed} {self.shortest:g} {self.longest:g} {self.channel}"

    def _wanted(self) -> dict[str, str]:
        """The versions wanted, with what decides each beyond the recipe."""
        rates = {system: f"{self.kbps[system]:g}" for system in self.systems if system in CODECS}
        return {GENUINE: "", **dict.fromkeys(self.systems, ""), **rates}

    def _sources(self) -> dict[str, _Source]:
        """The recordings by name."""
        if not self.source.is_dir():
            raise InputError(
                f"the folder {self.source} does not exist; set data.corpus.source to that of your recordings"
            )
        if _would_find(self.source.resolve(), self.root.resolve()):
            raise InputError(
                f"what is made in {self.root} would lie among the recordings in {self.source}; "
                "set data.root to a folder elsewhere"
            )
        found: dict[str, _Source] = {}
        for path in tree.recordings(self.source, deep=True):
            name = path[: path.rfind(".")]
            if name in found:
                raise InputError(f"{self.source} holds both {found[name].path} and {path}; keep one of them")
            found[name] = _Source(path, _stamp(f"{self.source}/{path}"))
        if not found:
            raise InputError(
                f"no recordings (.wav, .flac, .mp3, …) in {self.source}; "
                "set data.corpus.source to the folder that has them"
            )
        return found

    def _sorted(
        self, found: Mapping[str, _Source], known: Mapping[str, Entry]
    ) -> tuple[dict[str, Entry], list[str]]:
        """What the ledger says that still holds, and the files that are of no use any more."""
        kept, gone = {}, []
        wanted = self._wanted()
        for name, entry in known.items():
            good: dict[str, str] = {}
            if found.get(name) == (entry.source, entry.stamp) and entry.recipe == self._recipe():
                good = {system: how for system, how in entry.made.items() if wanted.get(system, how) == how}
                kept[name] = entry._replace(made=good)
            gone += [
                versions.place(str(self.root), name, system) for system in entry.made if system not in good
            ]
        return kept, gone

    def _task(self, name: str, source: _Source, entry: Entry | None) -> _Task | None:
        """What is to be done for a recording; None if nothing is."""
        made: dict[str, str] = {}
        if entry is not None:
            if entry.problem:
                return None
            root = str(self.root)
            made = {
                system: how
                for system, how in entry.made.items()
                if os.path.exists(versions.place(root, name, system))  # noqa: PTH110 - no Path for each
            }
        wanted = self._wanted()
        systems = tuple(system for system, how in wanted.items() if made.get(system) != how)
        if not systems:
            return None
        job = Job(
            source=f"{self.source}/{source.path}",
            root=str(self.root),
            name=name,
            systems=systems,
            kbps=tuple(self.kbps.items()),
            seed=self.seed,
            shortest=self.shortest,
            longest=self.longest,
            channel=self.channel,
        )
        return _Task(job, Entry(name, source.path, source.stamp, self._recipe(), {**made, **wanted}))

    def _require_systems(self, systems: set[str]) -> None:
        if "world" in systems and find_spec("pyworld") is None:
            raise InputError(
                "the system world needs pyworld, which is not installed: pip install pyworld (it needs a C++ "
                "compiler), or leave world out of data.corpus.systems"
            )
        for codec in systems & {*CODECS}:
            require(codec)

    def _work(self, tasks: Sequence[_Task]) -> None:
        """Does the tasks and notes each as soon as it is done."""
        processes = min(self.processes or os.cpu_count() or 1, len(tasks))
        with counting.bar() as progress, closing(_done(tasks, processes)) as results:
            bar = progress.add_task("resynthesis", total=len(tasks))
            for entry, outcome in results:
                made = {} if outcome.problem else entry.made
                self._ledger.add(entry._replace(made=made, problem=outcome.problem, cut=outcome.cut))
                progress.advance(bar)

    def _take_notes(self, known: Mapping[str, Entry]) -> None:
        self._notes = []
        bad = sorted((entry.source, entry.problem) for entry in known.values() if entry.problem)
        if bad:
            named = "; ".join(f"{path} {problem}" for path, problem in bad[:_NAMED])
            more = "; …" if len(bad) > _NAMED else ""
            self._notes.append(f"{len(bad):,} of {len(known):,} recordings left out ({named}{more})")
        if len(bad) == len(known):
            raise InputError(f"nothing can be made of {self.source}: {self._notes[0]}; name another folder")
        cut = sum(entry.cut for entry in known.values())
        if cut:
            self._notes.append(
                f"of {cut:,} of {len(known):,} recordings only the first {self.longest:g} s are taken "
                "(data.corpus.longest_seconds)"
            )

    def _row(self, entry: Entry, system: str) -> Utterance:
        folder, slash, _ = entry.name.partition("/")
        return Utterance(
            path=versions.path(entry.name, system),
            utterance=entry.name,
            corpus=self.name,
            system=system,
            speaker=folder if slash else "-",
            label=BONAFIDE if system == GENUINE else SPOOF,
        )


def _folder(source: Path) -> str:
    """Name of the folder of what is made of a source."""
    return f"{source.name}-{hashlib.sha256(os.fsencode(source.resolve())).hexdigest()[:12]}"


def _would_find(source: Path, folder: Path) -> bool:
    """Whether a search through the source comes to a folder; it leaves hidden ones out."""
    if not folder.is_relative_to(source):
        return False
    return not any(part.startswith(".") for part in folder.relative_to(source).parts)


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - a million files: no Path for each
    except OSError:  # a link to nowhere: the job will say so
        return (-1, -1)
    return (status.st_size, status.st_mtime_ns)


def _done(tasks: Sequence[_Task], processes: int) -> Generator[tuple[Entry, Outcome]]:
    """Does the tasks, a few at a time, and gives each as it is done."""
    if processes == 1:
        for task in tasks:
            yield task.entry, versions.make(task.job)
        return
    # Threads of the parent (torch's, a notebook's) may hold locks that a forked process would wait for.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, initializer=_ignore_interrupts)
    waiting = iter(tasks)
    running: dict[Future[Outcome], Entry] = {}
    try:
        while True:
            for task in islice(waiting, 4 * processes - len(running)):
                running[pool.submit(versions.make, task.job)] = task.entry
            if not running:
                return
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(done), done.result()
    except BrokenProcessPool as error:
        raise InputError(
            "a process was killed while it made spoofs, most likely for lack of memory; set "
            "data.corpus.processes=1 or a shorter data.corpus.longest_seconds (what is made is kept)"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """Ctrl-C goes to every process of a terminal; the parent alone decides what it means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
