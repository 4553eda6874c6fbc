"""RawNet2: sinc filters, residual blocks and a recurrent layer on the waveform.

Tak et al. (2021), "End-to-End Anti-Spoofing with RawNet2", https://arxiv.org/abs/2011.01108, in the sizes of
the ASVspoof 2021 LA baseline; the feature map scaling is that of Jung et al. (2020),
https://arxiv.org/abs/2004.00526.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, final

from torch import Tensor, nn

from bonafide.models import published as released
from bonafide.models.layers import residual
from bonafide.models.layers.recurrence import recur
from bonafide.models.layers.sinc import SincFilters, TrainableSincFilters
from bonafide.models.model import Network
from bonafide.types import FeatureShape, InputError

POOL: Final = 3  # every pooling keeps the largest of three


@final
class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut, activated before each, then pooled to a third of the time.

    Args:
        inputs: channels in.
        outputs: channels out; the shortcut is a convolution of one tap where they differ.
        first: the block before has normalised and activated already.
        faithful: reads the raw input instead of its activation, as the published code, which computes the
            activation and then forgets it. Its normalisation is kept, for the released weights hold it, but
            never learns.

    Shape:
        `[batch, inputs, time]` → `[batch, outputs, time // 3]`.
    """

    def __init__(self, inputs: int, outputs: int, *, first: bool, faithful: bool) -> None:
        super().__init__()
        activation = nn.LeakyReLU(0.3)
        self.before = nn.Identity() if first else nn.Sequential(nn.BatchNorm1d(inputs), activation)
        self.discard = faithful
        # Without this, data-parallel training would wait for gradients that never come.
        self.before.requires_grad_(not faithful)
        self.residual = nn.Sequential(
            nn.Conv1d(inputs, outputs, 3, padding=1),
            nn.BatchNorm1d(outputs),
            activation,
            nn.Conv1d(outputs, outputs, 3, padding=1),
        )
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv1d(inputs, outputs, 1)
        self.pool = nn.MaxPool1d(POOL)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, inputs, time]` → `[batch, outputs, time // 3]`."""
        ready = x if self.discard else self.before(x)
        pooled: Tensor = self.pool(self.residual(ready) + self.shortcut(x))
        return pooled


@final
class FeatureMapScaling(nn.Module):
    """Weighs each channel by what all channels hold on average over time: `x s + s`.

    Args:
        channels: in and out.

    Shape:
        `[batch, channels, time]` → `[batch, channels, time]`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, channels, time]` → `[batch, channels, time]`."""
        scale: Tensor = self.weigh(x.mean(dim=-1)).sigmoid()[..., None]  # [batch, channels, 1]
        return x * scale + scale


@final
class RawNet2(Network):
    """Reads the waveform through sinc filters, six residual blocks and a gated recurrent unit.

    Args:
        shape: of the features; one channel, one bin.
        classes: 1 or 2 logits.
        sample_rate: of the waveform, in Hz; places the filters.
        bands: sinc filters.
        taps: odd length of the filters, in samples.
        widths: channels that each residual block gives; each also divides the time by three.
        recurrent: width of the recurrent layers.
        layers: recurrent layers.
        embedding: width of the layer before the logits; the published head normalises these logits, which
            changes nothing for two classes and would leave nothing to learn for one.
        trainable_sinc: lets the edges of the bands learn; about 20 parameters more.
        faithful: keeps the published slip, by which the blocks after the first discard their pre-activation
            (848 parameters then never learn). The released weights need it.

    Raises:
        InputError: the features are no waveform, or too short for the poolings.

    Shape:
        `[batch, 1, 1, time]` → `[batch, classes]`.
    """

    def __init__(
        self,
        shape: FeatureShape,
        classes: int = 2,
        *,
        sample_rate: int = 16000,
        bands: int = 20,
        taps: int = 1025,
        widths: Sequence[int] = (20, 20, 128, 128, 128, 128),
        recurrent: int = 1024,
        layers: int = 3,
        embedding: int = 1024,
        trainable_sinc: bool = False,
        faithful: bool = False,
    ) -> None:
        super().__init__(shape, classes)
        _check(shape, taps, poolings=1 + len(widths), sample_rate=sample_rate)
        filters = TrainableSincFilters if trainable_sinc else SincFilters
        self.sinc: nn.Module = filters(bands, taps, sample_rate)
        self.entry = nn.Sequential(nn.MaxPool1d(POOL), nn.BatchNorm1d(bands), nn.SELU())
        blocks: list[nn.Module] = []
        for depth, (inputs, outputs) in enumerate(pairwise([bands, *widths])):
            blocks.append(ResidualBlock(inputs, outputs, first=depth == 0, faithful=faithful))
            blocks.append(FeatureMapScaling(outputs))
        self.blocks = nn.Sequential(*blocks)
        last = [bands, *widths][-1]
        self.exit = nn.Sequential(nn.BatchNorm1d(last), nn.SELU())
        self.gru = nn.GRU(last, recurrent, layers, batch_first=True)
        self.embedding = nn.Linear(recurrent, embedding)
        self.head = nn.Linear(embedding, classes)
        self.faithful = faithful

    @property
    def width(self) -> int:
        """Size of the embedding."""
        return self.embedding.out_features

    def embed(self, features: Tensor) -> Tensor:
        """`[batch, 1, 1, time]` → `[batch, embedding]`."""
        bands = self.sinc(features.squeeze(2)).abs()  # [batch, bands, time - taps + 1]
        x = self.exit(self.blocks(self.entry(bands)))  # [batch, widths[-1], steps]
        steps = recur(self.gru, x.transpose(1, 2))  # [batch, steps, recurrent]
        embedding: Tensor = self.embedding(steps[:, -1])
        return embedding

    def renamed(self, published: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights of the ASVspoof 2021 baseline, which take `faithful` residual blocks and fixed filters.

        Raises:
            InputError: these are not they, or this model is not as theirs.
        """
        if not self.faithful:
            raise InputError(
                "the released weights of RawNet2 were trained with the published residual blocks; "
                "set model.faithful=true."
            )
        names = {
            "first_bn": "entry.1",
            "bn_before_gru": "exit.0",
            "gru": "gru",
            "fc1_gru": "embedding",
            "fc2_gru": "head",
        }
        for depth in range(len(self.blocks) // 2):
            names[f"fc_attention{depth}.0"] = f"blocks.{2 * depth + 1}.weigh"
            block = {f"block{depth}.0.{name}": layer for name, layer in residual.PUBLISHED.items()}
            names |= {name: f"blocks.{2 * depth}.{layer}" for name, layer in block.items()}
        return released.rename(published, names, "RawNet2")


def _check(shape: FeatureShape, taps: int, *, poolings: int, sample_rate: int) -> None:
    """Refuses what is no waveform, and clips that the poolings would leave empty."""
    if shape.bins != 1:
        raise InputError(f"RawNet2 reads a waveform, not {shape.bins} bins of features; try frontend=raw.")
    if shape.channels != 1:
        raise InputError(f"RawNet2 reads a waveform, not {shape.channels} channels; try frontend=raw.")
    if taps < 1 or taps % 2 == 0:
        raise InputError(
            f"RawNet2 needs filters of odd length, not taps={taps}; try taps={max(taps, 0) + 1}."
        )
    shortest = POOL**poolings + taps - 1
    if shape.frames < shortest:
        raise InputError(
            f"RawNet2 needs clips of at least {shortest} samples ({shortest / sample_rate:.4f} s at "
            f"{sample_rate} Hz), not {shape.frames}; lengthen data.clip_seconds."
        )
