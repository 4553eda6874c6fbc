"""The vocoders of `data=resynthesis`, asked for by name."""

from importlib.util import find_spec

from bonafide.corpora.synthesis.vocoders import VOCODERS
from bonafide.types import InputError


def known(vocoder: str, option: str) -> None:
    """Refuses a name that is none.

    Args:
        vocoder: its name.
        option: that gives it.

    Raises:
        InputError: there is no such vocoder.
    """
    if vocoder not in VOCODERS:
        raise InputError(f"{option}={vocoder}: choose {', '.join(VOCODERS)}")


def require(vocoder: str, option: str) -> None:
    """Refuses a vocoder whose package is not installed.

    Raises:
        InputError: it is WORLD, and pyworld is missing.
    """
    if vocoder == "world" and find_spec("pyworld") is None:
        raise InputError(
            f"{option}=world needs pyworld, which is not installed: pip install pyworld (it needs a C++ "
            f"compiler), or set {option}=lpc"
        )
