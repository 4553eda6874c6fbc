"""Prior-weighted logistic regression (Brümmer and du Preez, 2006; the objective of FoCal and BOSARIS).

    J(a, c) = π/B Σ_i softplus(-(a·b_i + c + τ)) + (1-π)/S Σ_j softplus(a·s_j + c + τ),   τ = ln(π / (1-π))

J is convex; Newton's method on standardised scores, in float64.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from bonafide.metrics.curve import Rates, classes
from bonafide.types import InputError

_GRADIENT: Final = 1e-8
_STEEPEST: Final = 1e3
"""Weight of a standardised score at which a fit that runs away is stopped."""
_STEPS: Final = 200


class Solution(NamedTuple):
    """Where J is least.

    Args:
        weights: a, `[systems]`.
        offset: c; 0 if it was not fitted.
        objective: J there, in nats.
        separable: the classes separate (or all but), so that J has no least value and the fit was stopped:
            the weights are then steep, not right.
    """

    weights: Rates
    offset: float
    objective: float
    separable: bool


def logistic(bonafide: ArrayLike, spoof: ArrayLike, *, prior: float, offset: bool = True) -> Solution:
    """Weights and offset that make scores log-likelihood ratios.

    Args:
        bonafide: `[trials, systems]` scores, high when genuine.
        spoof: `[trials, systems]` scores.
        prior: π, effective prior of bona fide trials, inside (0, 1).
        offset: whether c is fitted; 0 otherwise.

    Raises:
        InputError: a class is empty, a score is NaN or infinite, the prior is none, a system gives one score
            to all trials, or no least value was found.
    """
    if not 0 < prior < 1:
        raise InputError(f"A prior of bona fide trials of {prior} weighs nothing: take one inside (0, 1).")
    genuine, fake = np.asarray(bonafide, np.float64), np.asarray(spoof, np.float64)
    classes(genuine, fake)
    scores = np.concatenate((genuine, fake))
    flat = np.flatnonzero(np.ptp(scores, axis=0) == 0)
    if flat.size:
        raise InputError(
            f"System {flat[0] + 1} of {scores.shape[1]} gives all trials the score {scores[0, flat[0]]:g}, "
            "so nothing can be fitted to it: look at the detector, or leave it out."
        )
    centre = np.median(scores, axis=0) if offset else np.zeros(scores.shape[1])
    scale = _spread(scores - centre)
    inputs = (scores - centre) / scale
    if offset:
        inputs = np.column_stack((inputs, np.ones(len(inputs))))
    problem = _Problem(
        inputs * np.repeat([1.0, -1.0], [len(genuine), len(fake)])[:, None],
        np.repeat([prior / len(genuine), (1 - prior) / len(fake)], [len(genuine), len(fake)]),
        np.repeat([1.0, -1.0], [len(genuine), len(fake)]) * math.log(prior / (1 - prior)),
    )
    # Both sides of the least value weigh as much as the rarer class.
    found, bounded = _newton(problem, scores.shape[1], _GRADIENT * min(prior, 1 - prior))
    weights = found[: scores.shape[1]] / scale
    lowest, highest = (genuine @ weights).min(), (fake @ weights).max()
    separable = bounded or bool(lowest >= highest if offset else lowest >= 0 >= highest)
    constant = float(found[-1] - centre @ weights) if offset else 0.0
    return Solution(weights, constant, problem.objective(found), separable)


class _Problem(NamedTuple):
    """J as a function of the parameters, spoof trials with their signs turned.

    Args:
        inputs: `[trials, parameters]`.
        weight: `[trials]`, sums to 1.
        shift: `[trials]`, what the prior adds to a margin.
    """

    inputs: Rates
    weight: Rates
    shift: Rates

    def objective(self, parameters: Rates) -> float:
        margin = self.inputs @ parameters + self.shift
        return float(self.weight @ np.logaddexp(0, -margin))

    def gradient(self, parameters: Rates) -> Rates:
        wrong = expit(-(self.inputs @ parameters + self.shift))
        return np.asarray(-(self.weight * wrong) @ self.inputs)

    def curvature(self, parameters: Rates) -> NDArray[np.float64]:
        margin = self.inputs @ parameters + self.shift
        bend = self.weight * expit(margin) * expit(-margin)
        return np.asarray((self.inputs * bend[:, None]).T @ self.inputs)


def _spread(deviations: Rates) -> Rates:
    """Of most scores, whatever a few outliers do: median distance, or root mean square where that is 0."""
    typical = np.median(np.abs(deviations), axis=0)
    return np.where(typical > 0, typical, np.sqrt(np.square(deviations).mean(axis=0)))


def _newton(problem: _Problem, systems: int, flat: float) -> tuple[Rates, bool]:
    """Parameters at the least value, and whether a weight was stopped on its way to infinity."""
    at = np.zeros(problem.inputs.shape[1])
    for _ in range(_STEPS):
        gradient = problem.gradient(at)
        if np.abs(gradient).max() < flat:
            return at, False
        # Least squares takes the shortest of all steps where systems repeat each other.
        step: Rates = np.linalg.lstsq(problem.curvature(at), -gradient, rcond=None)[0].astype(np.float64)
        at = at + _length(problem, at, step) * step
        longest = np.abs(at[:systems]).max()
        if longest > _STEEPEST:
            return _bounded(problem, at, systems), True
    raise InputError(
        "The logistic regression found no least cost: a few scores lie far outside the others, look at the "
        "largest and the smallest."
    )


def _length(problem: _Problem, at: Rates, step: Rates) -> float:
    """Of a Newton step: whole, or halved until it helps (Armijo)."""
    before, slope, length = problem.objective(at), float(problem.gradient(at) @ step), 1.0
    while length > 1e-9 and problem.objective(at + length * step) > before + 1e-4 * length * slope + 1e-15:
        length /= 2
    return length


def _bounded(problem: _Problem, at: Rates, systems: int) -> Rates:
    """The weights in their direction as long as allowed, with the best offset for them."""
    direction: Rates = at[:systems] * (_STEEPEST / float(np.abs(at[:systems]).max()))
    if at.size == systems:
        return direction
    fixed = problem.inputs[:, :systems] @ direction + problem.shift
    sign = problem.inputs[:, -1]

    def slope(constant: float) -> float:
        return float(-(problem.weight * expit(-(fixed + sign * constant))) @ sign)

    low, high = -np.abs(fixed).max() - 50, np.abs(fixed).max() + 50  # there one class alone errs
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return np.append(direction, (low + high) / 2)
