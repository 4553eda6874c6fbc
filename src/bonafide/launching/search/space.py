"""What a search may choose from, in the words of hydra-optuna-sweeper, and a choice as options of a cell."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from bonafide.launching.search.optuna2 import BaseDistribution, create_params_from_overrides
from bonafide.types import InputError


class Space(NamedTuple):
    """What varies, and what does not.

    Args:
        varied: what each option may be.
        fixed: options that every cell has, as they were typed.
    """

    varied: Mapping[str, BaseDistribution]
    fixed: tuple[str, ...]

    @classmethod
    def of(cls, params: Mapping[str, object], typed: Sequence[str]) -> Self:
        """The space of a config; an option that was typed takes the place of the config's.

        Raises:
            InputError: something is no range or choice, or nothing varies.
        """
        names = {
            override.get_key_element() for override in OverridesParser.create().parse_overrides([*typed])
        }
        options = [*(f"{name}={value}" for name, value in params.items() if name not in names), *typed]
        varied: dict[str, BaseDistribution] = {}
        fixed = []
        for option in options:
            try:
                found, _ = create_params_from_overrides([option])
            except (HydraException, ValueError, AssertionError, NotImplementedError) as error:
                said = " ".join(str(error).split())
                raise InputError(
                    f"{option} cannot be searched ({said}); give choice(a,b) or interval(0,1)"
                ) from error
            varied |= found
            fixed += [] if found else [option]
        if not varied:
            raise InputError("there is nothing to search; add hydra.sweeper.params or OPTION=choice(a,b)")
        return cls(varied, tuple(fixed))

    def options(self, chosen: Mapping[str, Any]) -> tuple[str, ...]:
        """Options of the cell that tries a choice."""
        return (*(f"{name}={_typed(chosen[name])}" for name in self.varied), *self.fixed)


def _typed(value: object) -> str:
    return "null" if value is None else str(value)
