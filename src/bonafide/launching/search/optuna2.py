"""Optuna 2, which hydra-optuna-sweeper needs, without the advice its database library gives to authors."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import optuna
    from hydra_plugins.hydra_optuna_sweeper._impl import create_params_from_overrides
    from optuna.distributions import BaseDistribution
    from optuna.exceptions import ExperimentalWarning, OptunaError
    from optuna.trial import FrozenTrial, TrialState
    from sqlalchemy.exc import SQLAlchemyError

__all__ = [
    "BaseDistribution",
    "ExperimentalWarning",
    "FrozenTrial",
    "OptunaError",
    "SQLAlchemyError",
    "TrialState",
    "create_params_from_overrides",
    "optuna",
]
