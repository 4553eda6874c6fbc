"""Attribution by gradients, computed by captum (Kokhlikyan et al. 2020, https://arxiv.org/abs/2009.07896)."""

from typing import ClassVar, Literal, final, get_args

import torch
from captum import attr  # type: ignore[import-untyped]
from torch import Tensor

from bonafide.explain.detector.answer import Answer
from bonafide.explain.detector.attribution import Attributed, Case, Method, at_least, difference
from bonafide.types import InputError

Rule = Literal["gauss_legendre", "trapezoid", "stretches"]


@final
class Saliency(Method):
    """Size of the gradient: where would a small change move the answer most?

    Simonyan, Vedaldi and Zisserman (2013), "Deep Inside Convolutional Networks", https://arxiv.org/abs/1312.6034.

    Args:
        internal_batch_size: inputs at a time.
    """

    signed: ClassVar[bool] = False

    def __init__(self, *, internal_batch_size: int = 64) -> None:
        at_least("internal_batch_size", internal_batch_size, 1)
        self.batch = internal_batch_size

    def attribute(self, answer: Answer, case: Case) -> Attributed:
        """See `Method.attribute`."""
        found = [
            attr.Saliency(answer).attribute(part.clone().requires_grad_()).detach()
            for part in torch.split(case.inputs, self.batch)
        ]
        return Attributed(torch.cat(found), None)


@final
class IntegratedGradients(Method):
    """Gradients averaged on the straight line from the reference to the input, times their difference.

    Sundararajan, Taly and Yan (2017), "Axiomatic Attribution for Deep Networks",
    https://arxiv.org/abs/1703.01365, eq. 1. The values of a clip add up to what the answer says of it more
    than of its reference, but for the error of the numerical integral, which every page states.

    Args:
        steps: places on the line; of a trapezoid the parts that it is cut into. More lower the error.
        rule: `gauss_legendre` needs fewer steps on smooth models; `trapezoid` is the published one;
            `stretches` is for models that choose on the way, as graph pooling does, see `along_stretches`.
        internal_batch_size: inputs times steps at a time; moves memory and speed, not the result.
    """

    def __init__(
        self, *, steps: int = 50, rule: Rule = "gauss_legendre", internal_batch_size: int = 64
    ) -> None:
        at_least("steps", steps, 1)
        at_least("internal_batch_size", internal_batch_size, 1)
        if rule not in get_args(Rule):
            raise InputError(f"attribute.rule={rule} is unknown; choose {', '.join(get_args(Rule))}")
        self.steps, self.rule, self.batch = steps, rule, internal_batch_size

    def attribute(self, answer: Answer, case: Case) -> Attributed:
        """See `Method.attribute`."""
        due = difference(answer, case, self.batch)
        if self.rule == "stretches":
            return Attributed(along_stretches(answer, case, self.steps, self.batch), due)
        points, method, scale = self.steps, "gausslegendre", 1.0
        if self.rule == "trapezoid":
            # captum weighs n points by 1/n, the outer two by half of it: together (n - 1)/n instead of 1.
            points, method, scale = self.steps + 1, "riemann_trapezoid", (self.steps + 1) / self.steps
        integral, found = attr.IntegratedGradients(answer), []
        for inputs, reference in zip(
            torch.split(case.inputs, self.batch), torch.split(case.reference, self.batch), strict=True
        ):
            values: Tensor = integral.attribute(
                inputs, reference, n_steps=points, method=method, internal_batch_size=self.batch
            )
            found.append(scale * values.detach().to(inputs.dtype))
        return Attributed(torch.cat(found), due)


def along_stretches(answer: Answer, case: Case, steps: int, batch: int) -> Tensor:
    """Integrated gradients of an answer that may jump: every stretch of the line keeps its own account.

    No integral of gradients sees a jump, so their sum misses what the answer changes there. Here each of the
    `steps` stretches is first credited by the mean gradient of its ends; what its answer changed beyond that
    is shared out over the same stretch in proportion to the size of those credits. Where the answer is
    smooth the rest vanishes with the square of the step, as for the trapezoid; the values add up either way,
    which therefore says nothing of their precision.

    Args:
        answer: to explain.
        case: inputs `[batch, …]` and their references.
        steps: stretches of the line.
        batch: places at a time.

    Returns:
        Like the inputs.
    """
    share = torch.linspace(0, 1, steps + 1, device=case.inputs.device)
    found = []
    for inputs, reference in zip(case.inputs, case.reference, strict=True):
        way, total, before = inputs - reference, torch.zeros_like(inputs), None
        for places in torch.split(share, batch):
            here = (reference + places.view(-1, *[1] * inputs.ndim) * way).requires_grad_()
            said = answer(here)
            (gradient,) = torch.autograd.grad(said.sum(), here)
            said, gradient = said.detach(), gradient.detach()
            if before is not None:
                said, gradient = torch.cat([before[0], said]), torch.cat([before[1], gradient])
            before = said[-1:], gradient[-1:]
            credit = ((gradient[1:] + gradient[:-1]) * way / (2 * steps)).flatten(1)
            rest = said.diff() - credit.sum(1)
            size = credit.abs()
            spread = size / size.sum(1, keepdim=True).clamp_min(torch.finfo(size.dtype).tiny)
            total += (credit + rest[:, None] * spread).sum(0).view_as(total)
        found.append(total)
    return torch.stack(found)


@final
class GradientShap(Method):
    """Integrated gradients at random places between the input and random clips of the background.

    Lundberg and Lee (2017), "A Unified Approach to Interpreting Model Predictions",
    https://arxiv.org/abs/1705.07874; also known as expected gradients (Erion et al. 2021,
    https://arxiv.org/abs/1906.10670). The values add up to the answer less its mean over the background, as
    far as that many draws can tell.

    Args:
        draws: places for each input; more quieten the map.
        deviation: of the noise that is added to the inputs, in their units.
        internal_batch_size: inputs times draws at a time.
    """

    def __init__(self, *, draws: int = 50, deviation: float = 0.0, internal_batch_size: int = 64) -> None:
        at_least("draws", draws, 1)
        at_least("deviation", deviation, 0)
        at_least("internal_batch_size", internal_batch_size, 1)
        self.draws, self.deviation, self.batch = draws, deviation, internal_batch_size

    def attribute(self, answer: Answer, case: Case) -> Attributed:
        """See `Method.attribute`."""
        if len(case.background) < 2:
            raise InputError(
                "attribute=gradient_shap compares with other clips, and there are none here; "
                "give more recordings or try attribute=integrated_gradients"
            )
        shap, each = attr.GradientShap(answer), max(1, self.batch // self.draws)
        found = [
            shap.attribute(part, case.background, n_samples=self.draws, stdevs=self.deviation).detach()
            for part in torch.split(case.inputs, each)
        ]
        due = answer.values(case.inputs, self.batch) - answer.values(case.background, self.batch).mean()
        return Attributed(torch.cat(found).to(case.inputs.dtype), due)
