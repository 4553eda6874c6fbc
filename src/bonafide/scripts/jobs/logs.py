"""What loggers are told of a run when it is done."""

from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.image import imread
from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger

from bonafide.evaluation.breakdown import Group
from bonafide.evaluation.summary import Picture

_LOGGED: Final = ("eer", "auc", "accuracy", "balanced_accuracy", "min_dcf", "cllr")


def log(
    loggers: Sequence[Logger], groups: Mapping[str, Group], pictures: Sequence[Picture], step: int
) -> None:
    """Measures and pictures to the loggers."""
    numbers = {
        f"test/{name}/{measure}": float(found)
        for name, group in groups.items()
        for measure, found in group.items()
        if measure in _LOGGED and isinstance(found, float)
    }
    for logger in loggers:
        logger.log_metrics(numbers, step)
        for picture in pictures:
            name = f"test/{picture.file.stem}"
            if isinstance(logger, WandbLogger):
                logger.log_image(name, [str(picture.file)])
            elif isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image(name, imread(picture.file), step, dataformats="HWC")
        logger.save()
