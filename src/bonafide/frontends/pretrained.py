"""What front ends with a pre-trained encoder have in common: layers to take, weights to leave alone."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Self

from torch import nn

from bonafide.frontends.frontend import Frontend, ParameterGroup
from bonafide.frontends.hidden_layers import HiddenLayers
from bonafide.frontends.legend import Legend
from bonafide.types import InputError


class Pretrained(Frontend):
    """A front end whose features are hidden states of an encoder that was trained on something else.

    Args:
        sample_rate: of the waveforms, in Hz; the encoder's own.
        encoder: cut to the layers that are needed.
        layers: which of its states are the features.
        frozen: True leaves the encoder as it is; False trains all of it; a number n trains what lies above
            its layer n, and with 0 all but the convolutions on the waveform.
        lr_scale: learning rate of the encoder as a fraction of that of the model behind it.
        lr_decay: layer k of n learns at that rate times `lr_decay**(n - k)`, what lies below the layers as
            layer 0 (Clark et al. 2020, "ELECTRA", https://arxiv.org/abs/2003.10555, section 3.1).
        reference: sha256 of the weights' file, `""` if the weights are random.

    Raises:
        InputError: the sample rate is not 16 kHz, or the settings have no meaning.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        encoder: nn.Module,
        layers: HiddenLayers,
        frozen: bool | int,
        lr_scale: float,
        reference: str,
        lr_decay: float = 1.0,
    ) -> None:
        super().__init__(sample_rate)
        if lr_scale <= 0:
            raise InputError(
                f"frontend.lr_scale={lr_scale:g} trains nothing; use frontend.frozen=true for that."
            )
        if not 0 < lr_decay <= 1:
            raise InputError(
                f"frontend.lr_decay={lr_decay:g} is not in (0, 1]; 1 lets all layers learn alike."
            )
        if not isinstance(frozen, bool) and not 0 <= frozen <= layers.depth:
            raise InputError(
                f"frontend.frozen={frozen}: only layers up to {layers.depth} are there to be frozen."
            )
        self.encoder = encoder
        self.layers = layers
        self.frozen = frozen is True
        self.lr_scale, self.lr_decay = lr_scale, lr_decay
        self.reference = reference
        stem, between, stack = self._parts()
        kept: list[nn.Module] = [encoder] if self.frozen else []
        if not isinstance(frozen, bool):
            kept = [*stem, *between, *stack[:frozen]] if frozen else [*stem]
        for part in kept:
            part.requires_grad_(requires_grad=False)
        self.train()

    @abstractmethod
    def _parts(self) -> tuple[Sequence[nn.Module], Sequence[nn.Module], Sequence[nn.Module]]:
        """The convolutions, what stands between them and the layers, and the layers."""

    def _norms(self) -> Sequence[nn.Module]:
        """What stands above the layers."""
        return []

    def legend(self) -> Legend:
        """Hidden units, in no order."""
        return Legend("hidden unit", "activation", channels=self.layers.names)

    @property
    def external(self) -> Mapping[str, str]:
        """The encoder, if it stays as its source has it."""
        return {"encoder.": self.reference} if self.frozen and self.reference else {}

    def parameter_groups(self) -> list[ParameterGroup]:
        """What is trained of the encoder, at a fraction of the rate, and the weights of its layers."""
        groups = [*self._encoder_groups(), ParameterGroup(list(self.layers.parameters()), 1.0)]
        return [group for group in groups if group.parameters]

    def _encoder_groups(self) -> list[ParameterGroup]:
        """One group, or with a decay one for each layer, the lowest first."""
        trained = [weight for weight in self.encoder.parameters() if weight.requires_grad]
        if self.lr_decay == 1:
            return [ParameterGroup(trained, self.lr_scale)]
        _, _, stack = self._parts()
        above = {id(weight): len(stack) for norm in self._norms() for weight in norm.parameters()}
        layer = {id(weight): k for k, part in enumerate(stack, 1) for weight in part.parameters()} | above
        return [
            ParameterGroup(
                [weight for weight in trained if layer.get(id(weight), 0) == k],
                self.lr_scale * self.lr_decay ** (len(stack) - k),
            )
            for k in range(len(stack) + 1)
        ]

    def train(self, mode: bool = True) -> Self:
        """A frozen encoder never drops anything out."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self
