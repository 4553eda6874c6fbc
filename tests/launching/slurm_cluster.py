"""A cluster of two nodes on this machine: munge, slurmctld and two slurmd on loopback, in a scratch folder.

Two daemons of one machine play two nodes (`NodeHostname` with a port each), each with two cores that they
share in truth: enough for jobs of several nodes and several tasks.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

NODES = ("first", "second")
_TOOLS = ("munged", "munge", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")


class Cluster(NamedTuple):
    """A running cluster.

    Args:
        environment: what a command needs to find it.
        folder: of its configuration, state and logs.
    """

    environment: Mapping[str, str]
    folder: Path

    def ask(self, *words: str) -> str:
        """The answer of one of Slurm's commands."""
        done = subprocess.run(
            words,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.strip()

    def jobs(self) -> dict[str, str]:
        """State by job, of those that are not over."""
        lines = self.ask("squeue", "--noheader", "--array", "--format=%i %T").splitlines()
        return dict(line.split() for line in lines)

    def logs(self) -> str:
        """The end of what the daemons said."""
        return "\n".join(
            f"== {file.name}\n{file.read_text(errors='replace')[-3000:]}"
            for file in sorted((self.folder / "log").glob("*"))
        )


def missing() -> str:
    """Why there can be no cluster here; empty if there can."""
    absent = [tool for tool in _TOOLS if _found(tool) is None]
    if absent:
        return f"Slurm is not installed (no {', '.join(absent)}): apt-get install slurm-wlm munge"
    if os.geteuid() != 0:
        return "the daemons of Slurm want to be started by root"
    return ""


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Starts the daemons, and ends them with every job that is left.

    Args:
        folder: empty; a short path, since munge's socket lies in it.
    """
    for name in ("state", "log", "spool/first", "spool/second"):
        (folder / name).mkdir(parents=True)
    ports = _free_ports(1 + len(NODES))
    socket_file = folder / "munge" / "socket"
    (folder / "slurm.conf").write_text(_configuration(folder, socket_file, ports))
    started: list[subprocess.Popen[bytes]] = []
    environment = {"SLURM_CONF": str(folder / "slurm.conf")}
    found = Cluster(environment, folder)
    try:
        started.append(_munge(folder, socket_file))
        started.append(_daemon(found, "slurmctld", "-D", "-c"))
        started += [_daemon(found, "slurmd", "-D", "-c", "-N", node) for node in NODES]
        wait_until(lambda: _idle(found) == len(NODES), 60, found.logs)
        yield found
    finally:
        with suppress(subprocess.SubprocessError):
            found.ask("scancel", "--user=root", "--full")
            wait_until(lambda: not found.jobs(), 20)
        for daemon in reversed(started):
            _end(daemon)


def wait_until(condition: Callable[[], object], seconds: float, tell: Callable[[], str] = lambda: "") -> None:
    """Waits for something to become true.

    Raises:
        TimeoutError: it did not, with what `tell` says about it.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(tell())
        time.sleep(0.25)


def _found(tool: str) -> str | None:
    return shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _idle(found: Cluster) -> int:
    with suppress(subprocess.SubprocessError):
        return found.ask("sinfo", "--noheader", "--Node", "--format=%t").split().count("idle")
    return 0


def _daemon(found: Cluster, name: str, *options: str) -> subprocess.Popen[bytes]:
    command: Sequence[str] = [_found(name) or name, *options]
    with (found.folder / "log" / f"{'-'.join([name, *options[3:]])}.out").open("wb") as out:
        return subprocess.Popen(
            command, env={**os.environ, **found.environment}, stdout=out, stderr=out, start_new_session=True
        )


def _munge(folder: Path, socket_file: Path) -> subprocess.Popen[bytes]:
    """The daemon that signs for users, with a key and a socket of its own."""
    home = socket_file.parent
    home.mkdir()
    home.chmod(0o755)
    key = home / "key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    files = [f"--{kind}-file={home / kind}" for kind in ("key", "log", "pid", "seed")]
    with (folder / "log" / "munged.out").open("wb") as out:
        daemon = subprocess.Popen(
            [_found("munged") or "munged", "--force", "--foreground", f"--socket={socket_file}", *files],
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    wait_until(socket_file.exists, 20, (folder / "log" / "munged.out").read_text)
    return daemon


def _end(daemon: subprocess.Popen[bytes]) -> None:
    daemon.send_signal(signal.SIGTERM)
    try:
        daemon.wait(20)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _configuration(folder: Path, socket_file: Path, ports: Sequence[int]) -> str:
    host = socket.gethostname().partition(".")[0]
    nodes = "\n".join(
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 RealMemory=4000"
        for node, port in zip(NODES, ports[1:], strict=True)
    )
    # A job that comes back waits until its credential has expired: two minutes, unless told otherwise.
    return f"""ClusterName=local
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={socket_file},cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
MpiDefault=none
KillWait=5
ReturnToService=2
{nodes}
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
