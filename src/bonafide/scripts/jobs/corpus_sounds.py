"""Fingerprints as WAV files, and as players on the page."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor

from bonafide.audio import files, mp3
from bonafide.audio.resample import resample
from bonafide.explain.corpus import audible
from bonafide.explain.corpus.comparison import Fingerprint, System
from bonafide.explain.corpus.page import Heard, Sound
from bonafide.explain.corpus.profile import Settings
from bonafide.pages.rendering import base64
from bonafide.types import InputError
from bonafide.whole import whole

if TYPE_CHECKING:
    from bonafide.scripts.jobs.corpus_results import Facts

_TIMES: Final = 3
"""How often a sound of a second is repeated on the page."""

_TITLES: Final = {"fingerprint": "fingerprint", "added": "what it adds", "missing": "what it lacks"}
_KINDS: Final = {"lines": "Fourier", "packets": "packets"}


def write(folder: Path, systems: Sequence[System], facts: "Facts", phase: str) -> list[Heard]:
    """A WAV file for each system and kind, their gains in `levels.csv`, and the same for the page."""
    settings = facts.settings
    carrier = _carrier(phase, facts)
    heard, lines = [], []
    named = [(system.name, system.genuine, system) for system in systems]
    for name, genuine, system in named:
        found = {kind: getattr(system, kind) for kind in _KINDS}
        sounds = []
        for kind, title, magnitude in _magnitudes(found, genuine=genuine):
            sound = audible.safe(_sound(kind, magnitude, settings, facts.seed, carrier))
            file = folder / f"{_slug(name)}_{kind}_{title}.wav"
            _wav(file, sound.waveform, settings.sample_rate, "PCM_24")
            lines.append([file.name, name, kind, title, f"{sound.gain:.3f}"])
            sounds.append(_player(f"{_KINDS[kind]}: {_TITLES[title]}", sound, settings.sample_rate))
        if settings.faithful and system.waveform is not None:
            waveform = audible.published(torch.from_numpy(system.waveform)).numpy().astype(np.float32)
            _wav(folder / f"{_slug(name)}_published.wav", waveform, settings.sample_rate, "PCM_16")
        if sounds:
            heard.append(Heard(name, sounds))
    if heard:
        with whole(folder / "levels.csv") as part, part.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["file", "system", "kind", "sound", "gain_db"])
            writer.writerows(lines)
    return heard


def _magnitudes(
    found: dict[str, Fingerprint | None], *, genuine: bool
) -> list[tuple[str, str, NDArray[np.float64]]]:
    """Kind, title and magnitudes of what is heard of a system."""
    wanted = []
    for kind, each in found.items():
        if each is None:
            continue
        wanted.append((kind, "fingerprint", each.system))
        if not genuine and each.compared:
            step = each.system - each.reference
            wanted.append((kind, "added", np.maximum(step, 0)))
            wanted.append((kind, "missing", np.maximum(-step, 0)))
    return wanted


def _sound(
    kind: str, magnitude: NDArray[np.float64], settings: Settings, seed: int, carrier: Tensor | None
) -> Tensor:
    values = torch.from_numpy(magnitude)
    if kind == "lines":
        return audible.of_lines(values, settings.samples, seed=seed, carrier=carrier)
    return audible.of_packets(values, settings.tree(), settings.samples, seed=seed, carrier=carrier)


def _carrier(phase: str, facts: "Facts") -> Tensor | None:
    """The beginning of the recording whose phase is taken, as long as a fingerprint's clip."""
    if phase == "random":
        return None
    settings, form = facts.settings, facts.data.form
    found = files.read(
        Path(phase).expanduser(),
        settings.sample_rate,
        length=settings.samples,
        resampler=form.resampler,
        channel=form.channel,
    )
    if len(found) < settings.samples:
        raise InputError(
            f"phase={phase} is shorter than fingerprint.seconds={settings.seconds:g}; give a longer recording"
        )
    return torch.from_numpy(found)


def _wav(file: Path, waveform: NDArray[np.float32], sample_rate: int, subtype: str) -> None:
    with whole(file) as part:
        soundfile.write(part, waveform, sample_rate, format="WAV", subtype=subtype)


def _player(title: str, sound: audible.Safe, sample_rate: int) -> Sound:
    if not sound.waveform.any():
        return Sound(title, "", "")
    rate = mp3.rate(sample_rate)
    repeated = resample(np.tile(sound.waveform, _TIMES), sample_rate, rate)
    return Sound(title, f"{sound.gain:+.0f} dB", base64(mp3.encode(repeated, rate)))


def _slug(name: str) -> str:
    """A name for a file."""
    return re.sub(r"[^\w.-]+", "_", name).strip("_.") or "system"
