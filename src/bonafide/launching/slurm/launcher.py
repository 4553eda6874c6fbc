"""Cells of a sweep as jobs of a Slurm cluster, in arrays, through submitit.

What is done is not submitted, what is queued or running is waited for, and a job whose time is up or whose
machine is wanted back comes back and goes on (`slurm_job`).
"""

import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any, Final, NamedTuple

from hydra.core.utils import JobReturn
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from bonafide import cell
from bonafide.launching import closing, plan
from bonafide.launching.plan import Job
from bonafide.launching.slurm import queue
from bonafide.launching.slurm.job import SlurmJob
from bonafide.types import InputError

_ARRAY: Final = 500
"""Jobs in an array at most; clusters take 1001 unless told otherwise (`MaxArraySize`)."""

_GPUS: Final = re.compile(r"gres|gpus\b.*")
"""Options of sbatch that ask for GPUs."""

_ERROR: Final = re.compile(r"bonafide: |[\w.]+(Error|Exception): |slurmstepd: error: ")
"""How the line of an error begins."""


class Settings(NamedTuple):
    """As in `conf/hydra/launcher/slurm.yaml`; `conf/hardware/slurm.yaml` says what each means."""

    submitit_folder: str
    name: str
    nodes: int
    tasks_per_node: int
    accelerator: str
    cpus_per_task: int | None
    mem_gb: float | None
    timeout_min: int
    partition: str | None
    account: str | None
    qos: str | None
    constraint: str | None
    array_parallelism: int
    max_num_timeout: int
    signal_delay_s: int
    setup: Sequence[str] | None
    additional_parameters: Mapping[str, Any] | None


def launch(
    jobs: Sequence[Job], settings: Settings, context: HydraContext, task: TaskFunction
) -> Sequence[JobReturn]:
    """Submits cells, and waits for them and for those that are queued already.

    Args:
        jobs: the plan.
        settings: of the jobs.
        context: of Hydra.
        task: the function under Hydra.

    Raises:
        InputError: Slurm is not here or refuses the jobs.
        KeyboardInterrupt: the jobs go on.
    """
    sweep = Path(settings.submitit_folder).parent.parent.absolute()
    cells = plan.once(jobs)
    for job in cells:
        if job.state == "broken":
            plan.fail(job)
    to_run = [job for job in cells if job.to_run]
    if to_run:
        queue.needed()
        queued = queue.queued(to_run)
        _submit([job for job in to_run if job not in queued], settings, context, task, sweep)
    numbers = {job.number: queue.of(job) for job in cells if job.state not in {"broken", "done"}}
    waited = {number: job for number, job in ((numbers.get(job.number), job) for job in cells) if number}
    try:
        _wait(waited, sweep)
    except KeyboardInterrupt:
        _farewell(list(waited), sweep)
        raise
    closing.show(jobs, sweep)
    return closing.returns(jobs)


def parameters(settings: Settings) -> dict[str, Any]:
    """What submitit is told, in the words of sbatch.

    A GPU a process, unless `hardware.sbatch` asks for GPUs in the cluster's own way; none on the CPU.
    """
    further = dict(settings.additional_parameters or {})
    with_gpus = settings.accelerator in {"gpu", "cuda", "auto"} and not any(map(_GPUS.match, further))
    srun = ["--kill-on-bad-exit=1"]  # one process that fails ends those that would wait for it forever
    if settings.cpus_per_task:
        srun.append(f"--cpus-per-task={settings.cpus_per_task}")  # srun does not take it from sbatch any more
    told = {
        "job_name": settings.name,
        "nodes": settings.nodes,
        "ntasks_per_node": settings.tasks_per_node,
        "gpus_per_node": settings.tasks_per_node if with_gpus else None,
        "cpus_per_task": settings.cpus_per_task,
        "mem": None if settings.mem_gb is None else f"{round(1024 * settings.mem_gb)}M",
        "time": settings.timeout_min,
        "partition": settings.partition,
        "account": settings.account,
        "qos": settings.qos,
        "constraint": settings.constraint,
        "array_parallelism": settings.array_parallelism,
        "signal_delay_s": settings.signal_delay_s,
        "setup": None if settings.setup is None else list(settings.setup),
        "additional_parameters": {"requeue": True, **further},
        "srun_args": srun,
    }
    return {name: value for name, value in told.items() if value is not None}


def _submit(
    jobs: Sequence[Job], settings: Settings, context: HydraContext, task: TaskFunction, sweep: Path
) -> None:
    if not jobs:
        return
    from submitit.core.utils import FailedJobError  # noqa: PLC0415 - it is asked only when there are jobs
    from submitit.slurm.slurm import SlurmExecutor  # noqa: PLC0415

    executor = SlurmExecutor(settings.submitit_folder, max_num_timeout=settings.max_num_timeout)
    executor.update_parameters(**parameters(settings))
    for start in range(0, len(jobs), _ARRAY):
        few = jobs[start : start + _ARRAY]
        calls = [SlurmJob(job.config, job.folder, context, task) for job in few if job.config is not None]
        with queue.outside_a_job(), _undisturbed():
            try:
                with redirect_stderr(StringIO()):  # it is in the error as well
                    given = executor.submit_array(calls)
            except FailedJobError as error:
                said = (str(error).strip().splitlines() or ["no reason given"])[0]
                raise InputError(
                    f"the jobs are refused ({said}); give what sbatch wants, such as hardware.partition=NAME"
                ) from error
            for job, one in zip(few, given, strict=True):
                queue.give(job, str(one.job_id))
    _say(f"{len(jobs)} jobs submitted; what they print: {sweep}/.submitit/JOB, what cells log: {sweep}/CELL")


def _wait(jobs: Mapping[str, Job], sweep: Path) -> None:
    """Says how jobs change until all are over.

    Args:
        jobs: cells by the Slurm job that works on them.
        sweep: folder of the cells.
    """
    started, said = time.monotonic(), dict.fromkeys(jobs, "")
    common = closing.shared(list(jobs.values()))
    while said:
        known = queue.states()
        for number in list(said) if known is not None else ():
            job, state = jobs[number], (known or {}).get(number, queue.GONE)
            if state != said[number]:
                options = "" if said[number] else f": {closing.short(job, common)}"
                _say(f"cell {job.number} {state.lower()}, job {number}{options}")
                said[number] = state
            if state in queue.OVER:
                del said[number]
                _settle(job, number, state, sweep)
        if said:
            time.sleep(min(15.0, 1.0 + (time.monotonic() - started) / 60))


def _settle(job: Job, number: str, state: str, sweep: Path) -> None:
    """Says of a cell whose job is over, and that says itself that it runs, what became of it."""
    found = cell.read(job.folder)
    if found is None or found.status != "running":
        return
    if state in {"CANCELLED", "DEADLINE", "NODE_FAIL", "PREEMPTED", "TIMEOUT"}:
        cell.write(job.folder, found._replace(status="interrupted"))
    elif state == "OUT_OF_MEMORY":
        plan.fail(job, "the job ran out of memory; give it more with hardware.memory_gb")
    else:
        plan.fail(job, _last_words(sweep, number) or "its job ended without a word")


def _last_words(sweep: Path, number: str) -> str:
    """What the processes of a job said last on the error stream: an error, or else anything."""
    files = sorted((sweep / ".submitit").glob(f"*/{number}_*_log.err"))
    lines = [line for file in files for line in file.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    return (errors or lines or [""])[-1].strip().removeprefix("bonafide: ")


def _farewell(numbers: Sequence[str], sweep: Path) -> None:
    known = queue.states() or {}
    left = [number for number in numbers if known.get(number, queue.GONE) not in queue.OVER]
    if left:
        _say(f"{len(left)} jobs go on; the same command with hydra.sweep.dir={sweep} waits for them again")
        _say(f"to cancel them: scancel {' '.join(left)}")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without Ctrl-C: jobs that are submitted must also be noted."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def sweep_of(config: DictConfig) -> Path:
    """The sweep's folder, wherever the jobs will be."""
    return Path(str(config.hydra.sweep.dir)).absolute()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
