"""A detector that hears nothing but trivial numbers: what a real one must beat."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from bonafide.data.audit.columns import Rows, Values
from bonafide.data.audit.features import Seen
from bonafide.data.manifest import Manifest
from bonafide.metrics.auc import auc
from bonafide.metrics.eer import eer
from bonafide.metrics.intervals import interval
from bonafide.types import BONAFIDE

_MOST = 100_000  # training rows of the baseline; more move its EER by less than its interval
_DRAWS = 20_000_000  # of the bootstrap


class Trivial(NamedTuple):
    """The trivial baseline on one test group: counts, EER with 95 % bounds and AUC, fractions."""

    bonafide: int
    spoof: int
    eer: float
    low: float
    high: float
    auc: float


class Baseline(NamedTuple):
    """A detector that sees nothing but trivial numbers.

    Args:
        groups: by name, those with both classes.
        heaviest: the three features with the largest weights.
        absent: why there is none, or none for a group; empty if there are all.
    """

    groups: Mapping[str, Trivial]
    heaviest: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def of(manifest: Manifest, seen: Seen, train: Rows, tests: Mapping[str, Rows], seed: int) -> Baseline:
    """Logistic regression on standardised numbers.

    Linear, because it must also hold with fifty recordings, and its weights say what it heard; a boosted tree
    would be no stronger on shortcuts that one threshold shows.
    """
    genuine = manifest.strings("label") == BONAFIDE
    if len(train) > _MOST:
        train = np.sort(np.random.default_rng(seed).choice(train, _MOST, replace=False))
    if genuine[train].all() or not genuine[train].any():
        return Baseline({}, absent=("the training rows lack a class, so there is no trivial baseline",))
    columns = {name: values for name, values in seen.numbers.items() if not np.isnan(values[train]).all()}
    for name, codes in seen.kinds.items():
        for code in np.unique(codes.of[train])[1:]:  # the first is what is none of the others
            columns[f"{name}={codes.text(int(code))}"] = (codes.of == code).astype(np.float64)

    def table(rows: Rows) -> Values:
        return np.stack([values[rows] for values in columns.values()], axis=1)

    model = make_pipeline(
        StandardScaler(),
        FunctionTransformer(np.clip, kw_args={"a_min": -8, "a_max": 8}),
        SimpleImputer(strategy="constant", fill_value=0.0),
        LogisticRegression(class_weight="balanced", max_iter=2000),
    ).fit(table(train), genuine[train])
    weights = np.abs(model[-1].coef_[0])
    found, absent = {}, []
    for name, rows in tests.items():
        if genuine[rows].all() or not genuine[rows].any():
            absent.append(f"{name} lacks a class, so there is no trivial baseline of it")
            continue
        score = model.decision_function(table(rows))
        found[name] = _measured(score[genuine[rows]], score[~genuine[rows]], seed)
    names = list(columns)
    heaviest = tuple(names[place] for place in np.argsort(-weights, kind="stable")[:3])
    return Baseline(found, heaviest, tuple(absent))


def _measured(genuine: Values, fake: Values, seed: int) -> Trivial:
    draws = _DRAWS // (len(genuine) + len(fake))
    bounds = interval(eer, genuine, fake, replicates=min(1000, max(100, draws)), seed=seed)
    return Trivial(len(genuine), len(fake), eer(genuine, fake), *bounds, auc(genuine, fake))
