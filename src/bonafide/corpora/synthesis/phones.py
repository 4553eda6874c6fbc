"""A small inventory of phones and the random sentences made of them.

Formants of vowels after Peterson and Barney (1952), loci of consonants after Klatt (1980), for an adult male
tract; a voice scales them.
"""

from typing import Final, NamedTuple

import numpy as np


class Phone(NamedTuple):
    """A target that speech passes through.

    Args:
        formants: first three resonances, Hz.
        seconds: usual duration.
        voicing: amplitude of the voice, 0 to 1.
        breath: amplitude of noise made at the glottis, filtered by the tract.
        hiss: amplitude of noise made at a constriction.
        centre: of the hiss, Hz.
        spread: half width of the hiss, Hz.
        nasal: 0 to 1; damps the formants and adds the zero of the side branch.
    """

    formants: tuple[float, float, float]
    seconds: float
    voicing: float = 1.0
    breath: float = 0.0
    hiss: float = 0.0
    centre: float = 4000.0
    spread: float = 1500.0
    nasal: float = 0.0


class Sound(NamedTuple):
    """A phone in its place.

    Args:
        phone: target.
        seconds: duration here.
        stress: 0 or more; raises pitch and level of a vowel.
        phrase: number of the phrase it belongs to.
    """

    phone: Phone
    seconds: float
    stress: float
    phrase: int


SILENCE: Final = Phone((500.0, 1500.0, 2500.0), 0.15, voicing=0.0)

VOWELS: Final[tuple[Phone, ...]] = (
    Phone((270.0, 2290.0, 3010.0), 0.12),
    Phone((390.0, 1990.0, 2550.0), 0.09),
    Phone((530.0, 1840.0, 2480.0), 0.11),
    Phone((660.0, 1720.0, 2410.0), 0.14),
    Phone((730.0, 1090.0, 2440.0), 0.14),
    Phone((570.0, 840.0, 2410.0), 0.13),
    Phone((440.0, 1020.0, 2240.0), 0.10),
    Phone((300.0, 870.0, 2240.0), 0.12),
    Phone((640.0, 1190.0, 2390.0), 0.09),
    Phone((490.0, 1350.0, 1690.0), 0.11),
)

LABIAL, ALVEOLAR, VELAR = (250.0, 900.0, 2200.0), (280.0, 1750.0, 2650.0), (260.0, 2100.0, 2500.0)


def _stop(place: tuple[float, float, float], centre: float, *, voiced: bool) -> tuple[Phone, ...]:
    """Closure, burst, and aspiration where the voice waits."""
    closure = Phone(place, 0.055, voicing=0.12 if voiced else 0.0)
    burst = Phone(place, 0.012, voicing=0.1 if voiced else 0.0, hiss=0.55, centre=centre, spread=900.0)
    opened = (place[0] + 150.0, place[1], place[2])
    return (closure, burst) if voiced else (closure, burst, Phone(opened, 0.035, voicing=0.0, breath=0.35))


def _hiss(
    place: tuple[float, float, float], loud: float, centre: float, spread: float, voicing: float
) -> Phone:
    return Phone(place, 0.09, voicing=voicing, hiss=loud, centre=centre, spread=spread)


CONSONANTS: Final[tuple[tuple[Phone, ...], ...]] = (
    _stop(LABIAL, 900.0, voiced=False),
    _stop(ALVEOLAR, 4200.0, voiced=False),
    _stop(VELAR, 2000.0, voiced=False),
    _stop(LABIAL, 800.0, voiced=True),
    _stop(ALVEOLAR, 3800.0, voiced=True),
    _stop(VELAR, 1900.0, voiced=True),
    (_hiss(ALVEOLAR, 0.45, 6500.0, 1600.0, 0.0),),
    (_hiss((300.0, 1850.0, 2500.0), 0.45, 3600.0, 1300.0, 0.0),),
    (_hiss(LABIAL, 0.12, 6000.0, 4000.0, 0.0),),
    (_hiss(ALVEOLAR, 0.22, 6200.0, 1600.0, 0.35),),
    (_hiss(LABIAL, 0.07, 5500.0, 4000.0, 0.45),),
    (Phone((500.0, 1500.0, 2500.0), 0.06, voicing=0.0, breath=0.3),),
    (Phone((270.0, 1000.0, 2200.0), 0.07, voicing=0.55, nasal=1.0),),
    (Phone((270.0, 1600.0, 2600.0), 0.07, voicing=0.55, nasal=1.0),),
    (Phone((360.0, 1100.0, 2700.0), 0.06, voicing=0.7),),
    (Phone((330.0, 1150.0, 1500.0), 0.06, voicing=0.7),),
    (Phone((280.0, 650.0, 2200.0), 0.06, voicing=0.65),),
    (Phone((270.0, 2200.0, 2950.0), 0.06, voicing=0.65),),
)


def sentence(seconds: float, tempo: float, rng: np.random.Generator) -> list[Sound]:
    """Syllables (consonant, vowel, now and then a coda) in phrases with pauses between, of `seconds` in all.

    Args:
        seconds: wanted; the last pause takes up what is left.
        tempo: 1 is usual, 1.2 is faster.
        rng: draws the text.
    """
    margin = 0.1
    sounds = [Sound(SILENCE, margin, 0.0, 0)]
    phrase, left = 0, int(rng.integers(3, 7))
    spent = margin
    while True:
        stress = float(rng.random() < 0.45) * float(rng.uniform(0.5, 1.0))
        parts = [*CONSONANTS[rng.integers(len(CONSONANTS))], VOWELS[rng.integers(len(VOWELS))]]
        if rng.random() < 0.25:
            parts.append(VOWELS[rng.integers(len(VOWELS))])
        if rng.random() < 0.3:
            parts.extend(CONSONANTS[rng.integers(6, len(CONSONANTS))])
        syllable = [Sound(part, _duration(part, stress, tempo, rng), stress, phrase) for part in parts]
        length = sum(sound.seconds for sound in syllable)
        if spent + length > seconds - margin:
            break
        sounds.extend(syllable)
        spent += length
        left -= 1
        if left == 0:
            pause = float(rng.uniform(0.08, 0.22))
            sounds.append(Sound(SILENCE, pause, 0.0, phrase))
            spent += pause
            phrase, left = phrase + 1, int(rng.integers(3, 7))
    sounds.append(Sound(SILENCE, max(seconds - spent, margin), 0.0, phrase))
    return sounds


def _duration(phone: Phone, stress: float, tempo: float, rng: np.random.Generator) -> float:
    longer = 1 + 0.35 * stress if phone in VOWELS else 1.0
    return float(phone.seconds * longer * np.exp(0.12 * rng.standard_normal()) / tempo)
