"""A run on Weights & Biases, https://docs.wandb.ai, that never harms the training it watches."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from multiprocessing import parent_process
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, Concatenate, Final, Literal, ParamSpec, cast, final

from lightning_fabric.loggers.logger import _DummyExperiment, rank_zero_experiment
from pytorch_lightning.loggers import WandbLogger

_LOG: Final = logging.getLogger(__name__)
_LONGEST: Final = 128
"""Characters of a name or a group."""

_HERE: Final = {"offline", "dryrun", "disabled"}
Given = ParamSpec("Given")


def _harmless(method: Callable[Concatenate[Any, Given], None]) -> Callable[Concatenate[Any, Given], None]:
    """Says what failed and logs no more: a full disk or a lost network costs a picture, not the training."""

    @wraps(method)
    def guarded(self: "Watch", *args: Given.args, **named: Given.kwargs) -> None:
        if self.lost:
            return
        try:
            method(self, *args, **named)
        except Exception as error:  # wandb's own errors, and what its service process raises
            self.give_up(error)

    return cast(Callable[Concatenate[Any, Given], None], guarded)


@final
class Watch(WandbLogger):
    """A run of Weights & Biases, written by the first process alone.

    Without a key on this machine, or where the server cannot be reached, the run is kept in its folder until
    `wandb sync` uploads it. Nothing is ever asked on the terminal.

    Args:
        save_dir: run folder.
        project: that the run belongs to.
        name: shown in lists.
        id: of the run; the same one goes on.
        group: runs that are shown together.
        job_type: what the run does.
        tags: to find it by.
        offline: true keeps it here; false or None uploads it where there is a key.
        log_model: whether the best checkpoint's weights are kept with the run.
        further: for `wandb.init`, such as `entity` and `notes`.
    """

    def __init__(
        self,
        save_dir: str | Path,
        project: str = "bonafide",
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - as wandb calls it
        group: str | None = None,
        job_type: str | None = None,
        tags: Sequence[str] = (),
        offline: bool | None = None,
        log_model: bool = False,
        **further: Any,
    ) -> None:
        super().__init__(
            name=name and name[:_LONGEST], save_dir=save_dir, id=id, project=project, log_model=False,
            group=group and group[-_LONGEST:], job_type=job_type, tags=list(tags), **further,
        )  # fmt: skip
        del self._wandb_init["anonymous"]  # which wandb has given up, and warns of
        self.wants_model, self.lost = log_model, False
        self._kept_here = offline

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The run, which begins when it is first asked for."""
        if self.lost:
            return _DummyExperiment()
        if self._experiment is None:
            self._experiment = self._begun()
        return self._experiment

    log_hyperparams = _harmless(WandbLogger.log_hyperparams)
    log_metrics = _harmless(WandbLogger.log_metrics)
    finalize = _harmless(WandbLogger.finalize)

    @_harmless
    def show(self, made: Callable[[], Mapping[str, object]], step: int | None = None) -> None:
        """Logs tables, pictures and sounds.

        Args:
            made: gives them by name; called here, so that what fails in wandb fails harmlessly.
            step: of the training.
        """
        at = {} if step is None else {"trainer/global_step": step}
        with self._staged():
            self.experiment.log({**made(), **at})

    @_harmless
    def keep(self, name: str, files: Mapping[str, Path]) -> None:
        """Keeps files with the run, as an artifact of the type `model`.

        Args:
            name: of the artifact.
            files: by their path in it.
        """
        import wandb  # noqa: PLC0415 - only where it was chosen

        with self._staged():
            artifact = wandb.Artifact(name, type="model")
            for inside, file in files.items():
                artifact.add_file(str(file), name=inside)
            self.experiment.log_artifact(artifact, aliases=["latest", "best"])

    @_harmless
    def close(self, exit_code: int = 0) -> None:
        """Ends the run; one that failed has another exit code than 0."""
        if self._experiment is not None:
            import wandb  # noqa: PLC0415

            run, self._experiment = self._experiment, None
            run.finish(exit_code=exit_code)
            if wandb.run is None:
                wandb.teardown()  # waits until everything is on the disk

    def give_up(self, error: Exception) -> None:
        """Logs no more."""
        self.lost = True
        said = " ".join(str(error).split()) or type(error).__name__
        _LOG.warning("Weights & Biases fails (%s); the run goes on without it", said)
        with suppress(Exception):
            if self._experiment is not None:
                self._experiment.finish(exit_code=1)

    @contextmanager
    def _staged(self) -> Iterator[None]:
        """With the files that are yet to be uploaded in the run's folder, as a home may be small or gone."""
        if "WANDB_DATA_DIR" in os.environ:
            yield
            return
        os.environ["WANDB_DATA_DIR"] = str(Path(self.save_dir or ".").absolute() / "wandb" / "data")
        try:
            yield
        finally:
            del os.environ["WANDB_DATA_DIR"]

    def _begun(self) -> Any:
        import wandb  # noqa: PLC0415

        if wandb.run is not None and wandb.run.id != self._id:
            wandb.run.finish()  # of the cell before, where a process runs several
        mode = self._mode(wandb)
        if mode == "online":
            try:
                return self._started(wandb, mode)
            except Exception as error:  # of wandb, or of the network
                _LOG.warning("Weights & Biases cannot be reached (%s)", " ".join(str(error).split()))
                wandb.teardown()
                mode = "offline"
        return self._started(wandb, mode)

    def _mode(self, wandb: Any) -> Literal["online", "offline", "disabled"]:
        """How the user wants it, as far as it can be had without asking for a key."""
        wanted = wandb.setup().settings.mode
        if self._kept_here is None and wanted in _HERE:
            return "disabled" if wanted == "disabled" else "offline"
        if self._kept_here:
            return "offline"
        try:
            return "online" if wandb.login(prompt=False, verify=False) else "offline"
        except Exception as error:  # what is there as a key is none
            _LOG.warning("Weights & Biases: %s", " ".join(str(error).split()))
            return "offline"

    def _started(self, wandb: Any, mode: Literal["online", "offline", "disabled"]) -> Any:
        offline = mode != "online"
        Path(self.save_dir or ".").mkdir(parents=True, exist_ok=True)
        settings = wandb.Settings(
            silent=offline, finish_timeout=300
        )  # what is not uploaded by then stays here
        resume = {"resume": None} if offline else {}  # nothing can be asked for what was there
        run = wandb.init(**self._wandb_init | resume, mode=mode, settings=settings)
        run.define_metric("trainer/global_step")
        run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
        if mode == "offline":
            _LOG.info("Weights & Biases is offline; to upload this run: wandb sync %s", Path(run.dir).parent)
        if parent_process() is not None:  # a process of a pool ends without Python's own farewell
            Finalize(None, self.close, exitpriority=1)
        return run
