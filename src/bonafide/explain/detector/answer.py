"""What is explained: one number that a detector says of a clip."""

from typing import Final, Literal, final

import torch
from torch import Tensor, nn

from bonafide.models.gmm import GMM, ORDER
from bonafide.tasks.scoring import Scoring
from bonafide.types import InputError

Of = Literal["bonafide", "spoof", "log_odds"]
On = Literal["features", "waveform"]

OF: Final = ("bonafide", "spoof", "log_odds")
ON: Final = ("features", "waveform")


@final
class Answer(nn.Module):
    """A detector from features, or from the waveform, to one number a clip.

    Weights are frozen and the detector is in evaluation mode. An input may be changed in place behind this
    wall: it is copied first.

    Args:
        task: the trained detector.
        of: which number. `log_odds` is the score itself; `bonafide` and `spoof` are the logit of a class. A
            model with one logit z says z of bona fide and -z of spoof; a GMM says how likely the frames are
            in the mixture of the class (mean log-likelihood).
        probability: of the class, after a softmax over both, instead of its logit.
        on: what the input is.

    Raises:
        InputError: a number of this name is unknown, or has no probability.

    Shape:
        `[batch, channels, bins, frames]` or `[batch, time]` → `[batch]`, float32.
    """

    def __init__(
        self, task: Scoring, of: Of = "log_odds", *, probability: bool = False, on: On = "features"
    ) -> None:
        super().__init__()
        if of not in OF:
            raise InputError(f"of={of} is no output of a detector; choose {', '.join(OF)}")
        if on not in ON:
            raise InputError(f"on={on} is no input of a detector; choose {' or '.join(ON)}")
        if probability and of == "log_odds":
            raise InputError(
                "log-odds have no probability; set of=bonafide or of=spoof, or probability=false"
            )
        task.eval().requires_grad_(requires_grad=False)
        self.frontend, self.model = task.frontend, task.model
        self.of, self.probability, self.on = of, probability, on
        self._score = task.scores

    def forward(self, given: Tensor) -> Tensor:
        """`[batch, …]` → `[batch]`."""
        with (
            torch.autocast(given.device.type, enabled=False),
            # On a GPU, cuDNN has no gradient of recurrent layers that do not learn.
            torch.backends.cudnn.flags(enabled=not given.requires_grad),
        ):
            features = given.clone() if self.on == "features" else self.frontend(given.clone())
            if self.of == "log_odds":
                return self._score(self.model(features)).float()
            classes = self._classes(features)
            if self.probability:
                classes = classes.softmax(dim=1)
            return classes[:, ORDER.index(self.of)].float()

    def _classes(self, features: Tensor) -> Tensor:
        """`[batch, 2]`: spoof, bona fide."""
        if isinstance(
            self.model, GMM
        ):  # it knows more of each class than the one ratio that it may answer with
            return self.model.log_likelihoods(features)
        logits: Tensor = self.model(features)
        if logits.shape[1] == 2:
            return logits
        # Halves, where probabilities follow: the difference of both is the one logit that there is.
        scale = 0.5 if self.probability else 1.0
        return torch.cat([-scale * logits, scale * logits], dim=1)

    def inputs(self, waveform: Tensor) -> Tensor:
        """What is attributed to: `[batch, time]` → itself, or features `[batch, channels, bins, frames]`."""
        if self.on == "waveform":
            return waveform
        with torch.no_grad(), torch.autocast(waveform.device.type, enabled=False):
            features: Tensor = self.frontend(waveform)
        return features.float()

    @torch.no_grad()
    def values(self, given: Tensor, batch: int) -> Tensor:
        """`[inputs, …]` → `[inputs]`, so many at a time."""
        return torch.cat([self(part) for part in torch.split(given, batch)])
