"""The figures of a description, each as PNG and PDF, with what the page says of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bonafide.explain.corpus.comparison import System
from bonafide.explain.corpus.page import Chapter, Picture
from bonafide.explain.corpus.profile import NUMBERS, Settings
from bonafide.figures import fingerprints, shifts, similarity, spectra, vector
from bonafide.figures.spectra import Band, Spectrum

if TYPE_CHECKING:
    from bonafide.scripts.jobs.corpus_results import Leftovers

Values = NDArray[np.float64]

SHIFTED: Final = {
    "centroid_hz": "spectral centroid (Hz)",
    "pitch_hz": "pitch (Hz)",
    "pitch_spread_hz": "spread of pitch (Hz)",
    "loudness_lufs": "loudness (LU)",
    "rms_db": "level (dB)",
    "seconds": "duration (s)",
}
_WORDS: Final = {
    "packets": ("Wavelet packets", "wavelet packets", "mean |coefficient|"),
    "lines": ("Fourier transform", "Fourier transform", "mean magnitude"),
}

_ALIKE: Final = (
    "What one generator leaves behind in one half of the utterances, correlated with what another leaves "
    "in the other half, in 1,024 bands: the chance in the recordings that both are compared with does not "
    "count. The diagonal says how stable a fingerprint is; near 0, there are too few recordings to tell it."
)
_ALIKE_AS_PUBLISHED: Final = (
    "Correlation of the difference fingerprints. Generators that are compared with the same recordings share "
    "the chance in these, which alone correlates them at one half."
)


def draw(
    folder: Path,
    systems: Sequence[System],
    leftovers: "Mapping[str, Leftovers]",
    khz: Values,
    settings: Settings,
) -> list[Chapter]:
    """Draws what there is; without a reference there are no differences."""
    chapters = [_spectra(folder, systems, khz, settings)]
    compared = [system for system in systems if system.numbers_difference is not None]
    if compared:
        chapters.insert(0, _shifts(folder, compared))
    chapters += [_fingerprints(folder, kind, found, settings) for kind, found in leftovers.items()]
    alike = {_WORDS[kind][0]: found for kind, found in leftovers.items() if len(found.names) > 1}
    if alike:
        names = next(iter(alike.values())).names
        figure = similarity.similarity(names, {title: found.similarity for title, found in alike.items()})
        file = vector.save(figure, folder / "similarity.png")
        chapters.append(
            Chapter(
                "Which generators are alike",
                _ALIKE_AS_PUBLISHED if settings.faithful else _ALIKE,
                [Picture.of(file, "Correlation of the difference fingerprints of generators")],
            )
        )
    return chapters


def _spectra(folder: Path, systems: Sequence[System], khz: Values, settings: Settings) -> Chapter:
    scale, unit = (float(np.log(10)), "10 ln") if settings.faithful else (1.0, "dB")
    drawn = [_spectrum(system, systems, scale) for system in systems]
    made = [Picture.of(
        vector.save(spectra.spectra(khz, drawn, unit), folder / "spectra.png"),
        "Mean spectrum of each system, with a standard deviation over recordings on either side",
    )]  # fmt: skip
    compared = [one for one in drawn if one.difference is not None]
    if compared:
        signed = np.array([one.difference.mean for one in compared if one.difference is not None])
        absolute = np.maximum(signed, 0) if settings.faithful else np.abs(signed)
        made.insert(0, Picture.of(
            vector.save(spectra.overview(khz, drawn, unit), folder / "spectrum_overview.png"),
            "Difference of the mean spectra to bona fide, a row a system",
        ))  # fmt: skip
        made += [
            Picture.of(
                vector.save(spectra.differences(khz, drawn, unit=unit), folder / "spectrum_difference.png"),
                "Signed difference to bona fide, with its 95 % interval",
            ),
            Picture.of(
                vector.save(
                    spectra.differences(khz, drawn, absolute=absolute, unit=unit),
                    folder / "spectrum_difference_absolute.png",
                ),
                "The signed difference, clipped at 0 as published"
                if settings.faithful
                else "Absolute difference",
            ),
        ]
    text = f"Frames of {settings.n_fft} samples every {settings.hop}: mean power over time, in decibels."
    return Chapter("Spectra", text, made)


def _spectrum(system: System, systems: Sequence[System], scale: float) -> Spectrum:
    own = _spread(system, scale)
    theirs = [other for other in systems if other.genuine and other.corpus == system.corpus]
    reference = _spread(theirs[0], scale) if theirs and not system.genuine else None
    found = system.spectrum_difference
    difference = None if found is None else Band(*(scale * side for side in found))
    return Spectrum(system.name, own, reference, difference)


def _spread(system: System, scale: float) -> Band:
    mean, deviation = scale * system.spectrum.value, scale * system.spectrum.deviation
    return Band(mean, mean - deviation, mean + deviation)


def _shifts(folder: Path, compared: Sequence[System]) -> Chapter:
    numbers = {}
    for name, title in SHIFTED.items():
        place = NUMBERS.index(name)
        numbers[title] = np.array(
            [[side[place] for side in system.numbers_difference or ()] for system in compared]
        )
    file = vector.save(shifts.shifts([system.name for system in compared], numbers), folder / "numbers.png")
    return Chapter(
        "What differs from bona fide",
        "Mean difference to the bona fide recordings of the same corpus; a dot is filled where its 95 % "
        "interval leaves out 0.",
        [Picture.of(file, "Differences of centroid, pitch, loudness, level and duration to bona fide")],
    )


def _fingerprints(folder: Path, kind: str, found: "Leftovers", settings: Settings) -> Chapter:
    title, heading, what = _WORDS[kind]
    figure = fingerprints.fingerprints(found.khz, found.systems, what)
    name = {"packets": f"{settings.wavelet} packets of level {settings.level}"}.get(
        kind, "lines of the transform"
    )
    made = [Picture.of(
        vector.save(figure, folder / f"{kind}.png"), f"{title}: mean over recordings and time, {name}"
    )]  # fmt: skip
    if found.differences:
        unit = "ln" if settings.faithful else "dB"
        figure = fingerprints.differences(found.khz, found.differences, what, unit)
        file = vector.save(figure, folder / f"{kind}_difference.png")
        made.append(Picture.of(file, f"{title}: difference to bona fide; spikes reach out of the shade"))
    text = (
        f"Of the first {settings.seconds:g} s of recordings that are as long. The dark line is the mean "
        "around a frequency, the shade reaches from the lowest to the highest of the "
        f"{len(found.khz):,} values there."
    )
    return Chapter(f"Fingerprints: {heading}", text, made)
