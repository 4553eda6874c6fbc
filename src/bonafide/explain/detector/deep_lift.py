"""DeepLIFT: differences from the reference, handed back layer by layer.

Shrikumar, Greenside and Kundaje (2017), "Learning Important Features Through Propagating Activation
Differences", https://arxiv.org/abs/1704.02685, with the rescale rule, computed by captum.
"""

import warnings
from collections import Counter
from typing import Any, Final, final

import torch
from captum import attr  # type: ignore[import-untyped]
from captum.attr._core.deep_lift import SUPPORTED_NON_LINEAR  # type: ignore[import-untyped]

from bonafide.explain.detector.answer import Answer
from bonafide.explain.detector.attribution import Attributed, Case, Method, at_least, difference
from bonafide.types import InputError

_INSTEAD: Final = "try attribute=integrated_gradients"


@final
class DeepLift(Method):
    """One backward pass, in which activations and poolings hand on differences instead of slopes.

    It works layer by layer, so each activation must be a layer of its own that is used once; a detector that
    uses one twice is refused. What no rule is known for (attention, max-feature-maps, recurrent layers) hands
    on its slope, and the sum of the values then misses what is due; the error is stated on the page.

    Args:
        internal_batch_size: inputs at a time.
    """

    def __init__(self, *, internal_batch_size: int = 64) -> None:
        at_least("internal_batch_size", internal_batch_size, 1)
        self.batch = internal_batch_size

    def attribute(self, answer: Answer, case: Case) -> Attributed:
        """See `Method.attribute`."""
        _refuse_reuse(answer, case)
        found = []
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Setting forward, backward hooks")
                warnings.filterwarnings("ignore", ".*backward hook.*")
                for inputs, reference in zip(
                    torch.split(case.inputs, self.batch), torch.split(case.reference, self.batch), strict=True
                ):
                    values = attr.DeepLift(answer).attribute(inputs.clone().requires_grad_(), reference)
                    found.append(values.detach().to(inputs.dtype))
        except (AssertionError, AttributeError, RuntimeError) as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            reason = " ".join(str(error).split())[:120]
            raise InputError(
                f"DeepLIFT cannot look into {type(answer.model).__name__} ({reason}); {_INSTEAD}"
            ) from error
        return Attributed(torch.cat(found), difference(answer, case, self.batch))


def _refuse_reuse(answer: Answer, case: Case) -> None:
    """A layer of captum's rules that is called twice would be given the differences of its last call."""
    calls: Counter[str] = Counter()

    def counting(name: str) -> Any:
        def count(*_: object) -> None:
            calls[name] += 1

        return count

    layers = [
        (name, layer)
        for name, layer in answer.named_modules(remove_duplicate=True)
        if type(layer) in SUPPORTED_NON_LINEAR
    ]
    hooks = [layer.register_forward_hook(counting(name)) for name, layer in layers]
    try:
        answer.values(case.inputs[:1], 1)
    finally:
        for hook in hooks:
            hook.remove()
    twice = [name for name, count in calls.items() if count > 1]
    if twice:
        raise InputError(
            f"DeepLIFT needs every activation to be used once, and {type(answer.model).__name__} uses "
            f"{twice[0]} {calls[twice[0]]} times; {_INSTEAD}"
        )
