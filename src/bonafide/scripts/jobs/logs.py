"""What loggers are told of a run when it is done."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from matplotlib.image import imread
from pytorch_lightning.loggers import Logger, TensorBoardLogger

from bonafide.evaluation.summary import Summary
from bonafide.scripts.jobs import watch
from bonafide.tasks.watch import Watch

_LOGGED: Final = ("eer", "auc", "accuracy", "balanced_accuracy", "min_dcf", "cllr")
_LOCATED: Final = ("score", "accuracy", "f1_1s", "f1_20ms", "event_f1", "range_eer", "frame_eer")


def log(loggers: Sequence[Logger], summary: Summary, step: int, folder: Path) -> None:
    """Measures, pictures, tables and mistakes to the loggers.

    Args:
        loggers: of the trainer.
        summary: of the report.
        step: of the training.
        folder: of the run.
    """
    numbers = {
        f"test/{name}/{measure}": float(found)
        for name, group in summary.groups.items()
        for measure, found in group.items()
        if measure in _LOGGED and isinstance(found, float)
    }
    if summary.where is not None:
        for name, located in summary.where.groups.items():
            numbers |= {
                f"test/{name}/localization/{measure}": found
                for measure, found in located.items()
                if measure in _LOCATED and isinstance(found, float)
            }
    for logger in loggers:
        logger.log_metrics(numbers, step)
        if isinstance(logger, Watch):
            watch.show(logger, summary, step, folder)
            logger.close()
        elif isinstance(logger, TensorBoardLogger):
            files = [picture.file for picture in summary.pictures]
            files += [] if summary.where is None else [clip.figure for clip in summary.where.clips]
            for file in files:
                logger.experiment.add_image(f"test/{file.stem}", imread(file), step, dataformats="HWC")
        logger.save()


@contextmanager
def closed(loggers: Sequence[Logger]) -> Iterator[None]:
    """Around a run: what goes on beside the process ends with it; a run that failed is marked as one."""
    exit_code = 1
    try:
        yield
        exit_code = 0
    finally:
        for logger in loggers:
            if isinstance(logger, Watch):
                logger.close(exit_code)
