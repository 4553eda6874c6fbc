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
    for logger in loggers:
        logger.log_metrics(numbers, step)
        if isinstance(logger, Watch):
            watch.show(logger, summary, step, folder)
            logger.close()
        elif isinstance(logger, TensorBoardLogger):
            for picture in summary.pictures:
                name = f"test/{picture.file.stem}"
                logger.experiment.add_image(name, imread(picture.file), step, dataformats="HWC")
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
