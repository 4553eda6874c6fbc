"""Two mixtures of Gaussians, of bona fide and of spoofed frames: the classical detector.

As in WaveFake: Frank and Schönherr (2021), "WaveFake: A Data Set to Facilitate Audio Deepfake Detection",
https://arxiv.org/abs/2111.02813, after the baselines of ASVspoof 2015 to 2021.
"""

from collections.abc import Iterable
from typing import Final, Literal, final

import torch
from torch import Tensor, nn

from bonafide.models.mixture import (
    Covariance,
    Mixture,
    exact,
    kmeans_plus_plus,
    log_likelihood,
    random_frames,
)
from bonafide.models.model import Model
from bonafide.types import BONAFIDE, SPOOF, FeatureShape, InputError, Label

ORDER: Final[tuple[Label, Label]] = (SPOOF, BONAFIDE)
"""Of the mixtures, as of two logits."""

Start = Literal["kmeans++", "random"]


@final
class Reservoir:
    """An even sample of all frames that pass by: those with the smallest of random keys.

    Vitter (1985), "Random Sampling with a Reservoir", ACM TOMS 11(1).

    Args:
        size: frames kept.
        bins: numbers in a frame.
    """

    def __init__(self, size: int, bins: int) -> None:
        self.size = size
        self.frames = torch.empty(0, bins)
        self._keys = torch.empty(0)

    def add(self, frames: Tensor) -> None:
        """Offers `[frames, bins]`."""
        keys = torch.cat([self._keys, torch.rand(len(frames))])
        self._keys, kept = keys.topk(min(self.size, len(keys)), largest=False)
        self.frames = torch.cat([self.frames, frames.detach().float().cpu()])[kept]


@final
class GMM(Model):
    """Each frame's log-likelihood under a mixture of either class; a score is the mean of their difference.

    The parameters suit EM, which writes them (`set_mixture`), and gradient descent, which cannot leave what
    is allowed: weights as logits, standard deviations as logarithms, full covariances by Cholesky factors.

    Args:
        shape: one channel of features, such as cepstra with their slopes.
        classes: 1: the mean log-likelihood ratio of a frame. 2: the mean log-likelihoods of both classes,
            whose difference is the same ratio.
        components: Gaussians of each class; more need more data.
        covariance: `diagonal`, or `full`, with `bins (bins - 1) / 2` more numbers a component.
        start: where training begins: `kmeans++`, frames far from each other with the spread of the data, or
            `random`, frames drawn at random with unit variances, as published.
        reservoir: frames of each class that the start is drawn from.

    Raises:
        InputError: the features are a waveform or have several channels, or an option has no meaning.

    Shape:
        `[batch, 1, bins, frames]` → `[batch, classes]`.
    """

    def __init__(
        self,
        shape: FeatureShape,
        classes: int = 2,
        *,
        components: int = 128,
        covariance: Covariance = "diagonal",
        start: Start = "kmeans++",
        reservoir: int = 20_000,
    ) -> None:
        super().__init__(shape, classes)
        if shape.channels != 1 or shape.bins < 2:
            raise InputError(
                f"GMM reads one channel of several bins a frame, not {shape.channels} of {shape.bins}; "
                "try frontend=lfcc."
            )
        if components < 1:
            raise InputError(f"model.components={components} must be at least 1")
        if covariance not in {"diagonal", "full"}:
            raise InputError(f"model.covariance={covariance} is unknown; choose diagonal or full")
        if start not in {"kmeans++", "random"}:
            raise InputError(f"model.start={start} is unknown; choose kmeans++ or random")
        if reservoir < components:
            raise InputError(
                f"model.reservoir={reservoir} frames cannot start {components} components; raise it"
            )
        self.components, self.covariance, self.start, self.reservoir = (
            components,
            covariance,
            start,
            reservoir,
        )
        bins = shape.bins
        self.weight_logits = nn.Parameter(torch.zeros(2, components))
        self.means = nn.Parameter(torch.randn(2, components, bins))
        self.log_deviations = nn.Parameter(torch.zeros(2, components, bins))
        if covariance == "full":  # the Cholesky factor below its diagonal, over the diagonal of the same row
            self.lower = nn.Parameter(torch.zeros(2, components, bins * (bins - 1) // 2))
        self._fitted = False

    def get_extra_state(self) -> Tensor:
        """Whether there has been a start, for the checkpoint."""
        return torch.tensor(self._fitted)

    def set_extra_state(self, state: Tensor) -> None:
        """From a checkpoint."""
        self._fitted = bool(state)

    @property
    def fitted(self) -> bool:
        """Whether the mixtures began at training frames, here or before the checkpoint was written."""
        return self._fitted

    def fit(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Starts both mixtures at frames of their class, before the first step.

        Args:
            batches: features `[batch, 1, bins, frames]` and targets `[batch]`.

        Raises:
            InputError: a class has fewer frames than there are components.
        """
        for label, frames in zip(ORDER, self.sample(batches), strict=True):
            self.set_mixture(label, self.begin(frames))

    def sample(self, batches: Iterable[tuple[Tensor, Tensor]]) -> list[Tensor]:
        """Up to `reservoir` frames of each class, on the CPU, in the order (spoof, bona fide)."""
        pools = [Reservoir(self.reservoir, self.shape.bins) for _ in ORDER]
        for features, target in batches:
            for place, pool in enumerate(pools):
                pool.add(self.frames(features[target == place]))
        return [pool.frames for pool in pools]

    def begin(self, frames: Tensor) -> Mixture:
        """A start drawn from `[frames, bins]`; another one at each call."""
        draw = random_frames if self.start == "random" else kmeans_plus_plus
        return draw(frames, self.components, self.covariance)

    def frames(self, features: Tensor) -> Tensor:
        """`[batch, 1, bins, frames]` → `[batch * frames, bins]`."""
        return features[:, 0].mT.reshape(-1, self.shape.bins)

    def mixtures(self) -> Mixture:
        """Both, stacked in the order (spoof, bona fide), in double precision; gradients go through."""
        dtype = exact(self.means)
        scales = self.log_deviations.to(dtype).exp()
        if self.covariance == "full":
            bins = self.shape.bins
            row, column = torch.tril_indices(bins, bins, -1, device=scales.device)
            factor = scales.diag_embed()
            factor[..., row, column] = self.lower.to(dtype) * scales[..., row]
            scales = factor
        return Mixture(self.weight_logits.to(dtype).log_softmax(-1), self.means.to(dtype), scales)

    def mixture(self, label: Label) -> Mixture:
        """That of one class."""
        place = ORDER.index(label)
        return Mixture(*(part[place] for part in self.mixtures()))

    @torch.no_grad()
    def set_mixture(self, label: Label, mixture: Mixture) -> None:
        """Takes over a mixture of the same size."""
        place = ORDER.index(label)
        self.weight_logits[place].copy_(mixture.log_weights)
        self.means[place].copy_(mixture.means)
        deviations = mixture.scales
        if self.covariance == "full":
            factor, deviations = deviations, deviations.diagonal(dim1=-2, dim2=-1)
            row, column = torch.tril_indices(self.shape.bins, self.shape.bins, -1, device=factor.device)
            self.lower[place].copy_(factor[..., row, column] / deviations[..., row])
        self.log_deviations[place].copy_(deviations.log())
        self._fitted = True

    def log_likelihoods(self, features: Tensor) -> Tensor:
        """Mean log-likelihood of a frame if it is spoofed, and if it is bona fide.

        Shape:
            `[batch, 1, bins, frames]` → `[batch, 2]` in double precision.
        """
        found = log_likelihood(self.frames(features), self.mixtures())  # [2, batch * frames]
        return found.view(2, len(features), -1).mean(-1).mT.contiguous()

    def forward(self, features: Tensor) -> Tensor:
        """`[batch, 1, bins, frames]` → `[batch, classes]`, in single precision."""
        spoof, bonafide = (column[:, None] for column in self.log_likelihoods(features).unbind(1))
        logits = bonafide - spoof if self.classes == 1 else torch.cat([spoof, bonafide], dim=1)
        return logits.float()
