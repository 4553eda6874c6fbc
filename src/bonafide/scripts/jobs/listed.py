"""Lists that a user types into one option: of names under `conf`, with further options behind each."""

from collections.abc import Sequence
from difflib import get_close_matches

from omegaconf import ListConfig

from bonafide import assembly
from bonafide.types import InputError


def words(value: object, option: str) -> list[str]:
    """What an option lists; a single text is a list of one.

    Raises:
        InputError: something else than texts.
    """
    listed = list(value) if isinstance(value, ListConfig) else [value]
    if not all(isinstance(text, str) and text.strip() for text in listed):
        raise InputError(f"{option}={value} is not understood; give {option}=[…], a list of words")
    return [" ".join(str(text).split()) for text in listed]


def check(given: Sequence[str], place: str) -> None:
    """Each of the words must be an option.

    Raises:
        InputError: one is none.
    """
    wrong = [word for word in given if "=" not in word and not word.startswith("~")]
    if wrong:
        raise InputError(f"{place}: {wrong[0]} is no option; write OPTION=VALUE")


def there(group: str) -> list[str]:
    """The names in a group of `conf`."""
    return sorted(file.stem for file in (assembly.conf() / group).glob("*.yaml"))


def hint(name: str, known: Sequence[str]) -> str:
    """What was meant by a wrong name, or what there is."""
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"choose from {', '.join(known)}"
