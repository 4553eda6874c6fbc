"""A job as a command: Hydra around it, and every mistake of the user answered in one line.

Exit codes: 0 done; 1 a fault of ours, with its trace; 2 something the user can mend; 130 interrupted.
`HYDRA_FULL_ERROR=1` shows every trace.
"""

import errno
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from hydra import main as hydra_main
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bonafide import assembly, interruption
from bonafide.types import InputError

TRACES = "HYDRA_FULL_ERROR"
_PLAIN = re.compile(r"[\w/.:\-%@?*|+]*")
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS, errno.EPERM}


def run(
    config: str,
    job: str,
    prepare: Callable[[Sequence[str]], Sequence[str]] = lambda options: options,
) -> None:
    """Runs a job under `conf/CONFIG.yaml` and the options on the command line.

    Args:
        config: name of the primary config.
        job: module of `bonafide.scripts.jobs` that does the work.
        prepare: turns the options typed into those that Hydra reads.
    """
    verbose = os.environ.get(TRACES) == "1"

    def start(cfg: DictConfig) -> object:
        answered = _noted if HydraConfig.get().mode == RunMode.MULTIRUN else _answered
        with answered(config, verbose=verbose):  # inside Hydra, which would announce the error first
            return import_module(f"bonafide.scripts.jobs.{job}").run(cfg)

    with _answered(config, verbose=verbose), _errors_come_back(), interruption.heard():
        options = [
            _quoted(option) for option in prepare([_spelt_out(option, config) for option in sys.argv[1:]])
        ]
        sys.argv[1:] = sorted(options, key=lambda option: option not in {"-m", "--multirun"})  # wanted first
        hydra_main(config_path=str(assembly.conf()), config_name=config, version_base="1.3")(start)()


@contextmanager
def _errors_come_back() -> Iterator[None]:
    """Hydra raises errors instead of printing them; whoever called us keeps their own choice."""
    before = os.environ.get(TRACES)
    os.environ[TRACES] = "1"
    try:
        yield
    finally:
        del os.environ[TRACES]
        if before is not None:
            os.environ[TRACES] = before


@contextmanager
def _answered(config: str, *, verbose: bool) -> Iterator[None]:
    """Turns what the user can mend into a line and an exit code."""
    try:
        yield
    except BrokenPipeError:  # the reader of our output has seen enough, as in `… --help | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        _say("interrupted")
        raise SystemExit(130) from None
    except Exception as error:
        said = None if verbose else explain(error, config)
        if said is None:
            raise
        _say(said)
        raise SystemExit(2) from None


@contextmanager
def _noted(config: str, *, verbose: bool) -> Iterator[None]:
    """Says what went wrong in one job of several, and leaves it to Hydra to go on with the next."""
    try:
        yield
    except Exception as error:
        said = None if verbose else explain(error, config)
        _say(f"job {HydraConfig.get().job.num}: {said}" if said else traceback.format_exc())
        raise


def value_of(option: str, options: Sequence[str]) -> str | None:
    """What `option=value` says on the command line; the last one counts."""
    found = [text.partition("=")[2] for text in options if text.partition("=")[0] == option]
    return found[-1].strip("'\"") if found else None


def explain(error: BaseException, config: str) -> str | None:
    """One line for a mistake of the user; None for a fault of ours."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, InputError):
            return _last_line(str(cause))
    for cause in chain:
        if isinstance(cause, HydraException | OmegaConfBaseException) and str(cause):
            return _config_mistake(str(cause), config)
        if type(cause).__name__ == "MisconfigurationException":
            return _flat(str(cause))
        if type(cause).__name__ == "OutOfMemoryError":
            return "the GPU has too little memory for this; try a smaller data.batch_size"
        if isinstance(cause, OSError) and cause.errno in _DISK:
            place = cause.filename or "a file"
            return f"{place} cannot be written ({cause.strerror}); free space or choose another folder"
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    met: set[int] = set()  # a chain of causes may come back to where it began
    while error is not None and id(error) not in met:
        met.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _last_line(text: str) -> str:
    """The message alone, also of an error that a loader's worker passed on with its trace."""
    return text.strip().splitlines()[-1].removeprefix(f"{InputError.__module__}.InputError: ")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _config_mistake(text: str, config: str) -> str:
    option = re.search(r"Could not override '([^']+)'", text)
    if option:
        return _unknown_option((re.search(r"full_key: (\S+)", text) or option)[1], config)
    missing = re.search(r"Could not (?:find|load) '([^']+)/([^']+)'", text)
    if missing:
        group, name = missing.groups()
        there = sorted(file.stem for file in (assembly.conf() / group).glob("*.yaml"))
        near = get_close_matches(name, there, 1)
        hint = f"did you mean {group}={near[0]}? " if near else ""
        return f"{group}={name} does not exist; {hint}choose from {', '.join(there)}"
    mandatory = re.search(r"full_key: (\S+)", text) or re.search(r"mandatory value: (\S+)", text)
    if "mandatory value" in text and mandatory:
        return f"{mandatory[1]} is not set; add {mandatory[1]}=VALUE"
    return _flat(text.partition("Set the environment variable")[0])


def _unknown_option(option: str, config: str) -> str:
    """Names the option that was meant, among those that the chosen groups have."""
    groups = [text for text in sys.argv[1:] if (assembly.conf() / text.partition("=")[0]).is_dir()]
    try:
        known = list(_options(assembly.compose(groups, config)))
    except (HydraException, OmegaConfBaseException):
        known = []
    parent, _, leaf = option.rpartition(".")
    siblings = [name.rpartition(".")[2] for name in known if name.rpartition(".")[0] == parent]
    near = get_close_matches(leaf, siblings, 1, 0.5)
    meant = f"{parent}.{near[0]}".lstrip(".") if near else next(iter(get_close_matches(option, known, 1)), "")
    if meant == option:
        return f"{option} takes another kind of value or known names; a new one is added with +{option}.NAME="
    if meant:
        return f"there is no option {option}; did you mean {meant}?"
    there = f"there are {', '.join(sorted(siblings))}" if siblings else "there are no options there"
    return f"there is no option {option}; {there}; a new one is added with +{option}=VALUE"


def _options(cfg: DictConfig, prefix: str = "") -> Iterator[str]:
    for name in map(str, cfg):
        yield f"{prefix}{name}"
        node = cfg._get_node(name)  # noqa: SLF001 - values may refer to what only a run knows
        if isinstance(node, DictConfig) and not node._is_none() and not node._is_missing():  # noqa: SLF001
            yield from _options(node, f"{prefix}{name}.")


def _spelt_out(option: str, config: str) -> str:
    """`source=DIR` is where the recordings of `data=resynthesis` lie, unless a command has such an option."""
    if not option.startswith("source="):
        return option
    own = OmegaConf.to_container(OmegaConf.load(assembly.conf() / f"{config}.yaml"))
    return option if isinstance(own, dict) and "source" in own else f"data.corpus.{option}"


def _quoted(option: str) -> str:
    """A path with spaces, brackets or equals signs, as Hydra's grammar wants it."""
    name, equals, value = option.partition("=")
    if not equals or option.startswith("-") or _PLAIN.fullmatch(value) or not Path(value).exists():
        return option
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{escaped}'"


def _say(text: str) -> None:
    rank = os.environ.get("LOCAL_RANK", "0")
    sys.stderr.write(f"bonafide: {text}\n" if rank == "0" else f"bonafide (process {rank}): {text}\n")
