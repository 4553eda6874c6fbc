"""Score files and keys that the options of `bonafide report` name."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import DictConfig, ListConfig

from bonafide.evaluation.formats.key import Key, read_key
from bonafide.evaluation.formats.reading import read_pair, read_scores
from bonafide.evaluation.scores import Trials
from bonafide.types import InputError

Number = TypeVar("Number", int, float)


def texts(cfg: DictConfig, option: str) -> list[str]:
    """What an option lists; a single word is a list of one.

    Raises:
        InputError: something else than words, or an empty list.
    """
    value = cfg[option]
    found = list(value) if isinstance(value, ListConfig) else [value]
    if not found or not all(isinstance(text, str | int | float) and str(text) for text in found):
        raise InputError(f"{option}={value} names no files; give {option}=FILE or {option}=[FILE,FILE]")
    return [str(text) for text in found]


def number(cfg: DictConfig, option: str, kind: Callable[[Any], Number]) -> Number:
    """An option that must be a number.

    Raises:
        InputError: it is none.
    """
    try:
        return kind(cfg[option])
    except (TypeError, ValueError) as error:
        raise InputError(f"{option}={cfg[option]} is not a number; give one") from error


def key(cfg: DictConfig, option: str = "key", subset: str | None = None) -> Key | None:
    """The key that an option names; None for none.

    Raises:
        InputError: as `read_key`.
    """
    if cfg[option] is None:
        return None
    return read_key(
        Path(str(cfg[option])).expanduser(),
        format=cfg.key_format,
        columns=_columns(cfg, "key_columns"),
        subset=subset,
    )


def scored(cfg: DictConfig, files: Sequence[Path], found: Key | None, polarity: str) -> Trials:
    """Trials of a file, or of a pair with one score a line.

    Raises:
        InputError: as `read_scores` and `read_pair`, more than two files, or a pair with a key.
    """
    if len(files) == 1:
        return read_scores(
            files[0],
            found,
            format=cfg.format,
            columns=_columns(cfg, "columns"),
            polarity=polarity,  # type: ignore[arg-type]  # checked there
        )
    if len(files) > 2:
        raise InputError(
            f"{len(files)} score files are no pair; give one with labels or a key, or the two of "
            "[BONAFIDE.txt,SPOOF.txt], or compare=[…]"
        )
    if found is not None:
        raise InputError(
            "a pair of score files names no trials, so no key can be joined; leave out key=, or for two "
            "detectors say compare=[…]"
        )
    return read_pair(*files, polarity=polarity)  # type: ignore[arg-type]


def polarities(cfg: DictConfig, detectors: int) -> list[str]:
    """Of each detector.

    Raises:
        InputError: neither one for all nor one each.
    """
    found = texts(cfg, "polarity")
    if len(found) not in {1, detectors}:
        raise InputError(f"polarity has {len(found)} values for {detectors} detectors; give one, or one each")
    return found * detectors if len(found) == 1 else found


def names(cfg: DictConfig, places: Sequence[str]) -> list[str]:
    """Of each detector: those given, else the ends of the paths, as short as they differ.

    Raises:
        InputError: another number of names than of detectors, or two the same.
    """
    if cfg.names is not None:
        found = texts(cfg, "names")
    else:
        paths = [Path(place).expanduser().absolute() for place in places]
        parts = [(path if path.is_dir() else path.with_suffix("")).parts for path in paths]
        longest = max(map(len, parts))
        ends = (["/".join(each[-length:]) for each in parts] for length in range(1, longest + 1))
        found = next((end for end in ends if len(set(end)) == len(end)), list(places))
    if len(found) != len(places) or len(set(found)) < len(found):
        raise InputError(
            f"{', '.join(found)} are no names for {len(places)} detectors; give names=[…], each another one"
        )
    return found


def _columns(cfg: DictConfig, option: str) -> dict[str, str | int] | None:
    value = cfg[option]
    if value is None:
        return None
    if not isinstance(value, DictConfig):
        raise InputError(f"{option}={value} names no columns; write {option}={{path: 0, score: 1}}")
    return {str(role): place for role, place in value.items()}
