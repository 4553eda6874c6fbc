r"""A network as a list of layers, for searching among architectures without writing one.

The list stands in `model.layers`; sizes that follow from what comes in are not said. A grid over it is an
ordinary sweep of Hydra: over an option of the layer at a place (the first is number 0), over an option that
is not in the list yet (with `+`), or over whole lists.

```console
python train.py -m model=sequential model.layers.1.channels=16,32 model.layers.21.p=0,0.6
python train.py -m model=sequential +model.layers.12.dilation=1,2
python train.py -m model=sequential \
  'model.layers=[{layer:flatten}],[{layer:conv,channels:8},{layer:relu},{layer:flatten}]'
```

A cell of the grid whose layers do not fit together ends with one line that names the place.
"""

from collections.abc import Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor, nn

from bonafide.models.listed_layers import Shape, made
from bonafide.models.model import Network
from bonafide.types import FeatureShape, InputError


@final
class Sequential(Network):
    """Layers one after the other, then a linear head that it adds itself.

    Each layer is a mapping with its name, `layer`, and its options. It reads `[channels, rows, columns]`,
    `[channels, steps]` or `[width]`, the first one `[channels, bins, frames]`; axes count from 1, behind the
    batch.

    * `conv` (channels=those that come in, kernel=3, stride=1, padding=0 or `same`, dilation=1, groups=1,
      bias=true)
    * `max_pool`, `avg_pool` (size=2, stride=size)
    * `batch_norm` (affine=true), `layer_norm` of the last axis
    * `prelu` (one slope), `relu`, `leaky_relu` (slope=0.01), `selu`, `gelu`, `tanh`, `sigmoid`,
      `max_feature_map`
    * `dropout` (p=0.5)
    * `permute` (axes), `flatten` (start=1), `mean` (axis)
    * `linear` (features, bias=true) on the last axis
    * `lstm`, `gru` (features, layers=1, bidirectional=false) on `[steps, width]`

    Args:
        shape: of the features.
        classes: 1 or 2 logits.
        layers: in the order in which they are run; the last one leaves one axis.

    Raises:
        InputError: a layer or an option is unknown, missing or makes no sense, or does not fit what comes in.

    Shape:
        `[batch, channels, bins, frames]` → `[batch, classes]`.
    """

    def __init__(
        self,
        shape: FeatureShape,
        classes: int = 2,
        *,
        layers: Sequence[Mapping[str, Any]] = ({"layer": "flatten"},),
    ) -> None:
        super().__init__(shape, classes)
        size: Shape = tuple(shape)
        self.layers = nn.Sequential()
        for place, options in enumerate(layers):
            layer, size = made(f"model.layers.{place}", options, size)
            self.layers.append(layer)
        if len(size) != 1:
            raise InputError(
                f"model.layers leaves {list(size)} of a clip and the head reads one axis; "
                "end the list with {layer: flatten} or {layer: mean, axis: 1}."
            )
        self.size = size[0]
        self.head = nn.Linear(self.size, classes)

    @property
    def width(self) -> int:
        """Size of the embedding."""
        return self.size

    def embed(self, features: Tensor) -> Tensor:
        """`[batch, channels, bins, frames]` → `[batch, width]`."""
        # Convolutions are about twice as fast with the channels last in memory; an image of one channel has
        # both layouts at once, so that `contiguous` would leave the choice to chance.
        embedding: Tensor = self.layers(features.clone(memory_format=torch.channels_last))
        return embedding
