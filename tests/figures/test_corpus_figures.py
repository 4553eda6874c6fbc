"""Pictures of a corpus, with few and many systems, few and many values."""

from pathlib import Path

import numpy as np
import pytest

from bonafide.figures import fingerprints, panels, shifts, similarity, spectra, vector
from bonafide.figures.spectra import Band, Spectrum
from bonafide.types import InputError

KHZ = np.linspace(0, 8, 129)


def spectrum(name: str, *, compared: bool = True) -> Spectrum:
    mean = np.random.default_rng(len(name)).standard_normal(129) - 30
    band = Band(mean, mean - 1, mean + 1)
    return Spectrum(name, band, band if compared else None, band if compared else None)


@pytest.mark.parametrize("number", [1, 2, 7, 45])
def test_each_system_has_a_panel_up_to_forty(number: int, tmp_path: Path) -> None:
    drawn = [spectrum("bona fide", compared=False)] + [spectrum("s" * (place + 1)) for place in range(number)]
    figure = spectra.spectra(KHZ, drawn)
    assert len(figure.axes) == min(number + 1, panels.MOST)
    signed = spectra.differences(KHZ, drawn)
    assert len(signed.axes) == min(number, panels.MOST)
    absolute = spectra.differences(KHZ, drawn, absolute=np.ones((number, 129)))
    assert all(axes.get_ylim()[0] == 0 for axes in absolute.axes)
    assert len(spectra.overview(KHZ, drawn).axes[0].get_yticks()) == number
    file = vector.save(signed, tmp_path / "a.png")
    assert file.read_bytes().startswith(b"\x89PNG")
    assert file.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


def test_without_a_reference_there_is_no_difference() -> None:
    alone = [spectrum("bona fide", compared=False)]
    for draw in (spectra.differences, spectra.overview):
        with pytest.raises(InputError, match="no system has bona fide recordings"):
            draw(KHZ, alone)


def test_a_single_line_among_many_values_reaches_the_shade() -> None:
    values = np.zeros(16_384)
    values[8000] = 20
    places, mean, low, high = panels.gathered(np.arange(16_384) / 1000, values)
    assert high.max() == 20
    assert abs(places[high.argmax()] - 8) < 0.02
    assert mean.max() < 1
    assert (low == 0).all()
    figure = fingerprints.differences(np.arange(16_384) / 1000, {"a": values, "b": 0 * values}, "magnitude")
    assert figure.axes[0].get_ylim()[1] > 20


def test_similarity_with_what_is_not_known_and_one_generator() -> None:
    matrix = np.array([[1.0, np.nan], [np.nan, 0.2]])
    assert len(similarity.similarity(["a", "b"], {"one": matrix, "two": matrix}).axes) == 3
    assert len(similarity.similarity(["a"], {"one": np.ones((1, 1))}).axes) == 2


def test_shifts_hide_no_mean_whatever_the_intervals() -> None:
    values = np.array(
        [[3.0, 2.0, 4.0], [-1.0, -500.0, 498.0], [0.5, 0.1, 0.9], [0.5, np.nan, np.nan], [np.nan] * 3]
    )
    axes = shifts.shifts(list("abcde"), {"pitch (Hz)": values}).axes[0]
    low, high = axes.get_xlim()
    assert low < -1
    assert 3 < high < 100
