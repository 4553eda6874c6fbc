"""What every corpus promises."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bonafide.types import ByHand, Download, Utterance


class Corpus(ABC):
    """Recordings with their labels; never opens audio.

    A subclass lists the utterances; its docstring is the fact sheet of the corpus.

    Args:
        root: folder of the corpus.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).expanduser()

    @property
    @abstractmethod
    def name(self) -> str:
        """As in `data=NAME`."""

    @abstractmethod
    def utterances(self) -> Sequence[Utterance]:
        """Every recording once, sorted by path; duplicate files are left out and counted in `notes`.

        Raises:
            InputError: a folder is missing or empty: what is missing, where it was looked for, what to do.
        """

    @property
    def notes(self) -> Sequence[str]:
        """What a user should know of the last listing, a line each: duplicates skipped, parts absent."""
        return ()

    @property
    def caveat(self) -> str:
        """What a reader of any result on this corpus must know first; empty for none."""
        return ""

    @property
    def sources(self) -> Sequence[Download | ByHand]:
        """Where its files are to be had; nothing for a corpus that is made here or is the user's own."""
        return ()

    @property
    def training_systems(self) -> Sequence[str] | None:
        """Systems that the corpus's authors train on; None for all."""
        return None

    @property
    def left_out(self) -> Sequence[str]:
        """Systems among them that are kept for tests unless they are named in `data.train.generators`."""
        return ()

    @property
    def window_shares(self) -> tuple[float, float] | None:
        """Shares of each system's windows, in the order of its files, that its authors train and validate on.

        None where they divide by recordings.
        """
        return None

    @property
    def groups(self) -> Mapping[str, Mapping[str, Any]]:
        """Test groups that the corpus brings along, beside those of the config."""
        return {}

    def prepare(self, announce: Callable[[str], None]) -> None:  # noqa: B027 - only corpora that can be made
        """Makes the files if the corpus can be made here; does nothing once they are there."""
