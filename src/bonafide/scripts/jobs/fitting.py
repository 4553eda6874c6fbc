"""How scores become log-likelihood ratios, or one score: methods by name, in words, and from their file."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig

from bonafide.evaluation.cells import number
from bonafide.metrics.calibration.affine import Affine
from bonafide.metrics.calibration.application import Application
from bonafide.metrics.calibration.fitted import Fitted
from bonafide.metrics.calibration.isotonic import Isotonic
from bonafide.metrics.calibration.temperature import Temperature
from bonafide.metrics.calibration.threshold import Threshold
from bonafide.metrics.fusion import LinearFusion, MinMaxMean, ZScoreMean
from bonafide.scripts.jobs import score_files
from bonafide.types import InputError

_KINDS: Final[dict[str, type[Fitted]]] = {kind.kind: kind for kind in (Affine, Isotonic, Temperature)}
CALIBRATIONS: Final = tuple(_KINDS)
"""Of one detector; the first is the usual one."""
FUSIONS: Final = ("logistic", "z_score", "min_max")
"""Of several detectors; the first is the usual one."""


class Frozen(NamedTuple):
    """A calibration that was fitted before.

    Args:
        fitted: what scores are put through.
        threshold: of what comes out, for the application it was fitted for.
    """

    fitted: Fitted
    threshold: float


def method(cfg: DictConfig) -> str:
    """The method of the command.

    Raises:
        InputError: there is none of this name for this form of report.
    """
    known, form = (CALIBRATIONS, "calibrate") if cfg.fusion is None else (FUSIONS, "fusion")
    if cfg.method is None:
        return known[0]
    if cfg.method not in known:
        raise InputError(f"method={cfg.method} is none of {form}=; choose {', '.join(known)}")
    return str(cfg.method)


def application(cfg: DictConfig) -> Application:
    """What the scores are to decide, of the command.

    Raises:
        InputError: it is no prior with two costs.
    """
    names = {"spoof_prior": "prior", "miss": "miss", "false_alarm": "false_alarm"}
    return Application(
        **{own: score_files.number(cfg.application, name, float) for name, own in names.items()}
    )


def fit(method: str, bonafide: NDArray[np.float64], spoof: NDArray[np.float64], prior: float) -> Fitted:
    """Fits on development trials.

    Args:
        method: one of `CALIBRATIONS`, for a single detector, or of `FUSIONS`.
        bonafide: `[trials, detectors]` scores.
        spoof: likewise.
        prior: effective prior of bona fide trials; isotonic calibration and plain means need none.

    Raises:
        InputError: the trials do not allow for it.
    """
    match method:
        case "affine":
            return Affine.fit(bonafide[:, 0], spoof[:, 0], prior=prior)
        case "isotonic":
            return Isotonic.fit(bonafide[:, 0], spoof[:, 0])
        case "temperature":
            return Temperature.fit(bonafide[:, 0], spoof[:, 0], prior=prior)
        case "logistic":
            return LinearFusion.fit(bonafide, spoof, prior=prior)
        case "z_score":
            return ZScoreMean.fit(np.concatenate([bonafide, spoof]))
        case _:
            return MinMaxMean.fit(np.concatenate([bonafide, spoof]))


def formula(fitted: Fitted, names: Sequence[str]) -> str:
    """What comes out, in words.

    >>> formula(Affine(2.0, -1.0, 0.5, 0.1, separable=False), ["before"])
    '2.0000 × before − 1.0000'
    """
    match fitted:
        case Affine():
            return _sum([fitted.slope], fitted.offset, names)
        case LinearFusion():
            return _sum(fitted.weights, fitted.offset, names)
        case Temperature():
            return f"{names[0]} / {number(fitted.temperature)}"
        case Isotonic():
            return f"a rising function of {names[0]} with {len(fitted.scores):,} bends"
        case _:
            return f"{fitted.kind} of {', '.join(names)}"


def read(place: Path) -> Frozen:
    """The calibration of one detector that `report.py calibrate=` left in a `calibration.json`.

    Raises:
        InputError: no such file, a fusion, or something else.
    """
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        kind = _KINDS.get(found["fitted"]["kind"])
        rules = [rule for rule in found["thresholds"].get("calibrated", ()) if rule["rule"] == "Bayes"]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(
            f"calibration={place} is no calibration; give the calibration.json that "
            "report.py calibrate=… left"
        ) from error
    if kind is None or not rules:
        raise InputError(f"calibration={place} is of several detectors; give one that was fitted on one")
    return Frozen(kind.of(found["fitted"]), Threshold.of(rules[0]).value)


def _sum(weights: Sequence[float], offset: float, names: Sequence[str]) -> str:
    terms = [f"{number(weight)} × {name}" for weight, name in zip(weights, names, strict=True)]
    return " + ".join([*terms, number(offset)]).replace("+ −", "− ")
