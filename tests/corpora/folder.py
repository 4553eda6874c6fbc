"""`data=folder` in miniature."""

from pathlib import Path

from tests.corpora import miniature


def write(root: Path) -> Path:
    """Ten utterances; returns the `data.root`."""
    return miniature.folder(root, utterances=10, seconds=0.5)
