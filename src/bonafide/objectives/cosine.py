"""The last layer of losses with margins: how close is an embedding to a direction?"""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@final
class CosineHead(nn.Module):
    """Cosines of the angles between an embedding and learnt directions, in single precision.

    Args:
        width: of the embedding.
        directions: how many are learnt.

    Shape:
        `[batch, width]` → `[batch, directions]`, from -1 to 1.
    """

    def __init__(self, width: int, directions: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(directions, width))
        nn.init.normal_(self.weight)  # every direction is as likely as any other

    def forward(self, embedding: Tensor) -> Tensor:
        """`[batch, width]` → `[batch, directions]`."""
        with torch.autocast(embedding.device.type, enabled=False):  # half a margin is a few steps of bfloat16
            return F.linear(F.normalize(embedding.float()), F.normalize(self.weight.float()))
