"""Batch normalization of large images with the channels last, on a CPU, whose statistics are exact.

There torch adds up a channel one float32 after the other: over some million values a deviation is wrong by a
thousandth. With the channels first, or on a GPU, it is less than a millionth.
"""

from typing import Any, Final, final

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

CHUNK: Final = 2**18  # values that are made double at a time, so that they stay in the cache


def moments(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance (over the count, not one less) of every channel, summed in float64.

    Args:
        image: `[batch, channels, rows, columns]`, channels last in memory or it is copied.

    Returns:
        `[channels]` each, float64.
    """
    channels = image.shape[1]
    pixels = image.permute(0, 2, 3, 1).reshape(-1, channels)
    total = torch.zeros(channels, dtype=torch.float64, device=image.device)
    squares = torch.zeros_like(total)
    for part in torch.split(pixels, max(CHUNK // channels, 1)):
        values = part.double()
        total += values.sum(0)
        squares += values.square_().sum(0)
    mean = total / len(pixels)
    return mean, (squares / len(pixels) - mean.square()).clamp(min=0)


@final
class ExactBatchNorm2d(nn.BatchNorm2d):
    """Batch normalization that trains on a CPU, channels last, with statistics as exact as elsewhere.

    In evaluation, on another device, in another layout, in float64, under a compiler (which sums in its own
    way), with `momentum=None` and without weights or running statistics, it is torch's.

    Shape:
        `[batch, channels, rows, columns]` → the same.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalizes; in training by this batch, which moves the running statistics."""
        if torch.compiler.is_compiling() or not self.training or not _summed_in_turn(x):
            return super().forward(x)
        if self.momentum is None or self.running_mean is None or self.running_var is None or not self.affine:
            return super().forward(x)
        with torch.no_grad():
            mean, variance = moments(x)
            count = x.numel() // x.shape[1]
            if self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
            self.running_var.lerp_((variance * count / (count - 1)).to(self.running_var), self.momentum)
            statistics = torch.stack([mean, variance + self.eps]).to(self.weight)
        found: Tensor = _Normalized.apply(x, self.weight, self.bias, statistics)  # type: ignore[no-untyped-call]
        return found


def _summed_in_turn(x: Tensor) -> bool:
    """Whether torch sums a channel of this image float32 after float32; one value has no variance to sum.

    In float64 its own sums are exact enough, and its backward pass for given statistics is not right there.
    """
    if x.device.type != "cpu" or x.dtype == torch.float64 or x.ndim != 4 or x.numel() <= x.shape[1]:
        return False
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


@final
class _Normalized(torch.autograd.Function):
    """Normalizes by given statistics, and is differentiated as if they were computed from the image here."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, statistics: Tensor) -> Tensor:
        """`[batch, channels, rows, columns]`, `[channels]` twice, `[2, channels]` → the image, normalized.

        The statistics are mean and variance, kept above 0.
        """
        mean, variance = statistics
        ctx.save_for_backward(x, weight, mean, variance.rsqrt())
        return torch.native_batch_norm(
            x, weight, bias, mean, variance, training=False, momentum=0.0, eps=0.0
        )[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Of the image, the weight and the bias."""
        x, weight, mean, scale = ctx.saved_tensors
        wanted = list(ctx.needs_input_grad[:3])
        slopes = torch.ops.aten.native_batch_norm_backward(
            grad, x, weight, None, None, mean, scale, train=True, eps=0.0, output_mask=wanted
        )
        return *slopes, None
