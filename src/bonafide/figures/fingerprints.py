"""Fingerprints of generators, and what sets them apart from their bona fide references."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bonafide.figures import panels
from bonafide.figures.style import FAKE, GENUINE, GREY, styled

Values = NDArray[np.float64]

_RUMBLE: Final = 0.05
"""kHz; offsets and hum below it do not set the height of an axis."""


def fingerprints(khz: Values, systems: Mapping[str, tuple[Values, Values | None]], title: str) -> Figure:
    """A panel a system: its mean magnitudes, and those of its reference.

    Args:
        khz: frequency of each value.
        systems: name → magnitudes of the system, and of its reference, None where it is one.
        title: what the magnitudes are.
    """
    with styled():
        figure, cells = panels.grid(list(systems), "frequency (kHz)", f"{title} (dB)")
        for axes, (own, reference) in zip(cells, systems.values(), strict=False):
            if reference is not None:
                panels.trace(axes, khz, _decibels(reference), GENUINE, "bona fide")
            panels.trace(axes, khz, _decibels(own), GENUINE if reference is None else FAKE, "this system")
        for axes in cells[:1]:
            axes.set_xlim(0, _end(khz))
        pair = [axes for axes, (_, other) in zip(cells, systems.values(), strict=False) if other is not None]
        if pair:
            panels.legend(figure, pair[0])
    return figure


def differences(khz: Values, systems: Mapping[str, Values], title: str, unit: str = "dB") -> Figure:
    """A panel a system: its difference fingerprint, around 0; spikes reach out of the shade.

    Args:
        khz: frequency of each value.
        systems: name → difference to the reference.
        title: what was compared.
        unit: of the differences.
    """
    with styled():
        label = f"{title}, difference ({unit})"
        figure, cells = panels.grid(list(systems), "frequency (kHz)", label, alike=False)
        for axes, values in zip(cells, systems.values(), strict=False):
            axes.axhline(0, color=GREY, linewidth=0.8)
            panels.trace(axes, khz, values, FAKE)
            high = 1.05 * max(float(np.abs(values[khz > _RUMBLE]).max(initial=0.0)), 1.0)
            axes.set_ylim(-high, high)
        for axes in cells[:1]:
            axes.set_xlim(0, _end(khz))
    return figure


def _decibels(magnitude: Values) -> Values:
    return np.asarray(20 * np.log10(magnitude + 1e-12), np.float64)


def _end(khz: Values) -> float:
    """Half the sample rate, whether values stand for lines or for the middle of bands."""
    return float(khz[-1] + khz[0])
