"""A folder of clips through the pipeline: on several processes, to be interrupted and taken up again."""

import json
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from itertools import islice
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any, Final, NamedTuple, final

from bonafide import counting
from bonafide.alone import alone
from bonafide.manipulation import captions as captions_
from bonafide.manipulation import lists, sources
from bonafide.manipulation.pipeline import AUDIO, Outcome, Plan, Stages, Task, manipulate
from bonafide.manipulation.provenance import Provenance, Record
from bonafide.manipulation.sources import Source
from bonafide.types import InputError
from bonafide.whole import whole

SETTINGS: Final = "settings.json"
_PART: Final = re.compile(r"\..*\.\d+\.part")
_NAMED: Final = 5  # problems that are told in one line


class Done(NamedTuple):
    """What is there when the work ends.

    Args:
        records: of all clips, by name.
        problems: why nothing could be made of a clip, by its path.
        new: clips that were done this time.
    """

    records: Mapping[str, Record]
    problems: Mapping[str, str]
    new: int

    def problem(self) -> InputError | None:
        """All problems in one line; None if there are none."""
        if not self.problems:
            return None
        first = [f"{path} {problem}" for path, problem in sorted(self.problems.items())[:_NAMED]]
        more = "; …" if len(self.problems) > _NAMED else ""
        return InputError(
            f"nothing could be made of {len(self.problems):,} clips, everything else is done: "
            f"{'; '.join(first)}{more}; mend or remove them and start again"
        )


@final
class Work:
    """All clips of a folder.

    Every finished clip is a line of the provenance; what a crash left half done is done again, the rest is
    not. `manifest.json` and `manifest.csv` are there whenever nothing is in hand, and then say exactly what
    is: they go before the first clip and come back after the last, or at an interruption.

    Args:
        stages: the exchangeable parts.
        plan: what else decides the results.
        captions: list of captions; None for none.
        settings: in plain words, all that decides the results alike.
        corpus: name of the collection in the table.
        workers: processes; None for one a core, or for a single one where a stage is heavy.
        announce: is told what goes on.
    """

    def __init__(
        self,
        stages: Stages,
        plan: Plan,
        captions: str | Path | None,
        *,
        settings: Mapping[str, Any],
        corpus: str,
        workers: int | None,
        announce: Callable[[str], None],
    ) -> None:
        self.stages, self.plan, self.captions = stages, plan, captions
        self.settings, self.corpus, self.announce = settings, corpus, announce
        heavy = any(stage.heavy for stage in stages)
        self.workers = workers or (1 if heavy else os.cpu_count() or 1)
        self._provenance = Provenance(plan.out)

    def run(self) -> Done:
        """Does what is left to do.

        Raises:
            InputError: the source is missing or empty, a stage is not installed, captions are missing, or
                `out` was made with other settings.
        """
        clips = sources.found(self.plan.source, self.plan.out)
        self._check_captions()
        for stage in self.stages:
            stage.require()
        spoken = captions_.read(self.captions) if self.captions else {}
        with alone(self.plan.out / ".lock", self.announce, f"at work in {self.plan.out}"):
            return self._run(clips, spoken)

    def _run(self, clips: Mapping[str, Source], spoken: Mapping[str, str]) -> Done:
        self._check_settings()
        tasks = {
            name: Task(clip, captions_.of(name, clip.path[len(name) :], spoken))
            for name, clip in clips.items()
        }
        if self.captions and not any(task.caption for task in tasks.values()):
            raise InputError(
                f"none of the names in {self.captions} is that of a clip in {self.plan.source}, such as "
                f"{next(iter(clips.values())).path}; use their paths or stems"
            )
        known = self._provenance.read()
        kept = {name: record for name, record in known.items() if self._holds(record, tasks.get(name))}
        left = [task for name, task in tasks.items() if name not in kept]
        if left or kept != known:
            lists.remove(self.plan.out)
        if kept != known:
            self._provenance.replace(kept.values())
        _sweep(self.plan.out, kept.values())
        if kept and left:
            self.announce(f"{len(kept):,} of {len(tasks):,} clips are done; {len(left):,} to do")
        problems: dict[str, str] = {}
        try:
            self._work(left, kept, problems)
        finally:
            records = {name: kept[name] for name in sorted(kept)}
            _sweep(self.plan.out, records.values())  # what workers finished after Ctrl-C
            self._provenance.replace(records.values())
            lists.write(self.plan.out, records.values(), self.corpus)
        return Done(records, problems, len(left) - len(problems))

    def _work(self, tasks: Sequence[Task], records: dict[str, Record], problems: dict[str, str]) -> None:
        """Does the tasks and notes each as soon as its files are there."""
        if not tasks:
            return
        stream = _done(tasks, self.stages, self.plan, min(self.workers, len(tasks)))
        with counting.bar() as progress, closing(stream) as results:
            bar = progress.add_task("manipulate", total=len(tasks))
            for task, outcome in results:
                if outcome.record is None:
                    problems[task.source.path] = outcome.problem
                else:
                    records[task.source.name] = outcome.record  # first: Ctrl-C may come between the two
                    self._provenance.add(outcome.record)
                progress.advance(bar)

    def _check_captions(self) -> None:
        if self.captions:
            return
        for option, stage in (("grounder", self.stages.grounder), ("inpainter", self.stages.inpainter)):
            if stage.needs_caption:
                raise InputError(f"{option}={stage.name} needs captions; set captions to a list of them")

    def _check_settings(self) -> None:
        """Refuses a folder that was made with other settings, and notes those of a new one."""
        file = self.plan.out / SETTINGS
        try:
            before = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            if self.plan.out.is_dir() and any(
                not entry.name.startswith(".") for entry in self.plan.out.iterdir()
            ):
                raise InputError(
                    f"{self.plan.out} holds files that are no such corpus; set out to an empty or new folder"
                ) from None
            with whole(file) as part:
                part.write_text(json.dumps(self.settings, indent=1, ensure_ascii=False), encoding="utf-8")
            return
        except (OSError, ValueError) as error:
            raise InputError(f"{file} cannot be read ({error}); set out to a new folder") from error
        now = json.loads(json.dumps(self.settings))
        changed = [key for key in _flat(before).keys() | _flat(now).keys() if _differ(before, now, key)]
        if changed:
            key = min(changed)
            was, wanted = (_flat(of).get(key, "nothing") for of in (before, now))
            raise InputError(
                f"{self.plan.out} was made with {key}={was}, not {wanted}; set out to another folder, or "
                "remove this one"
            )

    def _holds(self, record: Record, task: Task | None) -> bool:
        """Whether a clip is done: neither it nor its caption changed, and its files are there."""
        if task is None or record["caption"] != task.caption or record["stamp"] != list(task.source.stamp):
            return False
        if "path" not in record:
            return True
        files = [(record["path"], record["bytes"])]
        if record["genuine"]:
            files.append((record["genuine"], record["genuine_bytes"]))
        return all(sources.stamp(self.plan.out / path)[0] == size for path, size in files)


def _sweep(out: Path, kept: Iterable[Record]) -> None:
    """Removes what a killed process was writing, and what was made of clips that are gone or changed."""
    wanted = {record[key] for record in kept for key in ("path", "genuine") if record.get(key)}
    for folder, _, names in os.walk(out / AUDIO):
        below = Path(folder).relative_to(out).as_posix()
        for name in names:
            if _PART.fullmatch(name) or (name.endswith(".wav") and f"{below}/{name}" not in wanted):
                with suppress(OSError):
                    (Path(folder) / name).unlink()


def _flat(node: Any, prefix: str = "") -> dict[str, Any]:
    """`{"a": {"b": 1}}` → `{"a.b": 1}`."""
    if not isinstance(node, dict):
        return {prefix: node}
    return {
        key: value
        for name, child in node.items()
        for key, value in _flat(child, f"{prefix}.{name}".strip(".")).items()
    }


def _differ(one: Any, other: Any, key: str) -> bool:
    nothing = object()
    return bool(_flat(one).get(key, nothing) != _flat(other).get(key, nothing))


def _done(
    tasks: Iterable[Task], stages: Stages, plan: Plan, processes: int
) -> Generator[tuple[Task, Outcome]]:
    """Does the tasks, a few at a time, and gives each as it is done."""
    if processes == 1:
        for task in tasks:
            yield task, manipulate(task, stages, plan)
        return
    # Threads of the parent (torch's, a notebook's) may hold locks that a forked process would wait for.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(stages, plan))
    waiting = iter(tasks)
    running: dict[Future[Outcome], Task] = {}
    try:
        while True:
            for task in islice(waiting, 2 * processes - len(running)):
                running[pool.submit(_one, task)] = task
            if not running:
                return
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(done), done.result()
    except BrokenProcessPool as error:
        raise InputError(
            "a process was killed while it made a clip, most likely for lack of memory; set workers=1 (what "
            "is made is kept)"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


_HELD: dict[str, Any] = {}
"""Of a worker process: the stages and the plan, which are told once."""


def _begin(stages: Stages, plan: Plan) -> None:
    """Makes a process ready: Ctrl-C is the parent's business, and it does not outlive the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _HELD.update(stages=stages, plan=plan)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """A killed parent cannot tell its workers to stop, and they would wait for work for ever."""
    wait_for([sentinel])
    os._exit(1)


def _one(task: Task) -> Outcome:
    return manipulate(task, _HELD["stages"], _HELD["plan"])
