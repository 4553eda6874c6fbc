"""Occlusion: what does the answer lose when a tile of the input is covered?

Zeiler and Fergus (2013), "Visualizing and Understanding Convolutional Networks", https://arxiv.org/abs/1311.2901,
computed by captum.
"""

from typing import final

import torch
from captum import attr  # type: ignore[import-untyped]
from torch import Tensor

from bonafide.explain.detector.answer import Answer
from bonafide.explain.detector.attribution import Attributed, Case, Method, at_least


@final
class Occlusion(Method):
    """Covers tiles with the reference, one after the other; no gradient is needed.

    Tiles are counted, not measured, so that the same settings fit features of any shape and waveforms.

    Args:
        bands: tiles from the lowest row to the highest; 1 for a waveform whatever is asked.
        moments: tiles from the beginning to the end.
        overlap: how many tiles cover a place along each axis; 2 makes smoother maps for four times the work.
        internal_batch_size: covered inputs at a time.
    """

    def __init__(
        self, *, bands: int = 16, moments: int = 24, overlap: int = 1, internal_batch_size: int = 64
    ) -> None:
        for name, number in (("bands", bands), ("moments", moments), ("overlap", overlap)):
            at_least(name, number, 1)
        at_least("internal_batch_size", internal_batch_size, 1)
        self.bands, self.moments, self.overlap, self.batch = bands, moments, overlap, internal_batch_size

    def attribute(self, answer: Answer, case: Case) -> Attributed:
        """See `Method.attribute`."""
        window, step = self._tiles(case.inputs)
        covering, found = attr.Occlusion(answer), []
        for inputs, reference in zip(
            torch.split(case.inputs, self.batch), torch.split(case.reference, self.batch), strict=True
        ):
            with torch.no_grad():
                values: Tensor = covering.attribute(
                    inputs,
                    window,
                    step,
                    reference,
                    perturbations_per_eval=max(1, self.batch // len(inputs)),
                )
            found.append(values.to(inputs.dtype))
        return Attributed(torch.cat(found), None)

    def _tiles(self, inputs: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Size of a tile and of the step between them, for each axis behind the batch."""
        counts = (self.bands, self.moments)[-(inputs.ndim - 1) :] if inputs.ndim > 2 else (self.moments,)
        sizes = [-(-size // count) for size, count in zip(inputs.shape[-len(counts) :], counts, strict=True)]
        steps = [max(1, size // self.overlap) for size in sizes]
        channels = tuple(inputs.shape[1 : inputs.ndim - len(counts)])  # all at once
        return (*channels, *sizes), (*channels, *steps)
