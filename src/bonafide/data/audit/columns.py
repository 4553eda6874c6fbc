"""Columns of a manifest as numbers."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bonafide.data.manifest import Manifest

Rows = NDArray[np.int64]
Values = NDArray[np.float64]


class Coded(NamedTuple):
    """A text column: a number for each row, -1 where it says nothing, and the text of each number."""

    of: NDArray[np.int64]
    text: Callable[[int], str]
    size: int


def coded(manifest: Manifest, column: str, *, within: str = "", unknown: Sequence[str] = ("",)) -> Coded:
    """A column's values as numbers, those of different values of `within` kept apart."""
    encoded = manifest.table.column(column).combine_chunks().dictionary_encode()
    texts, of = encoded.dictionary, encoded.indices.to_numpy().astype(np.int64)
    nothing = pc.is_in(texts, pa.array(unknown, pa.string())).to_numpy(zero_copy_only=False)[of]
    size = len(texts)
    if within:
        outer = coded(manifest, within, unknown=())
        of, size = of + outer.of * size, size * outer.size
    return Coded(np.where(nothing, -1, of), lambda code: str(texts[code % max(len(texts), 1)]), size)
