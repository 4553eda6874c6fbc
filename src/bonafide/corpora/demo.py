"""The embedded demo corpus: synthetic, speech-like sound made on the spot, for trying the tool."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final, NamedTuple, final

import numpy as np
import soundfile
from rich.console import Console
from rich.progress import track

from bonafide.corpora.corpus import Corpus
from bonafide.corpora.synthesis.finish import draw_chain, finish, quantise
from bonafide.corpora.synthesis.resynthesis import METHODS
from bonafide.corpora.synthesis.scene import record
from bonafide.corpora.synthesis.speech import VOICES, speak
from bonafide.types import BONAFIDE, SPOOF, InputError, Label, Utterance

RATE: Final = 22050  # Hz, as LJSpeech and WaveFake
MARGIN: Final = 0.2  # seconds cut from both ends after resynthesis
VERSION: Final = 4  # of the sound; a new one makes every corpus anew
RECIPE: Final = "recipe.json"
WAVS: Final = "demo-1.0/wavs"
README: Final = """\
This corpus is synthetic. No person speaks in it: bonafide made the "recordings" with a source-filter model
of speech, and the spoofs by putting the same utterances through seven resynthesis methods. It is good for
trying the tool and for tests; it supports no claim about how well a detector works on real speech.

demo-1.0/wavs/<utterance>.wav                            the recordings ("bona fide")
generated_audio/demo_<system>/<utterance>_gen.wav        the same utterances, resynthesised
recipe.json                                              what decides every byte of them
"""


class Recipe(NamedTuple):
    """All that decides the sound; equal recipes give equal files.

    Args:
        utterances: number of sentences.
        seconds: duration of a file.
        seed: of every random draw.
    """

    utterances: int
    seconds: float
    seed: int

    def text(self) -> str:
        """As kept beside the files."""
        made = {"version": VERSION, "sample_rate": RATE, "systems": sorted(METHODS), **self._asdict()}
        return json.dumps(made, indent=2, sort_keys=True) + "\n"

    def samples(self) -> int:
        """Length of every file: the duration or a little more, so that no vocoder's hop divides it."""
        samples = round(self.seconds * RATE)
        while samples % 256 == 0 or samples % 300 == 0:
            samples += 7
        return samples


@final
class Demo(Corpus):
    """Synthetic utterances and seven resyntheses of each, in WaveFake's layout: to try the tool, no claims.

    ========== =============================================================================================
    size       `utterances` × 8 files of `seconds` each; 96 × 8 × 2 s ≈ 26 minutes, 68 MB by default
    audio      22,050 Hz, 16-bit PCM, mono; made in about 20 s on two cores
    speakers   8 source-filter voices of different pitch, tract length and roughness, in turn
    systems    codec, griffin_lim, lpc_vocoder, phase_noise, sinusoidal, upsampling, world
    licence    that of bonafide; nobody's voice is in it
    splits     none published
    ========== =============================================================================================

    ::

        root/
          demo-1.0/wavs/ada-0000.wav                           bona fide
          generated_audio/demo_codec/ada-0000_gen.wav          spoof, system `codec`
          README.txt  recipe.json

    Traps avoided: all files have one length, which no vocoder's hop divides; the versions of an utterance
    share level and noise floor, and took the same high-pass, dispersion, cut, dither. Levels differ between
    utterances. Trap left: a split by utterance puts every voice into every part.

    Args:
        root: folder that the corpus has for itself; made by `prepare`.
        utterances: sentences, each in eight versions; more make training longer and scores steadier.
        seconds: duration of each file, 1 to 60.
        seed: another one gives other sentences in other rooms.

    Raises:
        InputError: a number is out of range.
    """

    def __init__(self, root: str | Path, utterances: int = 96, seconds: float = 2.0, seed: int = 0) -> None:
        super().__init__(root)
        if utterances < 1:
            raise InputError(f"demo: utterances is {utterances}; give at least 1.")
        if not 1 <= seconds <= 60:
            raise InputError(f"demo: seconds is {seconds}; give 1 to 60.")
        if seed < 0:
            raise InputError(f"demo: seed is {seed}; give 0 or more.")
        self.recipe = Recipe(int(utterances), float(seconds), int(seed))

    @property
    def name(self) -> str:
        """As in `data=demo`."""
        return "demo"

    @property
    def caveat(self) -> str:
        """That it is synthetic."""
        return "The demo corpus is synthetic: good for trying the tool, not for claims about speech."

    def utterances(self) -> Sequence[Utterance]:
        """Every file once, sorted by path.

        Raises:
            InputError: the corpus has not been made, or was made from another recipe.
        """
        if not (self.root / RECIPE).is_file():
            raise InputError(
                f"demo: no demo corpus in {self.root} ({RECIPE} is missing); "
                "make it with prepare(), as training does"
            )
        if not self._is_made():
            raise InputError(
                f"demo: the corpus in {self.root} was made with other settings (see {RECIPE}); "
                "make it anew with prepare(), as training does"
            )
        systems = ["", *METHODS]
        names = [_name(index) for index in range(self.recipe.utterances)]
        return sorted((_row(name, system) for name in names for system in systems), key=lambda row: row.path)

    def prepare(self, announce: Callable[[str], None]) -> None:
        """Makes the corpus, unless it is there from the same recipe.

        It grows in a hidden folder beside `root`, which takes its place at the end; an interruption leaves
        `root` as it was.

        Raises:
            InputError: `root` holds something else.
        """
        if self._is_made():
            return
        root = self.root.resolve()
        if root.exists() and not (root / RECIPE).is_file() and (not root.is_dir() or any(root.iterdir())):
            raise InputError(
                f"demo: {root} holds other files; give the demo corpus a folder of its own (data.root=…)."
            )
        announce(
            f"demo: making a synthetic corpus in {root}: for trying the tool, not for claims about speech."
        )
        root.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{root.name}-partial-", dir=root.parent))
        try:
            made = partial / "new"
            _make(made, self.recipe)
            if self._is_made():  # another process was faster
                return
            if root.exists():
                root.rename(partial / "old")
            made.rename(root)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _is_made(self) -> bool:
        recipe = self.root / RECIPE
        return recipe.is_file() and recipe.read_text(encoding="utf-8") == self.recipe.text()


def _name(index: int) -> str:
    return f"{VOICES[index % len(VOICES)].name}-{index:04d}"


def _path(name: str, system: str) -> str:
    return f"generated_audio/demo_{system}/{name}_gen.wav" if system else f"{WAVS}/{name}.wav"


def _row(name: str, system: str) -> Utterance:
    label: Label = SPOOF if system else BONAFIDE
    return Utterance(_path(name, system), name, "demo", system or "-", name.split("-", maxsplit=1)[0], label)


def _make(folder: Path, recipe: Recipe) -> None:
    """Writes everything below `folder`; the recipe comes last."""
    for system in ("", *METHODS):
        (folder / _path("name", system)).parent.mkdir(parents=True)
    # Threads, not processes: the transforms release the interpreter's lock, and threads start anywhere.
    executor = ThreadPoolExecutor(os.cpu_count())
    try:
        jobs = [executor.submit(_make_utterance, folder, recipe, index) for index in range(recipe.utterances)]
        console = Console(stderr=True)
        for job in track(as_completed(jobs), "making the demo corpus", len(jobs), console=console):
            job.result()
    finally:
        executor.shutdown(cancel_futures=True)
    (folder / "README.txt").write_text(README, encoding="utf-8")
    (folder / RECIPE).write_text(recipe.text(), encoding="utf-8")


def _make_utterance(folder: Path, recipe: Recipe, index: int) -> None:
    """One sentence in all its versions; what it draws depends on the seed and its index alone."""
    scene, *drawn = (
        np.random.default_rng([recipe.seed, index, stream]) for stream in range(2 + len(METHODS))
    )
    chain = draw_chain(recipe.samples(), scene)
    spoken = speak(VOICES[index % len(VOICES)], chain.samples / RATE + 2 * MARGIN, RATE, scene)
    recording = record(spoken, RATE, scene)
    versions = {"": finish(recording, RATE, chain, drawn[0])}
    for (system, method), rng in zip(METHODS.items(), drawn[1:], strict=True):
        versions[system] = finish(method(recording, RATE, rng), RATE, chain, rng)
    # One gain for all versions if any of them would clip.
    gain = min(1.0, 0.99 / max(float(np.max(np.abs(wave))) for wave in versions.values()))
    for (system, wave), rng in zip(versions.items(), drawn, strict=True):
        soundfile.write(
            folder / _path(_name(index), system), quantise(gain * wave, rng), RATE, subtype="PCM_16"
        )
