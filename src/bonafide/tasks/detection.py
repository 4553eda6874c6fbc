"""Detection: is this clip bona fide or spoofed?"""

from typing import Any, final

from torch import Tensor

from bonafide.frontends.frontend import Frontend
from bonafide.models.model import Model
from bonafide.objectives.objective import Objective
from bonafide.tasks.learner import Learner
from bonafide.tasks.scoring import Scores
from bonafide.types import Batch

__all__ = ["Detection", "Scores"]


@final
class Detection(Learner):
    """Trains a countermeasure and scores clips with it.

    A score is the log-odds of bona fide against spoof, less the log-odds that the training data and the
    class weights imply, so that it approaches a log-likelihood ratio
    (Brümmer and du Preez, "Application-independent evaluation of speaker detection", 2006).
    The decision threshold is the EER threshold of the validation scores.

    Args:
        frontend: waveform to features.
        model: features to logits.
        loss: of logits and targets; one that compares directions puts its own head on the model.
        learning: see `Learner`.

    Raises:
        InputError: the loss wants a head of its own and the model has no embedding; or as `Learner`.
    """

    def __init__(self, frontend: Frontend, model: Model, *, loss: Objective, **learning: Any) -> None:
        super().__init__(frontend, model, **learning)
        model.take_head(loss.head)
        self.loss = loss

    def scores(self, logits: Tensor) -> Tensor:
        """`[batch, classes]` → `[batch]` log-odds, less those that training taught."""
        return self.loss.score(logits) - self.loss.log_prior_odds

    def validate(self, features: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Scores and loss of validation clips."""
        logits = self.model(features)
        return self.scores(logits), self.loss(logits, batch.target)

    def count(self) -> None:
        """Tells the loss how many clips of each class there are."""
        self.loss.set_counts(*self.trainer.datamodule.counts())  # type: ignore[attr-defined]

    def cost(self, features: Tensor, batch: Batch) -> Tensor:
        """The loss of training clips."""
        found: Tensor = self.loss(self.model(features), batch.target)
        return found
