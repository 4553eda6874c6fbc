"""Frame-wise detection of partly fake audio, on hidden states of a pre-trained encoder.

Cai, Wang and Li (2023), "Waveform Boundary Detection for Partially Spoofed Audio",
https://arxiv.org/abs/2211.00226, in the form that Xie et al. (2024), "FakeSound: Deepfake General Audio
Detection", https://arxiv.org/abs/2406.08052, put behind EAT and WavLM.
"""

from collections.abc import Sequence
from typing import Final, Literal, final, get_args

from torch import Tensor, nn

from bonafide.models.localizer import Localized, Localizer, Pooling, pooled
from bonafide.models.model import Network
from bonafide.types import FeatureShape, InputError

Output = Literal["clip", "frames", "both"]

BLOCKS: Final = 12
HIDDEN: Final = 512  # channels of the residual blocks
WIDTH: Final = 128  # of a frame before the recurrent layer, and of each of its directions


@final
class PointwiseBlock(nn.Module):
    """Two convolutions of one frame each, added to what they read; nothing follows the sum.

    Args:
        channels: in and out.

    Shape:
        `[batch, channels, frames]` → the same.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv1d(channels, channels, 1, bias=False),
            nn.BatchNorm1d(channels),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 1, bias=False),
            nn.BatchNorm1d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, channels, frames]` → the same."""
        added: Tensor = x + self.residual(x)
        return added


@final
class FrameNetwork(nn.Module):
    """Describes every frame in its context: convolutions, attention without positions, a recurrent layer.

    Args:
        inputs: width of the hidden states.
        dropout: share of the values that the transformer leaves out in training.

    Shape:
        `[batch, inputs, frames]` → `[batch, frames, 256]`.
    """

    def __init__(self, inputs: int, dropout: float) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv1d(inputs, HIDDEN, 5, padding=2, bias=False),
            nn.BatchNorm1d(HIDDEN),
            nn.ReLU(),
            *(PointwiseBlock(HIDDEN) for _ in range(BLOCKS)),
            nn.Conv1d(HIDDEN, WIDTH, 1),
        )
        self.projection = nn.Linear(WIDTH, WIDTH)
        self.normalization = nn.BatchNorm1d(WIDTH)
        layer = nn.TransformerEncoderLayer(
            WIDTH, nhead=4, dim_feedforward=1024, dropout=dropout, batch_first=True
        )
        # Nested tensors only serve clips that are masked, and none is.
        self.transformer = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.lstm = nn.LSTM(WIDTH, WIDTH, batch_first=True, bidirectional=True)

    def forward(self, states: Tensor) -> Tensor:
        """`[batch, inputs, frames]` → `[batch, frames, 256]`."""
        x = self.projection(self.convolutions(states).transpose(1, 2))  # [batch, frames, 128]
        x = self.normalization(x.transpose(1, 2)).transpose(1, 2)
        described: Tensor = self.lstm(self.transformer(x))[0]
        return described


@final
class PartialFake(Network, Localizer):
    """Says for a clip, for each of its frames, or for both how genuine it is.

    Only the heads that `output` names are there, since a head that no loss reaches never learns (the
    published training left its heads as they were initialized) and stops training on several devices.
    Detection, which trains with the logits of clips, takes `"clip"` or `"frames"`; localization takes
    `"frames"` or `"both"`, and chooses itself where `output` is None, which to detection is `"clip"`. A loss
    that puts its own head behind the embedding needs `"clip"`.

    Args:
        shape: of the features; one channel of hidden states, any number of frames.
        classes: 1 or 2 logits.
        output: None suits the task. `"clip"` has a linear layer on the mean of the frames. `"frames"` has one
            on each frame, and the logits of the clip are those of its frames, pooled. `"both"` has the two,
            to be trained together (published with 0.9 of the frames' loss and 0.1 of the clip's).
        pooling: what becomes of the frames where they make the clip's logits: `"max"` judges by the frame
            that is most likely fake, as published; `"mean"` by the mean probability of the frames.
        dropout: share of the values that the transformer leaves out in training.

    Raises:
        InputError: the features are a waveform or of several channels, or a setting has no meaning.

    Shape:
        `[batch, 1, hidden, frames]` → `[batch, classes]`.
    """

    def __init__(
        self,
        shape: FeatureShape,
        classes: int = 2,
        *,
        output: Output | None = None,
        pooling: Pooling = "max",
        dropout: float = 0.5,
    ) -> None:
        super().__init__(shape, classes)
        _check(shape)
        if output is not None:
            _choose("output", output, get_args(Output))
        _choose("pooling", pooling, get_args(Pooling))
        self.asked, self.pooling = output, pooling
        self.backbone = FrameNetwork(shape.bins, dropout)
        self._make_heads(output or "clip")

    def _make_heads(self, output: Output) -> None:
        self.output = output
        self.head: nn.Module = nn.Identity() if output == "frames" else nn.Linear(self.width, self.classes)
        self.frame_head: nn.Module | None = None
        if output != "clip":
            self.frame_head = nn.Sequential(nn.ReLU(), nn.Linear(self.width, self.classes))

    def take_frame_head(self, clip: bool | None) -> bool:
        """See `Localizer.take_frame_head`."""
        if self.asked is None:
            self._make_heads("both" if clip else "frames")
        elif self.asked == "clip" or clip not in (None, self.asked == "both"):
            wanted = "both" if clip else "frames"
            raise InputError(
                f"model.output={self.asked} has not the heads that task=localization trains; set "
                f"model.output={wanted}, or null, which suits the task"
            )
        return self.output == "both"

    @property
    def heads(self) -> Sequence[nn.Module]:
        """That of the frames, if there is one, and that of the clip."""
        return [self.head] if self.frame_head is None else [self.frame_head, self.head]

    @property
    def width(self) -> int:
        """Size of the embedding: both directions of the recurrent layer."""
        return 2 * WIDTH

    def embed(self, features: Tensor) -> Tensor:
        """`[batch, 1, hidden, frames]` → `[batch, 256]`, the mean over the frames."""
        described: Tensor = self.backbone(features.squeeze(1))
        return described.mean(dim=1)

    def forward(self, features: Tensor) -> Tensor:
        """`[batch, 1, hidden, frames]` → `[batch, classes]`, unnormalised.

        Raises:
            InputError: a loss has put its head behind the embedding, and `output="frames"` reads none.
        """
        if self.output != "frames":
            return super().forward(features)
        if type(self.head) is not nn.Identity:
            raise InputError(
                "PartialFake pools the logits of frames where the loss has a head for clips; set "
                "model.output=clip."
            )
        return self.localize(features).clip

    def localize(self, features: Tensor, own: Tensor | None = None) -> Localized:
        """See `Localizer.localize`; frames that are not a clip's own still are the context of those that are.

        Raises:
            InputError: the model has no head for frames.
        """
        if self.frame_head is None:
            raise InputError(
                "PartialFake was made to judge whole clips; set model.output=frames or model.output=both."
            )
        described = self.backbone(features.squeeze(1))  # [batch, frames, 256]
        frames = self.frame_head(described).transpose(1, 2)  # [batch, classes, frames]
        if self.output == "frames":
            return Localized(pooled(frames, self.pooling, own), frames)
        if own is None:
            return Localized(self.head(described.mean(dim=1)), frames)
        share = own.to(described) / own.sum(dim=1, keepdim=True)
        return Localized(self.head((share[:, None] @ described)[:, 0]), frames)


def _choose(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(
            f"PartialFake knows no {option}={value}; set model.{option} to {' or '.join(choices)}."
        )


def _check(shape: FeatureShape) -> None:
    if (shape.channels, shape.bins) == (1, 1):
        raise InputError("PartialFake reads hidden states of an encoder, not a waveform; try frontend=wavlm.")
    if shape.channels != 1:
        raise InputError(
            f"PartialFake reads the states of one layer, not of {shape.channels}; try "
            "frontend.layers=weighted."
        )
